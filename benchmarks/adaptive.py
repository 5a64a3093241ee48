"""Does adaptive sampling need less MD, and does its loop survive being killed?

    python benchmarks/adaptive.py kmc                  MD until t_1 is known to 20 %, ten seeds
    python benchmarks/adaptive.py kills                20 kills of the loop

`kills` runs the loop with an engine that copies MD and without the training in between (of which
benchmarks/kills.py says the same), kills it, every other time with its workers, and goes on.

`kmc` walks on a Markov model of the Src kinase (1,769 states, exact answers) instead of MD: see
`--data`. After each round psi is made anew, as an encoder would be trained: the three slowest
eigenvectors of a reversible Markov model of the states visited. The same model gives t_1.
"""

import argparse
import bisect
import contextlib
import hashlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from table import heading, row

from lss.adaptive.cells import make_cells
from lss.adaptive.markov import (
    reversible_matrix,
    separate_pieces,
    slow_processes,
    transition_counts,
)
from lss.adaptive.scores import choose_cells, score_cells

STRATEGIES = ("mixed", "counts", "plain", "uncertainty")
MODES, STEPS_PER_ROUND = 3, 2000
MOST = {"plain": 5_000_000, "counts": 60_000, "uncertainty": 60_000, "mixed": 60_000}
TOLERANCE = 0.2
POOL = 40  # pieces of MD


class Walker:
    """Trajectories of a Markov chain, and the timescale of its slowest process."""

    def __init__(self, folder):
        from scipy.io import mmread
        from scipy.sparse.linalg import eigs

        matrix = mmread(Path(folder) / "tProb.mtx").tocsr()
        self.n_states = matrix.shape[0]
        rows = [slice(*matrix.indptr[i : i + 2]) for i in range(self.n_states)]
        self.targets = [matrix.indices[r].tolist() for r in rows]
        sums = [np.cumsum(matrix.data[r]) for r in rows]
        self.sums = [(s / s[-1]).tolist() for s in sums]
        values = np.sort(eigs(matrix, k=3, return_eigenvectors=False).real)
        self.timescale = -1 / np.log(values[-2])

    def walk(self, state, n_steps, rng):
        path = np.empty(n_steps + 1, int)
        path[0] = state
        for i, number in enumerate(rng.random(n_steps)):
            state = self.targets[state][bisect.bisect_right(self.sums[state], number)]
            path[i + 1] = state
        return path


def markov_model(counts):
    """t_1 and psi of all states, (n_states, m), by the Markov model of those visited so far."""
    pieces = separate_pieces(counts)
    inside = np.flatnonzero(pieces == 0)
    values, vectors = slow_processes(*reversible_matrix(counts[inside][:, inside]), MODES)
    psi = np.zeros((len(pieces), MODES))
    psi[inside, : len(values)] = vectors
    # A state that was entered and not left yet lies where it was entered from.
    outside = np.flatnonzero(pieces > 0)
    entered = np.asarray(counts[:, outside].sum(axis=0)).ravel()
    psi[outside] = (counts[:, outside].T @ psi) / np.maximum(entered, 1e-12)[:, None]
    return -1 / np.log(values[0]) if values[0] > 0 else 0.0, psi


