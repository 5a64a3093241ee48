"""Cells, scores and batches."""

import numpy as np
import pytest

from lss.adaptive.cells import Cells, default_number, make_cells
from lss.adaptive.islands import describe_islands
from lss.adaptive.picture import free_energy
from lss.adaptive.proposal import pick_frames
from lss.adaptive.scores import UNIFORM, Scores, choose_cells, score_cells, settled


def on_a_line(paths, n):
    """Cells at 0, 1, 2, ... along psi."""
    return Cells(np.arange(n)[:, None].astype(float), [np.asarray(p) for p in paths], np.ones(1))


@pytest.mark.parametrize("kind", ["kmeans", "regular"])
def test_each_frame_is_in_the_cell_of_the_nearest_centre(rng, kind):
    psi = [rng.normal(size=(300, 2)) * [1, 50], rng.normal(size=(40, 2)) * [1, 50]]
    cells = make_cells(psi, 12, kind)
    assert [len(c) for c in cells.of_frames] == [300, 40] and cells.visits.sum() == 340
    assert len(cells) == 12 and cells.visits.min() >= 1
    points = np.concatenate(psi) / cells.scale
    far = np.linalg.norm(points[:, None] - cells.centres / cells.scale, axis=2)
    assert np.array_equal(far.argmin(axis=1), np.concatenate(cells.of_frames))
    again = make_cells(psi, 12, kind)
    assert np.array_equal(again.centres, cells.centres)


def test_there_are_no_more_cells_than_different_frames():
    psi = [np.array([[0.0], [0.0], [1.0], [1.0], [2.0]])]
    assert len(make_cells(psi, 50)) == 3
    assert [default_number(n) for n in (5, 400, 10**6)] == [2, 40, 100]


def test_psi_without_a_value_or_variation_is_refused():
    with pytest.raises(ValueError, match="not finite"):
        make_cells([np.array([[0.0], [np.nan]])])
    with pytest.raises(ValueError, match="the same"):
        make_cells([np.zeros((9, 2))])
    with pytest.raises(ValueError, match="'kmeans', 'regular'"):
        make_cells([np.arange(9.0)[:, None]], kind="other")


def test_counts_is_one_over_visits():
    cells = on_a_line([[0, 1, 0, 0, 2]], 3)
    found = score_cells(cells, 1, "counts")
    assert found.values == pytest.approx([1 / 3, 1, 1]) and np.isnan(found.error)


def test_uncertainty_goes_to_the_bottleneck_and_to_what_is_not_connected(rng):
    # Two wells of three cells; 2 <-> 3 is rare and seen a few times. Cell 6 was entered only.
    rate = np.zeros((6, 6))
    for i in range(5):
        rate[i, i + 1] = rate[i + 1, i] = 0.3 if i != 2 else 0.004
    rate += np.diag(1 - rate.sum(axis=1))
    sums, path = np.cumsum(rate, axis=1), [0]
    for number in rng.random(6000):
        path.append(min(int(np.searchsorted(sums[path[-1]], number)), 5))
    cells = on_a_line([[*path, 6]], 7)
    found = score_cells(cells, 1, "uncertainty")
    assert found.pieces.tolist() == [0] * 6 + [1]
    assert found.values[6] == found.values.max()
    assert set(np.argsort(found.values[:6])[-2:]) == {2, 3}
    # With k crossings known, ln t is known to about 1 / sqrt(k).
    crossings = np.sum(np.isin(np.diff(path), [1, -1]) & (np.minimum(path[1:], path[:-1]) == 2))
    assert 0.5 < found.error * np.sqrt(crossings) < 2


