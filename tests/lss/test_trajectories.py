"""Trajectory files: found, counted, timed, read in chunks; every lie is one InputError."""

import json
import os
import struct

import h5py
import mdtraj as md
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lss import formats
from lss.bonds import molecule_bonds
from lss.errors import InputError
from lss.examples import example
from lss.trajectories import TrajectorySet

WLALL, TRPCAGE = example("wlall"), example("trpcage")


@pytest.fixture(scope="module")
def whole():
    """37 frames of the pentapeptide, 100 ps apart."""
    return md.load(WLALL.files[0], top=WLALL.top)[:37]


@pytest.fixture(scope="module")
def folder(whole, tmp_path_factory):
    """The same frames in every format."""
    folder = tmp_path_factory.mktemp("formats")
    for kind in ("xtc", "trr", "nc", "dcd", "xyz", "pdb", "gro", "lammpstrj", "mdcrd"):
        whole.save(str(folder / f"a.{kind}"))
    with h5py.File(folder / "a.h5", "w") as file:
        file["coordinates"] = whole.xyz
        file["time"] = whole.time
        file["cell_lengths"], file["cell_angles"] = whole.unitcell_lengths, whole.unitcell_angles
        file["topology"] = np.array([json.dumps(_as_dict(whole.topology)).encode()])
    return folder


def _as_dict(topology):
    """The layout that mdtraj documents for its HDF5 files."""
    chains = [
        {
            "index": chain.index,
            "residues": [
                {
                    "index": residue.index,
                    "name": residue.name,
                    "resSeq": residue.resSeq,
                    "atoms": [
                        {"index": a.index, "name": a.name, "element": a.element.symbol}
                        for a in residue.atoms
                    ],
                }
                for residue in chain.residues
            ],
        }
        for chain in topology.chains
    ]
    return {"chains": chains, "bonds": [[a.index, b.index] for a, b in topology.bonds]}


@pytest.mark.parametrize("kind", ["xtc", "trr", "nc", "h5"])
def test_formats_with_times(kind, folder, whole):
    data = TrajectorySet.open([str(folder / f"a.{kind}")], WLALL.top)
    assert data.spacing_ps == 100.0
    assert data.n_frames == [37]
    _check_frames(data, whole)


@pytest.mark.parametrize("kind", ["dcd", "xyz", "pdb", "gro", "lammpstrj", "mdcrd"])
def test_formats_without_times_demand_dt(kind, folder, whole):
    path = str(folder / f"a.{kind}")
    with pytest.raises(InputError, match="--dt"):
        TrajectorySet.open([path], WLALL.top)
    data = TrajectorySet.open([path], WLALL.top, 100.0)
    assert data.spacing_ps == 100.0
    _check_frames(data, whole)


def _check_frames(data, whole):
    """Chunks, whole file and single frames agree with mdtraj, to the digits the format keeps."""
    for chunk in (1, 10, 37, 1000):
        parts = list(data.iterate(0, chunk))
        assert max(len(p) for p in parts) <= chunk
        np.testing.assert_allclose(np.concatenate([p.xyz for p in parts]), whole.xyz, atol=6e-4)
        times = np.concatenate([p.time for p in parts])
        np.testing.assert_array_equal(times, 100.0 * np.arange(37))
    some = np.array([3, 4, 50, 93])
    parts = [p.xyz for p in data.iterate(0, 10, some)]
    np.testing.assert_allclose(np.concatenate(parts), whole.xyz[:, some], atol=6e-4)
    np.testing.assert_allclose(data.read_frame(0, 36).xyz, whole.xyz[36:], atol=6e-4)
    assert data.read_frame(0, 36).time[0] == 3600.0


@pytest.mark.parametrize("kind", ["h5", "pdb", "gro"])
def test_own_topology_needs_no_top(kind, folder, whole):
    data = TrajectorySet.open(str(folder / f"a.{kind}"), dt_ps=100.0)
    assert data.topology.n_atoms == 94
    assert data.top is None
    names = [a.name for a in data.topology.atoms]
    assert names == [a.name for a in whole.topology.atoms]
    np.testing.assert_allclose(data.reference.xyz, whole.xyz[:1], atol=6e-4)


def test_hdf5_topology_is_complete(folder, whole):
    assert formats.hdf5_topology(folder / "a.h5") == whole.topology


