"""Trajectory files that lie: every fault is one InputError that names it."""

import os
import struct

import h5py
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lss.errors import InputError
from lss.examples import example
from lss.trajectories.trajectory_set import TrajectorySet

WLALL, TRPCAGE = example("wlall"), example("trpcage")
_FUZZ = {}


def test_missing_files(folder, tmp_path):
    with pytest.raises(InputError, match="no trajectory file matches"):
        TrajectorySet.open([str(tmp_path / "*.xtc")], WLALL.top)
    with pytest.raises(InputError, match="no trajectory was given"):
        TrajectorySet.open([], WLALL.top)
    with pytest.raises(InputError, match="is not a file"):
        TrajectorySet.open([str(tmp_path)], WLALL.top)
    with pytest.raises(InputError, match="no such file"):
        TrajectorySet.open([str(folder / "a.xtc")], str(tmp_path / "none.pdb"))
    with pytest.raises(InputError, match="in `top`"):
        TrajectorySet.open([str(folder / "a.xtc")])
    (tmp_path / "a.docx").write_bytes(b"x")
    with pytest.raises(InputError, match=r"type \.docx cannot be read"):
        TrajectorySet.open([str(tmp_path / "a.docx")], WLALL.top)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_permission_denied(folder, tmp_path):
    path = tmp_path / "a.xtc"
    path.write_bytes((folder / "a.xtc").read_bytes())
    path.chmod(0)
    with pytest.raises(InputError, match="permission"):
        TrajectorySet.open([str(path)], WLALL.top)


@pytest.mark.parametrize("content", [b"", b"HELLO WORLD\n" * 50, b"\0" * 1000])
def test_bad_topologies(content, folder, tmp_path):
    for kind in ("pdb", "gro", "h5", "prmtop", "psf", "txt"):
        path = tmp_path / f"bad.{kind}"
        path.write_bytes(content)
        with pytest.raises(InputError, match=r"bad\."):
            TrajectorySet.open([str(folder / "a.xtc")], str(path))


@pytest.mark.parametrize("kind", ["xtc", "trr", "nc", "dcd", "h5", "pdb", "gro", "xyz"])
def test_topology_of_another_molecule(kind, folder):
    with pytest.raises(InputError, match="94 atoms"):
        TrajectorySet.open([str(folder / f"a.{kind}")], TRPCAGE.top, 100.0)


def test_own_topology_that_names_other_atoms(folder, whole, tmp_path):
    text = (folder / "a.pdb").read_text().replace(" CB  TRP", " CX  TRP")
    (tmp_path / "b.pdb").write_text(text)
    with pytest.raises(InputError, match="atom 6 is CX of TRP 1"):
        TrajectorySet.open([str(tmp_path / "b.pdb")], WLALL.top, 100.0)


@pytest.mark.parametrize("kind", ["xtc", "trr", "nc", "dcd", "h5", "pdb", "gro", "xyz"])
def test_empty_files(kind, tmp_path):
    path = tmp_path / f"empty.{kind}"
    path.write_bytes(b"")
    with pytest.raises(InputError, match=r"empty\."):
        TrajectorySet.open([str(path)], WLALL.top, 100.0)


@pytest.mark.parametrize("kind", ["xtc", "trr", "dcd", "nc", "h5"])
@pytest.mark.parametrize("part", [0.01, 0.37, 0.9, 0.999])
def test_cut_short(kind, part, folder, tmp_path):
    content = (folder / f"a.{kind}").read_bytes()
    path = tmp_path / f"cut.{kind}"
    path.write_bytes(content[: int(part * len(content))])
    with pytest.raises(InputError, match=r"cut\."):
        _read_all(path)


def _read_all(path, dt_ps=None):
    dt_ps = dt_ps or (100.0 if path.suffix == ".dcd" else None)
    return list(TrajectorySet.open([str(path)], WLALL.top, dt_ps).iterate(0, 10))


@pytest.mark.parametrize("kind", ["xtc", "trr", "dcd", "nc", "h5", "gro", "pdb"])
def test_noise_is_refused(kind, tmp_path):
    path = tmp_path / f"noise.{kind}"
    path.write_bytes(np.random.default_rng(0).bytes(5000))
    with pytest.raises(InputError, match=r"noise\."):
        _read_all(path)


