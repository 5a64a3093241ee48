import pickle

import numpy as np
import pytest
from sklearn.base import clone

from cwgan import MolGen, NotFittedError, decode
from cwgan.diagnostics import energy_distance, mean_distance, pair_distances
from cwgan.frames import joined_frames
from cwgan.presets import PRESETS
from tests.elsewhere import run_without_ours

TINY = {"n_updates": 3, "hidden_size": 16, "hidden_layer_depth": 1, "consistency": 0.0, "seed": 0}
TINY["verbose"] = False


def test_recommended_learns_the_molecule(molecule, fitted):
    psi, coords, bonds = molecule
    made = decode(fitted.generator, psi, seed=5)
    assert made.shape == coords.shape and made.dtype == np.float32
    got, wanted = (pair_distances(x, np.array(bonds)) for x in (made, coords))
    # 4000 frames with sd .003 fix a mean to .00005; .001 nm is a third of the fluctuation.
    assert np.abs(got.mean(0) - wanted.mean(0)).max() < 0.001
    ratio = got.std(0) / wanted.std(0)
    assert ratio.min() > 0.3 and ratio.max() < 2
    history = fitted.history
    assert min(history["energy_distance"]) < 0.5 * history["energy_distance"][0] or (
        min(history["energy_distance"]) < 3 * history["energy_floor"]
    )


def test_structures_follow_psi(molecule, fitted):
    psi, coords, _ = molecule
    made = decode(fitted.generator, psi, seed=6)
    # The torsion's sign, psi's own, is the handedness of atoms 0 to 3.
    volume = np.linalg.det(made[:, 1:4] - made[:, :1])
    truth = np.linalg.det(coords[:, 1:4] - coords[:, :1])
    assert np.mean(np.sign(volume) == np.sign(truth)) > 0.97


def test_saved_generator_loads_without_the_package(fitted, molecule, tmp_path):
    fitted.generator.save(tmp_path / "cwgan.keras")
    np.save(tmp_path / "psi.npy", molecule[0][:50])
    noise = np.random.default_rng(0).normal(size=(50, 50)).astype(np.float32)
    np.save(tmp_path / "noise.npy", noise)
    code = (
        "import keras, numpy as np\n"
        "m = keras.models.load_model('cwgan.keras')\n"
        "assert not m.compiled\n"
        "np.save('out.npy', m({'psi': np.load('psi.npy'), 'noise': np.load('noise.npy')}))\n"
    )
    run_without_ours(code, tmp_path)
    here = fitted.generator([molecule[0][:50], noise])
    assert np.array_equal(np.load(tmp_path / "out.npy"), np.asarray(here))


def test_decode_is_keyed_by_seed_and_row(fitted, molecule):
    psi = np.concatenate([molecule[0][:700]] * 3)
    whole = decode(fitted.generator, psi, seed=1)
    parts = [decode(fitted.generator, psi[i : i + 300], 1, first=i) for i in range(0, 2100, 300)]
    # The same noise; sums may be taken in another order, which moves a torsion that is rare.
    apart = np.abs(np.concatenate(parts) - whole)
    assert np.median(apart) < 1e-6 and apart.max() < 1e-3
    assert np.abs(decode(fitted.generator, psi, seed=2) - whole).max() > 0.01
    assert np.abs(whole[:700] - whole[700:1400]).max() > 0.01  # rows do not share their noise
    later = decode(fitted.generator, psi[:5], 1, first=10**10)
    assert np.isfinite(later).all()


def test_same_seed_same_network(molecule):
    psi, coords, bonds = molecule
    first, second = (
        MolGen.from_preset("recommended", 1, 5, bonds=bonds, **TINY).fit(psi, coords)
        for _ in range(2)
    )
    for a, b in zip(first.generator.get_weights(), second.generator.get_weights(), strict=True):
        assert np.array_equal(a, b)


def test_drop_in_for_scaled_coordinates(molecule):
    psi, coords, _ = molecule
    flat = coords.reshape(len(coords), -1)
    flat = 2 * (flat - flat.min(0)) / np.ptp(flat, 0) - 1
    before = flat.copy(), psi.copy()
    model = MolGen(1, 15, batch_size=100, n_epochs=4, verbose=False)
    assert model.fit(psi, flat) is model
    out = model.transform(psi[:10])
    assert out.shape == (10, 15) and np.abs(out).max() <= 1
    assert len(model.discriminator.inputs) == 2
    first = model.generator
    weights = first.get_weights()
    model.fit(psi, flat)  # goes on, on copies
    assert all(np.array_equal(a, b) for a, b in zip(first.get_weights(), weights, strict=True))
    assert not np.array_equal(model.generator.get_weights()[0], weights[0])
    assert np.array_equal(before[0], flat) and np.array_equal(before[1], psi)


