"""From settings and data to fresh networks."""

import logging
from dataclasses import dataclass

import keras
import numpy as np

from cwgan import columns, networks
from cwgan.bonds import BondGraph, bond_graph
from cwgan.contacts import Contacts
from cwgan.features import FlatFeatures, StructureFeatures, in_chunks
from cwgan.placement import plan
from cwgan.regression import fit_regressor
from cwgan.splitting import evenly
from cwgan.superpose import mean_structure, superpose
from cwgan.torsions import Torsions, torsions_of
from lss_base.estimators import check_choice, check_count, check_number, check_training, refusal

logger = logging.getLogger(__name__)

_COUNTS = (
    "latent_dim",
    "output_dim",
    "batch_size",
    "noise_dim",
    "n_epochs",
    "hidden_layer_depth",
    "hidden_size",
)
MAX_REFERENCE = 2000  # frames whose mean is the reference
MAX_SAMPLE = 20_000  # frames from which scales and quantiles are taken
SAMPLE_SIZE = 2**25  # numbers among them, unless there are fewer than 1,000 frames
MAX_REGRESSION = 200_000  # frames
REGRESSION = 1000, 6000  # steps at least and at most, between them as many as updates
CONSISTENT = 0.9  # R^2 of the regressor from which a coordinate takes part


@dataclass
class Parts:
    """What one fit consists of; everything in it can be pickled."""

    builder: keras.Model
    critic: keras.Model
    structure: object
    graph: BondGraph | None
    torsions: Torsions | None = None
    conditioner: keras.Model | None = None
    generator: keras.Model | None = None
    contacts: Contacts | None = None
    reference: np.ndarray | None = None
    regressor: keras.Model | None = None
    regressor_r2: np.ndarray | None = None
    n_updates: int = 0
    architecture: tuple = ()

    def condition(self, given):
        """What the critic sees of what the builder is given: psi, and not the torsions behind."""
        if self.conditioner is None:
            return given
        return self.conditioner(given[:, : self.conditioner.input_shape[1]])


def check(settings):
    """Refuse a setting, or a combination of settings, that makes no sense.

    Raises
    ------
    ValueError
    """
    for name in _COUNTS:
        check_count(name, getattr(settings, name))
    check_training(settings)
    check_choice("head", settings.head, ("tanh", "bonds", "columns"))
    check_choice("optimizer", settings.optimizer, ("rmsprop", "adam"))
    if settings.head == "bonds" and settings.output_dim % 3:
        raise refusal("output_dim", settings.output_dim, "three for each atom", "give 3 * n_atoms")
    for name in ("consistency", "repulsion"):
        value = getattr(settings, name)
        if settings.head != "bonds" and value:
            given = f"{value!r} with head={settings.head!r}"
            raise refusal(name, given, "0", 'unset it, or set head="bonds"')
        check_number(name, value, 0)
    check_number("smoothing", settings.smoothing, 0, 1)
    if settings.bounds is not None:
        columns.check_bounds(settings)
    least = 0 if settings.head == "columns" else 1
    check_count("n_discriminator", settings.n_discriminator, least)


def architecture(settings):
    """Settings that decide what the networks are; a fit goes on only where they stay the same."""
    names = ("latent_dim", "output_dim", "noise_dim", "activation", "head")
    names += ("hidden_layer_depth", "hidden_size")
    arrays = (settings.bonds, settings.reference, settings.bounds)
    arrays = [None if array is None else np.asarray(array).tolist() for array in arrays]
    return (*(getattr(settings, name) for name in names), *arrays, bool(settings.consistency))


def n_updates(settings):
    """Budget in generator updates."""
    return settings.n_epochs if settings.n_updates is None else settings.n_updates


def superposed(settings, parts, coords):
    """Frames superposed on the reference of earlier parts, of the settings, or on their mean.

    Returns
    -------
    coords : ndarray (n_frames, n_atoms, 3)
    reference : ndarray (n_atoms, 3) or None
        None where the head needs none and none is given: the frames are what they were.

    Raises
    ------
    ValueError
        Where the reference is not of these atoms.
    """
    if parts is not None:
        reference = parts.reference
    elif settings.reference is not None:
        reference = np.asarray(settings.reference, float)
        if reference.shape != coords.shape[1:] or not np.isfinite(reference).all():
            raise refusal(
                "reference",
                f"an array of shape {reference.shape}",
                f"finite positions of the shape {coords.shape[1:]} of a frame of y",
                "give one structure of the same atoms",
            )
    elif settings.head == "bonds":
        mean = mean_structure(coords[evenly(len(coords), MAX_REFERENCE)])
        # Turned as the frames are, not as the first of them.
        reference = superpose(mean[None], coords.mean(0))[0]
    else:
        reference = None
    return (coords if reference is None else superpose(coords, reference)), reference


def build(settings, psi, coords, reference, seed):
    """Fresh networks with the scales of the data.

    Parameters
    ----------
    settings : MolGen
    psi : ndarray (n_frames, latent_dim)
    coords : ndarray (n_frames, n_atoms, 3) or (n_frames, output_dim)
    reference : ndarray (n_atoms, 3) or None
        As of `superposed`.
    seed : int

    Returns
    -------
    Parts
    """
    seeds = seeds_of(seed, 3)
    shape = (settings.hidden_layer_depth, settings.hidden_size, settings.activation)
    rows = evenly(len(psi), min(MAX_SAMPLE, max(1000, SAMPLE_SIZE // coords[:1].size)))
    sample = coords[rows]
    graph = None
    if coords.ndim == 3 and (settings.head == "bonds" or settings.bonds is not None):
        graph = bond_graph(coords.shape[1], settings.bonds, sample.mean(0))
    if settings.head == "bonds":
        structure = StructureFeatures(graph, sample)
        placement = plan(graph, sample)
        torsions = torsions_of(placement, sample, settings.noise_dim)
        conditioner = networks.conditioner(psi[rows])
        builder = networks.molecular_builder(
            conditioner,
            sample,
            reference,
            placement,
            torsions,
            structure.close,
            settings.noise_dim,
            *shape,
            seeds[0],
        )
        condition_dim = 2 * settings.latent_dim
    elif settings.head == "columns":
        columns.check_values(settings, coords)
        structure, torsions = columns.ColumnFeatures(sample), None
        conditioner = networks.conditioner(psi[rows])
        builder = columns.column_generator(
            conditioner, sample, settings.bounds, settings.noise_dim, *shape, seeds[0]
        )
        condition_dim = 2 * settings.latent_dim
    else:
        structure, torsions, conditioner = FlatFeatures(sample), None, None
        output = settings.output_dim if coords.ndim == 2 else sample
        builder = networks.flat_generator(
            settings.latent_dim, settings.noise_dim, output, *shape, seeds[0]
        )
        condition_dim = settings.latent_dim
    critic = networks.critic(structure.size, condition_dim, *shape, seeds[1])
    parts = Parts(builder, critic, structure, graph, torsions, conditioner)
    parts.reference = reference
    parts.architecture = architecture(settings)
    if settings.consistency:
        _add_regressor(parts, psi, coords, seeds[2], n_updates(settings))
    return parts


def _add_regressor(parts, psi, coords, seed, budget):
    rows = evenly(len(psi), MAX_REGRESSION)
    targets = in_chunks(parts.conditioner, psi[rows])
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


def seeds_of(seed, n, key=0):
    """As many seeds as asked, that follow from one seed and a key."""
    seed = np.random.SeedSequence(seed, spawn_key=(key,))
    return [int(s) for s in seed.generate_state(n) >> 1]
