"""Weighted sums against those of repeated trajectories; errors against repeated experiments."""

import numpy as np
import pytest

from lss.analysis import analyse, make_latent_ruler
from lss.analysis.blocks import jackknife
from lss.analysis.gallery import _regions, make_gallery
from lss.analysis.measures import describe
from lss.analysis.sample import Sample
from lss.analysis.structure import make_ruler
from lss.errors import InputError
from lss_base.weights import frame_weights

LAG, TIMES = 5, [0, 1, 2, 3, 1, 0]


@pytest.fixture(scope="module")
def weighted(two_runs):
    """The MD with one weight a trajectory, and with each trajectory as often as its weight says."""
    md = two_runs["md"]
    weights = [np.full(len(x), float(k)) for x, k in zip(md.psi, TIMES, strict=True)]
    often = np.repeat(np.arange(len(TIMES)), TIMES)
    repeated = Sample([md.psi[i] for i in often], [md.coordinates[i] for i in often], LAG)
    return Sample(md.psi, md.coordinates, LAG, weights=weights), repeated


@pytest.fixture(scope="module")
def rulers(two_runs, weighted):
    """Of psi, and of structures: with weights, and of the repeated trajectories."""
    xyz = two_runs["reference"].xyz[0]
    measures = describe(two_runs["reference"].topology, xyz)
    made = [make_ruler(s.coordinates, LAG, measures, xyz, weights=s.weights) for s in weighted]
    return make_latent_ruler(weighted[1], two_runs["lss"]), *made


def test_a_weight_of_three_is_a_trajectory_that_came_three_times(weighted, rulers):
    latent, *structure = rulers
    found, wanted = (analyse("MD", sample, 500.0, latent, structure[0]) for sample in weighted)
    for group in ("latent", "structure"):
        a, b = getattr(found, group).total(), getattr(wanted, group).total()
        assert a.keys() == b.keys()
        for key in a:
            assert a[key] == pytest.approx(b[key], rel=1e-5, abs=1e-4), key
    # What was seen does not depend on weights.
    assert found.crossings == pytest.approx(analyse("MD", _alike(weighted[0]), 500.0, latent,
                                                    structure[0]).crossings)  # fmt: skip
    assert found.crossings != pytest.approx(wanted.crossings, rel=0.01)


def _alike(sample):
    return Sample(sample.psi, sample.coordinates, sample.lag)


def test_a_block_that_is_left_out_counts_for_nothing(weighted, rulers):
    sums = analyse("MD", weighted[0], 500.0, *rulers[:2]).latent
    for block in range(sums.n_blocks):
        out = {s.trajectory for s in sums.segments if s.block == block}
        rest = sum(2000 * k for i, k in enumerate(TIMES) if i not in out)
        assert sums.without(block)["basins"].sum() == pytest.approx(rest)


def test_structures_of_the_gallery_come_by_weight(two_runs, weighted, rulers):
    """None is of a trajectory of weight 0, and half of them are of the one with half the weight."""
    md = weighted[0]
    weights = [np.full(len(x), w) for x, w in zip(md.psi, [0, 1, 1, 1, 3, 0], strict=True)]
    sample = Sample(md.psi, [np.full(x.shape, i, np.float32) for i, x in enumerate(md.coordinates)],
                    LAG, weights=weights)  # fmt: skip
    xyz = _regions(sample, rulers[0].cores)[0][0]
    owners = xyz[:, 0, 0].astype(int)
    assert set(owners) <= {1, 2, 3, 4}
    side = [(md.psi[i][:, 0] < 0).sum() * w for i, w in enumerate([0, 1, 1, 1, 3, 0])]
    assert (owners == 4).mean() == pytest.approx(side[4] / sum(side), abs=0.03)
    assert make_gallery({"MD": md, "LSS": two_runs["lss"]}, rulers[0].cores, rulers[1])


def test_weights_go_with_coordinates_of_all_trajectories(two_runs):
    md = two_runs["md"]
    weights = [np.ones(len(x)) for x in md.psi]
    with pytest.raises(InputError, match="coordinates are of 2 of 6 weighted trajectories"):
        Sample(md.psi, md.coordinates[:2], LAG, weights=weights)


def test_the_interval_holds_the_truth_where_weights_had_to_be_found(rng):
    """Pieces of a two-state chain, nearly all begun in the common state, are brought back to it.

    Of 12 intervals of 95 % fewer than 8 would hold the truth once in 5,000 times.
    """
    leave, covered, naive = np.array([0.02, 0.06]), 0, 0
    for _ in range(12):
        state, frames = (rng.random(200) < 0.05).astype(int), []
        for _ in range(20):
            frames.append(state)
            state = np.where(rng.random(200) < leave[state], 1 - state, state)
        psi = np.stack(frames).T[..., None] + 0.01 * rng.standard_normal((200, 20, 1))
        weights, _ = frame_weights(list(psi), 2, "rite")
        sample = Sample(list(psi), lag=2, weights=weights, method="rite")
        sums = analyse("MD", sample, 1.0, make_latent_ruler(sample, sample)).latent
        share = jackknife(lambda s: s["basins"][2] / s["basins"].sum(), sums)
        low, high = share.interval()
        covered += low <= 0.25 <= high
        naive += abs(np.mean(psi > 0.5) - 0.25) < 0.05
    assert covered >= 8
    assert naive <= 2