def test_paper_preset_scales_inside(molecule):
    psi, coords, _ = molecule
    model = MolGen.from_preset("paper", 1, 5, **TINY).fit(psi, coords)
    made = model.transform(psi)
    assert made.shape == coords.shape
    assert made.min() >= coords.min() - 1e-5 and made.max() <= coords.max() + 1e-5


def test_lists_of_trajectories(molecule):
    psi, coords, bonds = molecule
    model = MolGen.from_preset("recommended", 1, 5, bonds=bonds, **TINY)
    joined = clone(model).fit(psi, coords)
    listed = model.fit([psi[:1000], psi[1000:]], [coords[:1000], coords[1000:]])
    out = listed.transform([psi[:4], psi[4:9]])
    assert [len(x) for x in out] == [4, 5]
    assert np.abs(out[0] - joined.transform(psi[:4])).max() < 1e-5
    same = listed.transform([psi[:4], psi[:4]])  # each trajectory has noise of its own
    assert np.abs(same[0] - same[1]).max() > 0.01


@pytest.mark.parametrize("n_atoms", [1, 2, 3])
def test_few_atoms(n_atoms):
    rng = np.random.default_rng(0)
    coords = rng.normal(size=(60, n_atoms, 3)).astype(np.float32)
    coords -= coords.mean(1, keepdims=True)
    bonds = [(i, i + 1) for i in range(n_atoms - 1)]
    model = MolGen.from_preset("recommended", 2, n_atoms, bonds=bonds, **TINY)
    out = model.fit(rng.normal(size=(60, 2)), coords).transform(rng.normal(size=(5, 2)))
    assert out.shape == (5, n_atoms, 3) and np.isfinite(out).all()


def test_two_chains_and_constant_psi():
    rng = np.random.default_rng(1)
    coords = rng.normal(size=(80, 6, 3)).astype(np.float32)
    model = MolGen.from_preset("recommended", 1, 6, bonds=[(0, 1), (1, 2), (3, 4), (4, 5)], **TINY)
    out = model.fit(np.ones((80, 1)), coords).transform(np.ones((5, 1)))
    assert np.isfinite(out).all()


def test_estimator_contract():
    model = MolGen.from_preset("recommended", 3, 20, bonds=[(0, 1)], seed=4)
    assert clone(model).get_params() == model.get_params()
    assert model.set_params(n_updates=7).n_updates == 7
    assert set(PRESETS["recommended"]()) <= set(model.get_params())
    defaults = MolGen(3, 60)
    assert (defaults.batch_size, defaults.noise_dim, defaults.n_epochs) == (1000, 50, 1000)
    with pytest.raises(NotFittedError, match="call fit"):
        defaults.transform(np.zeros((1, 3)))
    with pytest.raises(RuntimeError):
        _ = defaults.generator


def test_pickle(fitted, molecule):
    again = pickle.loads(pickle.dumps(fitted))
    assert np.array_equal(again.transform(molecule[0][:5]), fitted.transform(molecule[0][:5]))
    assert again.history == fitted.history


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"head": "linear"}, "head is 'linear'"),
        ({"optimizer": "sgd"}, "optimizer is 'sgd'"),
        ({"batch_size": 0}, "batch_size is 0"),
        ({"n_updates": 0}, "n_updates is 0"),
        ({"learning_rate": -1.0}, "learning_rate"),
        ({"smoothing": 1.0}, "smoothing"),
        ({"smoothing": None}, "smoothing is None, wanted a number"),
        ({"batch_size": 64.0}, "batch_size is 64.0"),
        ({"seed": -1}, "seed is -1"),
        ({"head": "tanh", "consistency": 1.0}, "consistency is 1.0 with head="),
        ({"bonds": [(0, 9)]}, "indices from 0 to 9"),
    ],
)
def test_bad_settings_are_named(molecule, change, message):
    model = MolGen.from_preset("recommended", 1, 5, **{"bonds": molecule[2], **TINY, **change})
    with pytest.raises(ValueError, match=message):
        model.fit(molecule[0][:100], molecule[1][:100])