def campaign(walker, strategy, piece, seed, most):
    """MD spent, in steps, and t_1 at checkpoints, (n, 2).

    Of one to the next 5 % more MD; 25 % for plain MD, whose estimates change little in between.
    """
    rng = np.random.default_rng(seed)
    found, pieces, rounds = [], [], []
    counts = transition_counts([np.zeros(2, int)], 1, walker.n_states) * 0
    spent, check, starts = 0, STEPS_PER_ROUND, [0] * (STEPS_PER_ROUND // piece)
    while spent < most:
        if strategy == "plain":  # one long run
            new = [walker.walk(starts[0], int(check - spent), rng)]
            starts = [new[0][-1]]
        else:
            new = [walker.walk(s, piece, rng) for s in starts]
            rounds += [rounds[-1] + 1 if rounds else 0] * len(new)
            pieces += new
        spent += sum(len(p) - 1 for p in new)
        counts = counts + transition_counts(new, 1, walker.n_states)
        t, psi = markov_model(counts)
        if spent >= check:
            found.append((spent, t))
            check = spent * (1.25 if strategy == "plain" else 1.05)
        if strategy != "plain":
            starts = propose(psi, pieces, rounds, strategy, piece, len(starts), rng)
    return np.array(found)


def propose(psi, pieces, rounds, strategy, piece, number, rng):
    """States from which the next round starts."""
    seed = int(rng.integers(2**31))
    cells = make_cells([psi[p] for p in pieces], seed=seed)
    scores = score_cells(cells, 1, strategy, more=piece, rounds=rounds)
    where, states = np.concatenate(cells.of_frames), np.concatenate(pieces)
    chosen = choose_cells(scores, cells, number, seed)
    return [rng.choice(states[where == cell]) for cell, _ in chosen]


def known_from(found, exact):
    """MD from which on t_1 is within the tolerance at every checkpoint; inf where it is not."""
    wrong = np.flatnonzero(np.abs(found[:, 1] / exact - 1) > TOLERANCE)
    if len(wrong) == 0:
        return found[0, 0]
    return found[wrong[-1] + 1, 0] if wrong[-1] + 1 < len(found) else np.inf


def kmc(args):
    walker = Walker(args.data)
    heading(
        f"MD steps until t_1 ({walker.timescale:.0f} steps) is known to {100 * TOLERANCE:.0f} %: "
        f"median of {args.seeds} seeds (quartiles)"
    )
    for strategy in args.strategies:
        for piece in args.pieces if strategy != "plain" else args.pieces[:1]:
            start = time.process_time()
            needed = [
                known_from(campaign(walker, strategy, piece, s, MOST[strategy]), walker.timescale)
                for s in range(args.seeds)
            ]
            # No mean between two of them: some are infinite.
            quartiles = np.quantile(needed, [0.25, 0.5, 0.75], method="nearest")
            low, median, high = (f"{q:,.0f}" for q in quartiles)
            name = strategy if strategy == "plain" else f"{strategy}, pieces of {piece} steps"
            never = sum(map(np.isinf, needed))
            seconds = time.process_time() - start
            row(name, median, f"({low} to {high})", f"{never} not in {MOST[strategy]:,}")
            print(f"    {[int(n) if n < np.inf else None for n in needed]}, {seconds:.0f} CPU s")


def kills(args):
    rng = np.random.default_rng(args.seed)
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        make_pool(folder)
        start = time.time()
        go_on(folder / "whole")
        seconds = time.time() - start
        heading(f"{args.kills} kills of the loop, then continued; {seconds:.0f} s without a kill")
        counts = dict.fromkeys(("killed", "finished first", "pieces lost", "pieces changed"), 0)
        groups, known = [], {}
        while counts["killed"] < args.kills:
            # Every other time with its workers, as by a machine that goes down.
            alone = counts["killed"] % 2 == 0
            ended, group = go_on(folder / "killed", rng.uniform(1, 0.6 * seconds), alone)
            groups.append(group)
            counts["finished first" if ended else "killed"] += 1
            now = digests(folder / "killed")
            counts["pieces lost"] += len(known.keys() - now.keys())
            counts["pieces changed"] += sum(now.get(name, x) != x for name, x in known.items())
            known = now
            if ended:
                shutil.rmtree(folder / "killed")
                known = {}
        go_on(folder / "killed")
        for group in groups:  # workers that were left over
            with contextlib.suppress(ProcessLookupError):
                os.killpg(group, signal.SIGKILL)
        for name, number in counts.items():
            row(name, number, "0" if name.startswith("pieces") else "")
        whole, killed = digests(folder / "whole"), digests(folder / "killed")
        row("pieces of the whole campaign", len(whole))
        row("pieces missing, too many or others", sum(
            whole.get(name) != killed.get(name) for name in whole.keys() | killed.keys()
        ), "0")  # fmt: skip


def make_pool(folder):
    """Pieces of real MD for an engine that writes one of them, by the seed, in two parts."""
    import mdtraj

    from lss.examples import example

    data = example("wlall")
    md = mdtraj.load(str(data.files[0]), top=str(data.top))
    for i in range(POOL):
        md[100 * i : 100 * i + 25].save_xtc(str(folder / f"{i}.xtc"))


def go_on(folder, seconds=None, alone=True):
    """Go on with a campaign for so many seconds; whether it ended by itself, and its group."""
    with open(folder.parent / "log", "w") as log:
        process = subprocess.Popen(
            [sys.executable, __file__, "kills", "--child", str(folder)],
            stdout=log, stderr=log, start_new_session=True,
        )  # fmt: skip
        try:
            code = process.wait(seconds)
        except subprocess.TimeoutExpired:
            os.kill(process.pid, signal.SIGKILL) if alone else os.killpg(
                process.pid, signal.SIGKILL
            )
            process.wait()
            return False, process.pid
    if code:
        raise RuntimeError((folder.parent / "log").read_text()[-2000:])
    return True, process.pid


def child(folder):
    """The loop with an engine that copies MD, and without the training between the rounds."""
    from lss.adaptive import campaign as loop
    from lss.examples import example

    found = {
        "n_cells": 1, "new_cells": [1, 1], "error": 1.0, "islands": [], "widened": [0, 0],
        "n_bins": 0, "tries": {}, "never_seen": [],
    }  # fmt: skip
    loop.Campaign.run_of = lambda self, number: None
    loop.Campaign.train = lambda self, folder, number, before: (None, {"forecast": None})
    loop.judge = lambda run, settings: found
    loop.write_page = lambda *arguments: None
    folder, top = Path(folder), str(example("wlall").top)
    source = f"{folder.parent}/$(( {{seed}} % {POOL} )).xtc"
    parts = f"head -c 3000 {source}; sleep 0.2; tail -c +3001 {source}"
    engine = {"runner": f'sh -c "({parts}) > {{out}}"', "n_frames": 25}
    settings = {
        "top": top, "starts": [top], "engine": engine, "lag_ps": 500.0, "piece_ps": 2500.0,
        "frame_ps": 100.0, "per_round": 4, "seed": 0,
    }  # fmt: skip
    loop.Campaign.create(folder, settings, resume=True).run(2, 0.1)


def digests(folder):
    """Digest of each piece of MD by its name."""
    files = sorted(folder.glob("round-*/piece-*.xtc"))
    return {str(f.relative_to(folder)): hashlib.sha256(f.read_bytes()).hexdigest() for f in files}


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("what", choices=["kmc", "kills"])
    parser.add_argument("--data", help="folder of tProb.mtx, for kmc")
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--pieces", type=int, nargs="+", default=[10, 100])
    parser.add_argument("--strategies", nargs="+", choices=STRATEGIES, default=STRATEGIES)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--seed", type=int, default=0, help="of the kills")
    parser.add_argument("--child", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.child:
        child(args.child)
        return
    if args.what == "kmc" and args.data is None:
        parser.error("kmc needs --data")
    globals()[args.what](args)


if __name__ == "__main__":
    main()
