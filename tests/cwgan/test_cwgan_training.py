import keras
import numpy as np
import pytest
import tensorflow as tf
from scipy import stats

from cwgan import DivergedError, MolGen, decode
from cwgan.bonds import bond_graph
from cwgan.convergence import Convergence
from cwgan.diagnostics import energy_distance
from cwgan.features import StructureFeatures, in_chunks
from cwgan.scoring import energy_score, torsion_score
from cwgan.settling import settle
from cwgan.training import AdversarialModel


class Plain:
    """The critic sees what the generator makes, and there are no torsions."""

    n_coords, score_weight = 2, 0.5

    def __init__(self, torsions=None):
        self.torsions = torsions

    def __call__(self, x):
        return x


def linear(weights, name):
    """[x (n, 2), psi (n, 1)] -> x . weights, as a Keras model with named inputs."""
    x, psi = keras.Input((2,), name="noise"), keras.Input((1,), name="psi")
    y = keras.layers.Dense(np.shape(weights)[1], use_bias=False, name="y")(x)
    order = [psi, x] if name == "generator" else [x, psi]
    model = keras.Model(order, y, name=name)
    model.set_weights([np.array(weights, np.float32)])
    return model


def small_model(critic_weights, n_critic=1, rate=0.0, structure=None, batch_size=100):
    generator = linear(np.eye(2), "generator")
    rng = np.random.default_rng(0)
    structure = structure or Plain()
    model = AdversarialModel(
        generator,
        linear(np.eye(2), "generator"),
        linear(critic_weights, "critic"),
        structure,
        tf.identity,
        np.zeros((500, 1)),
        rng.normal(3.0, 1.0, (500, 2)),
        np.arange(500),
        batch_size=batch_size,
        n_critic=n_critic,
        n_inner=20,
        smoothing=0.9,
        seed=1,
    )
    model.compile(keras.optimizers.SGD(rate), keras.optimizers.SGD(rate))
    return model


def test_losses_of_a_linear_critic_are_known():
    logs = small_model([[3.0], [4.0]], n_critic=2).train_step(None)
    # The slope of a linear critic is its weight vector, 5 long: penalty (5 - 1)^2.
    assert float(logs["penalty"]) == pytest.approx(16, rel=1e-4)
    # Real minus fake mean is (3, 3) . (3, 4) = 21. 20 updates of 2 x 100 frames: standard error of
    # 5 sqrt(2 / 4000) = .11; the 500 frames are the mean only to 5 / sqrt(500) = .22.
    assert float(logs["wasserstein"]) == pytest.approx(21, abs=5 * 0.25)


def test_updates_move_towards_the_data_and_count():
    model = small_model([[1.0], [1.0]], rate=0.05)
    logs = model.train_step(None)
    assert int(model.generator_optimizer.iterations) == 20
    assert float(logs["penalty"]) < (np.sqrt(2) - 1) ** 2
    assert all(np.isfinite(float(v)) for v in logs.values())


def test_running_mean_lags_behind():
    model = small_model([[1.0], [1.0]], rate=0.05)
    model.train_step(None)
    now, mean = model.generator.get_weights()[0], model.smoothed.get_weights()[0]
    assert np.abs(now - np.eye(2)).max() > np.abs(mean - np.eye(2)).max() > 0


def test_energy_score_of_a_gaussian():
    x = np.random.default_rng(0).normal(size=(90_000, 1))
    made, real = x[:60_000], x[60_000:]
    # E|X - x| = E|X - X'| = 2 / sqrt(pi), so the score is 1 / sqrt(pi); each of the three means has
    # a standard error of .85 / sqrt(30,000) = .005, halved.
    best = float(energy_score(tf.constant(made), tf.constant(real)))
    assert best == pytest.approx(1 / np.sqrt(np.pi), abs=5 * 0.004)
    # Too narrow, too wide or displaced is worse.
    for wrong in (0.5 * made, 2 * made, made + 1):
        assert float(energy_score(tf.constant(wrong), tf.constant(real))) > best + 0.03


