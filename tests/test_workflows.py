"""The pages of docs/workflows, at sizes that take seconds: what they find, not how fast.

The same pages at their own sizes: benchmarks/workflows.py.
"""

import importlib.util
import sys
from pathlib import Path

import matplotlib
import numpy as np
import pytest

ROOT = Path(__file__).parents[1]
_spec = importlib.util.spec_from_file_location("pages", ROOT / "docs" / "pages.py")
pages = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(pages)

SHORT = {"n_steps": 200_000, "n_epochs": 5, "batch_size": 1000, "learning_rate": 0.01}


@pytest.fixture(autouse=True)
def no_window():
    matplotlib.use("Agg")
    yield
    sys.modules["matplotlib.pyplot"].close("all")


def run(name, **sizes):
    return pages.run(f"workflows/{name}", **sizes)


def counted(states, lag):
    """Eigenvalues 2 to 4 of the symmetrised transition counts between all states visited."""
    used, index = np.unique(states, return_inverse=True)
    counts = np.zeros((len(used), len(used)))
    np.add.at(counts, (index[:-lag], index[lag:]), 1)
    counts += counts.T
    total = np.sqrt(counts.sum(axis=1))
    return np.linalg.eigvalsh(counts / np.outer(total, total))[-2:-5:-1]


def trained_on(states, lag):
    """What is left of one trajectory when `validation_split=0.2` has taken its last part."""
    return states[: len(states) - round(0.2 * len(states)) - lag]


def bartlett(eigenvalue, n_steps, lag):
    """Standard error of the autocorrelation exp(-lag / t) = eigenvalue (Bartlett, 1946).

    Of a first-order process of n steps: ((1 - a^2k)(1 + a^2)/(1 - a^2) - 2k a^2k) / n at lag k,
    where (1 + a^2)/(1 - a^2) is t for slow ones.
    """
    t = -lag / np.log(eigenvalue)
    return np.sqrt(((1 - eigenvalue**2) * t - 2 * lag * eigenvalue**2) / n_steps)


def test_four_wells_reversible():
    found = run("four-well-reversible", **SHORT)
    hde, lag = found["hde"], found["lag"]
    np.testing.assert_allclose(found["exact_timescales"], [6158.9, 940.5, 484.4], atol=0.05)
    # A network is a function of the bin, and the best such functions are those of the count
    # of transitions between bins: no eigenvalue may be greater, but for float32.
    best = counted(trained_on(found["bins"], lag), lag)
    assert (hde.eigenvalues_ <= best + 1e-5).all()
    # Hardly trained, it may fall short of them; a mode that was missed would cost .6.
    assert np.sum(best**2 - hde.eigenvalues_**2) < 0.1
    # The trajectory holds 300,000 / 6,159 = 49 relaxations of the slowest mode, so populations
    # either side of it err by some sqrt(2 / 49) = .2, and the function with them: an overlap
    # of 1 - .2^2 / 2 = .98, or .92 at twice the error.
    assert (np.abs(found["overlap"]) > 0.92).all()
    assert len(hde.history["val_loss"]) == len(hde.history["loss"]) <= SHORT["n_epochs"]


def test_four_wells_not_reversible():
    found = run("four-well-nonreversible", **SHORT)
    exact = found["eigenvalues"]
    np.testing.assert_allclose(found["coarse_eigenvalues"], [0.88807, 0.44977, 0.21003], atol=6e-6)
    np.testing.assert_allclose(exact, [0.88832, 0.45086, 0.21103], atol=6e-6)
    error = bartlett(exact, SHORT["n_steps"], found["lag"])
    assert (np.abs(found["found"] - exact) < 4 * error).all()
    for side in ("left", "right"):
        # As above, of 300,000 / 844 relaxations: .08, or .99 at twice the error; the third, with
        # an eigenvalue of .21, is found to the noise of the network only.
        assert (found["overlap"](found[side]) > [0.98, 0.98, 0.9]).all()


def test_ring():
    found = run("ring", **SHORT)
    density, hde, lag = found["density"], found["hde"], found["lag"]
    flux = density[:, None] * found["P"]
    np.testing.assert_allclose(found["P"].sum(axis=1), 1)
    np.testing.assert_allclose(flux, flux.T, atol=1e-16)
    functions, values = found["exact_functions"], np.exp(-1 / found["exact_timescales"][:3])
    np.testing.assert_allclose(found["P"] @ functions, functions * values, atol=1e-9)
    best = counted(trained_on(found["cells"], lag), lag)
    assert (hde.eigenvalues_ <= best + 1e-5).all()
    assert np.sum(best**2 - hde.eigenvalues_**2) < 0.1


def test_coloured_ramachandran_plot():
    found = run("ramachandran", n_epochs=25)
    # The same frames, described in two ways: what differs is not their statistics.
    assert found["hde"].eigenvalues_[0] == pytest.approx(found["msm"].eigenvalues(2)[1], abs=0.01)
    assert found["correlation"][0] > 0.98
    assert found["turn"] > 0.95


def test_newgen_chain():
    found = run("newgen", n_epochs=4, n_components=4, n_updates=20, n_walkers=50, n_new=40)
    new = found["new_psi"]
    assert new.shape == (40, 50, 3)
    assert (new >= found["low"] - 1e-5).all() and (new <= found["high"] + 1e-5).all()
    # The modes have mean 0 and variance 1. The slowest decays in 13 steps, so that 2,000 draws
    # tell as much as 2000 / 26 independent ones: four standard errors are .46.
    assert np.abs(new.mean(axis=(0, 1))).max() < 0.46
    assert found["new_trajectory"].xyz.shape == (40, 20, 3)
    assert found["new_trajectory"].timestep == 500
    assert np.abs(found["decoded"]).max() <= found["scale"]
    assert found["bonds"][0].mean() == pytest.approx(0.38, abs=0.005)


def test_sizes_that_a_page_does_not_have_are_refused():
    with pytest.raises(ValueError, match="first block of workflows/ring sets no"):
        run("ring", n_stepz=3)


def test_a_traceback_names_the_line_of_the_page():
    path = ROOT / "docs" / "workflows" / "ring.md"
    line = path.read_text(encoding="utf-8").split("\n").index("n = 50")
    assert any(
        block.split("\n")[line:][:1] == ["n = 50"] for block in pages.blocks("workflows/ring")
    )


def test_populations_that_go_round():
    found = run("populations", n_weeks=520, n_updates=490, n_drawn=60)
    assert len(found["features"]) == 11
    number, exact = found["found"], np.tan(2 * np.pi * found["lag"] / found["period"])
    assert abs(number.number - exact) < 4 * number.error and number.matters
    # 5,180 weeks hold 50 times the memory of two years: phases are known to a tenth of a turn of
    # 104 / 52 radians, and so is the first maximum.
    when, height = found["first_turn"](found["synthetic"], found["lag"])
    assert abs(when - found["period"]) < 5 and height > 0.3
    # Symmetrised, the prey have forgotten everything by then.
    assert abs(found["autocorrelation"](found["lost"], "prey", 14)[1][13]) < 0.25
