"""The rounds of a campaign as folders: begun, mended, finished with an atomic mark.

round-001/manifest.json  start-000.pdb ...   the plan
round-001/piece-000.xtc ...                  the MD; a piece is whole or absent
round-001/run/                               what was trained on all rounds so far
round-001/after.png                          F, cells, scores and the next starts
round-001/done.json                          the record: written last
"""

import json
import shutil
from pathlib import Path

import numpy as np

from lss.adaptive.ends import MANIFEST
from lss.adaptive.picture import draw_proposal
from lss.adaptive.proposal import pick_frames, propose
from lss.adaptive.starts import round_folder, write_round, write_start
from lss.run import inputs
from lss.storage.whole_files import PARTIAL, replacing, write_json

DONE, AFTER = "done.json", "after"
folder_of = round_folder


def done(path, number):
    return (folder_of(path, number) / DONE).exists()


def records(path, number):
    """What the rounds up to one found: list of dict."""
    files = [folder_of(path, k) / DONE for k in range(1, number + 1)]
    return [json.loads(file.read_text(encoding="utf-8")) for file in files]


def pieces(path, number):
    """The trajectories of a round, in order."""
    return sorted(folder_of(path, number).glob("piece-*.xtc"))


def manifest_of(folder):
    return json.loads((folder / MANIFEST).read_text(encoding="utf-8"))


def parents(path, number):
    """The trajectory and frame that each piece up to a round was started from; None where given."""
    manifests = (manifest_of(folder_of(path, k)) for k in range(1, number + 1))
    starts = (start for manifest in manifests for start in manifest["starts"])
    return [(s["trajectory"], s["frame"]) if "trajectory" in s else None for s in starts]


def begin(folder, before, settings, number):
    """Plan a round, or take the plan that is there.

    Parameters
    ----------
    folder : pathlib.Path
    before : lss.run.run_folder.Run or None
        Trained on the rounds before; None for the first.
    settings : dict
        Of the campaign.
    number : int
        Of the round.

    Returns
    -------
    dict
        The manifest.
    """
    if (folder / MANIFEST).exists():
        return manifest_of(folder)
    seed = settings["seed"] + number
    if before is not None:
        write_round(before, proposal_of(before, settings, seed), folder, seed, round=number)
        return manifest_of(folder)
    velocities = np.random.default_rng(seed).integers(2**31 - 1, size=settings["per_round"])
    with replacing(folder) as partial:
        partial.mkdir()
        starts = []
        for i, velocity in enumerate(velocities):
            given = Path(settings["starts"][i % len(settings["starts"])])
            name = f"start-{i:03d}{given.suffix}"
            shutil.copyfile(given, partial / name)
            starts.append(
                {"file": name, "parent": str(given), "reason": "given", "seed": int(velocity)}
            )
        write_json(partial / MANIFEST, {"format": 1, "round": number, "seed": seed,
                                        "starts": starts})  # fmt: skip
    return manifest_of(folder)


def proposal_of(run, settings, seed):
    """What `propose` makes of the settings of a campaign."""
    more = settings["piece_ps"] / settings["lag_ps"]
    asked = settings["per_round"], settings["strategy"], settings["target"]
    return propose(run, *asked, seed, more)


def another_start(folder, before, settings, i, why):
    """Note that a piece died, and give it another frame of its cell, or other velocities.

    Returns
    -------
    dict
        The manifest.
    """
    manifest = manifest_of(folder)
    start = manifest["starts"][i]
    tried = {key: start.get(key) for key in ("file", "seed", "trajectory", "frame")}
    died = [*start.get("died", []), tried | {"why": why}]
    seed = int(np.random.default_rng([start["seed"], len(died)]).integers(2**31 - 1))
    if before is None:
        fresh = start | {"seed": seed}
    else:
        proposal = proposal_of(before, settings, manifest["seed"])
        chosen = [(start["cell"], start["reason"].partition(":")[0])]
        without = [(d["trajectory"], d["frame"]) for d in died]
        batch = proposal.psi, proposal.cells, proposal.scores
        (other,) = pick_frames(*batch, chosen, seed, without=without)
        trajectories, _ = inputs.open_data(before.settings("features")["source"])
        fresh = write_start(trajectories, other, folder / f"start-{i:03d}-{len(died)}")
        fresh["seed"] = seed
    manifest["starts"][i] = fresh | {"died": died}
    write_json(folder / MANIFEST, manifest)
    return manifest


def finish(folder, record):
    """Mark a round as done; the mark is what it found."""
    for lock in folder.glob(f"{PARTIAL}*.lock"):
        lock.unlink()
    write_json(folder / DONE, record)


def draw_after(run, settings, number):
    """The picture of what is known after a round, with the starts of the next; the proposal."""
    proposal = proposal_of(run, settings, settings["seed"] + number + 1)
    draw_proposal(proposal, run.path.parent / AFTER)
    return proposal
