"""Features of the user's own: from files, and from a function."""

import json

import h5py
import mdtraj as md
import numpy as np
import pytest

from lss.__main__ import describe
from lss.box import Box, load_network
from lss.errors import InputError
from lss.examples import example
from lss.features.featurizer import Featurizer, featurize, split_specs
from lss.features.own import featurizer_for
from lss.run import inputs, stages
from lss.run.run_folder import Run
from lss.simulator import LatentSpaceSimulator
from lss.storage import processes
from lss.trajectories import open_trajectories

WLALL = example("wlall")
LENGTHS = (300, 200)


@pytest.fixture(scope="module")
def pieces():
    return [md.load(WLALL.files[i], top=WLALL.top)[:n] for i, n in enumerate(LENGTHS)]


@pytest.fixture(scope="module")
def data(pieces, tmp_path_factory):
    folder = tmp_path_factory.mktemp("own")
    for i, frames in enumerate(pieces):
        frames.save(str(folder / f"{i}.xtc"))
    return open_trajectories(str(folder / "*.xtc"), WLALL.top)


@pytest.fixture(scope="module")
def arrays():
    rng = np.random.default_rng(3)
    return [rng.normal(size=(n, 4)) for n in LENGTHS]


def stored(path):
    with h5py.File(path) as file:
        return [values[:] for values in file.values()], list(file.attrs["features"])


def test_arrays_in_files(data, arrays, tmp_path, monkeypatch):
    """One .npy a trajectory, named or by a glob; with field names; or one HDF5 file."""
    monkeypatch.chdir(tmp_path)
    named = np.dtype([(name, "f8") for name in "abcd"])
    with h5py.File("both.h5", "w") as file, h5py.File("plain.h5", "w") as plain:
        for i, values in enumerate(arrays):
            np.save(f"x{i + 9}.npy", values)
            np.save(f"single{i}.npy", values[:, 0])
            np.save(f"fields{i}.npy", values.copy().view(named)[:, 0])
            file[f"t{i + 9}"] = plain[f"t{i + 9}"] = values  # t9 before t10
        file.attrs["names"] = list("abcd")
    numbers = [f"feature {i}" for i in (1, 2, 3, 4)]
    for text, names in (
        ("x9.npy,x10.npy", numbers),
        ("x*.npy", numbers),
        ("fields0.npy, fields1.npy", list("abcd")),
        ("both.h5", list("abcd")),
        ("plain.h5", numbers),
        ("single*.npy", numbers[:1]),
    ):
        own = featurizer_for(data, split_specs(text))
        assert own.names == names
        found, said = stored(featurize(data, own, tmp_path / "out" / "f.h5", progress=False))
        assert said == names
        for values, want in zip(found, arrays, strict=True):
            np.testing.assert_array_equal(values, np.float32(want[:, : len(names)]))
    # The file that this package writes serves as well.
    again = featurizer_for(data, [str(tmp_path / "out" / "f.h5")])
    assert again.names == ["feature 1"]


def test_arrays_are_not_loaded_whole(data, arrays, tmp_path, monkeypatch):
    np.save(tmp_path / "0.npy", arrays[0])
    np.save(tmp_path / "1.npy", arrays[1])
    monkeypatch.setattr("lss.features.own._READ_BYTES", 32 * 7)  # seven rows
    own = featurizer_for(data, [str(tmp_path / "*.npy")])
    chunks = list(own.values(data, 0))
    assert [len(chunk) for chunk in chunks] == [7] * 42 + [6]
    np.testing.assert_array_equal(np.concatenate(chunks), np.float32(arrays[0]))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda x: x[:1], r"the number of arrays is 1, of trajectories 2"),
        (lambda x: [x[0], x[1][:-1]], r"1\.npy has 199 rows, its trajectory .*1\.xtc has 200"),
        (lambda x: [x[0], x[1][:, :3]], r"1\.npy has other features \(3\) than .*0\.npy \(4\)"),
        (lambda x: [x[0][..., None], x[1]], r"0\.npy has the shape \(300, 4, 1\), wanted"),
        (lambda x: [x[0].astype(str), x[1]], r"0\.npy holds <U32, wanted numbers"),
        (lambda x: [x[0] + 1j, x[1]], r"0\.npy holds complex128, wanted numbers"),
        (lambda x: [x[0].astype(object), x[1]], r"0\.npy: cannot read features from it"),
        (lambda x: [x[0][:, :0], x[1][:, :0]], r"has 0 features"),
    ],
)
def test_arrays_that_do_not_fit(change, message, data, arrays, tmp_path):
    for i, values in enumerate(change(arrays)):
        np.save(tmp_path / f"{i}.npy", values, allow_pickle=True)
    with pytest.raises(InputError, match=message):
        featurizer_for(data, [str(tmp_path / "*.npy")])


