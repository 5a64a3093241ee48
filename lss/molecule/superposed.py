"""Were frames turned after they were imaged, so that their periodic cell no longer fits?"""

import numpy as np
from scipy.spatial.transform import Rotation

from lss.molecule.cells import has_cell, make_whole

#: Superposed frames need no further turn; those that just turn slowly still need some (degrees).
_TURN = 0.3
#: Frames that are this much alike say nothing (nm).
_ALIKE = 0.005
_FEWEST = 3


def turned(frames, bonds, reference=None):
    """Whether frames with a periodic cell were superposed after imaging.

    Parameters
    ----------
    frames : mdtraj.Trajectory
        As the file has them, some frames far apart. They are not changed.
    bonds : array (n_bonds, 2) of int32
        From `lss.molecule.cells.molecule_bonds`.
    reference : array (n_atoms, 3), optional
        What they may have been superposed on, **nm**.

    Returns
    -------
    {"superposed", "rigid", None}
        "rigid" where a molecule that never changes is always turned the same way: superposed, or
        held. None where it was not superposed, or the frames are too few to tell.
    """
    if frames.n_frames < _FEWEST or not has_cell(frames).any():
        return None
    # Molecules that are broken where the cell says so were not turned in it.
    return None if make_whole(frames[:], bonds)[0].any() else superposed(frames, reference)


def superposed(frames, reference=None):
    """Whether every frame lies best on one structure as it is; see :func:`turned`.

    A molecule in a cell turns. It is tried which atoms may have been superposed (all, heavy,
    backbone, CA), with or without their masses, on the first of the frames or on a reference.
    """
    targets = [frames.xyz[0]] + ([] if reference is None else [np.asarray(reference)])
    found = None
    for group in _groups(frames.topology):
        masses = np.array([frames.topology.atom(i).element.mass for i in group])
        for target in targets:
            for weights in (np.ones(len(group)), masses):
                unlike = _at_rest(frames.xyz[:, group], target[group], weights)
                if unlike is not None and unlike > _ALIKE:
                    return "superposed"
                found = found if unlike is None else "rigid"
    return found


def _groups(topology):
    atoms = [a for a in topology.atoms if a.element is not None and a.element.mass > 0]
    largest = max(
        (list(chain.atoms) for chain in topology.chains), key=len, default=[]
    )  # what is often superposed of a complex
    inside = {a.index for a in largest}
    for part in (atoms, [a for a in atoms if a.index in inside]):
        for names in (None, {"N", "CA", "C", "O"}, {"N", "CA", "C"}, {"CA"}):
            chosen = [a.index for a in part if names is None or a.name in names]
            if len(chosen) >= _FEWEST:
                yield chosen
        heavy = [a.index for a in part if a.element.symbol != "H"]
        if len(heavy) >= _FEWEST:
            yield heavy


def _at_rest(xyz, target, weights):
    """How unlike frames (n, atoms, 3) are that need no turn to lie on a target, or None (nm)."""
    unlike = 0.0
    aim = target - np.average(target, axis=0, weights=weights)
    for frame in xyz:
        here = frame - np.average(frame, axis=0, weights=weights)
        turn, distance = Rotation.align_vectors(aim, here, weights=weights)
        if np.degrees(turn.magnitude()) > _TURN:
            return None
        unlike = max(unlike, distance / np.sqrt(weights.sum()))
    return unlike
