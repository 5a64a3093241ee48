"""Times that files have, lack, or only seem to have, in every format."""

import h5py
import mdtraj as md
import numpy as np
import pytest

from lss.errors import InputError
from lss.examples import example
from lss.run import inputs
from lss.trajectories import open_trajectories
from lss.trajectories.trajectory_set import TrajectorySet

WLALL = example("wlall")


def save(frames, path, times):
    """Write frames with other times; where None, as mdtraj converts a DCD."""
    frames = frames[:]
    frames.time = np.arange(len(frames)) if times is None else np.asarray(times)
    frames.save(str(path))
    return str(path)


@pytest.mark.parametrize("kind", ["xtc", "trr", "nc"])
@pytest.mark.parametrize("first", [0, 1, 500])
def test_times_that_count_frames_demand_dt(kind, first, whole, tmp_path):
    path = save(whole, tmp_path / f"a.{kind}", first + np.arange(37))
    with pytest.raises(InputError, match=r"only count frames .*: give `dt`.*`dt` file where 1 ps"):
        TrajectorySet.open(path, WLALL.top)
    opened = TrajectorySet.open(path, WLALL.top, 100.0)
    assert opened.spacing_ps == 100.0
    assert opened.notes == [
        f"The times in a.{kind} only count frames. The time between two frames is taken to be "
        "100 ps, as was given, and all times follow from that."
    ]
    on_purpose = TrajectorySet.open(path, WLALL.top, "file")
    assert on_purpose.spacing_ps == 1.0 and on_purpose.notes == []
    assert TrajectorySet.open(path, WLALL.top, 1.0).notes == []


@pytest.mark.parametrize("kind", ["xtc", "nc"])
def test_what_is_made_of_a_dcd_without_times_demands_dt(kind, whole, tmp_path):
    """Its header then says one unit of CHARMM a frame, which converters pass on."""
    path = save(whole, tmp_path / f"a.{kind}", 0.04888821 * np.arange(37))
    with pytest.raises(InputError, match=r"only count frames \(.* CHARMM, 48\.888"):
        TrajectorySet.open(path, WLALL.top)
    assert TrajectorySet.open(path, WLALL.top, 100.0).spacing_ps == 100.0


@pytest.mark.parametrize("kind", ["xtc", "trr"])
def test_step_numbers_in_the_place_of_times_demand_dt(kind, whole, tmp_path):
    steps = 5000 * np.arange(37)
    path = str(tmp_path / f"a.{kind}")
    for times, refused in ((steps, True), (0.002 * steps, False)):
        with md.open(path, "w") as file:
            more = {"lambd": np.zeros(37, np.float32)} if kind == "trr" else {}
            file.write(whole.xyz, times.astype(np.float32), steps.astype(np.int32), **more)
        if refused:
            with pytest.raises(InputError, match="only count steps"):
                TrajectorySet.open(path, WLALL.top)
            assert TrajectorySet.open(path, WLALL.top, "file").spacing_ps == 5000.0
        else:
            assert TrajectorySet.open(path, WLALL.top).spacing_ps == 10.0


@pytest.mark.parametrize("kind", ["xtc", "trr", "nc", "h5"])
@pytest.mark.parametrize("times", ["equal", "nan", "absent", "frames"])
def test_files_without_times_demand_dt(kind, times, folder, whole, tmp_path):
    path = tmp_path / f"a.{kind}"
    values = {"equal": np.full(37, 5.0), "nan": np.full(37, np.nan), "frames": None}.get(times)
    if kind == "h5":
        path.write_bytes((folder / "a.h5").read_bytes())
        with h5py.File(path, "a") as file:
            del file["time"]
            if times != "absent":
                file["time"] = np.arange(37.0) if values is None else values
    elif times == "absent":
        if kind != "nc":
            pytest.skip("the format has times always")
        with md.formats.NetCDFTrajectoryFile(str(path), "w") as file:
            file.write(10 * whole.xyz)
    else:
        save(whole, path, values)
    with pytest.raises(InputError, match="`dt`"):
        TrajectorySet.open(str(path), WLALL.top)
    assert TrajectorySet.open(str(path), WLALL.top, 100.0).spacing_ps == 100.0
    if times != "frames":
        with pytest.raises(InputError, match="does not tell the time"):
            TrajectorySet.open(str(path), WLALL.top, "file")


def test_times_in_another_unit_are_not_taken_for_picoseconds(folder, tmp_path):
    path = tmp_path / "a.h5"
    path.write_bytes((folder / "a.h5").read_bytes())
    for unit, taken in (("picoseconds", True), ("ps", True), ("nanoseconds", False)):
        with h5py.File(path, "a") as file:
            file["time"].attrs["units"] = unit
        if taken:
            assert TrajectorySet.open(str(path), WLALL.top).spacing_ps == 100.0
        else:
            with pytest.raises(InputError, match="`dt`"):
                TrajectorySet.open(str(path), WLALL.top)


def test_wrong_times_are_overruled_on_purpose(whole, tmp_path, caplog):
    path = save(whole, tmp_path / "a.xtc", 100.0 * np.arange(37))
    with pytest.raises(InputError, match=r"100 ps apart but `dt` says 10 ps: .*`force_dt`"):
        open_trajectories(path, WLALL.top, "10ps")
    with caplog.at_level("INFO", logger="lss"):
        opened = open_trajectories(path, WLALL.top, "10ps", force_dt=True)
    assert opened.spacing_ps == 10.0
    note = "a.xtc (100 ps apart) were set aside on purpose. The time between two frames is taken to"
    assert note in caplog.text and note in opened.notes[0]
    np.testing.assert_array_equal(next(opened.iterate(0)).time, 10.0 * np.arange(37))
    # The note reaches the run and its report.
    source = {"traj": [path], "top": WLALL.top, "dt_ps": 10.0, "force_dt": True}
    assert note in inputs.open_data(source)[1]
    # Nothing is set aside where nothing is wrong.
    assert open_trajectories(path, WLALL.top, "100ps", force_dt=True).notes == []
    with pytest.raises(InputError, match="`force_dt` is nothing without a time"):
        open_trajectories(path, WLALL.top, force_dt=True)


@pytest.mark.parametrize(
    "times",
    [
        np.r_[np.arange(20), np.arange(17)] * 100.0,  # two runs end to end
        np.r_[np.arange(20), np.arange(25, 42)] * 100.0,
        -100.0 * np.arange(37),
        np.r_[np.nan, 100.0 * np.arange(36)],
    ],
)
def test_irregular_times_can_be_set_aside(times, whole, tmp_path):
    path = save(whole, tmp_path / "a.xtc", times)
    for dt in (None, "100ps", "file"):
        with pytest.raises(InputError, match=r"a\.xtc"):
            open_trajectories(path, WLALL.top, dt)
    opened = open_trajectories(path, WLALL.top, "100ps", force_dt=True)
    assert opened.spacing_ps == 100.0 and "a.xtc (irregular) were set aside" in opened.notes[0]


def test_what_is_no_time_is_refused(folder):
    for dt in ("100", "100 frames", "files", [100.0], True, -100.0, float("nan")):
        with pytest.raises(InputError, match="`dt`"):
            open_trajectories(str(folder / "a.xtc"), WLALL.top, dt)
    for dt in ("0.1ns", 100, 100.0, np.float32(100)):
        assert open_trajectories(folder / "a.xtc", WLALL.top, dt).spacing_ps == 100.0
