"""Comparison of ensembles: consistency, ratios, errors of use."""

from dataclasses import replace

import mdtraj
import numpy as np
import pytest

from lss.analysis.sample import Sample
from lss.errors import InputError
from lss.report.lights import by_chance, light
from lss.report.tables import all_figures, summary_table
from lss.report.validation import compare, frames_to_do
from lss.report.verdict import judge

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


def test_distance_to_oneself_is_zero(two_latent_runs):
    md = two_latent_runs["md"]
    same = compare(md, md, md, lag_ps=500.0)
    for row in same.rows:
        assert row.distance.value == pytest.approx(0, abs=1e-9), row.quantity.key
        assert row.ratio.value == 0 or np.isnan(row.ratio.value)


def test_ratios_of_a_true_copy_are_about_one_and_of_a_bad_one_large(two_runs, bistable, comparison):
    key = "free_energy_rmse_psi_1_kT"
    assert comparison.row(key).ratio.value < 4
    bad_psi, bad_xyz = bistable(3, 10, 400, step=LAG, shift=0.3)
    bad = compare(**{**two_runs, "lss": Sample(bad_psi, bad_xyz * np.float32(1.2))})
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


def test_an_hdf5_dataset_of_trajectories_is_as_good_as_arrays(two_runs, tmp_path):
    h5py = pytest.importorskip("h5py")
    with h5py.File(tmp_path / "lss.h5", "w") as file:
        xyz = file.create_dataset("xyz", data=np.stack(two_runs["lss"].coordinates))
        psi = file.create_dataset("psi", data=np.stack(two_runs["lss"].psi))
        for i, x in enumerate(two_runs["md"].psi):
            file[f"md/{i}"] = x
        md = replace(two_runs["md"], psi=list(file["md"].values()))
        found = compare(**{**two_runs, "md": md, "lss": Sample(psi, xyz)})
    expected = compare(**two_runs)
    for a, b in zip(found.rows, expected.rows, strict=True):
        np.testing.assert_array_equal(a.distance.value, b.distance.value)


def test_what_chance_adds_to_a_divergence_is_told(two_runs):
    # Equal processes: nearly all of the distance between the maps (4,000 LSS frames in 2,500
    # bins) is chance. Over seeds 13 to 31 % of it stay; a wrong 1/n would leave or take all.
    row = compare(**{**two_runs, "held_out": None}).row("tica_jsd_bits")
    assert row.distance.value > 0.02
    assert by_chance(row) == pytest.approx(float(row.distance.value), rel=0.5)
    assert light(row) == "green"


def test_wrong_timescales_are_said_in_words(two_latent_runs, bistable):
    slow, _ = bistable(4, 10, 400, step=1)
    found = judge(compare(**{**two_latent_runs, "lss": Sample(slow)}))
    sentences = " ".join(text for _, text in found.findings)
    assert "first timescale is" in sentences and "too long" in sentences
    assert "with more components" in sentences


def test_latents_alone_are_enough(two_latent_runs):
    found = compare(**two_latent_runs)
    assert found.gallery is None and found.heldout is None
    assert all(row.quantity.group == "latent" for row in found.rows)
    text = summary_table(found)
    assert "implied timescale t_1" in text and "ratio" not in text
    assert "standard error" in text


def test_strided_coordinates_of_some_trajectories_are_enough(two_runs):
    md, lss = two_runs["md"], two_runs["lss"]
    md = replace(md, stride=None, coordinates=[x[::LAG] for x in md.coordinates[:3]])
    lss = replace(lss, stride=None, coordinates=[x[::3] for x in lss.coordinates[:2]])
    assert md.stride == LAG and md.coordinate_lag == 1 and lss.stride == 3
    held_out = replace(two_runs["held_out"], coordinates=None)
    found = compare(**{**two_runs, "md": md, "lss": lss, "held_out": held_out})
    assert found.md.structure.sizes.sum() == 3 * 400
    assert found.lss.structure.sizes.sum() == 2 * 134
    # Frames of the film are three lags apart, and psi_1 is that of their structures.
    film = found.movie
    assert np.diff(film.times_ps) == pytest.approx(3 * 500.0)
    frames = (film.times_ps / 500.0).round().astype(int)
    expected = np.asarray(lss.psi[film.trajectory])[frames, 0]
    np.testing.assert_array_equal(film.psi_1, expected)
    assert found.row("rg_mean_nm").ratio is None
    assert len(all_figures(found).body) == len(found.rows)


def test_progress_adds_up_to_what_was_promised(two_runs):
    done = []
    compare(**two_runs, tick=done.append)
    samples = (two_runs[name] for name in ("md", "lss", "held_out"))
    assert sum(done) == frames_to_do(*samples)


def test_arrays_are_not_changed(two_runs):
    given = (*two_runs["md"].psi, *two_runs["md"].coordinates)
    before = [x.copy() for x in given]
    compare(**two_runs)
    for x, y in zip(before, given, strict=True):
        assert np.array_equal(x, y)


