"""Several molecules of a periodic cell in one image for the whole frame.

The images are those in which the molecules come nearest to one another, by their closest atoms.
Molecules that touch in several images, or are equally near in them, keep the image in which the
distances between them are most like those of the frame before, or at first of the reference
structure: distances, since a complex may turn by any angle from one frame to the next. Afterwards
all distances are plain.
"""

import numpy as np
from scipy.spatial import cKDTree
from scipy.spatial.distance import cdist

from lss.molecule.cells import back, cell_vectors, has_cell, make_whole
from lss.molecule.nearest import CONTACT, MARGIN, approaches, least_gaps, rank, reduced


class Placement:
    """Makes the molecules of consecutive frames whole and puts them into one image.

    What a frame becomes depends on the frames before it, not on how many come at a time.

    Parameters
    ----------
    molecules : lss.molecule.molecules.Molecules
    doubtful : bool
        The frames were turned after imaging, so that translations by the cell are right by
        chance only: molecules stay where they are, unless that breaks up what was together and
        a translation mends it.
    reference : array (atoms of the molecules, 3), optional
        A structure, **nm**, that counts as the frame before the first.
    """

    def __init__(self, molecules, doubtful=False, reference=None):
        self.molecules, self.doubtful = molecules, doubtful
        self._links = None
        self._previous = None if reference is None else self._anchors(reference)

    def apply(self, frames):
        """Change frames in place.

        Parameters
        ----------
        frames : mdtraj.Trajectory
            Of the atoms of the molecules alone.

        Returns
        -------
        tuple
            What was found about the bonds, for `Molecules.check`.
        """
        found = make_whole(frames, self.molecules.bonds)
        real = has_cell(frames)
        if self.molecules.several and real.any():
            vectors = np.zeros((len(real), 3, 3))
            vectors[real] = cell_vectors(frames, real)
            self._join(frames.xyz, vectors, real)
            for frame in np.flatnonzero(real) if self.molecules.small else ():
                self._gather_small(frames.xyz[frame], reduced(vectors[frame]))
        return found

    def _join(self, xyz, vectors, real):
        """Put the large molecules together, frame by frame where the frame before is no help."""
        done, block = 0, len(xyz)
        while done < len(xyz):
            part = slice(done, done + block)
            followed = self._follow(xyz[part], vectors[part], real[part])
            done += followed
            # Where many frames need a look of their own, only few are tried at a time.
            block = min(2 * block, len(xyz)) if followed == block else 1
            if followed < part.stop - part.start and done < len(xyz):
                self._arrange(xyz[done], vectors[done], real[done])
                done += 1

    def _follow(self, xyz, vectors, real):
        """Put together the frames in which the atoms that touched before still do.

        Returns how many frames this could be said of, up to the first other one.
        """
        if self._links is None:
            return 0
        moves = np.zeros((len(xyz), len(self.molecules.large), 3))
        good = np.ones(len(xyz), dtype=bool)
        for parent, child, one, two in self._links:
            steps = xyz[:, two].astype(np.float64) - xyz[:, one] - moves[:, parent]
            if not self.doubtful:
                moves[real, child] = back(steps[real], vectors[real])
            near = ((steps + moves[:, child]) ** 2).sum(axis=1) <= CONTACT**2
            good &= near | ~real
        n = len(xyz) if good.all() else int(np.argmin(good))
        for atoms, move in zip(self.molecules.large, moves[:n].swapaxes(0, 1), strict=True):
            frames = np.flatnonzero(move.any(axis=1))
            if len(frames):
                xyz[frames[:, None], atoms] += move[frames, None]
        if n:
            self._previous = self._anchors(xyz[n - 1])
        return n

    def _arrange(self, xyz, vectors, real):
        """Put the large molecules of one frame together by their closest atoms."""
        if not real:
            self._previous = self._anchors(xyz)
            return
        cores, edges = self.molecules.cores, reduced(vectors)
        anchors = self._anchors(xyz)
        points = [xyz[core].astype(np.float64) for core in cores]
        centres = np.array([p.mean(axis=0) for p in points])
        spread = [p - c for p, c in zip(points, centres, strict=True)]
        radii = np.sqrt([(s**2).sum(axis=1).max() for s in spread])
        placed, self._links, trees = [0], [], {}
        options = {c: [] for c in range(1, len(cores))}
        pending = []
        while options:
            parent, others = placed[-1], list(options)
            trees[parent] = cKDTree(points[parent])
            gaps = least_gaps(centres[parent], radii[parent], centres[others], radii[others], edges)
            pending += [(gap, parent, c) for gap, c in zip(gaps, others, strict=True)]
            pending = self._evaluate(pending, options, trees, points, edges)
            _, move, parent, child, one, two = self._choose(options, anchors, placed)
            if move.any():
                xyz[self.molecules.large[child]] += move
                anchors[child] += move
                points[child] += move
                centres[child] += move
            self._links.append((parent, child, cores[parent][one], cores[child][two]))
            placed.append(child)
            del options[child]
        self._previous = anchors

    def _evaluate(self, pending, options, trees, points, edges):
        """Look at those pairs of molecules that may be the nearest; return the other pairs."""
        best = min((rank(o[0]) for known in options.values() for o in known), default=np.inf)
        later = []
        for gap, parent, child in sorted(pending):
            if child not in options:
                continue
            if gap > best + MARGIN:
                later.append((gap, parent, child))
                continue
            found = approaches(trees[parent], points[child], edges, self.doubtful)
            for distance, move, one, two in found:
                options[child].append((distance, move, parent, child, one, two))
                best = min(best, rank(distance))
        return later

    def _choose(self, options, anchors, placed):
        """The molecule that comes next, and its image."""
        every = [option for known in options.values() for option in known]
        reach = min(rank(option[0]) for option in every) + MARGIN
        if not self.doubtful:
            every = [option for option in every if rank(option[0]) <= reach]

        def change(option):
            distance, move, child = option[0], option[1], option[3]
            if self._previous is None:
                return move.any(), distance
            moved = self._distances(anchors[child] + move, anchors[placed])
            before = self._distances(self._previous[child], self._previous[placed])
            doubt = 2 if self.doubtful and move.any() else 1
            return doubt * np.sqrt(((moved - before) ** 2).mean()), distance

        return min(every, key=change)

    def _distances(self, one, others):
        return cdist(one, others.reshape(-1, 3))

    def _anchors(self, xyz):
        return np.asarray(xyz, dtype=np.float64)[self.molecules.anchors]

    def _gather_small(self, xyz, edges):
        """Put each small molecule (water, ions) nearest to the large ones."""
        tree = cKDTree(xyz[np.concatenate(self.molecules.cores)].astype(np.float64))
        for atoms in self.molecules.small:
            nearest = min(approaches(tree, xyz[atoms].astype(np.float64), edges), key=_by_distance)
            if nearest[1].any():
                xyz[atoms] += nearest[1]


def _by_distance(approach):
    return approach[0]
