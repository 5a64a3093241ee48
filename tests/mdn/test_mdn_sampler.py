"""The sampler: its law, and that a path depends on nothing but seed, walker and step."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from scipy import stats

from mdn import head, philox
from mdn.sampler import Sampler
from mdn.step import MAX_REDRAWS, initial_state, make_step

LOW, HIGH = [-1, 0, 2], [1, 5, 3]


def _run(sampler, psi0, n_steps, seed, **where):
    return np.concatenate(list(sampler.chunks(psi0, n_steps, seed, **where)))


@pytest.fixture(scope="module")
def sampler(network):
    return Sampler(network, LOW, HIGH)


@pytest.fixture(scope="module")
def psi0():
    return np.random.default_rng(1).uniform(LOW, HIGH, (130, 3)).astype(np.float32)


@pytest.fixture(scope="module")
def path(sampler, psi0):
    return _run(sampler, psi0, 150, seed=5)


def test_shape_type_and_range(path):
    assert path.shape == (150, 130, 3) and path.dtype == np.float32
    assert (path >= LOW).all() and (path <= HIGH).all()


@pytest.mark.parametrize("walkers", [1, 2, 3, 17, 40, 41, 64, 100])
def test_path_depends_not_on_the_number_of_walkers(sampler, psi0, path, walkers):
    np.testing.assert_array_equal(
        _run(sampler, psi0[:walkers], 150, seed=5), path[:, :walkers], strict=True
    )


def test_path_depends_not_on_chunk_size(network, psi0, path):
    for steps in (7, 150, 1000):
        sampler = Sampler(network, LOW, HIGH, chunk_steps=steps)
        chunks = list(sampler.chunks(psi0, 150, 5))
        assert [len(c) for c in chunks] == [min(steps, 150 - i) for i in range(0, 150, steps)]
        np.testing.assert_array_equal(np.concatenate(chunks), path)


def test_path_depends_not_on_the_number_of_cores(network, psi0, path, monkeypatch):
    for cores in (1, 4):
        monkeypatch.setattr("mdn.pieces.cores", lambda cores=cores: cores)
        np.testing.assert_array_equal(_run(Sampler(network, LOW, HIGH), psi0, 150, 5), path)


def test_shards_are_parts_of_the_whole(sampler, psi0, path):
    parts = [_run(sampler, psi0[a:b], 150, 5, first_walker=a) for a, b in ((0, 50), (50, 130))]
    np.testing.assert_array_equal(np.concatenate(parts, axis=1), path)


def test_walkers_by_their_numbers(sampler, psi0, path):
    """Any of them, in any order, and one of them twice."""
    chosen = np.array([7, 129, 0, 64, 64])
    found = _run(sampler, psi0[chosen], 150, 5, walkers=chosen)
    np.testing.assert_array_equal(found, path[:, chosen])
    for wrong in ([1, 2], [0.5] * 5, [-1, 0, 1, 2, 3], [2**32, 0, 1, 2, 3]):
        with pytest.raises(ValueError, match="walkers is"):
            sampler.chunks(psi0[:5], 1, 5, walkers=wrong)


def test_longer_run_begins_with_the_shorter(sampler, psi0, path):
    np.testing.assert_array_equal(_run(sampler, psi0, 60, 5), path[:60])


def test_a_run_goes_on_where_another_ended(sampler, psi0, path):
    rest = _run(sampler, path[59], 90, 5, first_step=60)
    np.testing.assert_array_equal(rest, path[60:])


def test_steps_beyond_32_bits(sampler, psi0):
    far = [_run(sampler, psi0[:4], 10, 5, first_step=s) for s in (0, 2**32, 2**40)]
    assert not np.array_equal(far[0], far[1]) and not np.array_equal(far[1], far[2])


def test_seeds_and_walkers_differ(sampler, psi0):
    same_start = np.repeat(psi0[:1], 50, axis=0)
    path = _run(sampler, same_start, 5, seed=5)
    assert len(np.unique(path[0], axis=0)) == 50
    other = _run(sampler, same_start, 5, seed=6)
    assert not (path == other).any(axis=2).any()


def test_step_is_pure_and_gives_the_same_path(network, psi0, path):
    step, key = make_step(network, LOW, HIGH), philox.key_of(5)

    @tf.function
    def loop():
        """Somebody else's loop, without XLA."""
        state = initial_state(psi0)
        psi = tf.TensorArray(tf.float32, 20)
        for i in tf.range(20):
            state = step(state, key)
            psi = psi.write(i, state.psi)
        return psi.stack(), state.step

    psi, last = loop()
    assert last == 20
    np.testing.assert_allclose(psi, path[:20], atol=1e-4)
    state = initial_state(psi0)
    once, again = step(state, key), step(state, key)
    np.testing.assert_array_equal(once.psi, again.psi)
    assert state.step == 0 and once.step == 1


