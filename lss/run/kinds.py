"""The two kinds of source, a molecule's trajectories and time series, behind one face."""

from lss.run.molecule_kind import MoleculeKind
from lss.run.series_kind import SeriesKind
from lss.series.series_set import SeriesSet


def kind_of(data):
    """What the stages ask of data: see `MoleculeKind`, whose methods both kinds have."""
    return SeriesKind(data) if isinstance(data, SeriesSet) else MoleculeKind(data)
