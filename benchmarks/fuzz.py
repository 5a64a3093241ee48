"""What becomes of bad input: thousands of cases, counted by outcome.

    python benchmarks/fuzz.py                          500 cases of each kind
    python benchmarks/fuzz.py --cases 2000 --kinds xtc dcd

Each case is input that was damaged at random, given to the code that reads it. Good outcomes are
an error of one line, and what was written. A flipped bit within a coordinate can't be told from
a coordinate: what is read is then finite, and counted as "other numbers". Bad outcomes are any
other exception, a process that dies and one that takes longer than a minute.
"""

import argparse
import collections
import logging
import multiprocessing
import os
import tempfile
import warnings
from pathlib import Path

import fuzz_boxes
import fuzz_kinds
import numpy as np
from table import heading

from lss.errors import InputError

SECONDS = 60
KINDS = fuzz_kinds.KINDS | fuzz_boxes.KINDS
OUTCOMES = ("refused", "right", "other numbers", "exception", "died", "hung")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--cases", type=int, default=500, help="of each kind")
    parser.add_argument("--kinds", nargs="+", choices=KINDS, default=list(KINDS))
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    heading(f"{args.cases} cases of each kind: {', '.join(OUTCOMES)}")
    for kind in args.kinds:
        counts, worst = collections.Counter(), []
        with tempfile.TemporaryDirectory() as folder:
            for case, outcome, detail in outcomes(kind, args.cases, args.seed, folder):
                counts[outcome] += 1
                if outcome in OUTCOMES[3:]:
                    worst.append(f"{case}: {detail}")
        print(f"  {kind:24s}" + "".join(f"{counts[name]:10d}" for name in OUTCOMES), flush=True)
        for line in worst[:5]:
            print(f"    {line}")


def outcomes(kind, cases, seed, folder):
    """Run all cases in a process, and in another one from where it died or hung."""
    case = 0
    while case < cases:
        ours, theirs = multiprocessing.Pipe(duplex=False)
        process = multiprocessing.get_context("fork").Process(
            target=work, args=(kind, case, cases, seed, folder, theirs)
        )
        process.start()
        theirs.close()
        while case < cases:
            try:
                found = ours.recv() if ours.poll(SECONDS) else ("hung", "")
            except EOFError:
                found = ("died", "")
            yield case, *found
            case += 1
            if found[0] in ("died", "hung"):
                process.kill()
                break
        process.join()


def work(kind, first, cases, seed, folder, pipe):
    warnings.simplefilter("ignore")
    logging.disable(logging.CRITICAL)
    nothing = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nothing, 1)
    os.dup2(nothing, 2)
    make, read = KINDS[kind](Path(folder))
    for case in range(first, cases):
        rng = np.random.default_rng([seed, case])
        given = make(rng)
        try:
            pipe.send(("right" if read(given) else "other numbers", ""))
        except InputError as error:
            one_line = "\n" not in str(error) and len(str(error)) < 1000
            pipe.send(("refused", "") if one_line else ("exception", f"many lines: {error!r}"))
        except Exception as error:
            pipe.send(("exception", f"{type(error).__name__}: {error}"[:300]))


if __name__ == "__main__":
    main()