def test_a_loaded_model_needs_no_range(network, psi0, path, tmp_path):
    network.save(tmp_path / "mdn.keras")
    sampler = Sampler(keras.models.load_model(tmp_path / "mdn.keras"))
    np.testing.assert_array_equal(_run(sampler, psi0, 150, 5), path)


def test_samples_are_those_of_tfp(network):
    """One step from one point, 20,000 walkers: against TFP's own sampling of the mixture."""
    n = 20_000
    start = np.float32([[0.2, 3.0, 2.5]])
    wide = [-100, -100, -100], [100, 100, 100]
    ours = _run(Sampler(network, *wide), np.repeat(start, n, 0), 1, seed=1)[0]
    mixture = head.distribution(network(start))
    theirs = mixture.sample(n, seed=(1, 2)).numpy()[:, 0]
    deviation = ours.std(axis=0)
    # Means differ by a normal number of deviation sd sqrt(2 / n); 4 of them.
    assert (np.abs(ours.mean(0) - theirs.mean(0)) < 4 * deviation * np.sqrt(2 / n)).all()
    exact = np.asarray(mixture.mean())[0]
    assert (np.abs(ours.mean(0) - exact) < 4 * deviation / np.sqrt(n)).all()
    for i in range(3):
        assert stats.ks_2samp(ours[:, i], theirs[:, i]).pvalue > 1e-3
    # A projection on which the components differ sees their joint law.
    along = np.array([1, 0.5, -1])
    assert stats.ks_2samp(ours @ along, theirs @ along).pvalue > 1e-3


def test_component_frequencies(network):
    """Narrow components: each sample tells which one it came from."""
    start = np.float32([[0.2, 3.0, 2.5]])
    outputs = {k: np.asarray(v)[0] for k, v in network(start).items()}
    n = 20_000
    path = _run(Sampler(network, [-9] * 3, [9] * 3), np.repeat(start, n, 0), 1, seed=2)[0]
    weight = np.exp(outputs["logits"] - outputs["logits"].max())
    weight /= weight.sum()
    z = (path[:, None] - outputs["loc"]) / outputs["scale"]
    log_density = np.log(weight) - 0.5 * (z**2).sum(-1) - np.log(outputs["scale"]).sum(-1)
    responsibility = np.exp(log_density - log_density.max(axis=1, keepdims=True))
    responsibility /= responsibility.sum(axis=1, keepdims=True)
    # Each responsibility has mean `weight` and a variance of at most w (1 - w).
    error = np.sqrt(weight * (1 - weight) / n)
    assert (np.abs(responsibility.mean(axis=0) - weight) < 4 * error).all()


@pytest.fixture(scope="module")
def half_outside():
    """One component, centred on the upper end of the range [0, 1]: every second draw is out."""
    net = head.build_network([0], [2], [0.5], [0.3], 1, (4,))
    for name, bias in (("loc_unit", 0.0), ("scale_unit", -3.0)):
        kernel, _ = net.get_layer(name).get_weights()
        net.get_layer(name).set_weights([0 * kernel, np.float32([bias])])
    return net


