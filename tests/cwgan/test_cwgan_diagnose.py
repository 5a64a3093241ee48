import json

import numpy as np
import pytest

from cwgan import diagnostics
from cwgan.assessment import diagnose
from cwgan.bonds import bond_graph


def test_report_of_a_fitted_model(fitted, molecule):
    psi, coords, _ = molecule
    out = fitted.diagnose(psi, coords)
    assert json.loads(json.dumps(out)) == out
    assert len(out["bond_mean"]) == len(out["bond_mean_md"]) == 4
    assert out["n_stereocentres"] == 0 or out["wrong_hand"] <= 1
    assert out["psi_r2"][0] > 0.8 and out["psi_r2_md"][0] > 0.9


def test_data_against_itself_has_no_warnings(molecule):
    psi, coords, bonds = molecule
    out = diagnose(psi, coords, coords, bond_graph(5, bonds))
    assert out["warnings"] == []
    assert out["variance_ratio"] == pytest.approx(1)
    assert out["bond_right"] == 1 and out["wrong_hand"] == 0


def test_little_data_and_one_atom_have_no_warnings_of_nan(molecule):
    psi, coords, bonds = molecule
    few = diagnose(psi[:3], coords[:3], coords[:3], bond_graph(5, bonds))
    one = diagnose(psi[:50], *2 * [coords[:50, :1] - coords[:50, :1]], bond_graph(1, []))
    assert np.isnan(one["explained_variance"])
    assert not any("nan" in sentence for sentence in few["warnings"] + one["warnings"])


def test_what_is_wrong_is_said(molecule):
    psi, coords, bonds = molecule
    graph = bond_graph(5, bonds)
    collapsed = np.broadcast_to(coords.mean(0), coords.shape).astype(np.float32)
    said = " ".join(diagnose(psi, coords, collapsed, graph)["warnings"])
    assert "energy distance" in said and "vary 0.00 times" in said and "do not follow psi_1" in said
    swollen = diagnose(psi, coords, coords * 1.3, graph)
    assert any("bonds within the data's range" in sentence for sentence in swollen["warnings"])
    shuffled = coords[np.random.default_rng(0).permutation(len(coords))]
    said = " ".join(diagnose(psi, coords, shuffled, graph)["warnings"])
    assert "do not follow psi_1" in said


def test_mirror_image_has_the_wrong_hand():
    rng = np.random.default_rng(0)
    corner = np.array([[0, 0, 0], [0.1, 0, 0], [0, 0.1, 0], [0, 0, 0.1]])
    coords = (corner + rng.normal(0, 0.003, (100, 4, 3))).astype(np.float32)
    centres, signs = diagnostics.stereocentres(bond_graph(4, [(0, 1), (0, 2), (0, 3)]), coords)
    assert centres.tolist() == [[0, 1, 2, 3]]
    assert not diagnostics.wrong_hands(coords, centres, signs).any()
    assert diagnostics.wrong_hands(coords * [1, 1, -1], centres, signs).all()


def test_planar_group_is_no_stereocentre():
    rng = np.random.default_rng(1)
    flat = np.array([[0, 0, 0], [0.1, 0, 0], [-0.05, 0.09, 0], [-0.05, -0.09, 0]])
    coords = (flat + rng.normal(0, 0.003, (100, 4, 3))).astype(np.float32)
    graph = bond_graph(4, [(0, 1), (0, 2), (0, 3)])
    assert len(diagnostics.stereocentres(graph, coords)[0]) == 0


def test_variance_within_and_between_bins():
    rng = np.random.default_rng(2)
    psi = rng.normal(size=(20_000, 1))
    noise = rng.normal(size=(20_000, 3))
    values = 2 * psi + noise
    # var = 4 + 1 in each column; 20 quantile bins of a Gaussian keep all but 1 % of its variance.
    assert diagnostics.explained_variance(psi, values) == pytest.approx(0.8, abs=0.02)
    # Each of 20 bins: 1000 frames, three columns; the ratio of two variances has a relative
    # standard error of sqrt(4 / 3000) = .037, its mean over 20 bins .008.
    doubled = 2 * psi + np.sqrt(2) * rng.normal(size=(20_000, 3))
    ratio = diagnostics.variance_ratio(psi, doubled - 2 * psi, psi, values - 2 * psi)
    assert ratio == pytest.approx(2, abs=2 * 5 * 0.008)


def test_of_very_many_frames_a_part_is_judged(fitted, molecule):
    psi, coords, _ = molecule
    times = 1 + 50_000 // len(psi)
    out = fitted.diagnose(np.tile(psi, (times, 1)), np.tile(coords, (times, 1, 1)))
    assert out["n_frames"] == 50_000
    assert out["rg_mean_md"] == pytest.approx(fitted.diagnose(psi, coords)["rg_mean_md"], rel=1e-3)


def test_a_bond_that_a_constraint_holds_is_right_within_what_training_sees(molecule):
    """A pair of atoms .1 nm apart in every frame; drawn .003 and .006 nm off, around .004."""
    psi = molecule[0]
    coords = np.zeros((len(psi), 2, 3), np.float32)
    coords[:, 1, 0] = 0.1
    graph = bond_graph(2, [(0, 1)])
    assert diagnose(psi, coords, coords * np.float32(1.03), graph)["bond_right"] == 1
    assert diagnose(psi, coords, coords * np.float32(1.06), graph)["bond_right"] == 0
