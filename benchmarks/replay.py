"""An engine without forces: plays on from the MD frame that is most like a start.

    python benchmarks/replay.py START OUT SEED N_FRAMES [SECONDS]

The frames are those of the bundled pentapeptide, with noise of 0.002 nm, so that no two pieces are
the same. It stands for MD where the loop of adaptive sampling is tested; it takes SECONDS more.
"""

import sys
import time

import mdtraj
import numpy as np

from lss.examples import example


def main(start, out, seed, n_frames, seconds=0.0):
    rng, n_frames = np.random.default_rng(int(seed)), int(n_frames)
    data, structure = example("wlall"), mdtraj.load(start)
    # Two of the trajectories, by the seed: the same start goes on in different ways.
    files = [str(data.files[i]) for i in rng.choice(len(data.files), 2, replace=False)]
    found = [mdtraj.load(file, top=str(data.top)) for file in files]
    likeness = [mdtraj.rmsd(md[: -n_frames - 1], structure) for md in found]
    best = int(np.argmin([values.min() for values in likeness]))
    first = int(likeness[best].argmin()) + 1
    piece = found[best][first : first + n_frames]
    piece.xyz += rng.normal(0, 0.002, piece.xyz.shape).astype(np.float32)
    piece.time = 100.0 * np.arange(1, n_frames + 1)
    time.sleep(float(seconds))
    piece.save_xtc(out)


if __name__ == "__main__":
    main(*sys.argv[1:])
