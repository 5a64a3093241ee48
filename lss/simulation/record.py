"""How far a simulation came: simulation.json, replaced whenever a block of frames is written."""

import hashlib
import json

import numpy as np

from lss.errors import InputError
from lss.storage.whole_files import plain, write_json

FILE = "simulation.json"


class Progress:
    """The record of a simulation; see `docs/formats.md`.

    Attributes
    ----------
    record : dict
        `settings`; `finished`; `group`, the number of the group of trajectories under way; `frames`
        written of it; `bytes` of its trajectory files then; `outside`, the number of samples so
        far whose first draw fell outside the training range; `draws` of structures so far, and
        `failed`, those that clash however often they were drawn.
    """

    def __init__(self, folder, record):
        self.path, self.record = folder / FILE, record

    @classmethod
    def open(cls, folder, settings, force=False, resume=False):
        """The record to go on from: of the simulation in a folder, or of a new one.

        Raises
        ------
        InputError
            Where the folder holds a simulation and neither `force` nor `resume` was given, or
            `resume` with other settings; where it holds anything else.
        """
        if not (folder / FILE).exists():
            if folder.exists() and not (folder.is_dir() and not any(folder.iterdir())):
                raise InputError(
                    f"{folder} is not empty and holds no simulation; give another folder"
                )
        elif resume:
            known = cls.read(folder)
            change = known.change(settings)
            if change is None:
                return known
            if not force:
                raise InputError(
                    f"the simulation in {folder} has {change}; give the settings and networks that "
                    "it was begun with, or `force` to start again (with the same seed, a longer "
                    "simulation begins with the shorter one)"
                )
        elif not force:
            raise InputError(
                f"{folder} holds a simulation; give `resume` to go on with it where it is not "
                "finished, `force` to start again, or another folder"
            )
        folder.mkdir(parents=True, exist_ok=True)
        return cls.begin(folder, settings)

    @classmethod
    def begin(cls, folder, settings):
        nothing = {"finished": False, "group": 0, "frames": 0, "bytes": [], "outside": 0}
        nothing |= {"draws": 0, "failed": 0}
        progress = cls(folder, {"format": 1, "settings": plain(settings), **nothing})
        progress.note()
        return progress

    @classmethod
    def read(cls, folder):
        """The record in a folder that has one."""
        path = folder / FILE
        try:
            record = json.loads(path.read_text(encoding="utf-8"))
        except ValueError as error:
            raise InputError(
                f"{path} can't be read ({error}); give `force` to start again"
            ) from error
        if not isinstance(record, dict) or record.get("format") != 1:
            raise InputError(
                f"{path} has a format that this version does not read; give `force` to start again"
            )
        return cls(folder, record)

    def note(self, **entries):
        self.record |= entries
        write_json(self.path, self.record)

    def change(self, settings):
        """What differs from `settings`, as words, or None."""
        known, fresh = self.record["settings"], plain(settings)
        for key, value in fresh.items():
            if known.get(key) != value:
                if key == "steps":
                    return f"a length of {known.get(key)} lag times, not {value}"
                return f"{key} = {known.get(key)}, not {value}"
        return None


def fingerprint(simulator):
    """What decides the output of a simulator, as digests: networks and what goes with them."""
    box = simulator.box
    rest = [simulator.lag_time_ps, simulator.sampler.low, simulator.sampler.high]
    if simulator.decoder.contacts is not None:
        rest.append(simulator.decoder.contacts.to_dict())
    if box.series is None:
        decoded = [str(atom) for atom in box.reference.topology.atoms]
    else:
        decoded = box.meta["series"]
    return {
        "propagator": digest(weight.numpy() for weight in box.mdn.weights),
        "decoder": digest(weight.numpy() for weight in box.cwgan.weights),
        "box": digest([json.dumps(plain([rest, decoded]))]),
        "outside": simulator.sampler.outside,
    }


def digest(parts):
    """The first 16 digits of the SHA-256 of arrays and strings."""
    found = hashlib.sha256()
    for part in parts:
        data = part.encode() if isinstance(part, str) else np.ascontiguousarray(part).tobytes()
        found.update(data)
    return found.hexdigest()[:16]
