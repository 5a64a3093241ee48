"""Observables: closed forms of their statistics, and mdtraj's own values."""

import json

import h5py
import mdtraj
import numpy as np
import pytest
from scipy.stats import norm

import lss
from lss.errors import InputError
from lss.observables.expectation import as_observables
from lss.observables.named import named_observables
from lss.observables.statistics import BINS, ranges, statistics
from lss.observables.values import md_values, synthetic_values
from lss.observables.write import write_observables
from lss.run import inputs
from lss.simulator import LatentSpaceSimulator
from tests.systems import autoregressive


def test_statistics_of_an_autoregressive_process():
    """Mean 5, deviation 2, C(t) = a^t, and the normal distribution."""
    rng = np.random.default_rng(0)
    x = 5 + 2 * autoregressive(rng, (4000, 20), 0.9)
    values = list(x.T[..., None])
    found = statistics(values, 1, 10.0)
    assert found.frames == 80_000 and found.trajectories == 20
    for estimate, known in ((found.mean, 5.0), (found.deviation, 2.0)):
        assert abs(estimate.value[0] - known) < 4 * estimate.standard_error[0]
        assert estimate.standard_error[0] < 0.1
    known = 0.9 ** (found.times_ps / 10.0)
    np.testing.assert_allclose(found.correlation.value[:, 0], known, atol=0.05)
    assert found.times_ps[-1] > 100, "C(t) is followed beyond 1 / e"
    share = found.population.value[0]
    assert share.sum() == pytest.approx(1) and share.shape == (BINS,)
    edges = found.edges[0][1:]
    np.testing.assert_allclose(share.cumsum(), norm.cdf(edges, 5, 2), atol=0.03)


def test_frames_closer_than_the_lag_are_all_used():
    """Of every frame, correlations at multiples of the lag."""
    rng = np.random.default_rng(1)
    x = autoregressive(rng, (3000, 10), 0.98)
    found = statistics(list(x.T[..., None]), 5, 500.0)
    assert found.times_ps[0] == 500.0
    assert found.correlation.value[0, 0] == pytest.approx(0.98**5, abs=0.03)


def test_a_constant_has_a_range_and_no_correlation():
    values = [np.full((50, 1), 3.0)] * 6
    assert np.ptp(ranges(values)[0]) == 1
    found = statistics(values, 1, 1.0)
    assert found.deviation.value[0] == 0 and np.isnan(found.correlation.value).all()
    with pytest.raises(InputError, match="longer than the lag"):
        statistics([np.zeros((5, 1))], 7, 1.0)


@pytest.fixture(scope="module")
def simulator(trained):
    return LatentSpaceSimulator.load(trained.box)


@pytest.fixture
def frames(simulator):
    return simulator.decode(np.zeros((30, 2)), seed=1)


def test_named_observables_are_those_of_mdtraj(simulator, frames):
    topology = simulator.box.reference.topology
    text = "rg, contacts,distance: resid 0 and name CA, N - resid 4,sasa"
    found = named_observables(text.replace(", N", ""), topology)
    assert [one.name for one in found] == [
        *("rg", "contacts", "distance: resid 0 and name CA - resid 4", "sasa")
    ]
    rg, contacts, distance, sasa = (one.function(frames) for one in found)
    centre = frames.xyz.mean(axis=1, keepdims=True)
    known = np.sqrt(((frames.xyz - centre) ** 2).sum(axis=2).mean(axis=1))
    np.testing.assert_allclose(rg, known, rtol=1e-5)
    pairs = [(i, j) for i in range(5) for j in range(i + 3, 5)]
    near, _ = mdtraj.compute_contacts(frames, pairs, scheme="ca", periodic=False)
    np.testing.assert_array_equal(contacts, (near < 0.8).sum(axis=1))
    one = frames.xyz[:, topology.select("resid 0 and name CA")[0]]
    other = frames.xyz[:, topology.select("resid 4")].mean(axis=1)
    np.testing.assert_allclose(distance, np.linalg.norm(one - other, axis=1), rtol=1e-5)
    assert (sasa > 0).all() and sasa.shape == (30,)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("rgyr", "wanted one of rg, sasa"),
        ("rg,rg", "twice"),
        ("distance: resid 0", "two selections"),
        ("distance: resid 0 - resid 77", "resid 77"),
    ],
)
def test_what_is_no_observable_is_refused(simulator, text, said):
    with pytest.raises(InputError, match=said):
        named_observables(text, simulator.box.reference.topology)


def test_expectation_is_that_of_the_written_trajectories(simulator, trained, tmp_path):
    """Of a function of one's own, over the very structures that `simulate` writes, and MD."""

    def end_to_end(trajectory):
        return np.linalg.norm(trajectory.xyz[:, 0] - trajectory.xyz[:, -1], axis=1)

    options = {"n_trajectories": 6, "seed": 3}
    md = inputs.data_around(trained.box)
    found = lss.expectation(simulator, end_to_end, "20ns", md=md, progress=False, **options)
    simulator.simulate(tmp_path / "out", 40, file_format="h5", progress=False, **options)
    every = []
    for path in sorted((tmp_path / "out").glob("traj-*.h5")):
        with h5py.File(path) as file:
            xyz = file["coordinates"][:]
        every.append(np.linalg.norm(xyz[:, 0] - xyz[:, -1], axis=1))
    assert found["LSS"].frames == 6 * 41
    assert found["LSS"].mean.value[0] == pytest.approx(np.mean(every), abs=1e-5)
    assert found["MD"].frames == 2700
    (known,) = np.concatenate(md_values(simulator, md, as_observables(end_to_end, simulator))).T
    assert found["MD"].mean.value[0] == pytest.approx(known.mean())


def test_numbers_beside_a_simulation(simulator, tmp_path):
    """Of trajectories that end early too, whose frames behind the end do not count."""
    state = lss.define_states(simulator, "high: psi1 > 0")["high"]
    done = simulator.simulate(tmp_path, 60, 8, 3, latent_only=True, until=state, progress=False)
    observables = as_observables("rg,contacts", simulator)
    found = write_observables(simulator, tmp_path, observables, 3, progress=False)
    assert found["LSS"].frames == done["frames"]
    numbers = json.loads((tmp_path / "observables.json").read_text())
    assert numbers["rg"]["unit"] == "nm"
    assert numbers["rg"]["LSS"]["mean"] == pytest.approx(found["LSS"].mean.value[0])
    assert (tmp_path / "observables.png").stat().st_size > 1000
    with h5py.File(tmp_path / "psi.h5") as file:
        (one, *_) = synthetic_values(simulator, file["psi"], observables, 3)
        n = int(np.isfinite(file["psi"][0, :, 0]).sum())
        frames = simulator.decode(file["psi"][0, :n], 3, walker=0)
    np.testing.assert_allclose(one[:, 0], mdtraj.compute_rg(frames), atol=1e-6)


@pytest.mark.parametrize(
    ("function", "said"),
    [
        (lambda t: t.xyz.mean(axis=1), r"shape \(\d+, 3\)"),
        (lambda t: np.full(len(t), np.nan), "not finite"),
        (lambda t: np.zeros(3) + t, "failed"),
        ({"a": 3}, "holds 'a', a int"),
    ],
)
def test_what_is_no_function_of_structure_is_refused(simulator, function, said):
    with pytest.raises(InputError, match=said):
        lss.expectation(simulator, function, "5ns", 6, progress=False)
