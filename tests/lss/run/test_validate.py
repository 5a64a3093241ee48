"""`lss.validate`: the report of a simulator in memory, as that of its run."""

import json
from types import SimpleNamespace

import mdtraj
import numpy as np
import pytest

import lss
from lss.errors import InputError
from lss.examples import example
from lss.molecule.selection import select
from lss.run import report_stage
from lss.run.projection import find_decoded
from lss.trajectories.trajectory_set import TrajectorySet


@pytest.fixture(scope="module")
def md(small_md):
    return TrajectorySet.open(*small_md)


@pytest.fixture(scope="module")
def held_out(small_md, other_md):
    return TrajectorySet.open(other_md, small_md[1])


@pytest.fixture(scope="module")
def simulator(trained):
    return lss.LatentSpaceSimulator.load(trained.box)


def test_the_report_is_that_of_the_run(trained, small_md, md, held_out, simulator, tmp_path):
    """The box has its reference to the 0.0001 nm of a PDB file, all else is the same."""
    to = tmp_path / "new folder"
    given = {"n_trajectories": 3, "length": "10ns", "seed": 7}
    states = lss.define_states(simulator, "left: psi1 < 0; right: psi1 > 0.5")
    found = lss.validate(simulator, md, held_out, to=to, states=states, **given)
    expected = report_stage.compare_with_md(trained, [str(held_out.files[0])], states)
    assert {"population_of_left", "time_from_right_to_left_ps"} < {
        row.quantity.key for row in found.rows
    }
    assert {path.name for path in to.iterdir()} == {"report.html", "report.json", "figures"}
    assert found.core_names == expected.core_names and found.lag_ps == expected.lag_ps
    assert found.srv_timescales_ps == expected.srv_timescales_ps
    for one, two in zip(found.rows, expected.rows, strict=True):
        assert one.quantity.key == two.quantity.key
        for part in ("md", "lss", "heldout", "distance"):
            # A frame at the edge of a bin may fall into the next, one of 63 or more.
            a, b = (getattr(row, part) for row in (one, two))
            error = 0.02 * abs(two.distance.value) + 1e-4 if one.quantity.divergence else 0
            assert (a is None) == (b is None)
            if a is not None:
                close = pytest.approx(float(b.value), rel=1e-3, abs=error, nan_ok=True)
                assert float(a.value) == close, (one.quantity.key, part)
    data = json.loads((to / "report.json").read_text("utf-8"))
    assert data["ensembles"]["LSS"]["frames"] == 3 * 21
    assert data["ensembles"]["held-out MD"]["structures_measured"] == 900
    assert data["settings"] == {"synthetic": {"length_ps": 10_000.0, "trajectories": 3, "seed": 7}}
    warnings = [trained.report(n)["diagnostics"]["warnings"] for n in ("mdn", "cwgan")]
    assert [own["warnings"] for own in data["diagnostics"].values()] == warnings


def test_trajectories_are_as_long_as_the_longest_md_by_default(md, simulator, tmp_path):
    found = lss.validate(simulator, md, to=tmp_path, n_trajectories=2)
    assert found.heldout is None
    with pytest.raises(InputError, match="which is trained on"):
        lss.validate(simulator, md, md, to=tmp_path / "same", length="10ns")
    # 1200 frames of 100 ps: 239 whole lags of 500 ps.
    assert found.lss.n_trajectories == 2 and found.lss.n_frames == 2 * 240


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"md": ["a.xtc"]}, r"md is a list, wanted a TrajectorySet; .* lss\.TrajectorySet\.open"),
        ({"held_out": "b.xtc"}, "held_out is a str, wanted a TrajectorySet"),
        ({"length": "1ps"}, "length"),
        ({"n_trajectories": 0}, "n_trajectories is 0"),
    ],
)
def test_what_cannot_be_compared_is_refused(md, simulator, tmp_path, change, message):
    with pytest.raises(InputError, match=message):
        lss.validate(**{"simulator": simulator, "md": md, "to": tmp_path / "to", **change})
    assert not (tmp_path / "to").exists()


def boxed(structure, atoms, folder):
    """The parts of a box that name the decoded atoms, written as PDB and read again."""
    structure.save_pdb(str(folder / "topology.pdb"))
    reference = mdtraj.load_pdb(str(folder / "topology.pdb"))
    return SimpleNamespace(meta={"atoms": atoms}, reference=reference)


def opened(frames, folder):
    """A trajectory set of frames whose topology holds long names."""
    frames.save(str(folder / "md.h5"))
    return TrajectorySet.open(str(folder / "md.h5"), dt_ps=100.0)


def test_decoded_atoms_are_found_under_names_that_no_pdb_file_can_hold(tmp_path):
    data = example("wlall")
    frames = mdtraj.load(data.files[0], top=data.top)[:5]
    for residue in frames.topology.residues:
        residue.name = {"ALA": "ALAD", "TRP": "HSD"}.get(residue.name, residue.name)
    md = opened(frames, tmp_path)
    atoms = select(frames.topology, "backbone")
    box = boxed(frames[0].atom_slice(atoms), "backbone", tmp_path)
    np.testing.assert_array_equal(find_decoded(box, md), atoms)


def test_decoded_atoms_in_another_order_are_not_taken_for_one_another(tmp_path):
    data = example("wlall")
    frames = mdtraj.load(data.files[0], top=data.top)[:5]
    atoms = frames.topology.select("element != H")
    box = boxed(frames[0].atom_slice(atoms), "heavy", tmp_path)
    order = np.concatenate(
        [[a.index for a in residue.atoms][::-1] for residue in frames.topology.residues]
    )
    turned = mdtraj.Topology()
    chain = turned.add_chain()
    for residue in frames.topology.residues:
        new = turned.add_residue(residue.name, chain, resSeq=residue.resSeq)
        for atom in list(residue.atoms)[::-1]:
            turned.add_atom(atom.name, atom.element, new)
    md = opened(mdtraj.Trajectory(frames.xyz[:, order], turned), tmp_path)
    found = find_decoded(box, md)
    np.testing.assert_array_equal(order[found], atoms)
