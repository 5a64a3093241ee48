"""Structures that clash are drawn again: keyed, counted, and no more than that."""

import json
import pickle

import keras
import numpy as np
import pytest
from scipy.spatial.distance import pdist
from scipy.stats import norm

from cwgan import Contacts, Decoder, decode
from cwgan.bonds import bond_graph
from cwgan.decoder import ATTEMPTS, HOLDING, TILE, row_draws, tile_noise
from cwgan.layers import frozen

BONDS = [(i, i + 1) for i in range(4)]


@pytest.fixture(scope="module")
def generator():
    """Five atoms on a line, 1 nm apart; the last one comes closer to the first as the noise says.

    Atoms 0 and 4 are the only pair that counts, 4 + z apart.
    """
    psi, noise = keras.Input((1,), name="psi"), keras.Input((2,), name="noise")
    x = keras.layers.Concatenate()([psi, noise])
    kernel, line = np.zeros((3, 15)), np.zeros((5, 3))
    kernel[1, 12], line[:, 0] = 1.0, np.arange(5)
    x = keras.layers.Reshape((5, 3))(frozen(kernel, line.ravel(), name="line")(x))
    return keras.Model([psi, noise], x)


def attempts(seed, walker, tile, n):
    """The first component of the noise of each attempt, (ATTEMPTS, n)."""
    again = [row_draws(seed, walker, tile, row, 2)[0][:, 0] for row in range(n)]
    return np.concatenate([tile_noise(seed, walker, tile, n, 2)[None, :, 0], np.transpose(again)])


def test_the_closest_pair_against_scipy():
    rng = np.random.default_rng(0)
    coords = rng.normal(size=(2048 + 70, 12, 3)).astype(np.float32)
    bonds = [(i, i + 1) for i in range(7)] + [(i, i + 1) for i in range(8, 11)]  # two molecules
    steps = bond_graph(12, bonds).steps[np.triu_indices(12, 1)]
    wanted = [pdist(x)[(steps >= 4) | (steps < 0)].min() for x in coords.astype(float)]
    contacts = Contacts(0.3, 12, bonds)
    assert np.abs(contacts.closest(coords) - wanted).max() < 1e-6
    assert np.array_equal(contacts.closest(coords[5:80]), contacts.closest(coords)[5:80])
    assert len(contacts.closest(coords[:0])) == 0


def test_the_limit_is_learned_and_travels():
    x = np.linspace(0.3, 1.3, 1001)
    coords = np.zeros((1001, 5, 3), np.float32)
    coords[:, :, 0] = np.arange(5)
    coords[:, 4, 0] = x
    graph = bond_graph(5, BONDS)
    contacts = Contacts.learned(graph, coords)
    # The quantile of .001 of 1,001 even values is the second of them.
    assert contacts.limit == pytest.approx(0.301, abs=1e-6)
    for again in (
        Contacts.from_dict(json.loads(json.dumps(contacts.to_dict()))),
        pickle.loads(pickle.dumps(contacts)),
    ):
        assert again.limit == contacts.limit
        assert np.array_equal(again.closest(coords), contacts.closest(coords))
    assert Contacts.learned(bond_graph(4, BONDS[:3]), coords[:, :4]) is None
    with pytest.raises(ValueError, match="limit is 0"):
        Contacts(0, 5, BONDS)


def test_what_clashes_is_drawn_again_and_nothing_else(generator):
    n, contacts = 3 * TILE, Contacts(4.0, 5, BONDS)
    psi = np.zeros((n, 1))
    plain, decoder = decode(generator, psi, seed=1), Decoder(generator, contacts)
    made = decoder.decode(psi, seed=1)
    kept = contacts.closest(plain) >= 4.0
    assert np.array_equal(made[kept], plain[kept])
    assert np.mean(contacts.closest(made) < 4.0) == pytest.approx(decoder.failed / n)
    # Half of all draws clash: the number of draws is geometric, cut off at twenty, of
    # mean 2 (1 - 2^-20) and variance below 2; one frame in a million fails.
    assert decoder.frames == n
    assert decoder.draws / n == pytest.approx(2 * (1 - 2**-ATTEMPTS), abs=5 * np.sqrt(2 / n))
    assert decoder.failed <= 1
    # What is left is the upper half of the normal distribution.
    good = contacts.closest(made)[contacts.closest(made) >= 4.0] - 4.0
    assert good.mean() == pytest.approx(2 * norm.pdf(0), abs=5 * 0.6 / np.sqrt(n))


