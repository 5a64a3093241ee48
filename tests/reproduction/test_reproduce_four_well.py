"""reproduce_four_well.py: exact answers on bins, and the script at a size that takes seconds."""

import json

import numpy as np
import pytest
from scipy.stats import norm

from lss.analysis.blocks import BlockSums, assign_blocks
from lss.errors import InputError
from reproduction import binned, four_well_study
from reproduction.four_well_reference import brownian_reference, chain_reference


@pytest.mark.parametrize("make", [chain_reference, brownian_reference])
def test_the_exact_answer_is_one(make):
    r = make(100)
    np.testing.assert_allclose(r.matrix.sum(axis=1), 1, rtol=1e-12)
    np.testing.assert_allclose(r.weight @ r.matrix, r.weight, atol=1e-13)
    np.testing.assert_allclose(r.start_weights.sum(axis=1), 1, rtol=1e-12)
    assert (r.label(r.starts) == np.arange(len(r.weight))[:, None]).all()
    # The Brownian dynamics gathered into bins of .026 forget where in the bin they were: a mode
    # that changes by d within a bin loses some d^2 / 12 of its variance, here .0009 at most.
    off = 1e-9 if r.name == "chain" else 1e-3
    values, weight = np.sort(np.linalg.eigvals(r.matrix).real)[::-1][1:4], r.weight
    np.testing.assert_allclose(values, r.eigenvalues, atol=off)
    gram = r.functions.T @ (weight[:, None] * r.functions)
    np.testing.assert_allclose(gram, np.eye(3), atol=off)


def test_binned_matrix_is_the_integral_of_the_mixture():
    def model(x):
        one = np.ones_like(x)
        loc = np.stack([x, x + 0.5], axis=1)
        return {
            "logits": np.log([0.25, 0.75]) * one,
            "loc": loc,
            "scale": np.stack([0.1 * one, 0.3 * one], axis=1),
        }

    edges = np.linspace(-1, 1, 5)
    starts, weights = np.array([[-0.9, -0.6], [-0.3, -0.1], [0.1, 0.3], [0.6, 0.9]]), 0.5
    found = binned.binned_matrix(model, starts, np.full((4, 2), weights), edges)
    for row, points in zip(found, starts, strict=True):
        expected = 0
        for x in points:
            below = 0.25 * norm.cdf(edges, x, 0.1) + 0.75 * norm.cdf(edges, x + 0.5, 0.3)
            expected = expected + 0.5 * np.diff(below) / (below[-1] - below[0])
        # The model is told single-precision starts.
        np.testing.assert_allclose(row, expected, atol=1e-6)


def test_counts_of_all_blocks_are_the_counts(rng):
    bins, lag = rng.integers(4, size=1000), 7
    expected = np.zeros((4, 4))
    np.add.at(expected, (bins[:-lag], bins[lag:]), 1)
    np.testing.assert_array_equal(binned.counted(bins, lag, 4).total()["counts"], expected)


def test_timescales_of_ideal_counts_are_exact():
    r = chain_reference(100)
    sums = BlockSums(assign_blocks([10]))
    for block in range(sums.n_blocks):
        sums.add("counts", block, r.weight[:, None] * r.matrix)
    found = binned.counted_timescales(sums, 100)
    np.testing.assert_allclose(found.value, r.timescales, rtol=1e-9)
    # Equal blocks: no error but that of rounding, 1e-12 / (1 - .98) of the timescale.
    assert (found.standard_error < 1e-6 * r.timescales).all()


def test_the_script_writes_what_it_found(run_script, tmp_path, capsys, monkeypatch):
    # The other dynamics differ in their reference only, which is tested above.
    monkeypatch.setattr(four_well_study, "DYNAMICS", (brownian_reference,))
    out = tmp_path / "found"
    sizes = ["--length", 100_000, "--synthetic", 1000, "--steps", 150]
    run_script("reproduce_four_well.py", "--out", out, *sizes)
    assert "floor" in capsys.readouterr().out
    numbers = json.loads((out / "numbers.json").read_text())
    r = brownian_reference(100)
    found = numbers["brownian"]
    np.testing.assert_allclose(found["timescales_steps"]["exact"], r.timescales)
    # Hardly trained, but it knows that y is near x: p(y|x) = rho(y) would be ignorance.
    ignorance = binned.row_distance(np.tile(r.weight, (len(r.weight), 1)), r.matrix, r.weight)
    assert found["row_tvd"]["mdn"] < 0.6 * ignorance
    assert 0 < found["row_tvd"]["data"] < 0.6 * ignorance
    for name in ("fig2", "modes"):
        assert (out / f"{name}-brownian.png").stat().st_size > 10_000
        assert (out / f"{name}-brownian.csv").exists()
    for table in ("errors", "timescales"):
        lines = (out / f"{table}-brownian.md").read_text().splitlines()
        assert len({line.count("|") for line in lines}) == 1 and len(lines) > 4


def test_mistakes_are_refused(run_script, tmp_path):
    (tmp_path / "thesis.tex").touch()
    with pytest.raises(InputError, match="other files"):
        run_script("reproduce_four_well.py", "--out", tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.tex"]
    with pytest.raises(InputError, match="the lag is 100 steps"):
        run_script("reproduce_four_well.py", "--out", tmp_path / "new", "--length", 500)
