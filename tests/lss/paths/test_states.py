"""States: as text, by structures, and found."""

from types import SimpleNamespace

import h5py
import mdtraj
import numpy as np
import pytest

from lss.analysis.transitions import find_cores
from lss.errors import InputError
from lss.paths.chosen import define_states, training_psi
from lss.paths.states import check_apart, found_states, parse_states, pick, starts_in
from lss.paths.structure_states import NearStructure, length_nm
from lss.run import run_files
from lss.simulator import LatentSpaceSimulator


def test_conditions_mean_what_they_say(rng):
    psi = rng.normal(size=(500, 4, 3))
    states = parse_states(
        "folded: psi1 < -0.4 ; un-folded : 0.5 <= psi_2 < 1.5 and psi3 >= -1e-1;", 3
    )
    assert list(states) == ["folded", "un-folded"]
    x, y, z = np.moveaxis(psi, -1, 0)
    np.testing.assert_array_equal(states["folded"].contains(psi), x < -0.4)
    np.testing.assert_array_equal(
        states["un-folded"].contains(psi), (y >= 0.5) & (y < 1.5) & (z >= -0.1)
    )
    again = parse_states("; ".join(state.describe() for state in states.values()), 3)
    assert again == states


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "wanted one state or more"),
        ("psi1 < 2", "without a colon"),
        ("a: psi1 < 2; a: psi1 > 3", "two states are called 'a'"),
        ("a: psi1 = 2", "wanted such as psi1 < -0.4"),
        ("a: psi1 < 2 or psi2 > 1", "join several with 'and'"),
        ("a: psi1 <", "wanted such as"),
        ("a: psi4 < 2", "wanted psi1 to psi3"),
        ("a: psi0 < 2", "wanted psi1 to psi3"),
        ("a: 3 < psi1 < 2", "nothing meets"),
        ("a: psi1 < nan", "wanted such as"),
        ("2 b: psi1 < 1", "wanted a letter"),
    ],
)
def test_what_is_no_state_is_refused(text, said):
    with pytest.raises(InputError, match=said):
        parse_states(text, 3)


def test_states_that_overlap_are_refused(rng):
    states = parse_states("a: psi1 < 0.5; b: psi1 > 0.4", 1)
    with pytest.raises(InputError, match="in common"):
        check_apart(states["a"], states["b"], rng.random((1000, 1)))
    with pytest.raises(InputError, match="wanted one of a, b"):
        pick(states, "c")


def test_found_states_are_the_cores_of_the_report(rng):
    psi = [rng.normal(size=(300, 2)) + 3 * rng.integers(2, size=(300, 1)) for _ in range(2)]
    cores, found = find_cores(np.concatenate(psi)[:, 0]), found_states(psi)
    every = np.concatenate(psi)
    np.testing.assert_array_equal(found["A"].contains(every), cores.label(every) == 0)
    np.testing.assert_array_equal(found["B"].contains(every), cores.label(every) == 1)


@pytest.fixture(scope="module")
def simulator(trained):
    return LatentSpaceSimulator.load(trained.box)


def test_starts_lie_in_their_state(simulator):
    psi = np.asarray(simulator.box.meta["start_psi"])
    state = parse_states(f"a: psi1 < {np.median(psi[:, 0]):.3f}", 2)["a"]
    starts = starts_in(state, simulator, 50, seed=1)
    assert starts.shape == (50, 2) and state.contains(starts).all()
    np.testing.assert_array_equal(starts_in(state, simulator, 70, seed=1)[:50], starts)
    nowhere = parse_states("x: psi1 > 1000", 2)["x"]
    with pytest.raises(InputError, match="holds none of the 1000 training frames"):
        starts_in(nowhere, simulator, 1, seed=0)


def test_without_definition_the_states_are_found_from_all_md(simulator, trained, tmp_path):
    every = run_files.read_psi(trained)
    assert define_states(simulator, box=trained.box) == found_states(every)
    assert len(training_psi(simulator.box)) == 1000
    # A psi.h5 of another run is no MD of this box.
    with h5py.File(tmp_path / "psi.h5", "w") as file:
        file["000000"] = np.concatenate(every) + np.float32(0.1)
    assert len(training_psi(simulator.box, tmp_path / "box.lss")) == 1000
    with pytest.raises(InputError, match="`radius` goes with `state`"):
        define_states(simulator, radius="0.3nm")


def test_a_state_by_a_structure(simulator, tmp_path):
    """RMSD of what is decoded, by mdtraj on the same structures; a wide radius holds all."""
    reference = simulator.box.reference
    state = NearStructure("near", simulator, reference, 0.1)
    psi = np.asarray(simulator.box.meta["start_psi"][:7], np.float32)
    noise_dim = simulator.box.cwgan.get_layer("noise").output.shape[1]
    noise = np.random.default_rng(0).standard_normal((5, noise_dim)).astype(np.float32)
    for row, values in zip(psi, state.rmsd_nm(psi), strict=True):
        xyz = np.array(simulator.box.cwgan([np.tile(row, (5, 1)), noise]))
        known = mdtraj.rmsd(mdtraj.Trajectory(xyz, reference.topology), reference)
        np.testing.assert_allclose(values, known, atol=1e-5)
    middle = np.median(state.rmsd_nm(psi), axis=1)
    state.radius = float(np.median(middle))
    np.testing.assert_array_equal(state.contains(psi), middle < state.radius)
    # A latent state is inside or not, whatever stands beside it.
    np.testing.assert_array_equal(state.contains(psi[::-1]), state.contains(psi)[::-1])
    reference.save_pdb(str(tmp_path / "native.pdb"))
    (found,) = define_states(
        simulator, state=[f"wide={tmp_path / 'native.pdb'}"], radius="90 A"
    ).values()
    assert found.contains(psi).all() and found.describe() == "wide: RMSD < 9 nm"


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"state": ["folded"]}, "wanted a name and a structure file"),
        ({"state": ["folded=x.pdb"]}, "without `radius`"),
        ({"state": ["folded=x.pdb"], "radius": "0.3nm"}, "x.pdb"),
    ],
)
def test_what_is_no_structure_is_refused(simulator, options, said):
    with pytest.raises((InputError, OSError), match=said):
        define_states(simulator, **options)


@pytest.mark.parametrize("text", ["3", "0nm", "3 pm", "-1nm", "nm"])
def test_a_radius_has_a_unit(text):
    assert length_nm("3A") == pytest.approx(0.3)
    with pytest.raises(InputError, match="wanted a length above 0"):
        length_nm(text)


def test_what_two_flags_contradict_is_refused(simulator):
    from lss.paths.chosen import chosen_start_and_end

    given = dict.fromkeys(
        ["start_psi", "start", "start_frame", "top", "states", "state", "radius", "until"]
    )
    args = SimpleNamespace(**given, start_state="A", box=None, seed=0)
    start, until = chosen_start_and_end(simulator, args, 2, 5)
    assert start.shape == (3, 2) and until is None
    args.start_psi = [0.0, 0.0]
    with pytest.raises(InputError, match="cannot be combined"):
        chosen_start_and_end(simulator, args, 0, 1)
    args.start_psi = args.start_state = None
    args.states = "a: psi1 < 0"
    with pytest.raises(InputError, match="not used"):
        chosen_start_and_end(simulator, args, 0, 1)
