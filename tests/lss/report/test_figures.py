"""The figure of the slowest mode, the structures in it, and the training curves with floors."""

import mdtraj
import numpy as np
import pytest

from lss.analysis.gallery import _central
from lss.analysis.measures import describe
from lss.molecule.selection import select
from lss.report import slowest_mode
from lss.report.structure_figures import FADED, best_view, fade
from lss.report.training_figures import draw_panel, panel_columns, training_panels
from lss.report.validation import compare
from lss.run.report_stage import curves


@pytest.fixture(scope="module")
def found(two_runs):
    return compare(**two_runs)


@pytest.fixture(scope="module")
def view(found):
    return best_view([s for regions in found.gallery.structures.values() for s in regions])


def test_slowest_mode_draws_every_structure_of_both_ensembles(found, view):
    axes = slowest_mode.draw_slowest_mode(found, view).axes
    assert len(axes) == 1 + 2 * 3
    bonds = len(found.gallery.overlay)
    for ax, (name, k) in zip(
        axes[1:], [(name, k) for name in ("MD", "LSS") for k in range(3)], strict=True
    ):
        drawn = sum(len(lines.get_segments()) for lines in ax.collections)
        assert drawn == bonds * len(found.gallery.structures[name][k])
    # The bistable process jumps from core to core within one frame.
    assert [len(s) for s in found.gallery.structures["MD"]] == [10, 0, 10]
    words = [text.get_text() for text in axes[2].texts]
    assert "never visited" in words


def test_slowest_mode_writes_the_profile_and_all_coordinates(found):
    columns = slowest_mode.columns(found)
    profile = found.curves.profiles["LSS"][0]
    assert np.nanmin(columns["F(psi_1) MD (kT)"]) == 0
    # Up to the constant that aligns it with the MD.
    shift = columns["F(psi_1) LSS (kT)"] - profile.free_energy_kT
    assert np.nanmax(shift) - np.nanmin(shift) < 1e-12
    np.testing.assert_array_equal(
        columns["standard error of F(psi_1) LSS (kT)"], profile.standard_error_kT
    )
    assert not any("psi_2" in head for head in columns)
    atoms = found.gallery.structures["MD"][0].shape[1]
    x = np.array(columns["x (nm)"])
    assert len(x) == 2 * 2 * 10 * atoms
    where = (np.array(columns["ensemble (name)"]) == "LSS") & (
        np.array(columns["region (name)"]) == found.core_names[2]
    )
    np.testing.assert_array_equal(
        x[where].reshape(10, atoms), found.gallery.structures["LSS"][2][..., 0]
    )
    psi = np.array(columns["psi_1 of the structure (dimensionless)"])[where]
    assert (psi >= found.cores.high).all()


def test_region_that_neither_visits_is_left_out_of_the_numbers(found):
    assert found.core_names[1] not in slowest_mode.columns(found)["region (name)"]
    pairs = slowest_mode.columns(found)[f"{found.core_names[1]}: mean RMSD of pairs (nm)"]
    assert np.isnan(pairs).all()


def test_structures_are_superposed_on_the_central_one_of_their_region():
    rng = np.random.default_rng(0)
    centre = rng.standard_normal((8, 3))
    # Structure 2 is the centre itself; all others are off it independently, so that two of them
    # are sqrt(2) times as far from one another as from it.
    offsets = 0.1 * rng.standard_normal((20, 8, 3))
    offsets[2] = 0
    chosen = _central(centre + offsets, centre)
    np.testing.assert_allclose(chosen, centre - centre.mean(0) + chosen.mean(0), atol=1e-5)
    assert _central(np.empty((0, 8, 3)), centre) is centre


@pytest.mark.parametrize("atoms, pairs", [("heavy", 14), ("name CA", 4), ("sidechain", None)])
def test_what_is_drawn_of_a_peptide_is_its_backbone(whole, atoms, pairs):
    # Five residues: N-CA and CA-C in each, C-N between them.
    part = whole.atom_slice(select(whole.topology, atoms))
    found = describe(part.topology, part.xyz[0])
    assert len(found.trace) == (len(found.bonds) if pairs is None else pairs)
    names = {part.topology.atom(i).name for i in found.trace.ravel()}
    assert pairs is None or names <= {"N", "CA", "C"}


def test_what_is_drawn_of_a_protein_is_its_alpha_carbon_trace():
    topology = mdtraj.Topology()
    chain, last = topology.add_chain(), None
    for _ in range(10):
        residue = topology.add_residue("ALA", chain)
        n, ca, c = (topology.add_atom(x, mdtraj.element.carbon, residue) for x in ("N", "CA", "C"))
        for a, b in ((last, n), (n, ca), (ca, c)):
            if a is not None:
                topology.add_bond(a, b)
        last = c
    found = describe(topology, np.random.default_rng(0).standard_normal((30, 3)))
    np.testing.assert_array_equal(found.trace, [(3 * i + 1, 3 * i + 4) for i in range(9)])


def test_what_is_farther_is_fainter():
    colours = np.tile([0.0, 0.5, 1.0, 1.0], (3, 1))
    near, middle, far = fade(colours, np.array([2.0, 1.0, 0.0]))
    np.testing.assert_allclose(near, colours[0])
    np.testing.assert_allclose(far, [FADED, 0.5 + 0.5 * FADED, 1.0, 1.0])
    assert near[0] < middle[0] < far[0]
    np.testing.assert_array_equal(fade(colours, np.ones(3)), colours)


HISTORY = {
    "updates": [10, 20, 30],
    "loss": [3.0, 2.0, 1.0],
    "energy_distance": [0.4, 0.1, 0.02],
    "energy_floor": 0.015,
    "warnings": [],
}


def test_energy_distance_has_its_floor_and_comes_first():
    recorded = curves(HISTORY)
    first, second = training_panels({"cWGAN": recorded})
    assert (first.title, first.floor) == ("cWGAN: energy_distance", 0.015)
    assert (second.title, second.floor) == ("cWGAN: loss", None)
    np.testing.assert_array_equal(first.place, HISTORY["updates"])
    columns = panel_columns([first, second])
    assert columns["cWGAN: energy_distance floor (as logged)"] == [0.015]
    assert not any("loss floor" in head for head in columns)


def test_floor_is_drawn_where_it_is_and_nowhere_else():
    from matplotlib.figure import Figure

    axes = Figure().subplots(1, 2)
    for ax, panel in zip(axes, training_panels({"cWGAN": curves(HISTORY)}), strict=True):
        draw_panel(ax, panel)
    curve, floor = axes[0].get_lines()
    np.testing.assert_array_equal(curve.get_ydata(), HISTORY["energy_distance"])
    assert list(floor.get_ydata()) == [0.015, 0.015]
    assert "0.015" in axes[0].get_legend().get_texts()[0].get_text()
    assert len(axes[1].get_lines()) == 1


def test_floor_without_its_curve_is_no_floor():
    assert "energy_floor" not in curves({"loss": [2.0, 1.0], "energy_floor": 0.1})
    assert "energy_floor" not in curves({"energy_distance": [2.0, 1.0]})
