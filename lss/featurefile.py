"""The name under which version 0.1 documented `featurize`."""

from lss.features.feature_file import featurize

__all__ = ["featurize"]
