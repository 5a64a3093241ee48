"""Columns without units, and the sums of samples of them."""

import numpy as np
import pytest

from lss.analysis.columns.ruler import make_column_ruler
from lss.analysis.columns.sums import add_column_sums
from lss.analysis.sample import Sample
from lss.series.columns import Columns


def _columns(n, whole=False):
    return Columns(
        tuple("abcdefgh"[:n]), ("",) * n, (whole,) * n, (0.0 if whole else None,) * n, (None,) * n
    )


@pytest.fixture
def columns_of():
    """Columns a, b, ... without units: (number, whole)."""
    return _columns


@pytest.fixture
def measured():
    """Measure lists of series with the ruler of the first: sums of each, and the ruler.

    Called with lists of series (n_i, columns), and by name the lag in frames, multiples of it, the
    weights of the first, and whether values are whole numbers.
    """

    def measure(*given, lag=1, lags=(1,), weights=None, whole=False):
        every = [weights] + [None] * (len(given) - 1)
        samples = {
            str(i): Sample([np.zeros((len(x), 1)) for x in series], series, lag, weights=w)
            for i, (series, w) in enumerate(zip(given, every, strict=True))
        }
        columns = _columns(given[0][0].shape[1], whole)
        ruler = make_column_ruler(samples, columns, np.array(lags))
        found = []
        for sample in samples.values():
            sums = sample.new_sums(of_coordinates=True)
            add_column_sums(sums, sample.coordinates, sample.lag, ruler)
            found.append(sums)
        return *found, ruler

    return measure