def test_real_files_are_what_mdtraj_reads():
    data = TrajectorySet.open(WLALL.files[1], WLALL.top)
    whole = md.load(WLALL.files[1], top=WLALL.top)
    assert data.n_frames == [5001]
    parts = list(data.iterate(0, 1234))
    np.testing.assert_array_equal(np.concatenate([p.xyz for p in parts]), whole.xyz)
    np.testing.assert_array_equal(np.concatenate([p.time for p in parts]), whole.time)


def test_frame_counting_times_give_way_to_dt(caplog):
    with caplog.at_level("INFO", logger="lss"):
        data = TrajectorySet.open(TRPCAGE.files, TRPCAGE.top, 200.0)
    assert data.spacing_ps == 200.0
    assert "count frames" in caplog.text
    assert TrajectorySet.open(TRPCAGE.files, TRPCAGE.top).spacing_ps == 1.0


def test_dt_contradicts_the_file(folder):
    with pytest.raises(InputError, match="100 ps apart but --dt says 200 ps"):
        TrajectorySet.open([str(folder / "a.xtc")], WLALL.top, 200.0)
    assert TrajectorySet.open([str(folder / "a.xtc")], WLALL.top, 100.0).spacing_ps == 100.0
    for dt in (0.0, -1.0, float("nan"), float("inf")):
        with pytest.raises(InputError, match="--dt"):
            TrajectorySet.open([str(folder / "a.xtc")], WLALL.top, dt)


def test_natural_order_and_repetition(folder, whole, tmp_path):
    for i in (1, 2, 10):
        with formats.ascii_path(tmp_path / f"run {i} ä.xtc") as name:
            whole[: i + 1].save(name)
    data = TrajectorySet.open([str(tmp_path / "*.xtc")] * 2, WLALL.top)
    assert data.n_frames == [2, 3, 11] * 2
    assert [p.name for p in data.files[:3]] == ["run 1 ä.xtc", "run 2 ä.xtc", "run 10 ä.xtc"]


@pytest.mark.parametrize("kind", ["xtc", "trr", "nc", "dcd", "h5", "xyz", "pdb"])
def test_names_that_are_not_ascii(kind, folder, whole, tmp_path):
    path = tmp_path / f"Größe 1 µs.{kind}"
    path.write_bytes((folder / f"a.{kind}").read_bytes())
    _check_frames(TrajectorySet.open([str(path)], WLALL.top, 100.0), whole)


def test_a_name_with_brackets_is_a_file(whole, tmp_path):
    path = tmp_path / "a[1].xtc"
    whole.save(str(path))
    assert TrajectorySet.open(str(path), WLALL.top).files == [path]


def test_one_frame(whole, folder, tmp_path):
    whole[:1].save(str(tmp_path / "one.xtc"))
    one = str(tmp_path / "one.xtc")
    with pytest.raises(InputError, match="--dt"):
        TrajectorySet.open(one, WLALL.top)
    assert TrajectorySet.open(one, WLALL.top, 100.0).n_frames == [1]
    both = TrajectorySet.open([one, str(folder / "a.xtc")], WLALL.top)
    assert both.spacing_ps == 100.0
    assert both.n_frames == [1, 37]


def test_irregular_and_different_spacings(whole, folder, tmp_path):
    whole[[0, 1, 2, 4, 5]].save(str(tmp_path / "gap.xtc"))
    with pytest.raises(InputError, match=r"gap\.xtc: frames are not equally spaced: frame 2"):
        TrajectorySet.open(str(tmp_path / "gap.xtc"), WLALL.top)
    whole[::2].save(str(tmp_path / "wide.xtc"))
    with pytest.raises(InputError, match="one frame spacing"):
        TrajectorySet.open([str(folder / "a.xtc"), str(tmp_path / "wide.xtc")], WLALL.top)


def test_missing_files(folder, tmp_path):
    with pytest.raises(InputError, match="no trajectory file matches"):
        TrajectorySet.open([str(tmp_path / "*.xtc")], WLALL.top)
    with pytest.raises(InputError, match="no trajectory was named"):
        TrajectorySet.open([], WLALL.top)
    with pytest.raises(InputError, match="is not a file"):
        TrajectorySet.open([str(tmp_path)], WLALL.top)
    with pytest.raises(InputError, match="no such file"):
        TrajectorySet.open([str(folder / "a.xtc")], str(tmp_path / "none.pdb"))
    with pytest.raises(InputError, match="with --top"):
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


