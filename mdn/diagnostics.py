"""What a likelihood hides: does the propagator move as its data do?

A model can have a good likelihood, free energies that look right, and no kinetics at all: one
published propagator has a one-step correlation of .07 where its data have .95. These checks see
that, cheapest first.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.special import ndtr

from lss_base.kinetics import implied_timescales, mode_correlations, slow_modes
from lss_base.moments import block_moments
from lss_base.resampling import jackknife_error
from mdn import head
from mdn.data import pair_starts, starting_frames, take
from mdn.sampler import Sampler

if TYPE_CHECKING:
    import keras

CHAPMAN_KOLMOGOROV_LAGS = (1, 2, 5, 10)
"""In units of the lag time."""

_PAIRS = 100_000
_BATCH = 8192
_WALKERS, _STEPS = 1000, 200
_BINS = 50


def diagnose(
    members: list[keras.Model],
    sampler: Sampler,
    trajectories: list[np.ndarray],
    lag_time: int,
    seed: int,
    weights: list[np.ndarray] | None = None,
) -> dict:
    """Compare a propagator with data.

    Parameters
    ----------
    members : list of keras.Model
        The networks that the sampler's model mixes.
    sampler : mdn.sampler.Sampler
    trajectories : list of np.ndarray, shape (n_i, m), units of psi
    lag_time : int, frames
    seed : int
        Of the short sample: 1,000 walkers, 200 steps, from frames of the data.
    weights : list of np.ndarray, shape (n_i,), optional
        Of the frames, where the trajectories did not start in equilibrium; for all that is said of
        the stationary distribution and of timescales.

    Returns
    -------
    dict
        Plain numbers and lists, None for what cannot be estimated; times in frames.

        - `nll`: nats a pair; `r2`, `r2_linear`: explained variance of psi_{t+tau} by the
          conditional mean, and by the best linear prediction, per coordinate;
        - `correlation`, `correlation_data`: of psi_t with the conditional mean (scaled by the
          data's own deviations, so that the two agree for a true model) and with psi_{t+tau};
        - `pit_ks`: Kolmogorov-Smirnov distance of the probability integral transform from
          uniform, per coordinate;
        - `timescales`, `timescales_data`: lists of m, slowest first, each with `_error`
          (jackknife); `timescales_members`, one list a network;
        - `chapman_kolmogorov`: list of dicts `lags`, `model`, `model_error`, `data`,
          `data_error`: autocorrelation along the data's slow modes;
        - `free_energy_rmse`: kT, population-weighted, per coordinate;
        - `outside_fraction`; `warnings`: sentences, empty where all is well.
    """
    report = {"lag_time": int(lag_time), **_one_step(sampler.model, trajectories, lag_time)}
    starts = starting_frames(trajectories, _WALKERS, seed, weights)
    walkers = _sample(sampler, starts, seed)
    report.update(_compare_timescales(walkers, trajectories, lag_time, weights))
    report["chapman_kolmogorov"] = _chapman_kolmogorov(walkers, trajectories, lag_time, weights)
    report["free_energy_rmse"] = _free_energy_rmse(walkers, trajectories, weights)
    report["outside_fraction"] = sampler.outside_fraction
    report["timescales_members"] = [report["timescales"]]
    if len(members) > 1:
        report["timescales_members"] = []
        for member in members:
            alone = Sampler(member, sampler.low, sampler.high, sampler.outside)
            moments = block_moments(_sample(alone, starts, seed), 1)
            values, _ = slow_modes(moments.sums()[0])
            report["timescales_members"].append(implied_timescales(values, 1) * lag_time)
    report = _plain(report)
    return {**report, "warnings": warnings_of(report)}


def _one_step(model, trajectories, lag_time):
    """Likelihood, conditional mean and PIT on at most 100,000 pairs, evenly spaced."""
    starts = pair_starts(trajectories, lag_time)
    n_pairs = len(starts)
    starts = starts[np.linspace(0, n_pairs - 1, min(n_pairs, _PAIRS)).astype(int)]
    x, y = take(trajectories, starts), take(trajectories, starts + lag_time)
    nll, mean, pit = [], [], []
    for i in range(0, len(x), _BATCH):
        target = y[i : i + _BATCH]
        outputs = model(x[i : i + _BATCH])
        mixture = head.distribution(outputs)
        nll.append(-np.asarray(mixture.log_prob(target)))
        mean.append(np.asarray(mixture.mean()))
        logits, loc, scale = (np.asarray(outputs[name], np.float64) for name in head.OUTPUTS)
        weight = np.exp(logits - logits.max(axis=1, keepdims=True))
        weight /= weight.sum(axis=1, keepdims=True)
        pit.append(np.einsum("nc,ncm->nm", weight, ndtr((target[:, None] - loc) / scale)))
    nll, mean, pit = (np.concatenate(parts).astype(np.float64) for parts in (nll, mean, pit))
    x, y = x.astype(np.float64), y.astype(np.float64)
    dx, dy, dm = x - x.mean(axis=0), y - y.mean(axis=0), mean - mean.mean(axis=0)
    deviations = np.sqrt((dx**2).mean(axis=0) * (dy**2).mean(axis=0))
    linear = dx @ np.linalg.lstsq(dx, dy, rcond=None)[0]
    # A coordinate that does not vary in these pairs has no correlation and no share explained.
    varies = np.minimum(np.ptp(x, axis=0), np.ptp(y, axis=0)) > 0
    deviations, total = (np.where(varies, a, np.nan) for a in (deviations, (dy**2).mean(axis=0)))
    # Pairs closer than a lag overlap: this many tell something new.
    independent = max(min(len(x), n_pairs / lag_time), 1)
    return {
        "n_pairs": n_pairs,
        "nll": nll.mean(),
        "r2": 1 - ((y - mean) ** 2).mean(axis=0) / total,
        "r2_linear": 1 - ((dy - linear) ** 2).mean(axis=0) / total,
        "correlation": (dx * dm).mean(axis=0) / deviations,
        "correlation_data": (dx * dy).mean(axis=0) / deviations,
        "pit_ks": _distance_from_uniform(pit),
        "pit_ks_noise": 1.63 / np.sqrt(independent),  # the 1 % level of the KS statistic
    }


def _distance_from_uniform(values):
    """KS distance of each column of (n, m) from the uniform distribution on [0, 1]."""
    n = len(values)
    ordered = np.sort(values, axis=0)
    rank = np.arange(n)[:, None]
    return np.maximum((rank + 1) / n - ordered, ordered - rank / n).max(axis=0)


def _sample(sampler, starts, seed):
    """A list with one path (steps, m) a walker."""
    path = np.concatenate(list(sampler.chunks(starts, _STEPS, seed)))
    return list(path.transpose(1, 0, 2))


def _compare_timescales(walkers, trajectories, lag_time, weights):
    result = {}
    compared = (("", walkers, 1, None), ("_data", trajectories, lag_time, weights))
    for name, data, lag, own in compared:

        def estimate(sums, lag=lag):
            return implied_timescales(slow_modes(sums)[0], lag)

        value, error = jackknife_error(estimate, block_moments(data, lag, own).sums())
        unit = lag_time / lag
        result[f"timescales{name}"] = value * unit
        result[f"timescales{name}_error"] = error * unit
    return result


def _chapman_kolmogorov(walkers, trajectories, lag_time, weights):
    vectors = slow_modes(block_moments(trajectories, lag_time, weights).sums()[0])[1]

    def estimate(sums):
        return mode_correlations(sums, vectors)

    rows = []
    for lags in CHAPMAN_KOLMOGOROV_LAGS:
        of_data = block_moments(trajectories, lags * lag_time, weights)
        if of_data is None:
            break
        data, data_error = jackknife_error(estimate, of_data.sums())
        model, model_error = jackknife_error(estimate, block_moments(walkers, lags).sums())
        rows.append(
            {
                "lags": lags,
                "model": model,
                "model_error": model_error,
                "data": data,
                "data_error": data_error,
            }
        )
    return rows


def _free_energy_rmse(walkers, trajectories, weights):
    """Population-weighted RMSE of -ln p per coordinate, kT, over bins with data in both."""
    low = np.min([t.min(axis=0) for t in trajectories if len(t)], axis=0)
    high = np.max([t.max(axis=0) for t in trajectories if len(t)], axis=0)
    result = []
    for j in range(len(low)):
        edges = np.linspace(low[j], np.nextafter(high[j], np.inf), _BINS + 1)
        p = _shares(walkers, j, edges)
        q = _shares(trajectories, j, edges, weights)
        both = (p > 0) & (q > 0)
        difference = np.log(p[both] / q[both])
        result.append(np.sqrt(np.average(difference**2, weights=q[both])) if both.any() else np.nan)
    return result


def _shares(data, column, edges, weights=None):
    """Shares of the frames in the bins of one column."""
    if weights is None:
        return sum(np.histogram(t[:, column], edges)[0] for t in data) / sum(map(len, data))
    pairs = zip(data, weights, strict=True)
    counts = sum(np.histogram(t[:, column], edges, weights=w)[0] for t, w in pairs)
    return counts / sum(w.sum() for w in weights)


def warnings_of(report):
    """What is wrong, in words.

    Parameters
    ----------
    report : dict
        As of `diagnose`.

    Returns
    -------
    list of str
        One sentence for each check that fails; thresholds are twice what good models were seen
        to reach, and three standard errors where there are any.
    """
    return [*_one_step_warnings(report), *_kinetic_warnings(report)]


def _one_step_warnings(report):
    for i, row in enumerate(zip(report["r2"], report["r2_linear"], strict=True)):
        ours, linear = row
        if None not in row and ours < linear - 0.02:
            yield (
                f"psi_{i + 1}: the mean prediction explains {ours:.2f} of the variance one lag "
                f"ahead, a linear fit {linear:.2f}: the model is under-trained; train longer."
            )
    for i, row in enumerate(zip(report["correlation"], report["correlation_data"], strict=True)):
        ours, data = row
        if None not in row and abs(ours - data) > 0.025:
            yield (
                f"psi_{i + 1}: the one-step correlation of the model is {ours:.3f}, that of the "
                f"data {data:.3f}: its kinetics will be wrong; train longer."
            )
    for i, distance in enumerate(report["pit_ks"]):
        if distance > 0.025 + report["pit_ks_noise"]:
            yield (
                f"psi_{i + 1}: the predicted distribution is off (PIT-KS distance {distance:.3f}): "
                "train longer or use more components."
            )


def _kinetic_warnings(report):
    columns = ("timescales", "timescales_error", "timescales_data", "timescales_data_error")
    for i, row in enumerate(zip(*(report[name] for name in columns), strict=True)):
        ours, our_error, data, error = row
        if None not in row and _differ(ours, our_error, data, error, 0.1 * data):
            yield (
                f"t_{i + 1} is {ours:.3g} ± {our_error:.2g} frames in a short sample of the model, "
                f"{data:.3g} ± {error:.2g} in the data."
            )
    for test in report["chapman_kolmogorov"]:
        keys = ("model", "model_error", "data", "data_error")
        for i, row in enumerate(zip(*(test[key] for key in keys), strict=True)):
            if None not in row and _differ(*row, 0.05):
                yield (
                    f"psi_{i + 1}: after {test['lags']} x the lag time its correlation is "
                    f"{row[0]:.3f} in a short sample of the model, {row[2]:.3f} in the data "
                    "(Chapman-Kolmogorov test)."
                )
    slowest = [t[0] for t in report["timescales_members"] if t[0] is not None]
    if len(slowest) > 1 and np.std(slowest, ddof=1) > 0.2 * np.mean(slowest):
        listed = ", ".join(f"{t:.3g}" for t in slowest)
        yield f"The slowest timescale differs from model to model: {listed} frames."
    if report["outside_fraction"] > 0.01:
        yield (
            f"{100 * report['outside_fraction']:.1f} % of the samples fell outside the range of "
            "the training data, and were drawn again or clipped."
        )


def _differ(a, a_error, b, b_error, tolerance):
    return abs(a - b) > max(3 * np.hypot(a_error, b_error), tolerance)


def _plain(value):
    """Numpy values as plain numbers and lists; None for nan."""
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    if isinstance(value, np.ndarray):
        return _plain(value.tolist())
    if isinstance(value, (float, np.floating)):
        return float(value) if np.isfinite(value) else None
    return int(value) if isinstance(value, np.integer) else value
