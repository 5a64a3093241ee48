"""From fresh networks to trained ones, or from trained ones on."""

from dataclasses import replace
from math import ceil

import keras
import numpy as np

from cwgan.build import CONSISTENT, n_updates, seeds_of
from cwgan.condition import balanced_rows
from cwgan.convergence import Convergence
from cwgan.decoder import Decoder
from cwgan.diagnostics import energy_distance
from cwgan.features import in_chunks
from cwgan.networks import with_torsions
from cwgan.quantiles import with_marginals
from cwgan.rotamers import torsion_sampler
from cwgan.settling import settle
from cwgan.splitting import evenly, held_out
from cwgan.training import AdversarialModel
from lss_base.training import WORTH_XLA, ProgressBar

PERIOD = 1000  # generator updates between two evaluations
N_INNER = 50  # updates in one call of the compiled train step, at most
MAX_DRAWN = 20_000  # frames drawn for one call
MAX_COMPARED = 5_000  # frames whose closest contacts are compared
SETTLING = 9000, 2000  # updates; where torsions are given, it takes fewer


def train(settings, parts, psi, coords, lengths, seed):
    """Train copies of the networks.

    Parameters
    ----------
    settings : MolGen
    parts : Parts
    psi, coords : ndarray
        As of `cwgan.build.build`.
    lengths : list of int
        Frames of each trajectory in them.
    seed : int

    Returns
    -------
    parts : Parts
        With trained networks; those of the argument are untouched.
    history : dict

    Raises
    ------
    ValueError
        If `validation_split` leaves nothing to train on or to judge by.
    lss_base.estimators.DivergedError
        If training gave no finite structure.
    """
    # Training that goes on must not draw the batches of the training before it again.
    seeds = seeds_of(seed, 4, 1 + parts.n_updates)
    kept, held, other = held_out(settings.validation_split, lengths, seeds[0])
    floor = energy_distance(*(_distances(parts, coords[rows]) for rows in other))
    builder, critic, smoothed = _copy(parts.builder), _copy(parts.critic), _copy(parts.builder)
    pool = balanced_rows(psi[kept]) if settings.head != "tanh" else np.arange(len(kept))
    budget, drawn, given = n_updates(settings), smoothed, psi
    if parts.torsions is not None:
        angles = parts.torsions.measured(coords)
        sampler = torsion_sampler(
            in_chunks(parts.conditioner, psi[kept]),
            angles[kept],
            coords[kept],
            pool,
            parts.torsions,
            parts.graph.steps,
            budget,
            seeds[3],
        )
        drawn = with_torsions(smoothed, sampler, parts.conditioner)
        # Both networks see the torsions that the frames have: given them, nothing has many wells.
        given = np.concatenate([psi, np.cos(angles), np.sin(angles)], 1)
    weights = _consistency_weights(parts, settings.consistency)
    n_epochs = ceil(budget / PERIOD)
    most = max(
        1, min(N_INNER, MAX_DRAWN // (settings.batch_size * max(1, settings.n_discriminator)))
    )
    n_calls = ceil(budget / n_epochs / most)
    n_inner = ceil(budget / n_epochs / n_calls)
    model = AdversarialModel(
        builder,
        smoothed,
        critic,
        parts.structure,
        parts.condition,
        given[kept],
        coords[kept],
        pool,
        batch_size=settings.batch_size,
        n_critic=settings.n_discriminator,
        n_inner=n_inner,
        smoothing=settings.smoothing,
        seed=seeds[1],
        regressor=parts.regressor,
        consistency=weights,
        repulsion=settings.repulsion,
    )
    optimizers = _optimizer(settings), _optimizer(settings)
    model.compile(*optimizers, settings.decay, jit_compile=budget >= WORTH_XLA)
    # Fewer updates than one call makes cost more to trace than they settle.
    fresh = not parts.n_updates and budget >= N_INNER
    if settings.head != "tanh" and settings.n_discriminator and fresh:
        settle(model, min(SETTLING[parts.torsions is not None], budget))
    judge = Convergence(
        drawn,
        psi[held],
        _distances(parts, coords[held]),
        floor,
        parts.structure.distances,
        n_epochs * n_calls * n_inner,
        n_inner,
        settings.decay,
        parts.torsions is not None,
        seeds[2],
    )
    bar = ProgressBar(
        f"cWGAN, floor {floor:.4f}", n_epochs, n_calls * n_inner, n_inner, ("energy_distance",)
    )
    calls = np.zeros((n_calls, 1), np.float32)
    callbacks = [judge, bar] if settings.verbose else [judge]
    model.fit(calls, batch_size=1, epochs=n_epochs, shuffle=False, verbose=0, callbacks=callbacks)
    model.traced.forget()
    history = judge.history
    if parts.regressor is not None:
        # Of psi's logarithmic scale, then of its rank.
        history["regressor_r2"] = parts.regressor_r2.reshape(2, -1).tolist()
        history["consistent"] = (weights.reshape(2, -1) > 0).tolist()
    done = parts.n_updates + judge.history["updates"][-1]
    contacts = parts.structure.contacts
    if contacts is not None:
        if parts.torsions is not None:
            contacts = contacts.holding((len(parts.torsions), len(parts.torsions.chain.moving)))
        rows = kept[evenly(len(kept), MAX_COMPARED)]
        made = Decoder(drawn, compiled=False).decode(psi[rows], seeds[2])
        contacts = contacts.compared(coords[rows], made)
    if settings.head == "columns":
        drawn = with_marginals(drawn, psi[kept], coords[kept], settings.bounds, seeds[2])
    trained = {"generator": drawn, "builder": smoothed, "critic": critic, "contacts": contacts}
    return replace(parts, **trained, n_updates=done), history


def _consistency_weights(parts, consistency):
    if parts.regressor is None:
        return None
    return (consistency * (parts.regressor_r2 >= CONSISTENT)).astype(np.float32)


def _distances(parts, coords):
    return in_chunks(parts.structure.distances, coords)


def _optimizer(settings):
    if not settings.n_discriminator:  # nothing moves but the generator: momentum helps
        return keras.optimizers.Adam(settings.learning_rate)
    if settings.optimizer == "adam":
        return keras.optimizers.Adam(settings.learning_rate, beta_1=0.0, beta_2=0.9)
    return keras.optimizers.RMSprop(settings.learning_rate)


def _copy(model):
    copy = keras.models.clone_model(model)
    copy.set_weights(model.get_weights())
    return copy