def test_what_is_no_array_of_features(data, arrays, tmp_path):
    for i, values in enumerate(arrays):
        np.save(tmp_path / f"{i}.npy", values)
    with pytest.raises(InputError, match=r"no file of features matches 'none\.npy'"):
        featurizer_for(data, ["none.npy"])
    (tmp_path / "bad.h5").write_bytes(b"no HDF5")
    with pytest.raises(InputError, match=r"bad\.h5: cannot read features from it"):
        featurizer_for(data, [str(tmp_path / "bad.h5")])
    with pytest.raises(InputError, match="either files of your own features or words"):
        featurizer_for(data, [str(tmp_path / "*.npy"), "torsions"])
    arrays[1][150, 2] = 1e300
    np.save(tmp_path / "1.npy", arrays[1])
    own = featurizer_for(data, [str(tmp_path / "*.npy")])
    with pytest.raises(InputError, match=r"1\.npy: frame 150: the feature 'feature 3' is not"):
        featurize(data, own, tmp_path / "f.h5", progress=False)
    arrays[1][150, 2] = 0


def radius(trajectory):
    return md.compute_rg(trajectory)


def ends(trajectory):
    pairs = trajectory.topology.select_pairs("name CA", "name CA")
    return md.compute_distances(trajectory, pairs, periodic=False)


@pytest.mark.parametrize("scheduler", [None, processes.LOCAL])
@pytest.mark.parametrize(("function", "names"), [(radius, ["rg"]), (radius, None), (ends, None)])
def test_a_function(function, names, scheduler, data, pieces, tmp_path):
    own = Featurizer.from_function(function, data.topology, names)
    found, said = stored(featurize(data, own, tmp_path / "f.h5", False, scheduler))
    assert said == own.names == (names or [f"feature {i + 1}" for i in range(found[0].shape[1])])
    for values, frames in zip(found, pieces, strict=True):
        want = np.asarray(function(frames)).reshape(len(frames), -1)
        np.testing.assert_allclose(values, want, atol=1e-6)


def test_a_function_sees_whole_molecules_and_changes_nothing(data, pieces):
    broken = pieces[0][:5]
    broken.xyz = np.mod(broken.xyz + np.float32([1.9, 2.6, 1.2]), 4.0)
    before = broken.xyz.copy()

    def function(trajectory):
        found = md.compute_rg(trajectory)
        trajectory.xyz[:] = 0
        return found

    values = Featurizer.from_function(function, data.topology).compute(broken)
    np.testing.assert_allclose(values[:, 0], md.compute_rg(pieces[0][:5]), atol=1e-4)
    np.testing.assert_array_equal(broken.xyz, before)


@pytest.mark.parametrize(
    ("function", "names", "message"),
    [
        (lambda t: np.zeros(3), None, r"shape \(3, 1\) for 10 frames: return numbers, one row"),
        (lambda t: np.full(10, "x"), None, "return numbers"),
        (lambda t: np.full((10, 2), np.nan), None, "frame 0: the feature 'feature 1' is not a fin"),
        (lambda t: np.zeros((10, 2)), ["a"], "returned 2 features, wanted 1"),
        ("torsions", None, "wanted a function"),
    ],
)
def test_functions_that_do_not_fit(function, names, message, data, pieces):
    with pytest.raises(InputError, match=message):
        Featurizer.from_function(function, data.topology, names).compute(pieces[0][:10])


def test_a_simulator_of_own_features_encodes_features(data, tmp_path):
    """From the run to the box, which says so."""
    source = {"traj": [str(path) for path in data.files], "top": WLALL.top, "dt_ps": None}
    plain = Featurizer(data.topology, ["backbone-torsions"])
    for i in range(2):
        np.save(tmp_path / f"{i}.npy", np.concatenate(list(plain.values(data, i))))
    specs = [str(tmp_path / "*.npy")]
    run = Run.create(tmp_path / "run")
    stages.make_features(run, source, specs)
    stages.train_srv(run, 500.0, modes=2, steps=50)
    simulator = object.__new__(LatentSpaceSimulator)  # the other networks are not needed
    meta = json.loads((run.box / "lss.json").read_text())
    simulator.box = Box(meta, data.reference, load_network(run.box / "srv.keras"), None, None)
    x = np.load(tmp_path / "1.npy")
    with h5py.File(run.path / "psi.h5") as file:
        np.testing.assert_allclose(simulator.encode(x), file["000001"][:], atol=1e-5)
    with pytest.raises(InputError, match=r"encode takes these features, an array \(n_frames, "):
        simulator.encode(data.read_frame(0, 0))
    for wrong in (x[0], x[:, :3], np.full_like(x, np.nan), "x"):
        with pytest.raises(InputError):
            simulator.encode(wrong)
    assert "(the user's own: encode takes features, not structures)" in describe(simulator.box)
    with pytest.raises(InputError, match="cannot be computed from structures"):
        Featurizer.from_dict(simulator.box.meta["features"], data.topology)
    with pytest.raises(InputError, match="`held_out` cannot be combined with features of your own"):
        inputs.check_held_out(featurizer_for(data, specs))
    # Other features of the same shape are not taken for those of the run.
    np.save(tmp_path / "1.npy", 2 * x)
    with pytest.raises(InputError, match="was made with data"):
        stages.make_features(run, source, specs)