def test_attempts_have_keys_of_their_own_however_a_trajectory_is_cut(generator):
    contacts, psi = Contacts(4.0, 5, BONDS), np.zeros((2 * TILE + 300, 1))
    whole = decode(generator, psi, 3, walker=2, contacts=contacts)
    tiles = [slice(0, TILE), slice(TILE, 2 * TILE), slice(2 * TILE, None)]
    parts = [decode(generator, psi[s], 3, s.start, 2, contacts) for s in tiles]
    assert np.array_equal(np.concatenate(parts), whole)
    part = decode(generator, psi[100:130], 3, 100, 2, contacts)
    assert np.abs(part - whole[100:130]).max() < 1e-5
    # By hand: the first of the attempts that does not clash.
    draws = attempts(3, 2, 1, TILE)
    first = np.where((draws >= 0).any(0), (draws >= 0).argmax(0), draws.argmax(0))
    wanted = 4.0 + draws[first, np.arange(TILE)]
    assert np.abs(np.abs(whole[TILE : 2 * TILE, 4, 0]) - np.abs(wanted)).max() < 1e-5
    for other in ({"seed": 4}, {"seed": 3, "walker": 1}):
        fresh = decode(generator, psi, contacts=contacts, **other)
        assert (np.abs(fresh - whole).max((1, 2)) < 1e-5).mean() < 0.01


def test_the_first_attempts_hold_components_of_the_noise(generator):
    """Those that decide are held: nothing changes before they are let go."""
    contacts = Contacts(4.0, 5, BONDS).holding((1,))
    again = Contacts.from_dict(json.loads(json.dumps(contacts.to_dict())))
    assert again.held == (1,) and Contacts(4.0, 5, BONDS).held == ()
    decoder, n = Decoder(generator, again), TILE
    made = decoder.decode(np.zeros((n, 1)), seed=6)
    draws = attempts(6, 0, 0, n)
    draws[1 : 1 + HOLDING] = draws[0]
    first = np.where((draws >= 0).any(0), (draws >= 0).argmax(0), draws.argmax(0))
    assert np.abs(again.closest(made) - np.abs(4 + draws[first, np.arange(n)])).max() < 1e-5
    assert decoder.draws == n + first.sum()


def test_of_frames_that_always_clash_the_widest_is_kept_and_counted(generator):
    contacts, psi = Contacts(40.0, 5, BONDS), np.zeros((200, 1))
    decoder = Decoder(generator, contacts)
    made = decoder.decode(psi, seed=0)
    draws = attempts(0, 0, 0, 200)
    assert np.allclose(contacts.closest(made), np.abs(4 + draws).max(0), atol=1e-5)
    assert (decoder.frames, decoder.draws, decoder.failed) == (200, 200 * ATTEMPTS, 200)


def test_contacts_of_what_is_kept_are_those_of_the_data(generator):
    """Rejection sampling: at half of the contacts that it draws the data have nothing else."""
    n, rng = 20_000, np.random.default_rng(8)
    line = np.repeat(np.arange(5.0)[None, :, None] * [1, 0, 0], n, 0)
    line[:, 4, 0] += np.abs(rng.normal(0, 0.5, n))  # atoms 0 and 4 are farther apart than 4 nm
    plain = decode(generator, np.zeros((n, 1)), seed=9)
    contacts = Contacts(4.0, 5, BONDS).compared(line.astype(np.float32), plain)
    again = Contacts.from_dict(json.loads(json.dumps(contacts.to_dict())))
    decoder = Decoder(generator, again)
    kept = again.closest(decoder.decode(np.zeros((n, 1)), seed=10))
    assert decoder.failed == 0
    # Of the twenty bins, those in which the data have more than at the median keep too few.
    edges, chances = contacts.chances
    shares = [np.histogram(x, [*edges, np.inf])[0] / n for x in (again.closest(line), kept)]
    even = np.array(chances) < 1
    ratio = shares[1][even] / shares[0][even]
    assert 5 <= even.sum() <= 15
    assert np.ptp(ratio) < 5 * np.sqrt(2 / (0.05 * n)) * 2 * ratio.mean()
    # Of another half of the same data, bins of 50 frames and less differ by chance alone.
    halves = [
        Contacts(3.0, 5, BONDS).compared(line[:5000], line[k : k + 5000]) for k in (5000, 9000)
    ]
    assert all(alike.chances is None for alike in halves)


def test_a_molecule_without_pairs_that_count_is_drawn_once(fitted, molecule):
    assert fitted.contacts is None
    assert fitted.diagnose(*molecule[:2])["draws_per_frame"] == 1