def test_xtc_headers_are_checked(folder, tmp_path):
    content = bytearray((folder / "a.xtc").read_bytes())
    second = 92 + (struct.unpack_from(">i", content, 88)[0] + 3) // 4 * 4
    path = tmp_path / "bad.xtc"
    for offset, value in ((second, 1996), (second + 4, 95), (88, 2**31 - 10), (88, -8)):
        damaged = content.copy()
        struct.pack_into(">i", damaged, offset, value)
        path.write_bytes(damaged)
        with pytest.raises(InputError, match=r"bad\.xtc"):
            _read_all(path)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("kind", ["dcd", "nc", "trr", "h5"])
def test_coordinates_that_are_not_finite(bad, kind, whole, tmp_path):
    path = tmp_path / f"bad.{kind}"
    broken = whole[:]
    broken.xyz[23, 5, 1] = bad
    if kind == "h5":
        with h5py.File(path, "w") as file:
            file["coordinates"], file["time"] = broken.xyz, broken.time
    else:
        broken.save(str(path))
    with pytest.raises(InputError, match=r"frame 23 holds coordinates that are not finite"):
        _read_all(path)


def test_a_frame_of_zeros(whole, tmp_path):
    broken = whole[:]
    broken.xyz[11] = 0
    broken.save(str(tmp_path / "zeros.trr"))
    with pytest.raises(InputError, match="frame 11 has all its atoms at one point"):
        _read_all(tmp_path / "zeros.trr")


@pytest.mark.parametrize(
    ("lengths", "angles"),
    [
        ((4, 4, np.nan), (90, 90, 90)),
        ((4, 4, 4), (90, 179, 10)),
        ((4, 4, 4), (90, np.inf, 90)),
        ((-4, 4, 4), (90, 90, 90)),
    ],
)
def test_impossible_cells(lengths, angles, whole, tmp_path):
    with h5py.File(tmp_path / "cell.h5", "w") as file:
        file["coordinates"], file["time"] = whole.xyz, whole.time
        file["cell_lengths"], file["cell_angles"] = whole.unitcell_lengths, whole.unitcell_angles
        file["cell_lengths"][7], file["cell_angles"][7] = lengths, angles
    with pytest.raises(InputError, match="frame 7 has an impossible unit cell"):
        _read_all(tmp_path / "cell.h5")


def test_a_file_that_changes_while_it_is_used(whole, tmp_path):
    path = tmp_path / "grow.xtc"
    whole[:20].save(str(path))
    data = TrajectorySet.open([str(path)], WLALL.top)
    whole[:25].save(str(path))
    with pytest.raises(InputError, match="25 frames could be read, 20 were there"):
        list(data.iterate(0))
    path.unlink()
    with pytest.raises(InputError, match=r"grow\.xtc"):
        list(data.iterate(0))


def test_bad_arguments(folder):
    data = TrajectorySet.open([str(folder / "a.xtc")], WLALL.top)
    with pytest.raises(InputError, match="chunk"):
        next(data.iterate(0, 0))
    for atoms in ([], [3, 2], [1, 1]):
        with pytest.raises(InputError, match="increasing"):
            next(data.iterate(0, 10, atoms))
    for i, j in ((1, 0), (-1, 0), (0, 37), (0, -1)):
        with pytest.raises(InputError, match=r"there is no trajectory|no frame"):
            data.read_frame(i, j)


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_flipped_bits_never_pass_as_an_unknown_error(data):
    """Any damage is an InputError or leaves a readable trajectory of finite coordinates."""
    folder = _FUZZ["folder"]
    kind = data.draw(st.sampled_from(["dcd", "nc", "h5", "gro"]))
    content = bytearray((folder / f"a.{kind}").read_bytes())
    for _ in range(data.draw(st.integers(1, 3))):
        where = data.draw(st.integers(0, len(content) - 1))
        content[where] ^= 1 << data.draw(st.integers(0, 7))
    path = _FUZZ["scratch"] / f"flip.{kind}"
    path.write_bytes(content)
    try:
        parts = _read_all(path, dt_ps=100.0)
    except InputError as error:
        assert "\n" not in str(error)
        return
    assert all(np.isfinite(part.xyz).all() for part in parts)


@pytest.fixture(autouse=True, scope="module")
def _fuzz_folders(folder, tmp_path_factory):
    _FUZZ.update(folder=folder, scratch=tmp_path_factory.mktemp("fuzz"))
