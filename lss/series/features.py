"""Columns as features of the encoder, with the face of `lss.Featurizer`."""


class SeriesFeatures:
    """The columns of a set of series, standardised, each frame with the rows before it.

    Parameters
    ----------
    data : lss.SeriesSet
    """

    own = False
    shareable = False  # the data are in memory

    def __init__(self, data):
        self.scheme = data.scheme
        self.names, self.specs = data.scheme.names, ["columns"]

    def __len__(self):
        return len(self.names)

    def values(self, data, i):
        """Yield the features of segment `i`, all at once: (n_frames, n_features), float32."""
        yield data.features(i)

    def fingerprints(self, data):
        """Files that the features depend on beside the series: none."""
        return []

    def to_dict(self):
        """What a box says of the features."""
        return {"specs": self.specs, "names": self.names}