def test_redrawn_samples_have_the_truncated_density(half_outside):
    sampler = Sampler(half_outside, [0], [1])
    path = _run(sampler, np.full((2000, 1), 0.5), 5, seed=3).ravel()
    scale = float(np.ravel(half_outside(np.float32([[0.5]]))["scale"])[0])
    truncated = stats.truncnorm(-1 / scale, 0, loc=1, scale=scale)
    assert stats.kstest(path, truncated.cdf).pvalue > 1e-3
    # Binomial: 4 standard deviations.
    assert abs(sampler.outside_fraction - 0.5) < 4 * 0.5 / np.sqrt(10_000)
    assert sampler.clipped_fraction <= 10 * 2.0 ** -(MAX_REDRAWS + 1)


def test_clipped_samples_pile_up_at_the_end(half_outside):
    sampler = Sampler(half_outside, [0], [1], outside="clip")
    path = _run(sampler, np.full((2000, 1), 0.5), 5, seed=3).ravel()
    assert np.mean(path == 1) == pytest.approx(sampler.outside_fraction)
    assert abs(sampler.outside_fraction - 0.5) < 4 * 0.5 / np.sqrt(10_000)
    assert sampler.clipped_fraction == sampler.outside_fraction


def test_what_no_redraw_brings_inside_is_clipped_and_counted(half_outside):
    sampler = Sampler(half_outside, [1.9], [2.0])
    path = _run(sampler, np.full((3, 1), 0.5), 10, seed=3)
    assert (path == np.float32(1.9)).all()
    assert sampler.outside_fraction == sampler.clipped_fraction == 1


def test_counts_leave_out_padding_and_start_as_nan(half_outside):
    sampler = Sampler(half_outside, [0], [1], outside="clip")
    assert np.isnan(sampler.outside_fraction)
    for n in (1, 41):  # both are padded to full tiles
        before = sampler._counts.copy()
        path = _run(sampler, np.full((n, 1), 0.5), 21, seed=4)
        total, outside, _ = sampler._counts - before
        assert total == 21 * n and outside == np.sum(path == 1)


def test_no_steps_give_no_chunks(sampler, psi0):
    assert list(sampler.chunks(psi0, 0, 1)) == []


@pytest.mark.parametrize(
    "change, message",
    [
        (
            {"psi0": np.zeros((3, 2))},
            r"psi0 is .* \(3, 2\), wanted shape \(n_walkers, 3\)",
        ),
        ({"psi0": np.zeros((0, 3))}, "n_walkers at least 1"),
        ({"psi0": [[0.0, 1.0, np.nan]]}, "psi0 is nan in column 2 of frame 0"),
        ({"n_steps": -1}, "n_steps is -1, wanted a whole number from 0"),
        ({"n_steps": 1.5}, "n_steps is 1.5, wanted a whole number"),
        ({"seed": -3}, "seed is -3, wanted a whole number"),
        ({"first_walker": 2**32}, "first_walker is 4294967296, wanted a whole number from 0 to"),
        ({"first_step": -1}, "first_step is -1, wanted a whole number from 0"),
    ],
)
def test_bad_calls_are_refused_at_once(sampler, change, message):
    arguments = {"psi0": np.zeros((1, 3)), "n_steps": 1, "seed": 0, **change}
    with pytest.raises(ValueError, match=message):
        sampler.chunks(**arguments)


def test_bad_samplers_are_refused(network):
    with pytest.raises(ValueError, match=r"low, high is .* \(1,\), wanted shape \(3,\)"):
        Sampler(network, [0], [1])
    with pytest.raises(ValueError, match="wanted finite numbers, low below high"):
        Sampler(network, [0, 0, 0], [1, 1, 0])
    with pytest.raises(ValueError, match="outside is 'reflect', wanted one of"):
        Sampler(network, outside="reflect")
    with pytest.raises(ValueError, match=r"chunk_steps is 1.5, wanted a whole number"):
        Sampler(network, chunk_steps=1.5)
    with pytest.raises(ValueError, match=r"model is .*, wanted one that returns a dict"):
        Sampler(keras.Sequential([keras.Input((2,)), keras.layers.Dense(2)]))
