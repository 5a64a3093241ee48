"""How a round went: what the last simulator thought of it, and what is known after it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from lss.adaptive import edges
from lss.adaptive.proposal import rounds_of
from lss.adaptive.rounds import draw_after
from lss.adaptive.scores import score_cells
from lss.run import inputs, run_files
from lss.units import lag_in_frames

if TYPE_CHECKING:
    import keras

_SAMPLES, _BATCH = 16, 10_000  # of the simulator for each pair; pairs at once


def predicted(before, run, number):
    """The honest score of a simulator: how it predicts MD that it has not been trained on.

    Parameters
    ----------
    before : lss.run.run_folder.Run
        With the encoder and the propagator of the last round.
    run : lss.run.run_folder.Run
        With the features of all MD, the new MD among it.
    number : int
        Of the round whose MD is new.

    Returns
    -------
    dict
        As of `surprise`, and `outside`, the share of new frames outside the range of psi that the
        last simulator was trained on.
    """
    from lss.box import load_network

    trajectories, _ = inputs.open_data(run.settings("features")["source"])
    new = [i for i, k in enumerate(rounds_of(trajectories)) if k == number]
    encoder = load_network(before.box / "srv.keras")
    with run_files.open_features(run) as file:
        data = list(file.values())
        psi = [np.asarray(encoder.predict(data[i][:], batch_size=8192, verbose=0)) for i in new]
    known = np.concatenate(run_files.read_psi(before))
    low, high = known.min(axis=0), known.max(axis=0)
    frames = np.concatenate(psi)
    lag = lag_in_frames(before.settings("srv")["lag_time_ps"], trajectories.spacing_ps)
    found = surprise(load_network(before.box / "mdn.keras"), psi, lag, seed=number)
    outside = ((frames < low) | (frames > high)).any(axis=1)
    return found | {"outside": float(outside.mean())}


def surprise(network: keras.Model, psi: list[np.ndarray], lag: int, seed: int = 0) -> dict:
    """How much less likely MD is than the simulator thought: 0 on average for a right one.

    Of each pair x, y one lag apart it is E[log p(y' | x)] - log p(y | x), with y' drawn from the
    simulator. The likelihood alone would say where the MD started: it is higher in narrow wells.

    Parameters
    ----------
    network : keras.Model
        Of the propagator.
    psi : list of np.ndarray, each shape (n_frames, m)
        Of independent pieces of MD, one of them longer than the lag.
    lag : int
        In frames.
    seed : int

    Returns
    -------
    dict
        `log_likelihood` of the pairs and `surprise`, with its standard error over the pieces
        `error` (nan for one piece), nats a pair.
    """
    from mdn import head

    long = [path for path in psi if len(path) > lag]
    x, y = (np.concatenate([p[part] for p in long]) for part in (slice(-lag), slice(lag, None)))
    seen, thought = [], []
    for i in range(0, len(x), _BATCH):
        mixture = head.distribution(network(x[i : i + _BATCH]))
        drawn = mixture.sample(_SAMPLES, seed=(seed, i))
        thought.append(np.asarray(mixture.log_prob(drawn), np.float64).mean(axis=0))
        seen.append(np.asarray(mixture.log_prob(y[i : i + _BATCH]), np.float64))
    seen, thought = np.concatenate(seen), np.concatenate(thought)
    sizes = np.array([len(path) - lag for path in long])
    firsts, share = np.cumsum([0, *sizes[:-1]]), sizes / sizes.sum()
    means = np.add.reduceat(thought - seen, firsts) / sizes
    mean, n = float(share @ means), len(means)
    error = np.sqrt(n / (n - 1) * (share**2 @ (means - mean) ** 2)) if n > 1 else np.nan
    return {"log_likelihood": float(seen.mean()), "surprise": mean, "error": float(error)}


def judge(run, settings):
    """What is known after a round, and the picture of it.

    Returns
    -------
    dict
        `n_cells`, `new_cells` (of the cells as they are now, how many each round found), `error`
        of the target, `timescales_ps`, `visits` of the modes, `seldom` (cells of a single
        visit), `islands` in words (of cells, and states of unknown population), `widened` (how many
        bins of the torsions each round saw first) of `n_bins` seen, `tries` (how often MD was
        started at each end of these, as it is now, by its name), and `never_seen`, parts of
        torsions in words.
    """
    number = int(run.path.parent.name.rpartition("-")[2])
    proposal = draw_after(run, settings, number)
    trajectories, _ = inputs.open_data(run.settings("features")["source"])
    cells, of = proposal.cells, rounds_of(trajectories)
    lag = lag_in_frames(settings["lag_ps"], trajectories.spacing_ps)
    more = settings["piece_ps"] / settings["lag_ps"]
    known = score_cells(cells, lag, "uncertainty", settings["target"], more=more)
    first = cells.first_rounds(of)
    report, reach = run.report("srv"), proposal.reach
    tried = [(end.place, end.tries) for end in proposal.ends]
    return {
        "n_cells": len(cells),
        "new_cells": [int((first == k).sum()) for k in range(1, number + 1)],
        "error": known.error,
        "strategy": proposal.scores.strategy,
        "timescales_ps": report["timescales_ps"],
        "visits": report["visits"],
        "seldom": int((cells.visits == 1).sum()),
        "islands": proposal.separate + one_way(report),
        "widened": [int((reach.first == k).sum()) for k in range(1, number + 1)],
        "n_bins": int((reach.visits > 0).sum()),
        "tries": {f"{word} at {at:g}": n for (word, at), n in tried},
        "never_seen": edges.unseen(reach),
    }


def one_way(report):
    """States that weights leave out, since they are not both entered and left, in words."""
    return [f"{state}: its population is not known" for state in report["one_way_states"]]
