"""From settings and data to networks, and from networks to trained ones."""

import logging
import numbers
from dataclasses import dataclass, replace
from math import ceil

import keras
import numpy as np
import tensorflow as tf

from cwgan import networks
from cwgan.bonds import BondGraph, bond_graph
from cwgan.condition import balanced_rows
from cwgan.convergence import Convergence
from cwgan.diagnostics import energy_distance
from cwgan.features import FlatFeatures, StructureFeatures, in_chunks
from cwgan.regression import fit_regressor
from cwgan.settling import settle
from cwgan.training import AdversarialModel

logger = logging.getLogger(__name__)

PERIOD = 1000  # generator updates between two evaluations
N_INNER = 50  # updates in one call of the compiled train step, at most
MAX_DRAWN = 20_000  # frames drawn for one call
WORTH_XLA = 500  # updates
MAX_HELD_OUT = 4000  # frames for evaluation, at most a tenth
MIN_HELD_OUT = 50
SETTLING = 9000  # updates
MAX_SAMPLE = 20_000  # frames from which scales and quantiles are taken
MAX_REGRESSION = 200_000  # frames
REGRESSION = 1000, 6000  # steps at least and at most, between them as many as updates
CONSISTENT = 0.9  # R^2 of the regressor from which a coordinate takes part


@dataclass
class Parts:
    """What one fit consists of; everything in it can be pickled."""

    generator: keras.Model
    critic: keras.Model
    structure: object
    graph: BondGraph | None
    regressor: keras.Model | None = None
    regressor_r2: np.ndarray | None = None
    n_updates: int = 0
    architecture: tuple = ()

    def condition(self):
        """Model psi -> condition of the critic, or None where psi itself is."""
        return _up_to(self.generator, "condition")


def check(settings):
    """Raise ValueError for a setting, or a combination of settings, that makes no sense."""
    for name in ("latent_dim", "output_dim", "batch_size", "noise_dim", "n_discriminator"):
        _at_least(name, getattr(settings, name), 1)
    for name in ("hidden_layer_depth", "hidden_size"):
        _at_least(name, getattr(settings, name), 1)
    _at_least("n_epochs" if settings.n_updates is None else "n_updates", n_updates(settings), 1)
    for name, choices in (("head", ("tanh", "bonds")), ("optimizer", ("rmsprop", "adam"))):
        if getattr(settings, name) not in choices:
            raise ValueError(f"{name}: got {getattr(settings, name)!r}, wanted one of {choices}")
    if settings.head == "bonds" and settings.output_dim % 3:
        raise ValueError(f"output_dim: got {settings.output_dim}, wanted three for each atom")
    for name in ("consistency", "repulsion"):
        value = getattr(settings, name)
        if settings.head == "tanh" and value:
            raise ValueError(f'{name}: needs head="bonds"; got {value!r} with head="tanh"')
        if not (isinstance(value, numbers.Real) and value >= 0):
            raise ValueError(f"{name}: got {value!r}, wanted a number of at least 0")
    rate, smoothing = settings.learning_rate, settings.smoothing
    if not (isinstance(rate, numbers.Real) and 0 < rate < np.inf):
        raise ValueError(f"learning_rate: got {rate!r}, wanted a number above 0")
    if not (isinstance(smoothing, numbers.Real) and 0 <= smoothing < 1):
        raise ValueError(f"smoothing: got {smoothing!r}, wanted a number from 0 to less than 1")
    if settings.seed is not None:
        _at_least("seed", settings.seed, 0)


def architecture(settings):
    """Settings that decide what the networks are; a fit goes on only where they stay the same."""
    names = ("latent_dim", "output_dim", "noise_dim", "activation", "head")
    names += ("hidden_layer_depth", "hidden_size")
    bonds = None if settings.bonds is None else np.asarray(settings.bonds).tolist()
    return (*(getattr(settings, name) for name in names), bonds, bool(settings.consistency))


def n_updates(settings):
    """Budget in generator updates."""
    return settings.n_epochs if settings.n_updates is None else settings.n_updates


def build(settings, psi, coords):
    """Fresh networks with the scales of the data.

    Parameters
    ----------
    settings : MolGen
    psi : ndarray (n_frames, latent_dim)
    coords : ndarray (n_frames, n_atoms, 3) or (n_frames, output_dim)

    Returns
    -------
    Parts
    """
    seeds = _seeds(settings.seed, 3)
    shape = (settings.hidden_layer_depth, settings.hidden_size, settings.activation)
    rows = evenly(len(psi), MAX_SAMPLE)
    sample = coords[rows]
    graph = None
    if coords.ndim == 3 and (settings.head == "bonds" or settings.bonds is not None):
        graph = bond_graph(coords.shape[1], settings.bonds, sample.mean(0))
    if settings.head == "bonds":
        structure = StructureFeatures(graph, sample)
        generator = networks.molecular_generator(
            psi[rows], sample, graph, settings.noise_dim, *shape, seeds[0]
        )
        condition_dim = 2 * settings.latent_dim
    else:
        structure = FlatFeatures(sample)
        output = settings.output_dim if coords.ndim == 2 else sample
        generator = networks.flat_generator(
            settings.latent_dim, settings.noise_dim, output, *shape, seeds[0]
        )
        condition_dim = settings.latent_dim
    critic = networks.critic(structure.size, condition_dim, *shape, seeds[1])
    parts = Parts(generator, critic, structure, graph, architecture=architecture(settings))
    if settings.consistency:
        _add_regressor(parts, psi, coords, seeds[2], n_updates(settings))
    return parts


