"""Features of a molecule: torsions and distances, in words, as arrays and in one HDF5 file."""

from lss.features.featurizer import Featurizer, default_features, featurize

__all__ = ["Featurizer", "default_features", "featurize"]