def test_bad_data_is_named(molecule, fitted):
    psi, coords, bonds = molecule
    model = MolGen.from_preset("recommended", 1, 5, bonds=bonds, **TINY)
    with pytest.raises(
        ValueError, match=r"X is .* shape \(4000, 2\), wanted shape \(n_frames, 1\)"
    ):
        model.fit(np.repeat(psi, 2, 1), coords)
    with pytest.raises(ValueError, match=r"y is of \[3999\] frames, wanted \[4000\]"):
        model.fit(psi, coords[1:])
    with pytest.raises(ValueError, match="y is an array of shape"):
        model.fit(psi, coords[:, :4])
    broken = coords.copy()
    broken[7, 2, 1] = np.nan
    with pytest.raises(ValueError, match="y is nan in column 2, 1 of frame 7"):
        model.fit(psi, broken)
    with pytest.raises(ValueError, match="psi is an array of shape"):
        decode(fitted.generator, np.zeros((3, 2)), 0)
    with pytest.raises(ValueError, match="seed is -1"):
        decode(fitted.generator, psi[:3], -1)
    with pytest.raises(ValueError, match="wanted one of"):
        MolGen.from_preset("best", 1, 5)
    with pytest.raises(ValueError, match="X is no array of numbers"):
        model.fit([["a"]], coords)
    with pytest.raises(ValueError, match=r"y is of \[20, 80\] frames, wanted \[80, 20\]"):
        model.fit([psi[:80], psi[80:100]], [coords[:20], coords[20:100]])
    with pytest.raises(ValueError, match="output_dim is 16"):
        MolGen(1, 16, **TINY).fit(psi, coords)
    with pytest.raises(ValueError, match=r"X is an array of shape \(4000, 2\)"):
        fitted.diagnose(np.repeat(psi, 2, 1), coords)


@pytest.mark.parametrize("head", ["bonds", "tanh"])
def test_nested_lists_are_arrays(molecule, head):
    psi, coords, _ = (part[:20] for part in molecule)
    model = MolGen(1, 15, head=head)
    for y in (coords, coords.reshape(20, -1)):
        wanted = coords if head == "bonds" else y
        for given in (y, y.tolist(), list(y), [y[:5], y[5:]]):
            frames = joined_frames(model, [psi[:5], psi[5:]], given)
            np.testing.assert_array_equal(frames[0], psi)
            np.testing.assert_array_equal(frames[1], wanted)


def test_changed_networks_start_anew_and_a_failed_fit_changes_nothing(
    molecule, caplog, monkeypatch
):
    psi, coords, _ = (part[:60] for part in molecule)
    model = MolGen(1, 15, 20, **TINY)
    with monkeypatch.context() as patched:
        patched.setattr("cwgan.fitting.train", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            model.fit(psi, coords)
    with pytest.raises(NotFittedError):
        _ = model.generator
    model.fit(psi, coords).set_params(noise_dim=7).fit(psi, coords)
    assert model.generator.get_layer("noise").output.shape[1] == 7
    assert "training starts anew" in caplog.text


def test_diagnosis_needs_atoms_as_the_fit_had_them(molecule):
    psi, coords, _ = (part[:60] for part in molecule)
    model = MolGen(1, 15, 20, **TINY).fit(psi, coords.reshape(60, -1))
    with pytest.raises(ValueError, match=r"y is .* draws \(15,\), wanted atoms"):
        model.diagnose(psi, coords)


def test_energy_distance_against_the_definition():
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=(40, 3)), rng.normal(0.5, 1.5, size=(50, 3))
    mean = lambda x, y: np.linalg.norm(x[:, None] - y[None], axis=-1).mean()  # noqa: E731
    wanted = (2 * mean(a, b) - mean(a, a) - mean(b, b)) / np.sqrt(3)
    assert energy_distance(a, b) == pytest.approx(wanted, rel=1e-4)
    assert energy_distance(a, a) == pytest.approx(0, abs=1e-6)
    # In chunks, and with a part known beforehand, it is the same.
    within = mean_distance(b, b, chunk=7)
    assert energy_distance(a, b, within) == pytest.approx(wanted, rel=1e-4)
