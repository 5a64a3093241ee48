"""The run folder: what one training made, how far it came, and with which settings."""

import json
import logging
import time
from contextlib import contextmanager
from pathlib import Path

from lss.errors import InputError, StageError
from lss.storage.processes import LOCAL
from lss.storage.versions import versions
from lss.storage.whole_files import plain, remove, write_json

log = logging.getLogger(__name__)

# A stage and the stages that it builds on; the order is that of the pipeline, in which lags and
# modes are chosen only where they are not given.
STAGES = {
    "features": (),
    "lags": ("features",),
    "modes": ("features",),
    "srv": ("features",),
    "mdn": ("srv",),
    "cwgan": ("srv",),
    "synthetic": ("mdn", "cwgan"),
    "report": ("synthetic",),
}


class Run:
    """A run folder and its record, `run.json`.

    Attributes
    ----------
    path : pathlib.Path
    record : dict
        `created`, `versions`, and `stages`: for each finished stage its `settings`, its `seconds`
        and what it reported.
    scheduler : str or None
        Other processes that take part in the work of this process: see
        `lss.storage.processes.share`.
    """

    scheduler = None

    def __init__(self, path, record):
        self.path = Path(path)
        self.record = record
        self.box = self.path / "box"

    @classmethod
    def create(cls, path, force=False, resume=False):
        """Make a new run folder, or go on with one.

        Raises
        ------
        InputError
            Where `path` exists and neither `force` nor `resume` was given, or where it holds
            something that is not a run.
        """
        path = Path(path)
        if path.exists() and not path.is_dir():
            raise InputError(f"{path} is a file, wanted a folder for the run; give another name")
        if path.exists() and any(path.iterdir()):
            if not (path / "run.json").exists():
                raise InputError(f"{path} is not empty and not a run folder; give another one")
            if resume:
                return cls.open(path)
            # A run that was refused before its first file is nothing to keep.
            files = any(file.name != "run.json" for file in path.iterdir())
            if (files or cls.open(path).record["stages"]) and not force:
                raise InputError(
                    f"{path} exists; give `resume` to go on with it, `force` to overwrite it, or "
                    "another folder"
                )
            remove(path)
        path.mkdir(parents=True, exist_ok=True)
        run = cls(path, {"format": 1, "created": timestamp(), "versions": versions(), "stages": {}})
        run.write()
        return run

    @classmethod
    def open(cls, path):
        """Open the run folder at `path`; InputError where there is none."""
        record = Path(path) / "run.json"
        try:
            data = json.loads(record.read_text(encoding="utf-8"))
            if data.get("format") != 1:
                raise InputError(f"{record} has format {data.get('format')}; this version reads 1")
        except FileNotFoundError:
            message = f"{path} is not a run folder; make it with its first stage"
            raise StageError(message, "features", path) from None
        except (json.JSONDecodeError, UnicodeDecodeError, AttributeError) as error:
            raise InputError(
                f"{record} can't be read ({error}); train again, in another folder"
            ) from error
        return cls(path, data)

    def write(self):
        write_json(self.path / "run.json", self.record)

    def cluster(self):
        """Address of the Dask scheduler, or None; TensorFlow uses all cores of one machine."""
        return None if self.scheduler == LOCAL else self.scheduler

    def finished(self, stage):
        return stage in self.record["stages"]

    def settings(self, stage):
        """Settings with which a finished stage was made; StageError where it is not finished."""
        self.require(stage)
        return self.record["stages"][stage]["settings"]

    def report(self, stage):
        """What a finished stage reported; StageError where it is not finished."""
        self.require(stage)
        return self.record["stages"][stage]["report"]

    def require(self, stage):
        if not self.finished(stage):
            message = f"{self.path} has no finished stage '{stage}'; make it first"
            raise StageError(message, stage, self.path)

    def reusable(self, stage, settings, force=False):
        """Whether a stage need not run again: it is finished, with these very settings.

        Raises
        ------
        StageError
            Where it is finished with other settings and `force` was not given.
        """
        if not self.finished(stage) or force:
            return False
        known = self.record["stages"][stage]["settings"]
        fresh = plain(settings)
        changed = [key for key in fresh if known.get(key) != fresh[key]]
        if changed:
            key = changed[0]
            message = (
                f"the stage '{stage}' of {self.path} was made with {key} = {known.get(key)}, not "
                f"{fresh[key]}; give the settings that it was made with, take another folder, or "
                "make it again"
            )
            raise StageError(message, stage, self.path, again=True)
        return True

    @contextmanager
    def stage(self, name, settings):
        """Run one stage: forget what was built on it before, record it when it ends well.

        Yields a dict to which the stage adds what it has to report.
        """
        for requirement in STAGES[name]:
            self.require(requirement)
        for stale in [name, *dependents(name)]:
            self.record["stages"].pop(stale, None)
        self.write()
        start, report = time.time(), {}
        yield report
        seconds = round(time.time() - start, 2)
        result = {"settings": settings, "seconds": seconds, "report": report}
        self.record["stages"][name] = plain(result)
        self.write()
        log.info("%s: finished in %.0f s", name, seconds)


def dependents(name):
    """Stages that build on `name`, directly or not."""
    direct = [stage for stage, needs in STAGES.items() if name in needs]
    return direct + [further for stage in direct for further in dependents(stage)]


def timestamp():
    return time.strftime("%Y-%m-%dT%H:%M:%S%z")
