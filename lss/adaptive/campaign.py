"""The loop: run MD, predict it, train on it, judge, propose, again and again."""

from __future__ import annotations

import json
import math
from pathlib import Path

from tqdm import tqdm

from lss.adaptive import md_pieces, rounds
from lss.adaptive.campaign_page import write_page
from lss.adaptive.judging import judge, predicted
from lss.adaptive.reach import WIDTH
from lss.errors import InputError
from lss.run import stages
from lss.run.run_folder import Run
from lss.storage.processes import LOCAL
from lss.storage.whole_files import remove, write_json
from lss.units import format_time, lag_in_frames

SETTINGS = "campaign.json"
SHORTEST = 5  # lag times in a piece
#: Runs that came no further from an end and are enough: an end that one run in fifty passes is left
#: by mistake in 5 % of all cases. Of alanine dipeptide at -30 degrees one in thirty came further.
ENOUGH = 150


class Campaign:
    """A folder of rounds of MD, each trained on with all before it.

    Attributes
    ----------
    path : pathlib.Path
    settings : dict
        What cannot change on the way: see `create`.
    scheduler : str
        Where pieces of MD run; see `lss.storage.processes.share`.
    """

    def __init__(self, path: Path, settings: dict, scheduler: str | None = LOCAL):
        self.path, self.settings, self.scheduler = Path(path), settings, scheduler

    @classmethod
    def create(
        cls, path: str | Path, settings: dict, resume: bool = False, scheduler: str | None = LOCAL
    ) -> Campaign:
        """Begin a campaign, or go on with one.

        Parameters
        ----------
        path : str or pathlib.Path
        settings : dict
            `top`, `starts` (files), `engine` (see `lss.adaptive.engines.simulate`), `lag_ps`,
            `piece_ps`, `frame_ps`, `per_round`, `strategy`, `target`, `features` (list or None),
            `modes`, `srv_steps`, `components`, `mdn_steps`, `seed`.
        resume : bool
        scheduler : str

        Raises
        ------
        InputError
            Where pieces are shorter than 5 lag times, times do not divide one another, files are
            missing, or the folder holds something else or a campaign with other settings.
        """
        path = Path(path)
        check_times(settings)
        for file in [settings["top"], *settings["starts"]]:
            if not Path(file).is_file():
                raise InputError(f"{file} is not there; name the file of a structure")
        record = path / SETTINGS
        if record.exists():
            known = json.loads(record.read_text(encoding="utf-8"))
            if not resume:
                raise InputError(f"{path} exists; give `resume` to go on with it")
            fresh = json.loads(json.dumps(settings))
            changed = [key for key in fresh if known.get(key) != fresh[key]]
            if changed:
                key = changed[0]
                raise InputError(
                    f"{path} was begun with {key} = {known.get(key)}, not {fresh[key]}; give the "
                    "settings that it was begun with, or take another folder"
                )
        elif path.exists() and any(path.iterdir()):
            raise InputError(f"{path} is not empty and not a campaign; give another folder")
        else:
            path.mkdir(parents=True, exist_ok=True)
            write_json(record, settings)
        return cls(path, settings, scheduler)

    def run(self, n_rounds: int, tolerance: float) -> str:
        """Make rounds until there are as many, or the campaign may stop.

        Parameters
        ----------
        n_rounds : int
        tolerance : float
            Standard error of the target at which it is known well enough.

        Returns
        -------
        str
            How the campaign stands, in words.
        """
        for number in range(1, n_rounds + 1):
            if not rounds.done(self.path, number):
                self.make_round(number)
            records = rounds.records(self.path, number)
            why = reasons_to_go_on(records, tolerance)
            write_page(self.path, records, self.settings, tolerance, why)
            if not why:
                break
        lines = [f"{number} rounds, {format_time(records[-1]['md_ps'])} of MD"]
        lines += [f"goes on: {text}" for text in why] or ["may stop: all that was asked is known"]
        lines += records[-1]["never_seen"]
        return "\n".join([*lines, f"page: {self.path / 'campaign.html'}"])

    def make_round(self, number):
        """One round: its MD, how the last simulator predicts it, the next simulator."""
        folder = rounds.folder_of(self.path, number)
        before = self.run_of(number - 1) if number > 1 else None
        manifest = rounds.begin(folder, before, self.settings, number)
        engine = self.settings["engine"]
        with tqdm(total=len(manifest["starts"]), desc=folder.name, unit="piece") as bar:
            bar.update(len(list(folder.glob("piece-*.xtc"))))
            md_pieces.run_pieces(
                folder,
                manifest,
                engine,
                lambda i, why: rounds.another_start(folder, before, self.settings, i, why),
                self.scheduler,
                bar.update,
            )
        run, forecast = self.train(folder, number, before)
        found = judge(run, self.settings)
        record = found | forecast | self.spent(number)
        rounds.finish(folder, record)

    def train(self, folder, number, before):
        """Train on all rounds so far, after the last simulator was asked about this one."""
        s = self.settings
        if not (folder / "run" / "run.json").exists():
            remove(folder / "run")  # of a process that was killed while it made it
        run = Run.create(folder / "run", resume=True)
        run.scheduler = self.scheduler
        files = [str(p) for k in range(1, number + 1) for p in rounds.pieces(self.path, k)]
        source = {"traj": files, "top": s["top"], "dt_ps": s["frame_ps"]}
        stages.make_features(run, source, s["features"])
        forecast = {"forecast": None if before is None else predicted(before, run, number)}
        # A round that was stopped keeps the encoder that it has, of an earlier version too.
        if not run.finished("srv"):
            # Starts are chosen, whether or not the data show it: of slow modes a lag shows little.
            stages.train_srv(
                run, s["lag_ps"], s["modes"], s["seed"], s["srv_steps"], weights="rite",
                parents=rounds.parents(self.path, number),
            )  # fmt: skip
        # It is asked for the density of MD it has not seen, and frames are few.
        stages.train_mdn(
            run, s["components"], s["seed"], s["mdn_steps"], preset="predictive",
            replicas=s.get("replicas", 0),
        )  # fmt: skip
        return run, forecast

    def run_of(self, number):
        """The run folder of a finished round."""
        return Run.open(rounds.folder_of(self.path, number) / "run")

    def spent(self, number):
        n_pieces = sum(len(rounds.pieces(self.path, k)) for k in range(1, number + 1))
        died = sum(
            len(start.get("died", []))
            for start in rounds.manifest_of(rounds.folder_of(self.path, number))["starts"]
        )
        return {"round": number, "md_ps": n_pieces * self.settings["piece_ps"], "died": died}