def test_torsion_score_falls_all_the_way_as_a_torsion_turns_to_where_it_belongs():
    angles = np.radians(np.arange(0, 360, 5.0))
    coords = np.zeros((len(angles), 4, 3), np.float32)
    coords[:, :3] = [[-0.05, 0.14, 0], [0, 0, 0], [0.15, 0, 0]]
    coords[:, 3] = np.stack([0.2 + 0 * angles, 0.14 * np.cos(angles), 0.14 * np.sin(angles)], 1)
    features = StructureFeatures(bond_graph(4, [(0, 1), (1, 2), (2, 3)]), coords)
    seen = features(tf.constant(coords))
    assert features.torsions.shape == (1, 2)
    scores = [
        float(torsion_score(tf.repeat(seen[k : k + 1], 2, 0), seen[:1], features.torsions))
        for k in range(len(angles) // 2 + 1)
    ]
    assert scores[0] == pytest.approx(0, abs=1e-3)
    assert (np.diff(scores) > 0).all()


def test_scores_are_those_of_two_draws_at_each_psi_whatever_the_batch():
    torsions = np.array([[0, 1]])
    for batch_size in (7, 1):
        model = small_model([[0.0], [0.0]], structure=Plain(torsions), batch_size=batch_size)
        step = tf.function(lambda model=model: model.train_step(None)["energy_score"])
        score = np.mean([float(step()) for _ in range(10)])
        # Each score is of these two numbers, and has the weight 1/2: E|X - x| - E|X - X'| / 2, x
        # displaced by (3, 3). A difference of two has the variance 2 in each direction.
        wanted = stats.rice(3, scale=np.sqrt(2)).mean() - np.sqrt(np.pi) / 2
        # A batch has batch_size // 2 cases with a standard deviation below that of |X - x|, 1.4;
        # 10 x 20 are averaged. The mean of the 500 frames is known to .06 = sqrt(2 / 500).
        error = np.hypot(1.4 / np.sqrt(200 * max(1, batch_size // 2)), 0.06)
        assert score == pytest.approx(wanted, abs=5 * error)


def test_settling_moves_the_generator_to_the_data_it_belongs_to():
    rng = np.random.default_rng(0)
    psi = rng.normal(size=(2000, 2)).astype(np.float32)
    noise, given = keras.Input((2,), name="noise"), keras.Input((2,), name="psi")
    joined = keras.layers.Concatenate()([noise, given])
    networks = []
    for _ in range(2):
        layer = keras.layers.Dense(2, kernel_initializer="zeros")
        networks.append(keras.Model([given, noise], layer(joined)))
    real = psi @ [[0.0, 0.1], [0.1, 0.0]] + 0.1 * rng.normal(size=(2000, 2))
    model = AdversarialModel(
        *networks,
        linear([[1.0], [1.0]], "critic"),
        Plain(np.zeros((0, 2), int)),
        tf.identity,
        psi,
        real,
        np.arange(2000),
        batch_size=128,
        n_critic=1,
        n_inner=50,
        smoothing=0.0,
        seed=1,
    )
    model.compile(keras.optimizers.SGD(0.0), keras.optimizers.SGD(0.0), jit_compile=False)
    settle(model, 1000)
    kernel = networks[1].get_weights()[0]
    # 1,000 steps of 1e-3 reach .1; what is left is the scatter of steps of batches of 64 pairs.
    assert np.abs(kernel[2:] - [[0.0, 0.1], [0.1, 0.0]]).max() < 0.03
    # The noise is used: the spread of the data, whatever the directions, .1 in each.
    assert np.linalg.svd(kernel[:2])[1] == pytest.approx([0.1, 0.1], abs=0.04)


def schedule(decay, n_updates=1000, brief=False):
    judge = Convergence(None, None, None, 0.1, None, n_updates, 10, decay, brief, 0)
    judge._rate = judge._high = 1.0
    return judge


def test_learning_rate_is_constant_then_falls():
    judge = schedule(True)
    assert [judge.rate(n) for n in (0, 299)] == [1, 1]
    assert judge.rate(650) == pytest.approx(0.5)
    assert judge.rate(1000) == pytest.approx(0.02)
    assert schedule(False).rate(900) == 1


def test_no_progress_starts_the_decay():
    judge = schedule(True)
    judge.set_model(small_model([[1.0], [1.0]]))
    for n in range(8):
        judge._done = 10 * n
        judge._progress(0.5)
    assert judge._decay_from == 60
    assert judge.rate(530) == pytest.approx(0.5)


@pytest.mark.parametrize(("start", "rate"), [(1000, 1.0), (10_600, 0.914)])
def test_training_ends_soon_after_the_floor_is_reached(start, rate):
    judge = schedule(True, 30_000)
    judge.set_model(small_model([[1.0], [1.0]]))
    for n in range(3):
        judge._done = start + 100 * n
        judge._progress(0.1)
    done = start + 200
    assert judge.rate(done) == pytest.approx(rate, abs=0.01)
    assert judge.rate(done + 2500) == pytest.approx(rate / 2, abs=0.01)
    for n, stopped in ((4900, False), (5000, True)):
        judge._done = done + n
        judge._progress(0.1)
        assert bool(getattr(judge.model, "stop_training", False)) == stopped


def test_where_torsions_are_given_training_ends_soon_after_the_last_progress():
    judge = schedule(True, 30_000, brief=True)
    judge.set_model(small_model([[1.0], [1.0]]))
    for n in range(7):
        judge._done = 1000 * n
        judge._progress(0.5)
    assert judge.rate(6000) == 1.0
    assert judge.rate(8500) == pytest.approx(0.5)
    for done, stopped in ((10_900, False), (11_000, True)):
        judge._done = done
        judge._progress(0.5)
        assert bool(getattr(judge.model, "stop_training", False)) == stopped


def test_of_weights_as_good_as_the_best_the_last_are_kept():
    judge = schedule(True)
    model = small_model([[1.0], [1.0]])
    judge.set_model(model)
    for mark, distance in ((1.0, 0.5), (2.0, 0.3), (3.0, 0.32), (4.0, 0.4)):
        model.smoothed.set_weights([np.full((2, 2), mark)])
        judge._progress(distance)
    assert judge._weights[0][0, 0] == 3.0


def test_best_weights_are_kept(fitted, molecule):
    # The evaluation's own frames and noise are not known here: other ones must give about the
    # same distance. 4000 frames; the distance scatters by about its floor.
    psi, coords, _ = molecule
    seen = fitted._parts.structure.distances
    made = in_chunks(seen, decode(fitted.generator, psi, 77))
    best, floor = min(fitted.history["energy_distance"]), fitted.history["energy_floor"]
    assert abs(energy_distance(made, in_chunks(seen, coords)) - best) < 0.3 * best + 2 * floor


def test_divergence_is_noticed(molecule):
    psi, coords, bonds = molecule
    model = MolGen.from_preset(
        "recommended", 1, 5, bonds=bonds, n_updates=4, learning_rate=1e38, verbose=False, seed=0
    )
    model.set_params(consistency=0.0)
    with pytest.raises(DivergedError, match="not finite after update 4 of the training"):
        model.fit(psi, coords)


def test_repulsion_is_for_the_closest_contacts_of_the_data_and_closer():
    x = np.linspace(0.38, 0.42, 2001)
    coords = np.zeros((2001, 5, 3), np.float32)
    coords[:, :, 0] = np.outer(x, np.arange(5))
    seen = StructureFeatures(bond_graph(5, [(i, i + 1) for i in range(4)]), coords)
    assert seen.close.tolist() == [[0, 4]]
    # The wall is one frame of a thousand above the closest: at frame 2, which rounding may spare.
    assert np.flatnonzero(seen.overlap(tf.constant(coords))).tolist() in ([0, 1], [0, 1, 2])
    closer = coords[2:3].copy()
    closer[0, 4, 0] -= 0.03
    assert float(seen.overlap(tf.constant(closer))[0]) == pytest.approx(np.sqrt(37) - 1, rel=1e-3)


@pytest.mark.parametrize(("decay", "wanted"), [(True, (0.0, 1.5)), (False, (2.0, 2.0))])
def test_repulsion_rises_as_the_learning_rate_falls(decay, wanted):
    class Touching(Plain):
        def overlap(self, coords):
            return tf.ones(len(coords))

    model = small_model([[1.0], [1.0]], rate=1e-3, structure=Touching())
    model.repulsion = 2.0
    model.compile(keras.optimizers.SGD(1e-3), keras.optimizers.SGD(1e-3), decay)
    assert float(model.train_step(None)["overlap"]) == pytest.approx(wanted[0], abs=1e-6)
    model.generator_optimizer.learning_rate.assign(0.25e-3)
    assert float(model.train_step(None)["overlap"]) == pytest.approx(wanted[1], rel=1e-5)
