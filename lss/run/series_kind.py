"""What the stages ask of time series."""

import numpy as np

from lss.analysis.sample import Sample
from lss.errors import InputError
from lss.features.feature_file import dataset_name
from lss.run import inputs, run_files
from lss.series.features import SeriesFeatures
from lss.simulation.table_writers import read_synthetic
from lss.storage.full_disk import new_hdf5
from lss.storage.whole_files import replacing
from lss.units import lag_in_frames

#: Correlation of psi_1 with time from which on it is a trend.
TREND = 0.9


class SeriesKind:
    """Time series of some columns.

    Parameters
    ----------
    data : lss.SeriesSet
    """

    balanced = False  # detailed balance is not taken for granted

    def __init__(self, data):
        self.data = data

    def featurizer(self, specs=None):
        """What computes the features: the columns, standardised."""
        if specs:
            raise InputError(
                f"`features` is {','.join(map(str, specs))}, and features of a time series are its "
                "columns: leave it out, and give `columns` or `delays`"
            )
        return SeriesFeatures(self.data)

    def name_left_out(self, featurizer):
        """Nothing is left out but what the note says."""

    def instantaneous(self, data):
        """Of each frame of features the newest row alone.

        A row with those before it, played backwards, is in the wrong order: it would look as if it
        went round, whatever the process.
        """
        return [x[:, : len(self.data.columns)] for x in data]

    def described_features(self, run):
        """The features of a run, as lss.json has them."""
        return self.featurizer().to_dict()

    def trained_on(self):
        """Name and frames of each segment, as lss.json has them."""
        pairs = zip(self.data.names, self.data.n_frames, strict=True)
        return [{"file": name.rpartition("/")[2], "frames": n} for name, n in pairs]

    def warnings(self, run):
        """Whether the slowest mode of a run is a trend, as a list of sentences."""
        psi = run_files.read_modes(run)
        first = np.concatenate([x[:, 0] for x in psi])
        time = np.concatenate([self.data.times_ps(i) for i in range(len(psi))])
        correlation = np.corrcoef(first, time)[0, 1]
        if not abs(correlation) > TREND:
            return []
        return [
            f"the slowest mode is a trend (correlation of psi_1 with time {correlation:.2f}): what "
            "went on in one direction only cannot be simulated; take the trend off the columns, or "
            "leave out those that have it"
        ]

    def check_later(self, args):
        """Refuse at once what the decoder would refuse."""
        self.decoder(getattr(args, "atoms", None))

    def check_held_out(self, held_out, specs=None):
        """Refuse at once what the report would refuse."""
        inputs.open_held_out(held_out, self.data)

    def decoder(self, atoms=None):
        """What is decoded: see `DecodedColumns`."""
        if atoms is not None:
            raise InputError(
                f"`atoms` is {atoms!r}, and the data are time series, which have none: leave it out"
            )
        return DecodedColumns(self.data)

    def compared(self, run, stack, lag):
        """As of `MoleculeKind`."""
        psi = stack.enter_context(run_files.open_psi(run))
        values = [self.data.values(i) for i in range(len(psi))]
        weights, method = run_files.read_weights(run), run_files.weighing_method(run)
        return Sample(psi, values, lag, weights=weights, method=method), {
            "columns": self.data.columns
        }

    def held_out_sample(self, simulator, held_out, options, file):
        """Data that were not trained on, as a Sample."""
        return sample_of(simulator, inputs.open_held_out(held_out, self.data))

    def read_synthetic(self, folder):
        """psi and values of a finished simulation."""
        return read_synthetic(folder)


def sample_of(simulator, data):
    """Series seen by a simulator: their modes and values."""
    lag = lag_in_frames(simulator.lag_time_ps, data.spacing_ps, "the simulator's lag time")
    values = [data.values(i) for i in range(len(data.n_frames))]
    return Sample(simulator.encode(data), values, lag)


class DecodedColumns:
    """The columns that a decoder draws.

    Parameters
    ----------
    data : lss.SeriesSet
    """

    def __init__(self, data):
        self.data, self.settings = data, {}

    def prepare(self, run):
        """Write coords.h5: values of the newest row of each frame, without their season."""
        with replacing(run.path / "coords.h5") as partial, new_hdf5(partial) as file:
            for i in range(len(self.data.n_frames)):
                file[dataset_name(i)] = self.data.unseasoned(i).astype(np.float32)

    def molgen(self, preset, n_modes, **options):
        """The decoder, not yet fitted."""
        from cwgan import MolGen

        if preset != "recommended":
            raise InputError(
                f"`preset` is {preset}, and the data are time series, for which there are no other "
                "settings than the recommended: leave it out"
            )
        bounds = self.data.scheme.decoder_bounds
        return MolGen.for_columns(n_modes, len(self.data.columns), bounds=bounds, **options)

    def describe(self, run):
        """Write what the box says of the columns."""
        run_files.write_meta(run, series=self.data.scheme.to_dict())
