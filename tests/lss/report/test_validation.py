"""Comparison of ensembles: consistency, ratios, errors of use."""

from dataclasses import replace

import mdtraj
import numpy as np
import pytest

from lss.analysis.rows import pooled_ratio
from lss.errors import InputError
from lss.report.tables import all_figures, summary_table
from lss.report.validation import compare, frames_to_do
from lss.report.verdict import by_chance, judge, light

LAG = 5


@pytest.fixture(scope="module")
def comparison(two_runs):
    return compare(**two_runs, eigenvalues=[0.9, 0.33])


def test_the_same_process_is_found_equal_within_errors(comparison):
    # Differences of two equal processes over their errors follow Student's t with at least 4
    # degrees of freedom; beyond 10 in any of 20 quantities has a probability of 1 %.
    for row in comparison.rows:
        if not row.quantity.divergence and row.distance.standard_error > 0:
            assert abs(row.distance.value) < 10 * row.distance.standard_error, row.quantity.key


def test_known_answers(comparison):
    # Flips with probability .01 a frame: t_1 = -1/ln .98 frames of 100 ps = 4.95 ns; the added
    # noise (1 % of the variance) lowers lambda, and with it t_1, by 10 % at this lag.
    t_1 = comparison.row("t_1_ps").md
    assert 0.7 * 4950 < t_1.value < 1.1 * 4950
    assert comparison.row("t_2_ps").md.value == pytest.approx(-100 / np.log(0.8), rel=0.1)
    assert comparison.row("core_a_population").md.value == pytest.approx(0.5, abs=0.1)
    assert comparison.srv_timescales_ps == pytest.approx([-500 / np.log(0.9), -500 / np.log(0.33)])


def test_distance_to_oneself_is_zero(two_runs):
    md = two_runs["md_psi"]
    same = compare(md, md, 1, 100.0, heldout_psi=md)
    for row in same.rows:
        assert row.distance.value == pytest.approx(0, abs=1e-9), row.quantity.key
        assert row.ratio.value == 0 or np.isnan(row.ratio.value)


def test_ratios_of_a_true_copy_are_about_one_and_of_a_bad_one_large(two_runs, bistable, comparison):
    key = "free_energy_rmse_psi_1_kT"
    assert comparison.row(key).ratio.value < 4
    bad_psi, bad_xyz = bistable(3, 10, 400, step=LAG, shift=0.3)
    bad = compare(**{**two_runs, "lss_psi": bad_psi, "lss_coords": bad_xyz * np.float32(1.2)})
    assert bad.row(key).ratio.value > 2 * comparison.row(key).ratio.value
    assert bad.row("ca_bond_mean_nm").ratio.value > 10
    assert light(bad.row("ca_bond_mean_nm")) == "red"
    assert judge(bad).areas["local structure"][0] == "red"


def test_a_second_run_that_agrees_by_luck_counts_with_its_error(comparison):
    for row in comparison.rows:
        if row.limit and not row.quantity.divergence:
            assert row.ratio.value == pytest.approx(row.model / row.limit)
        if not row.quantity.divergence and not row.quantity.log:
            assert row.limit >= abs(float(row.md.value - row.heldout.value))


def test_ratios_are_pooled_over_splits(comparison):
    row = comparison.row("t_1_ps")
    lucky = replace(row, limit=row.limit / 100)
    assert pooled_ratio([row]) == pytest.approx(float(row.ratio.value))
    assert pooled_ratio([row, lucky]) == pytest.approx(2 * float(row.ratio.value), rel=0.02)


def test_an_hdf5_dataset_of_trajectories_is_as_good_as_arrays(two_runs, tmp_path):
    h5py = pytest.importorskip("h5py")
    with h5py.File(tmp_path / "lss.h5", "w") as file:
        xyz = file.create_dataset("xyz", data=two_runs["lss_coords"])
        psi = file.create_dataset("psi", data=two_runs["lss_psi"])
        for i, x in enumerate(two_runs["md_psi"]):
            file[f"md/{i}"] = x
        md = list(file["md"].values())
        found = compare(**{**two_runs, "md_psi": md, "lss_psi": psi, "lss_coords": xyz})
    expected = compare(**two_runs)
    for a, b in zip(found.rows, expected.rows, strict=True):
        np.testing.assert_array_equal(a.distance.value, b.distance.value)


def test_what_chance_adds_to_a_divergence_is_told(two_runs):
    # Equal processes: nearly all of the distance between the maps (4,000 LSS frames in 2,500
    # bins) is chance. Over seeds 13 to 31 % of it stay; a wrong 1/n would leave or take all.
    latent = {k: v for k, v in two_runs.items() if not k.startswith("heldout")}
    row = compare(**latent).row("tica_jsd_bits")
    assert row.distance.value > 0.02
    assert by_chance(row) == pytest.approx(float(row.distance.value), rel=0.5)
    assert light(row) == "green"


