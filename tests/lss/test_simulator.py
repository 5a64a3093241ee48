"""Encode, propagate, decode, and the files that a simulation writes."""

import h5py
import mdtraj
import numpy as np
import pytest

from cwgan.decoder import TILE
from lss.errors import InputError
from lss.run import run_files
from lss.simulator import LatentSpaceSimulator


@pytest.fixture(scope="module")
def simulator(trained):
    return LatentSpaceSimulator.load(trained.box)


@pytest.fixture(scope="module")
def md(source):
    return mdtraj.load(source["traj"][0].replace("*", "0"), top=source["top"])


def test_encoding_the_training_data_gives_their_modes(simulator, trained, md):
    psi = simulator.encode(md)
    np.testing.assert_allclose(psi, run_files.read_psi(trained)[0], rtol=1e-3, atol=2e-3)


def test_a_file_name_is_no_trajectory(simulator):
    with pytest.raises(InputError, match=r"trajectory is a str, .* mdtraj\.load"):
        simulator.encode("a.xtc")


def test_atoms_are_matched_by_name_whatever_their_order(simulator, md):
    """The molecule alone, with its residues' atoms reversed, encodes to the same modes."""
    order = np.concatenate(
        [[a.index for a in reversed(list(residue.atoms))] for residue in md.topology.residues]
    )
    reordered = mdtraj.Trajectory(md.xyz[:20, order], reordered_topology(md.topology, order))
    np.testing.assert_allclose(
        simulator.encode(reordered), simulator.encode(md[:20]), rtol=1e-5, atol=1e-5
    )


def reordered_topology(topology, order):
    atoms = list(topology.atoms)
    result = mdtraj.Topology()
    chain, residues = result.add_chain(), {}
    for index in order:
        old = atoms[index].residue
        if old.index not in residues:
            residues[old.index] = result.add_residue(old.name, chain, resSeq=old.resSeq)
        result.add_atom(atoms[index].name, atoms[index].element, residues[old.index])
    return result


def test_another_molecule_is_refused_by_the_first_difference(simulator, md):
    with pytest.raises(InputError, match="LEU"):
        simulator.encode(md.atom_slice(md.topology.select("not resname LEU")))


def test_a_longer_run_begins_with_the_shorter_one(simulator):
    psi0 = simulator.starts(3, seed=0)
    short, long = (simulator.propagate(psi0, n, seed=5) for n in (7, 300))
    np.testing.assert_array_equal(long[:, :8], short)
    assert not np.array_equal(simulator.propagate(psi0, 7, seed=6), short)


def test_walkers_do_not_depend_on_one_another(simulator):
    psi0 = simulator.starts(3, seed=0)
    together = simulator.propagate(psi0, 7, seed=5)
    alone = simulator.propagate(psi0[1], 7, seed=5, first_walker=1)
    np.testing.assert_allclose(alone[0], together[1], rtol=1e-4, atol=1e-4)
    assert not np.array_equal(together[0], together[1])


def test_decoded_frames_have_times_and_the_reference_topology(simulator):
    psi = simulator.propagate(simulator.starts(1, seed=0), 4, seed=0)[0]
    decoded = simulator.decode(psi, seed=1)
    np.testing.assert_allclose(decoded.time, 500.0 * np.arange(5))
    assert [a.name for a in decoded.topology.atoms] == ["N", "CA", "C", "O"] * 5
    later = simulator.decode(psi[2:], seed=1, first=2)
    np.testing.assert_allclose(later.xyz, decoded.xyz[2:], rtol=0, atol=1e-6)
    other = simulator.decode(psi, seed=1, walker=1)
    assert not np.allclose(other.xyz, decoded.xyz, rtol=0, atol=1e-6)


def test_a_trajectory_is_decoded_alike_however_it_is_cut(simulator):
    """In whole tiles and in parts of them: the same to rounding, which moves rare torsions more."""
    psi = np.repeat(simulator.starts(1, seed=0), 2 * TILE + 100, axis=0)
    whole = simulator.coordinates(psi, seed=1)
    for first, last in ((0, 10), (TILE - 5, TILE + 5), (TILE, 2 * TILE), (2 * TILE, len(psi))):
        part = simulator.coordinates(psi[first:last], seed=1, first=first)
        np.testing.assert_allclose(part, whole[first:last], rtol=0, atol=1e-3)
    # Equal states, so that all differences are the noise's; no two frames share it.
    assert len(np.unique(whole[:, 0], axis=0)) == len(psi)