LINE, ATOMS = np.arange(24.0).reshape(12, 2), np.ones((12, 6, 3))


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"psi": np.full((2, 10, 2), np.nan)}, r"psi\[0\] is not finite in frame 0"),
        ({"psi": []}, "psi is empty"),
        ({"psi": np.zeros(5)}, r"psi\[0\] has shape \(\)"),
        ({"psi": [LINE, LINE[:, :1]]}, r"psi\[1\] has shape \(12, 1\)"),
        ({"lag": 0}, "lag is 0, wanted a whole number"),
        ({"lag": 1.5}, "lag is 1.5, wanted a whole number"),
        ({"lag": float("nan")}, "lag is nan, wanted a whole number"),
        ({"coordinates": ATOMS[:11]}, r"coordinates has \[11\] frames, psi \[12\]; give"),
        ({"coordinates": [ATOMS, ATOMS]}, "every s-th in all trajectories"),
        ({"coordinates": ATOMS, "stride": 2}, "every 2-th in all trajectories"),
        ({"coordinates": ATOMS[::4]}, "with any stride from 4 to 5; give `stride`"),
        ({"stride": 0}, "stride is 0, wanted a whole number"),
        ({"coordinates": ATOMS[..., :2]}, r"shape \(12, 6, 2\), wanted \(frames, atoms, 3\)"),
        ({"weights": [np.ones(11)]}, r"weights\[0\] is of shape \(11,\), wanted \(12,\)"),
        ({"weights": [-np.ones(12)]}, "finite numbers of at least 0"),
        ({"weights": [np.zeros(12)]}, "weights is 0 for every frame, wanted some above 0"),
        ({"weights": [np.ones(12)] * 2}, "a list of 2 arrays, wanted 1, one for each trajectory"),
    ],
)
def test_a_sample_is_checked_at_the_door(given, message):
    with pytest.raises(InputError, match=message):
        Sample(**{"psi": LINE, **given})


@pytest.mark.parametrize("stride", [1, 2, 3, 4, 5, 7, 11, 40])
def test_the_stride_of_coordinates_is_found(stride):
    # Lengths that do not divide by the strides, and short ones.
    psi = [np.zeros((n, 1)) for n in (2001, 47, 44)]
    found = Sample(psi, [ATOMS[np.zeros(len(x), int)][::stride] for x in psi[:2]], lag=stride)
    assert found.stride == stride and found.coordinate_lag == 1
    places = list(found.psi_of_coordinates())
    assert [len(x) for x in places] == [len(x) for x in found.coordinates]


def test_a_stride_that_the_lengths_do_not_tell_is_taken_as_given():
    given = {"psi": LINE, "coordinates": ATOMS[::5]}
    with pytest.raises(InputError, match="give `stride`"):
        Sample(**given)
    (places,) = Sample(**given, stride=5).psi_of_coordinates()
    np.testing.assert_array_equal(places, LINE[[0, 5, 10]])
    assert Sample(LINE, ATOMS[:1]).coordinates[0].shape == (1, 6, 3)  # any will do


def changed(which, **fields):
    """A change of the arguments of `compare`: other fields of one of the samples."""
    return lambda given: {**given, which: replace(given[which], stride=None, **fields)}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (changed("lss", coordinates=None), "coordinates of the LSS; give it as well"),
        (changed("md", coordinates=None), "coordinates of the MD; give it as well"),
        (lambda given: {**given, "reference": None}, "reference; give it as well"),
        (changed("md", lag=5000), "longer than the lag of 5000 frames"),
        (changed("lss", psi=np.zeros((10, 400, 3))), "LSS has 3 modes, MD 2"),
        (changed("lss", coordinates=np.full((10, 400, 6, 3), np.nan)), "not finite in frame 0"),
        (changed("held_out", coordinates=np.ones((6, 2000, 5, 3))),
         "held-out MD have 5 atoms, reference 6"),
        (changed("md", coordinates=np.ones((6, 667, 6, 3))), "does not divide the lag"),
        (changed("md", psi=np.zeros((6, 2000, 2))), "psi_1 of the MD never changes"),
        (lambda given: {**given, "md": given["md"].psi}, "MD is a list, wanted a Sample"),
        (lambda given: {**given, "lag_ps": 0.0}, "lag_ps is 0.0, wanted more"),
        (lambda given: {**given, "reference": given["reference"].atom_slice([0, 1])},
         "1 frames of 2 atoms, wanted 1 of at least 3"),
    ],
)  # fmt: skip
def test_mistakes_are_named(two_runs, change, message):
    with pytest.raises(InputError, match=message):
        compare(**change(two_runs))


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
            Sample(list(psi), list(xyz), lag=5), Sample(psi[:, ::5], xyz[:, ::5]),
            lag_ps=500.0, reference=mdtraj.Trajectory(which, topology),
        )  # fmt: skip
        names[len(names)] = found.core_names
    assert names[0] == ("folded", "transition", "unfolded")
    assert names[1][0] == "core A (low psi_1)"