def test_wrong_timescales_are_said_in_words(two_runs, bistable):
    slow, _ = bistable(4, 10, 400, step=1)
    found = judge(compare(two_runs["md_psi"], slow, LAG, 500.0))
    sentences = " ".join(text for _, text in found.findings)
    assert "first timescale is" in sentences and "too long" in sentences
    assert "raise --components" in sentences


def test_latents_alone_are_enough(two_runs):
    found = compare(two_runs["md_psi"], two_runs["lss_psi"], LAG, 500.0)
    assert found.gallery is None and found.heldout is None
    assert all(row.quantity.group == "latent" for row in found.rows)
    text = summary_table(found)
    assert "implied timescale t_1" in text and "ratio" not in text
    assert "standard error" in text


def test_strided_coordinates_of_some_trajectories_are_enough(two_runs):
    some = {**two_runs, "md_coords": [x[::LAG] for x in two_runs["md_coords"][:3]],
            "lss_coords": two_runs["lss_coords"][:2], "heldout_coords": None}  # fmt: skip
    found = compare(**some)
    assert found.md.structure.sizes.sum() == 3 * 400
    assert found.row("rg_mean_nm").ratio is None
    assert len(all_figures(found).body) == len(found.rows)


def test_progress_adds_up_to_what_was_promised(two_runs):
    done = []
    compare(**two_runs, tick=done.append)
    promised = frames_to_do(
        two_runs["md_coords"], two_runs["lss_coords"], two_runs["heldout_coords"]
    )
    assert sum(done) == promised


def test_arrays_are_not_changed(two_runs):
    before = [x.copy() for x in (*two_runs["md_psi"], *two_runs["md_coords"])]
    compare(**two_runs)
    for x, y in zip(before, (*two_runs["md_psi"], *two_runs["md_coords"]), strict=True):
        assert np.array_equal(x, y)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"lss_coords": None}, "lss_coords; give it as well"),
        ({"topology": None}, "topology; give it as well"),
        ({"md_lag_frames": 5000}, "longer than the lag"),
        ({"lss_psi": np.full((2, 10, 2), np.nan)}, r"lss_psi\[0\] is not finite in frame 0"),
        ({"lss_psi": np.zeros((2, 10, 3))}, "LSS has 3 modes, MD 2"),
        ({"md_psi": []}, "md_psi is empty"),
        ({"md_lag_frames": 0}, "at least one frame"),
        ({"heldout_psi": None}, "only with heldout_psi"),
        ({"reference": np.zeros((5, 3))}, r"reference has shape \(5, 3\)"),
        ({"lss_coords": np.full((10, 400, 6, 3), np.nan)}, "not finite in frame 0"),
        ({"md_psi": np.zeros(5)}, r"md_psi\[0\] has shape"),
        ({"md_coords": [np.zeros((2000, 5, 3))]}, r"topology wants \(6, 3\)"),
        ({"md_coords": [np.zeros((1999, 6, 3))]}, "every s-th"),
        ({"md_coords": [np.zeros((667, 6, 3))]}, "does not divide the lag"),
        ({"md_psi": [np.zeros((2000, 2))]}, "psi_1 of the MD never changes"),
    ],
)
def test_mistakes_are_named(two_runs, change, message):
    with pytest.raises(InputError, match=message):
        compare(**{**two_runs, **change})


def test_fewer_than_three_atoms_are_not_compared(two_runs):
    two = two_runs["topology"].subset([0, 1])
    fewer = {k: [x[:, :2] for x in two_runs[k]] for k in ("md_coords", "lss_coords")}
    with pytest.raises(InputError, match="from 3 atoms on"):
        compare(**{**two_runs, **fewer, "topology": two, "reference": two_runs["reference"][:2]})


def test_a_core_is_called_folded_where_it_is_compact_and_near_the_reference(bistable):
    """Chains of 12 atoms that are longer in core B; compared with a long one nothing is folded."""
    psi, _ = bistable(0, n_trajectories=2, n_frames=1000)
    topology = mdtraj.Topology()
    chain = topology.add_chain()
    for _ in range(12):
        topology.add_atom("CA", mdtraj.element.carbon, topology.add_residue("ALA", chain))
    line = np.arange(12)[:, None] * np.array([0.38, 0.0, 0.0]) + np.eye(12, 3)
    noise = 0.01 * np.random.default_rng(0).standard_normal((*psi.shape[:2], 12, 3))
    xyz = line * (1 + 0.2 * (psi[..., :1, None] > 0)) + noise
    names = {}
    for which in (line, 1.2 * line):
        found = compare(
            list(psi), psi[:, ::5], 5, 500.0,
            md_coords=list(xyz), lss_coords=xyz[:, ::5], topology=topology, reference=which,
        )  # fmt: skip
        names[len(names)] = found.core_names
    assert names[0] == ("folded", "transition", "unfolded")
    assert names[1][0] == "core A (low psi_1)"
