"""Trajectories in memory and on disk: pairs, skipping, splits, equality of the two ways."""

import logging
import tracemalloc

import h5py
import numpy as np
import pytest

from srv import SRV
from srv.data import check_trajectories, moments
from srv.evaluation import OutputPass
from srv.feeding import PairBlocks, PairIndices, pool
from srv.held_out import split
from srv.koopman import LaggedMoments


def _numbered(lengths):
    """Trajectories whose features name the trajectory and the frame."""
    return [
        np.stack([np.full(n, i), np.arange(n)], axis=1).astype(np.float32)
        for i, n in enumerate(lengths)
    ]


@pytest.mark.parametrize("lag", [1, 7])
@pytest.mark.parametrize("streamed", [False, True])
def test_every_pair_once_and_none_across_an_end(lag, streamed):
    trajectories = check_trajectories(_numbered([50, 5, 23, 200]), 2, lag)
    n = trajectories.n_pairs
    assert n == sum(max(m - lag, 0) for m in (50, 5, 23, 200))
    seen = []
    kind = PairBlocks if streamed else PairIndices
    batches = kind(trajectories, 10, n // 10, seed=1)
    if not streamed:
        features, _ = pool(trajectories)
    n_batches = n // 10
    for epoch in range(2):
        pairs = []
        for i in range(epoch * n_batches, (epoch + 1) * n_batches):
            (batch,) = batches[i]
            x, y = (
                (features[batch], features[batch + lag])
                if not streamed
                else np.moveaxis(batch, 1, 0)
            )
            np.testing.assert_array_equal(x[:, 0], y[:, 0])
            np.testing.assert_array_equal(x[:, 1] + lag, y[:, 1])
            pairs += [tuple(row) for row in x]
        assert len(pairs) == len(set(pairs)) == n_batches * 10
        seen.append(pairs)
    assert seen[0] != seen[1]
    again = batches[3][0][:, 0] if streamed else features[batches[3][0]]
    assert [tuple(row) for row in again] == seen[0][30:40]


def test_batches_from_disk_are_whole_where_trajectories_are_many_and_short():
    trajectories = check_trajectories(_numbered([11] * 90), 2, 1)
    batches = PairBlocks(trajectories, 300, 3, seed=1)
    rows = np.concatenate([batches[i][0][:, 0] for i in range(3)])
    assert len(rows) == len({tuple(row) for row in rows}) == 900


def test_short_trajectories_are_skipped_and_counted(caplog):
    trajectories = check_trajectories(_numbered([50, 10, 11]), 2, 10)
    assert trajectories.n_skipped == 1
    assert trajectories.n_pairs == 41
    assert "1 of 3 trajectories" in caplog.text


def test_parents_are_found_among_the_segments_that_are_used():
    parents = [None, (0, 30), None, (1, 4), (0, 49)]
    trajectories = check_trajectories(_numbered([50, 5, 40, 30, 30]), 2, 10, parents=parents)
    # The second is too short to be used, and so the parent of the fourth is unknown.
    assert trajectories.parents() == [None, None, None, (0, 49)]
    assert trajectories.parents(stride=10)[-1] == (0, 4)
    _, valid = split(trajectories, 0.2, seed=0)
    assert valid.parents() == [None] * len(valid.segments)


@pytest.mark.parametrize(
    ("parents", "message"),
    [
        ([None], "parents is a list of 1, wanted one for each of the 2 trajectories"),
        ([(1, 0), None], r"parents\[0\] is \(1, 0\), wanted the number of a trajectory before it"),
        ([None, (0, 50)], r"parents\[1\] is \(0, 50\), wanted .* a frame of that one"),
    ],
)
def test_parents_that_do_not_fit_are_refused(parents, message):
    with pytest.raises(ValueError, match=message):
        check_trajectories(_numbered([50, 50]), 2, 10, parents=parents)


def test_split_holds_out_whole_trajectories():
    train, valid = split(check_trajectories(_numbered([50] * 10), 2, 5), 0.2, seed=0)
    assert len(train.segments) == 8
    assert len(valid.segments) == 2
    numbers = [{s.read(0, 1)[0, 0] for s in part.segments} for part in (train, valid)]
    assert not numbers[0] & numbers[1]


def test_split_of_one_trajectory_leaves_a_gap_of_one_lag():
    train, valid = split(check_trajectories(_numbered([100])[0], 2, 5), 0.2, seed=0)
    assert train.segments[0].stop + 5 == valid.segments[0].start == 80
    with pytest.raises(ValueError, match="give validation data as y"):
        split(check_trajectories(_numbered([20])[0], 2, 8), 0.2, seed=0)


def test_moments_match_numpy_with_a_large_offset():
    rng = np.random.default_rng(0)
    data = [rng.standard_normal((n, 3)) * [1, 1e-2, 0] + [0, 100, 5] for n in (1000, 333)]
    mean, sd = moments(check_trajectories(data, 3, 1))
    joined = np.concatenate(data).astype(np.float32).astype(np.float64)
    np.testing.assert_allclose(mean, joined.mean(axis=0), rtol=1e-6, atol=1e-7)
    np.testing.assert_allclose(sd, joined.std(axis=0), rtol=1e-5, atol=1e-7)


@pytest.fixture
def on_disk(two_state, tmp_path):
    with h5py.File(tmp_path / "features.h5", "w") as file:
        for i, x in enumerate(two_state):
            file.create_dataset(f"{i:06d}", data=x, chunks=(256, 2))
    with h5py.File(tmp_path / "features.h5") as file:
        yield [file[key] for key in sorted(file)]


def test_streaming_gives_the_same_covariances_and_score(two_state, on_disk, quick):
    memory = SRV(2, **quick).fit(two_state)
    disk = SRV(2, **quick).fit(on_disk)
    assert disk.train_score_ == pytest.approx(memory.train_score_, abs=0.01)
    found = []
    for data in (two_state, on_disk):
        trajectories = check_trajectories(data, 2, 1)
        total, last = LaggedMoments(1), None
        for number, _, _, outputs in OutputPass(memory.encoder, trajectories):
            if number != last:
                total.start()
                last = number
            total.update(outputs)
        found.append(total.covariances())
    np.testing.assert_allclose(found[0].c_0t, found[1].c_0t, rtol=1e-10)
    np.testing.assert_array_equal(memory.transform(on_disk)[1], memory.transform(two_state)[1])


def test_streaming_memory_does_not_grow_with_the_data(tmp_path, quick, caplog, monkeypatch):
    monkeypatch.setattr("srv.feeding._BUFFER_BYTES", 4 * 2**20)
    monkeypatch.setattr("srv.data._BLOCK_BYTES", 2 * 2**20)
    caplog.set_level(logging.ERROR)
    rng = np.random.default_rng(0)
    peaks = []
    for n in (100_000, 400_000):
        path = tmp_path / f"{n}.h5"
        with h5py.File(path, "w") as file:
            x = file.create_dataset("000000", (n, 40), "float32", chunks=(2048, 40))
            for first in range(0, n, 50_000):
                x[first : first + 50_000] = rng.standard_normal((50_000, 40))
        with h5py.File(path) as file:
            tracemalloc.start()
            settings = {**quick, "n_epochs": 1, "max_steps": 20}
            SRV(40, **settings).fit(file["000000"])
            peaks.append(tracemalloc.get_traced_memory()[1])
            tracemalloc.stop()
    # NumPy's allocations are traced; 4 times the data would be 4 times the peak.
    assert peaks[1] < 1.3 * peaks[0]