def test_mixed_counts_until_no_cell_is_new():
    paths, rounds = [[0, 1, 2, 1, 0], [0, 1, 2, 1, 0], [0, 1, 2, 1, 3, 0]], [0, 1, 2]
    cells = on_a_line(paths, 4)
    assert not settled(cells, rounds) and not settled(cells, None)
    assert score_cells(cells, 1, rounds=rounds).strategy == "counts"
    later = on_a_line([*paths, [0, 1], [3, 0]], 4)
    assert settled(later, [*rounds, 3, 4])
    assert score_cells(later, 1, rounds=[*rounds, 3, 4]).strategy == "uncertainty"


@pytest.mark.parametrize(
    ("options", "named"), [({"strategy": "x"}, "strategy"), ({"target": "x"}, "target")]
)
def test_other_words_are_refused(options, named):
    with pytest.raises(ValueError, match=f"^{named} is 'x', wanted one of"):
        score_cells(on_a_line([[0, 1, 2]], 3), 1, **options)


def test_a_batch_is_spread():
    cells = on_a_line([np.repeat(np.arange(20), 5)], 20)
    values = np.full(20, 0.1)
    values[3:6] = 1
    scores = Scores(values, "counts", cells.visits, np.zeros(20, int))
    chosen = [c for c, _ in choose_cells(scores, cells, 3, 0, uniform=0)]
    assert len(set(chosen)) == 3 and {3, 5} < set(chosen)
    # All the best come first, and none is taken all the time.
    many = [c for c, _ in choose_cells(scores, cells, 40, 0, uniform=0)]
    assert max(np.bincount(many)) < 10 and np.isin(many, [3, 4, 5]).mean() > 0.35


def test_a_share_is_uniform_and_the_seed_decides():
    cells = on_a_line([np.repeat(np.arange(50), 2)], 50)
    values = np.zeros(50)
    values[7] = 1
    scores = Scores(values, "counts", cells.visits, np.zeros(50, int))
    chosen = choose_cells(scores, cells, 2000, 1, uniform=0.15)
    share = np.mean([why == UNIFORM for _, why in chosen])
    assert share == pytest.approx(0.15, abs=4 * np.sqrt(0.15 * 0.85 / 2000))
    assert chosen == choose_cells(scores, cells, 2000, 1, uniform=0.15)
    assert chosen != choose_cells(scores, cells, 2000, 2, uniform=0.15)


def test_frames_are_of_their_cells_and_not_twice():
    psi = [np.arange(6.0)[:, None] // 2, np.array([[2.0], [2.0]])]
    cells = on_a_line([[0, 0, 1, 1, 2, 2], [2, 2]], 3)
    scores = score_cells(cells, 1, "counts")
    starts = pick_frames(psi, cells, scores, [(2, "counts")] * 4, 0)
    assert {(s.trajectory, s.frame) for s in starts} == {(0, 4), (0, 5), (1, 0), (1, 1)}
    other = pick_frames(psi, cells, scores, [(0, "counts")], 0, without=[(0, 0)])
    assert (other[0].trajectory, other[0].frame) == (0, 1)


def test_pieces_are_named():
    cells = on_a_line([[0, 1, 0, 1, 0, 2], [3, 0, 1], [4, 4]], 5)
    scores = score_cells(cells, 1, "counts")
    found = " | ".join(describe_islands(cells, scores.pieces, 1, ["a.xtc", "b.xtc", "c.xtc"]))
    assert "1 frames of a.xtc: entered and never left" in found
    assert "1 frames of b.xtc: left and never entered" in found
    assert "2 frames of c.xtc: neither entered nor left" in found


def test_the_free_energy_of_the_picture_is_weighted():
    psi = [np.array([[0.0, 0.0]] * 3 + [[1.0, 1.0]] * 6)]
    _, plain = free_energy(psi, bins=2)
    _, weighted = free_energy(psi, [np.array([4.0] * 3 + [1.0] * 6)], bins=2)
    assert plain[0, 0] == pytest.approx(np.log(2)) and plain[1, 1] == 0
    assert weighted[0, 0] == 0 and weighted[1, 1] == pytest.approx(np.log(2))
    assert np.isnan(plain[0, 1])