@pytest.mark.parametrize("psi", [np.zeros((2, 5)), np.zeros((2, 2, 2)), np.full((2, 2), np.nan)])
def test_latent_states_of_a_wrong_kind_are_refused(simulator, psi):
    with pytest.raises(InputError, match="psi"):
        simulator.decode(psi, seed=0)


def test_a_simulation_is_written_whole(trained):
    folder = trained.path / "synthetic"
    names = {file.name for file in folder.iterdir()}
    trajectories = {f"traj-000{i}.xtc" for i in range(3)}
    assert names == {"psi.h5", "topology.pdb", "simulation.json", *trajectories}
    with h5py.File(folder / "psi.h5") as file:
        psi = file["psi"]
        assert psi.shape == (3, 21, 2)
        assert psi.attrs["lag_time_ps"] == 500.0 and psi.attrs["seed"] == 7
        assert np.isfinite(psi[:]).all()
    for file in folder.glob("*.xtc"):
        trajectory = mdtraj.load(str(file), top=str(folder / "topology.pdb"))
        np.testing.assert_allclose(trajectory.time, 500.0 * np.arange(21))


@pytest.mark.parametrize("file_format", ["xtc", "dcd", "h5"])
def test_the_first_frame_is_the_decoded_start(simulator, tmp_path, file_format):
    start = simulator.starts(1, seed=3)
    simulator.simulate(tmp_path / "out", 3, seed=4, start=start, file_format=file_format)
    with h5py.File(tmp_path / "out" / "psi.h5") as file:
        np.testing.assert_array_equal(file["psi"][0, 0], start[0])
    assert (tmp_path / "out" / f"traj-0000.{file_format}").exists()


def test_a_trajectory_does_not_depend_on_the_number_of_others(simulator, tmp_path):
    simulator.simulate(tmp_path / "both", 30, n_trajectories=2, seed=4)
    simulator.simulate(tmp_path / "second", 30, n_trajectories=1, seed=4, first_walker=1)
    both, second = (
        mdtraj.load(str(tmp_path / name / "traj-0001.xtc"), top=simulator.box.reference)
        for name in ("both", "second")
    )
    np.testing.assert_allclose(second.xyz, both.xyz, atol=2e-3)


def test_a_longer_simulation_begins_with_the_shorter(simulator, tmp_path):
    simulator.simulate(tmp_path / "short", 10, seed=4)
    simulator.simulate(tmp_path / "long", 40, seed=4)
    short, long = (
        mdtraj.load(str(tmp_path / name / "traj-0000.xtc"), top=simulator.box.reference)
        for name in ("short", "long")
    )
    np.testing.assert_allclose(long.xyz[:11], short.xyz, atol=2e-3)


def test_a_simulation_is_overwritten_by_force_only(simulator, tmp_path):
    simulator.simulate(tmp_path, 3, n_trajectories=2, progress=False)
    with pytest.raises(InputError, match="`force`"):
        simulator.simulate(tmp_path, 3)
    simulator.simulate(tmp_path, 4, force=True, progress=False)
    names = {path.name for path in tmp_path.iterdir()}
    assert names == {"simulation.json", "psi.h5", "topology.pdb", "traj-0000.xtc"}


@pytest.mark.parametrize(
    "wrong",
    [
        {"n_steps": 0},
        {"n_trajectories": 0},
        {"seed": -1},
        {"file_format": "pdb"},
        {"start": np.zeros((3, 2)), "n_trajectories": 2},
    ],
)
def test_settings_that_make_no_sense_are_refused(simulator, tmp_path, wrong):
    with pytest.raises(InputError):
        simulator.simulate(tmp_path / "out", **{"n_steps": 3, **wrong})
    assert not (tmp_path / "out").exists()
