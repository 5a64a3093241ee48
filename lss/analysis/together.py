"""Whether ensembles can be compared: of one encoder, and of one molecule or one table."""

from __future__ import annotations

from lss.analysis.sample import Sample
from lss.errors import InputError


def check_together(samples: dict[str, Sample], reference, columns=None) -> None:
    """Ensembles that are compared must be of one encoder, and of one molecule or one table.

    Parameters
    ----------
    samples : dict of Sample
        By name; the first is the training MD, the second the LSS.
    reference : mdtraj.Trajectory or None
        One frame of the decoded atoms.
    columns : lss.series.columns.Columns, optional
        Of a time series.

    Raises
    ------
    InputError
        When the numbers of modes differ, or structures or values are given of which something that
        they are compared with is missing or of another shape.
    """
    for name, sample in samples.items():
        if not isinstance(sample, Sample):
            raise InputError(
                f"{name} is a {type(sample).__name__}, wanted a Sample of psi and coordinates"
            )
    (first, md), (second, lss), *_ = samples.items()
    for name, sample in samples.items():
        if sample.n_modes != md.n_modes:
            raise InputError(
                f"{name} has {sample.n_modes} modes, {first} {md.n_modes}; give psi of the same "
                "encoder"
            )
    decoded = {k: s.coordinates for k, s in samples.items() if s.coordinates is not None}
    if not decoded:
        return
    needed = {f"coordinates of the {first}": md.coordinates,
              f"coordinates of the {second}": lss.coordinates}  # fmt: skip
    if columns is None:
        _check_atoms(decoded, needed | {"reference": reference}, reference)
    else:
        _check_columns({k: samples[k] for k in decoded}, needed, columns)


def _check_given(needed: dict, what: str) -> None:
    for name, thing in needed.items():
        if thing is None:
            raise InputError(f"{what} are compared only with {name}; give it as well")


def _check_atoms(decoded: dict[str, list], needed: dict, reference) -> None:
    for name, trajectories in decoded.items():
        if trajectories[0].ndim != 3:
            raise InputError(
                f"coordinates of the {name} have shape {tuple(trajectories[0].shape)}, wanted "
                "(frames, atoms, 3); of a time series, give `columns` as well"
            )
    _check_given(needed, "structures")
    if len(reference) != 1 or reference.n_atoms < 3:
        raise InputError(
            f"reference has {len(reference)} frames of {reference.n_atoms} atoms, wanted 1 of at "
            "least 3: with fewer no structures are compared; decode more of them"
        )
    for name, trajectories in decoded.items():
        if trajectories[0].shape[1] != reference.n_atoms:
            raise InputError(
                f"coordinates of the {name} have {trajectories[0].shape[1]} atoms, reference "
                f"{reference.n_atoms}; give those of the decoded atoms"
            )


def _check_columns(samples: dict[str, Sample], needed: dict, columns) -> None:
    _check_given(needed, "columns")
    for name, sample in samples.items():
        shape = tuple(sample.coordinates[0].shape)
        if len(shape) != 2 or shape[1] != len(columns):
            raise InputError(
                f"coordinates of the {name} have shape {shape}, wanted (frames, {len(columns)}), "
                f"for columns {', '.join(columns.names)}; give a list of one array a series"
            )
        if sample.lag % sample.stride:
            raise InputError(
                f"coordinates of the {name} are of every {sample.stride}-th frame, which does not "
                f"divide the lag of {sample.lag} frames: give those of every frame"
            )