def train(settings, parts, psi, coords):
    """Train copies of the networks.

    Returns
    -------
    parts : Parts
        With trained networks; those of the argument are untouched.
    history : dict
    """
    # Training that goes on must not draw the batches of the training before it again.
    seeds = _seeds(settings.seed, 3, 1 + parts.n_updates)
    kept, held, floor = _split(parts, psi, coords, seeds[0])
    generator, critic = _copy(parts.generator), _copy(parts.critic)
    smoothed = _copy(parts.generator)
    weights = _consistency_weights(parts, settings.consistency)
    budget = n_updates(settings)
    n_epochs = ceil(budget / PERIOD)
    most = max(1, min(N_INNER, MAX_DRAWN // (settings.batch_size * settings.n_discriminator)))
    n_calls = ceil(budget / n_epochs / most)
    n_inner = ceil(budget / n_epochs / n_calls)
    model = AdversarialModel(
        generator,
        smoothed,
        critic,
        parts.structure,
        parts.condition() or tf.identity,
        psi[kept],
        coords[kept],
        balanced_rows(psi[kept]) if settings.head == "bonds" else np.arange(len(kept)),
        batch_size=settings.batch_size,
        n_critic=settings.n_discriminator,
        n_inner=n_inner,
        smoothing=settings.smoothing,
        seed=seeds[1],
        regressor=parts.regressor,
        consistency=weights,
        repulsion=settings.repulsion,
    )
    # Compilation takes as long as some hundred updates without it.
    optimizers = _optimizer(settings), _optimizer(settings)
    model.compile(*optimizers, settings.decay, jit_compile=budget >= WORTH_XLA)
    if settings.head == "bonds" and not parts.n_updates:
        settle(model, min(SETTLING, budget))
    judge = Convergence(
        psi[held],
        in_chunks(parts.structure.distances, coords[held]),
        floor,
        parts.structure.distances,
        n_epochs * n_calls * n_inner,
        n_inner,
        settings.decay,
        seeds[2],
        settings.verbose,
    )
    calls = np.zeros((n_calls, 1), np.float32)
    model.fit(calls, batch_size=1, epochs=n_epochs, shuffle=False, verbose=0, callbacks=[judge])
    model.traced.forget()
    history = judge.history
    if parts.regressor is not None:
        # Of psi's logarithmic scale, then of its rank.
        history["regressor_r2"] = parts.regressor_r2.reshape(2, -1).tolist()
        history["consistent"] = (weights.reshape(2, -1) > 0).tolist()
    done = parts.n_updates + judge.history["updates"][-1]
    return replace(parts, generator=smoothed, critic=critic, n_updates=done), history


def _add_regressor(parts, psi, coords, seed, budget):
    rows = evenly(len(psi), MAX_REGRESSION)
    targets = in_chunks(parts.condition(), psi[rows])
    parts.regressor, parts.regressor_r2 = fit_regressor(
        parts.structure, coords[rows], targets, seed, n_steps=int(np.clip(budget, *REGRESSION))
    )
    for j, (value, rank) in enumerate(parts.regressor_r2.reshape(2, -1).T):
        if max(value, rank) < CONSISTENT:
            logger.warning(
                "the decoded atoms tell psi_%d in part only (R^2 %.2f, of its rank %.2f): training "
                "does not ask structures to agree with it where R^2 is below %.2f",
                j + 1,
                value,
                rank,
                CONSISTENT,
            )


def _consistency_weights(parts, consistency):
    if parts.regressor is None:
        return None
    return (consistency * (parts.regressor_r2 >= CONSISTENT)).astype(np.float32)


def _split(parts, psi, coords, seed):
    """Rows to train on, rows to judge by, and the energy distance of the former to the latter."""
    n_held = min(MAX_HELD_OUT, len(psi) // 10)
    order = np.random.default_rng(seed).permutation(len(psi))
    if n_held < MIN_HELD_OUT:
        # Too few to spare: judged on the training frames, against halves of them.
        half = max(1, len(psi) // 2)
        kept, held, other = order, order, (order[:half], order[-half:])
    else:
        kept, held = np.sort(order[n_held:]), order[:n_held]
        other = (held, order[n_held : 2 * n_held])
    seen = [in_chunks(parts.structure.distances, coords[rows]) for rows in other]
    floor = energy_distance(*seen)
    return kept, held, floor


def _optimizer(settings):
    if settings.optimizer == "adam":
        return keras.optimizers.Adam(settings.learning_rate, beta_1=0.0, beta_2=0.9)
    return keras.optimizers.RMSprop(settings.learning_rate)


def _copy(model):
    copy = keras.models.clone_model(model)
    copy.set_weights(model.get_weights())
    return copy


def _up_to(model, name):
    if name not in {layer.name for layer in model.layers}:
        return None
    return keras.Model(model.get_layer("psi").output, model.get_layer(name).output)


def _seeds(seed, n, key=0):
    seed = np.random.SeedSequence(seed, spawn_key=(key,))
    return [int(s) for s in seed.generate_state(n) >> 1]


def evenly(n_frames, n_most):
    """Rows of at most `n_most` frames, at equal distances."""
    return np.unique(np.linspace(0, n_frames - 1, min(n_frames, n_most)).astype(int))


def _at_least(name, value, least):
    whole = isinstance(value, numbers.Integral) and not isinstance(value, bool)
    if not whole or value < least:
        raise ValueError(f"{name}: got {value!r}, wanted a whole number of at least {least}")