def check_times(settings):
    """Raise InputError unless a piece is 5 lags or more, and times are whole numbers of frames."""
    lag_ps, piece_ps, frame_ps = (settings[k] for k in ("lag_ps", "piece_ps", "frame_ps"))
    if piece_ps < SHORTEST * lag_ps * (1 - 1e-6):
        raise InputError(
            f"`piece` is {format_time(piece_ps)}, wanted at least {SHORTEST} lag times "
            f"({format_time(SHORTEST * lag_ps)}): shorter pieces sample worse than plain MD; make "
            "it longer"
        )
    lag_in_frames(lag_ps, frame_ps, "`lag`")
    lag_in_frames(piece_ps, frame_ps, "`piece`")
    if not settings["engine"]["runner"]:
        lag_in_frames(frame_ps, settings["engine"]["timestep_ps"], "`frame_spacing`")


def reasons_to_go_on(records, tolerance, quiet=2, surprise=0.1, wider=0.01):
    """Why a campaign is not finished, in words; none where it may stop.

    Parameters
    ----------
    records : list of dict
        Of the rounds so far.
    tolerance : float
    quiet : int
        Rounds without a new cell that are wanted.
    surprise : float
        Nats a pair by which the last MD may be less likely than the simulator thought, beyond two
        standard errors.
    wider : float
        Share of what was seen of the torsions that may be new in those rounds.
    """
    last, why = records[-1], []
    if len(records) <= quiet:
        why.append(f"fewer than {quiet + 1} rounds")
    elif last["new_cells"][-1] + last["new_cells"][-2]:
        n = sum(last["new_cells"][-quiet:])
        why.append(f"{n} cells are new in the last {quiet} rounds")
    n = sum(last["widened"][-quiet:])
    if len(records) > quiet and n > wider * last["n_bins"]:
        why.append(
            f"torsions went where they had not been: {n} new parts of {WIDTH:g} degrees in "
            f"the last {quiet} rounds"
        )
    seldom = {name: n for name, n in last["tries"].items() if n < ENOUGH}
    if seldom:
        some = ", ".join(f"{name} ({n})" for name, n in list(seldom.items())[:3])
        more = f" and {len(seldom) - 3} more" if len(seldom) > 3 else ""
        why.append(
            f"MD was started fewer than {ENOUGH} times at the ends of what was seen of torsions, "
            f"in degrees: {some}{more}"
        )
    error = last["error"]
    if error is None or not math.isfinite(error) or error > tolerance:
        shown = "not known" if error is None or not math.isfinite(error) else f"{error:.2g}"
        why.append(f"the standard error of the target is {shown}, wanted {tolerance:g}")
    forecast = last["forecast"]
    if forecast is None:
        why.append("no simulator has predicted MD yet")
    elif forecast["surprise"] - 2 * forecast["error"] > surprise:
        why.append(
            f"the last MD surprised the simulator by {forecast['surprise']:.2f} +- "
            f"{forecast['error']:.2f} nats a pair"
        )
    if last["islands"]:
        why.append(f"{len(last['islands'])} islands of psi are not connected")
    return why
