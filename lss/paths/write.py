"""Paths to a folder: trajectories, numbers, figures and one page."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from tqdm import tqdm

from cwgan.superpose import superpose
from lss.analysis.measures import describe
from lss.errors import InputError
from lss.paths import figures, tables
from lss.report.figures import save
from lss.report.movie import Movie, movie_caption, movie_data
from lss.report.page import picture, template
from lss.report.plates import Plate
from lss.simulation.trajectory_writers import Xtc
from lss.storage.full_disk import new_hdf5
from lss.storage.whole_files import plain, replacing, write_json

if TYPE_CHECKING:
    from lss.paths.findings import Findings
    from lss.simulator import LatentSpaceSimulator

#: Structures of the transition state that are written, and of them drawn.
STRUCTURES, DRAWN = 100, 12
NAMES = ("paths.json", "paths.h5", "paths.html", "topology.pdb", "transition-states.xtc", "figures")


def write_paths(
    to: str | Path,
    simulator: LatentSpaceSimulator,
    found: Findings,
    latent_only: bool = False,
    force: bool = False,
    progress: bool = True,
) -> Path:
    """Write what was found: see `docs/paths.md` for the files.

    Parameters
    ----------
    to : str or pathlib.Path
        Folder; it appears when all is written.
    simulator : lss.LatentSpaceSimulator
    found : lss.paths.findings.Findings
    latent_only : bool
        Decode nothing.
    force : bool
        Replace what an earlier call wrote.
    progress : bool
        Show a progress bar.

    Returns
    -------
    pathlib.Path
        Of paths.html.

    Raises
    ------
    InputError
        Where `to` is not empty and `force` was not given, or holds anything else.
    """
    to = checked_folder(to, force)
    with replacing(to) as partial:
        partial.mkdir()
        fill(partial, simulator, found, latent_only, progress)
    return to / "paths.html"


def fill(to, simulator, found, latent_only, progress):
    """Write all files into a new folder."""
    numbers = plain(tables.numbers(found))
    write_psi(to / "paths.h5", found)
    structures = path = None
    if not latent_only:
        simulator.box.reference.save_pdb(str(to / "topology.pdb"))
        structures = decode_all(to, simulator, found, progress)
        path = shown_path(found)
    note = simulator.box.meta.get("note")
    pictures = draw(to / "figures", simulator, found, structures, note)
    movie = None if path is None else make_movie(simulator, path, found)
    a, b = found.passages.names
    text = template("lss.paths").render(
        title=f"From {a} to {b}",
        note=note,
        start=a,
        goal=b,
        cautions=tables.cautions(found),
        tables={k: getattr(tables, k)(found) for k in ("states", "times", "pathways")},
        pictures=pictures,
        movie=movie and movie_data(movie),
        movie_caption=movie and f"One path from {a} to {b}. {movie_caption(movie)}",
        numbers=numbers,
    )
    write_json(to / "paths.json", numbers)
    (to / "paths.html").write_text(text, encoding="utf-8")


def checked_folder(to, force):
    """The folder, made if needed; InputError where it holds what must not be replaced."""
    to = Path(to)
    if to.exists() and not to.is_dir():
        raise InputError(f"{to} is a file, wanted a folder; give another name")
    there = list(to.iterdir()) if to.exists() else []
    foreign = [p.name for p in there if p.name not in NAMES and not holds_paths(p)]
    if foreign:
        raise InputError(f"{to} holds {foreign[0]}, wanted paths or nothing; give another folder")
    if there and not force:
        raise InputError(
            f"{to} holds paths, wanted nothing; give `force` to replace them, or another folder"
        )
    return to


def holds_paths(folder):
    """Whether a folder is one of decoded paths, and of nothing else."""
    if "-to-" not in folder.name or not folder.is_dir():
        return False
    return all(file.match("path-*.xtc") for file in folder.iterdir())


def folders(found):
    """Name of the folder of each direction."""
    a, b = found.passages.names
    return f"{a}-to-{b}", f"{b}-to-{a}"


def write_psi(path, found):
    """Latent states of all paths end to end, with what tells them apart, and of the mesh."""
    with new_hdf5(path) as file:
        for k, name in enumerate(folders(found)):
            group, paths = file.create_group(name), found.passages.of(k)
            group["psi"] = np.concatenate([path.psi for path in paths])
            group["frames"] = [len(path.psi) for path in paths]
            group["walker"] = [path.walker for path in paths]
            group["first_frame"] = [path.first for path in paths]
            labels = found.pathways.labels
            group["pathway"] = [
                1 + label
                for path, label in zip(found.passages.paths, labels, strict=True)
                if path.direction == k
            ]
        mesh = file.create_group("committor")
        mesh["psi"], mesh["q"], mesh["weight"] = found.mesh.points, found.q, found.weights
        file.attrs["lag_time_ps"] = found.passages.lag_ps


def decode_all(to, simulator, found, progress):
    """Write all paths as XTC, and the transition state, whose structures are returned."""
    topology, lag_ps = simulator.box.reference.topology, simulator.lag_time_ps
    seed, n = found.passages.seed, len(found.passages.paths)
    with tqdm(total=n, unit="path", desc="decode", disable=not progress) as bar:
        for k, name in enumerate(folders(found)):
            folder = to / name
            folder.mkdir()
            for i, path in enumerate(found.passages.of(k)):
                xyz = simulator.coordinates(path.psi, seed, path.first, path.walker)
                file = Xtc(folder / f"path-{i:04d}.xtc", topology, lag_ps, len(xyz))
                file.append(xyz, 0)
                bar.update()
    psi = found.transition_states(STRUCTURES, seed)
    if not len(psi):
        return None
    xyz = simulator.coordinates(psi, seed)
    Xtc(to / "transition-states.xtc", topology, lag_ps, len(xyz)).append(xyz, 0)
    return xyz


def draw(folder, simulator, found, structures, note):
    """All figures, saved, and as the page wants them."""
    made = list(figures.make_figures(found))
    if structures is not None and structures.shape[1] > 2:
        reference = simulator.box.reference
        xyz = superpose(structures[:DRAWN], reference.xyz[0])
        made.append(figures.transition_states(found, xyz, bonds_of(reference)))
    folder.mkdir()
    return {
        name: picture(Plate(name, caption, save(figure, folder, name, columns, note)))
        for name, caption, figure, columns in made
    }


def bonds_of(reference):
    """Pairs of atoms to join: bonds, or CA atoms that follow one another."""
    measures = describe(reference.topology, reference.xyz[0])
    return measures.bonds if len(measures.bonds) else measures.ca_bonds


def shown_path(found):
    """A path to play: of those from A to B, one that is longer than most, but not the longest."""
    paths = sorted(found.passages.of(0), key=lambda path: len(path.psi))
    return paths[int(0.9 * (len(paths) - 1))]


def make_movie(simulator, path, found):
    reference = simulator.box.reference
    xyz = simulator.coordinates(path.psi, found.passages.seed, path.first, path.walker)
    return Movie(
        xyz=superpose(xyz.astype(np.float64), reference.xyz[0]),
        psi_1=path.psi[:, 0],
        times_ps=(path.first + np.arange(len(path.psi))) * simulator.lag_time_ps,
        trajectory=path.walker,
        bonds=bonds_of(reference),
    )
