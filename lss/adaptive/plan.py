"""The next round of a run by hand: proposed, printed and written."""

from __future__ import annotations

from pathlib import Path

from lss.adaptive import edges
from lss.adaptive.proposal import propose
from lss.adaptive.starts import PICTURE, next_round, round_folder, write_round
from lss.errors import InputError
from lss.run import inputs
from lss.run.run_folder import Run


def propose_round(
    path: str | Path,
    number: int = 20,
    strategy: str = "mixed",
    target: str = "timescales",
    seed: int = 0,
    *,
    dry_run: bool = False,
) -> str:
    """Propose the next MD of a run folder, and write its start structures to `round-NNN`.

    Parameters
    ----------
    path : str or pathlib.Path
        Run folder, with its encoder.
    number : int
        Starts.
    strategy : {"mixed", "counts", "uncertainty", "edges"}
    target : {"timescales", "populations", "F"}
        What the uncertainty is of.
    seed : int
    dry_run : bool
        Only say what would be written.

    Returns
    -------
    str
        The plan in words.

    Raises
    ------
    InputError
    """
    run = Run.open(path)
    if run.settings("features")["source"].get("series"):
        raise InputError(
            f"`path` is {path}, a run of time series, wanted one of a molecule, from whose frames "
            "MD can start"
        )
    proposal = propose(run, number, strategy, target, seed)
    trajectories, _ = inputs.open_data(run.settings("features")["source"])
    to = round_folder(run.path, next_round(run.path))
    lines = describe(proposal, trajectories.names)
    if dry_run:
        return "\n".join([*lines, f"nothing written; it would be {to}"])
    write_round(run, proposal, to, seed)
    return "\n".join([*lines, f"starts: {to}, picture: {to / PICTURE}.png"])


def describe(proposal, names):
    """The plan as lines of a table, and the pieces that are not connected."""
    scores = proposal.scores
    lines = [
        f"{len(proposal.cells)} cells, {int((scores.pieces == 0).sum())} of them connected; "
        f"strategy {scores.strategy}"
        + (f", target {proposal.target}" if scores.strategy == "uncertainty" else "")
    ]
    lines += ["start  psi                     score  from"]
    for i, start in enumerate(proposal.starts):
        psi = ", ".join(f"{x:.2f}" for x in start.psi)
        where = f"{names[start.trajectory]}, frame {start.frame}"
        row = f"{i:5d}  ({psi})".ljust(30)
        lines.append(f"{row} {start.score:6.3f}  {where} ({start.reason})")
    if not proposal.ends:
        lines.append(
            "no starts by edges: no torsion among the features has an end that MD may pass"
        )
    lines += [f"not connected: {text}" for text in proposal.separate]
    return lines + edges.unseen(proposal.reach)
