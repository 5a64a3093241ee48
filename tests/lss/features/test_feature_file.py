"""Features of all trajectories, written to a file in chunks."""

import tracemalloc

import h5py
import mdtraj as md
import numpy as np
import pytest

from lss.errors import InputError
from lss.examples import example
from lss.features.featurizer import Featurizer, dataset_name, featurize
from lss.trajectories.trajectory_set import TrajectorySet

WLALL, TRPCAGE = example("wlall"), example("trpcage")


def test_featurize(tmp_path, md_frames):
    data = TrajectorySet.open(WLALL.files[:2], WLALL.top)
    featurizer = Featurizer(data.topology, ["torsions", "ca-distances"])
    path = featurize(data, featurizer, tmp_path / "features.h5", progress=False)
    assert [p.name for p in tmp_path.iterdir()] == ["features.h5"]
    with h5py.File(path) as file:
        assert list(file) == [dataset_name(0), dataset_name(1)] == ["000000", "000001"]
        assert file.attrs["spacing_ps"] == 100.0
        assert list(file.attrs["features"]) == featurizer.names
        assert list(file.attrs["specs"]) == ["torsions", "ca-distances"]
        assert list(file.attrs["sources"]) == list(WLALL.files[:2])
        for i in range(2):
            values = file[dataset_name(i)]
            assert values.shape == (5001, 50) and values.dtype == np.float32
            # Blocks of consecutive frames with all their features.
            assert values.chunks[1] == 50 and values.chunks[0] > 100
            whole = md.load(WLALL.files[i], top=WLALL.top)
            np.testing.assert_array_equal(values[:], featurizer.compute(whole))


def test_chunks_do_not_matter(md_frames):
    data = TrajectorySet.open(WLALL.files[0], WLALL.top)
    featurizer = Featurizer(data.topology, ["torsions", "distances:heavy and resid 0 to 1"])
    whole = featurizer.compute(md.load(WLALL.files[0], top=WLALL.top))
    for chunk in (1, 7, 777, 6000):
        parts = data.iterate(0, chunk, featurizer.atoms)
        frames = 50 if chunk == 1 else 5001
        values, n = [], 0
        for part in parts:
            values.append(featurizer.compute(part, selected=True))
            n += len(part)
            if n >= frames:
                break
        np.testing.assert_array_equal(np.concatenate(values), whole[:n])


def test_thousands_of_names_fit(tmp_path, md_frames):
    md_frames[:3].save(str(tmp_path / "a.xtc"))
    data = TrajectorySet.open(str(tmp_path / "a.xtc"), WLALL.top)
    featurizer = Featurizer(data.topology, ["distances:all"])
    path = featurize(data, featurizer, tmp_path / "features.h5", progress=False)
    with h5py.File(path) as file:
        assert list(file.attrs["features"]) == featurizer.names
        assert len(featurizer.names) == 94 * 93 // 2


def test_a_failure_leaves_what_was_there(tmp_path, md_frames):
    broken = md_frames[:]
    broken.xyz[150, 3] = np.nan
    broken.save(str(tmp_path / "a.dcd"))
    path = tmp_path / "features.h5"
    path.write_text("as it was")
    data = TrajectorySet.open(str(tmp_path / "a.dcd"), WLALL.top, 100.0)
    with pytest.raises(InputError, match=r"a\.dcd: frame 150"):
        featurize(data, Featurizer(data.topology, ["torsions"]), path, progress=False)
    assert path.read_text() == "as it was"
    assert {p.name for p in tmp_path.iterdir()} == {"a.dcd", "features.h5"}


def test_a_place_where_nothing_can_be_written(tmp_path, md_frames):
    (tmp_path / "file").write_text("")
    data = TrajectorySet.open(WLALL.files[0], WLALL.top)
    with pytest.raises(InputError, match="cannot write the features there"):
        featurize(data, Featurizer(data.topology, ["phi"]), tmp_path / "file" / "f.h5")


def test_memory_does_not_grow_with_the_frames(tmp_path):
    """Python's and numpy's peak for ten times the frames is the same within 10 %."""
    peaks = []
    for repeat in (2, 20):
        data = TrajectorySet.open(WLALL.files[:1], WLALL.top)
        data = TrajectorySet(data.parts * repeat, data.topology, data.top, data.spacing_ps)
        featurizer = Featurizer(data.topology, ["torsions", "ca-distances"])
        tracemalloc.start()
        featurize(data, featurizer, tmp_path / "f.h5", progress=False)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < 1.1 * peaks[0]