def _read_all(path, top=WLALL.top, dt_ps=None):
    data = TrajectorySet.open([str(path)], top, dt_ps or (100.0 if path.suffix == ".dcd" else None))
    return [part for part in data.iterate(0, 10)]


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
    [((4, 4, np.nan), (90, 90, 90)), ((4, 4, 4), (90, 179, 10)), ((-4, 4, 4), (90, 90, 90))],
)
def test_impossible_cells(lengths, angles, whole, tmp_path):
    with h5py.File(tmp_path / "cell.h5", "w") as file:
        file["coordinates"], file["time"] = whole.xyz, whole.time
        file["cell_lengths"], file["cell_angles"] = whole.unitcell_lengths, whole.unitcell_angles
        file["cell_lengths"][7], file["cell_angles"][7] = lengths, angles
    with pytest.raises(InputError, match="frame 7 has an impossible unit cell"):
        _read_all(tmp_path / "cell.h5")


def test_few_atoms_are_stored_uncompressed(whole, tmp_path):
    few = whole.atom_slice(range(5))
    few.save(str(tmp_path / "few.xtc"))
    few[0].save(str(tmp_path / "few.pdb"))
    parts = _read_all(tmp_path / "few.xtc", str(tmp_path / "few.pdb"))
    np.testing.assert_array_equal(np.concatenate([p.xyz for p in parts]), few.xyz)


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


def test_molecules_are_made_whole(whole, tmp_path):
    """Shift the molecule over the faces of its 4 nm cell and wrap every atom back into it."""
    wrapped = whole[:]
    wrapped.xyz = np.mod(wrapped.xyz + np.float32([1.9, 2.6, 1.2]), 4.0)
    wrapped.save(str(tmp_path / "wrapped.xtc"))
    data = TrajectorySet.open([str(tmp_path / "wrapped.xtc")], WLALL.top)
    pairs = np.array([(i, j) for i in range(94) for j in range(i)])
    want = md.compute_distances(whole, pairs, periodic=False)
    assert np.abs(md.compute_distances(wrapped, pairs, periodic=False) - want).max() > 2
    parts = list(data.iterate(0, 10))
    got = np.concatenate([md.compute_distances(p, pairs, periodic=False) for p in parts])
    # Rounded to .001 nm in the file, in each coordinate of both atoms.
    np.testing.assert_allclose(got, want, atol=2e-3)
    # The same from a part of the atoms, which alone are not bonded to one another.
    few = np.array([3, 27, 90])
    parts = np.concatenate([p.xyz for p in data.iterate(0, 10, few)])
    want = np.linalg.norm(whole.xyz[:, 3] - whole.xyz[:, 90], axis=-1)
    np.testing.assert_allclose(np.linalg.norm(parts[:, 0] - parts[:, 2], axis=-1), want, atol=2e-3)
    frame = data.read_frame(0, 5)
    np.testing.assert_allclose(frame.xyz[0], np.concatenate([p.xyz for p in data.iterate(0)])[5])


def test_a_tree_of_bonds_reaches_every_atom(whole):
    atoms, ordered = molecule_bonds(whole.topology, [5])
    np.testing.assert_array_equal(atoms, np.arange(94))
    assert len(ordered) == 93
    seen = {int(ordered[0, 0])}
    for parent, child in ordered:
        assert parent in seen and child not in seen
        seen.add(int(child))


def test_zero_and_missing_cells_are_no_cells(whole, tmp_path):
    bare = whole[:]
    bare.unitcell_vectors = None
    bare.save(str(tmp_path / "bare.xtc"))
    parts = _read_all(tmp_path / "bare.xtc")
    np.testing.assert_array_equal(np.concatenate([p.xyz for p in parts]), whole.xyz)


def test_fingerprints(folder, tmp_path):
    copy = tmp_path / "b.xtc"
    content = bytearray((folder / "a.xtc").read_bytes())
    copy.write_bytes(content)
    first = TrajectorySet.open([str(folder / "a.xtc")], WLALL.top).fingerprints()
    same = TrajectorySet.open([str(copy)], WLALL.top).fingerprints()
    assert [p["kind"] for p in first] == ["trajectory", "topology"]
    assert first[0]["sha256"] == same[0]["sha256"]
    assert first[0]["n_frames"] == 37 and first[0]["bytes"] == len(content)
    content[5000] ^= 1
    copy.write_bytes(content)
    changed = TrajectorySet.open([str(copy)], WLALL.top).fingerprints()
    assert changed[0]["sha256"] != first[0]["sha256"]
    assert json.dumps(first)


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


_FUZZ = {}


@pytest.fixture(autouse=True, scope="module")
def _fuzz_folders(folder, tmp_path_factory):
    _FUZZ.update(folder=folder, scratch=tmp_path_factory.mktemp("fuzz"))
