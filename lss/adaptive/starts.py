"""A round's folder: start structures, manifest.json and the picture of where they lie."""

import re
from pathlib import Path

from lss.adaptive import edges
from lss.adaptive.ends import MANIFEST
from lss.adaptive.picture import draw_proposal
from lss.errors import InputError
from lss.run import inputs
from lss.storage.whole_files import replacing, write_json
from lss.trajectories import parts

PDB_ATOMS = 99_999  # numbers of five digits; of more atoms GRO is written
PICTURE = "starts"


def next_round(folder):
    """Number of the round after the last that lies in a folder, from 1."""
    found = [re.fullmatch(r"round-(\d+)", path.name) for path in Path(folder).glob("round-*")]
    return 1 + max((int(match[1]) for match in found if match), default=0)


def round_folder(folder, number):
    return Path(folder) / f"round-{number:03d}"


def write_round(run, proposal, to, seed, **entries):
    """Write the start structures of a round; the folder is whole or absent.

    Parameters
    ----------
    run : lss.run.run_folder.Run
    proposal : lss.adaptive.proposal.Proposal
    to : pathlib.Path
        The folder, which must not be there.
    seed : int
    **entries
        More entries of the manifest.

    Returns
    -------
    dict
        The manifest.
    """
    to = Path(to)
    if to.exists():
        raise InputError(f"{to} exists; take another folder")
    trajectories, _ = inputs.open_data(run.settings("features")["source"])
    scores = proposal.scores
    with replacing(to) as partial:
        partial.mkdir()
        starts = [
            write_start(trajectories, start, partial / f"start-{i:03d}")
            for i, start in enumerate(proposal.starts)
        ]
        manifest = {
            "format": 1,
            "run": run.path.name,
            "seed": seed,
            "strategy": scores.strategy,
            "target": proposal.target,
            "standard_error_of_target": scores.error,
            "lag_time_ps": run.settings("srv")["lag_time_ps"],
            "cells": len(proposal.cells),
            "islands": proposal.separate,
            "never_seen": edges.unseen(proposal.reach),
            "velocities": "to be drawn at the temperature, with the seed of the start",
            **entries,
            "starts": starts,
        }
        write_json(partial / MANIFEST, manifest)
        draw_proposal(proposal, partial / PICTURE)
    return manifest


def write_start(trajectories, start, stem):
    """Write one frame, all atoms and the cell, as PDB or GRO; its entry of the manifest."""
    structure = trajectories.read_frame(start.trajectory, start.frame)
    suffix = ".pdb" if structure.n_atoms <= PDB_ATOMS else ".gro"
    path = stem.with_name(stem.name + suffix)
    structure.save(str(path))
    parent, frame = parts.find(trajectories.parts[start.trajectory], start.frame)
    return {
        "file": path.name,
        "parent": str(parent),
        "parent_frame": int(frame),
        "trajectory": start.trajectory,
        "frame": start.frame,
        "psi": start.psi,
        "cell": start.cell,
        "score": start.score,
        "reason": start.reason,
        "seed": start.seed,
        "end": start.end,
    }
