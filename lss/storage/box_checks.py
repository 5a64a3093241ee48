"""What lss.json of a box must say, and how its networks must fit, before it is a simulator."""

import numpy as np

from lss.errors import InputError
from lss.storage.networks import brief


def check_meta(meta, name):
    """Raise InputError unless lss.json holds numbers with which a simulator can begin."""
    modes, features = meta["n_modes"], meta["n_features"]
    for key, value in (("n_modes", modes), ("n_features", features)):
        if type(value) is not int or value < 1:
            raise InputError(f"{key} of lss.json of {name} is not a whole number of at least 1")
    for key in ("lag_time_ps", "frame_spacing_ps"):
        if not numbers(meta, key, name, 0) > 0:
            raise InputError(f"{key} of lss.json of {name} is {meta[key]}, not a time")
    low, high = (numbers(meta, key, name, 1) for key in ("psi_low", "psi_high"))
    if not len(low) == len(high) == modes:
        raise InputError(f"psi_low and psi_high of lss.json of {name} do not have {modes} modes")
    if not (low < high).all():
        raise InputError(f"psi_low of lss.json of {name} is not below psi_high")
    starts = numbers(meta, "start_psi", name, 2)
    if len(starts) == 0 or starts.shape[1] != modes:
        raise InputError(f"start_psi of lss.json of {name} holds no states with {modes} modes")
    described = meta["features"]
    names = described.get("names") if isinstance(described, dict) else None
    if not isinstance(names, list) or len(names) != features:
        raise InputError(f"features of lss.json of {name} do not name {features} features")
    check_series(meta.get("series"), features, name)
    check_contacts(meta.get("contacts"), name)
    check_replicas(meta.get("replica_starts"), name)


def check_series(described, n_features, name):
    """Raise InputError unless a series is missing, or columns with what features are made of."""
    if described is None:
        return
    columns = described.get("columns") if isinstance(described, dict) else None
    keys = ("names", "units", "whole", "lower", "upper")
    lists = [columns.get(key) for key in keys] if isinstance(columns, dict) else [None]
    n = len(lists[0]) if isinstance(lists[0], list) else 0
    if n < 1 or any(not isinstance(x, list) or len(x) != n for x in lists):
        raise InputError(f"series of lss.json of {name} describes no columns; the box is damaged")
    if set(columns) != set(keys) or not all(isinstance(x, str) for x in (*lists[0], *lists[1])):
        raise InputError(f"columns of lss.json of {name} have no names and units")
    bounds = [x for pair in lists[3:] for x in pair if x is not None]
    numbers({"bounds": [0.0, *bounds]}, "bounds", name, 1)
    wanted = {"mean", "sd", "delays", "season", "origin_ps", "dated"}
    absent = wanted - set(described)
    if absent:
        raise InputError(f"series of lss.json of {name} lacks '{sorted(absent)[0]}'")
    for key in ("mean", "sd"):
        if len(numbers(described, key, name, 1)) != n:
            raise InputError(f"{key} of lss.json of {name} is not of {n} columns")
    if not (numbers(described, "sd", name, 1) > 0).all():
        raise InputError(f"sd of lss.json of {name} is not above 0")
    numbers(described, "origin_ps", name, 0)
    delays = described["delays"]
    if type(delays) is not int or delays < 1 or delays * n != n_features:
        raise InputError(f"delays of lss.json of {name} do not make {n_features} features of {n}")
    check_season(described["season"], n, name)


def check_season(described, n_columns, name):
    """Raise InputError unless a season is missing, or waves of so many columns."""
    if described is None:
        return
    if not isinstance(described, dict) or not {"period_ps", "cosines", "sines"} <= set(described):
        raise InputError(f"season of lss.json of {name} has no period and waves")
    waves = [numbers(described, key, name, 2) for key in ("cosines", "sines")]
    if waves[0].shape != waves[1].shape or waves[0].shape[1] != n_columns:
        raise InputError(f"season of lss.json of {name} is not of {n_columns} columns")
    if not numbers(described, "period_ps", name, 0) > 0:
        raise InputError(f"period_ps of lss.json of {name} is not a time")


def check_contacts(described, name):
    """Raise InputError unless contacts are missing, or a limit with bonds of numbered atoms."""
    if described is None:
        return
    if not isinstance(described, dict) or not {"limit_nm", "n_atoms", "bonds"} <= set(described):
        raise InputError(f"contacts of lss.json of {name} have no limit, atoms and bonds")
    n_atoms = described["n_atoms"]
    if type(n_atoms) is not int or not 0 < n_atoms < 2**31:
        raise InputError(f"contacts of lss.json of {name} are not of a whole number of atoms")
    limit = described["limit_nm"]
    if not numbers(described, "limit_nm", name, 0) > 0 or isinstance(limit, (str, bool)):
        raise InputError(f"contacts of lss.json of {name} have no limit above 0")
    bonds = np.zeros((0, 2)) if described["bonds"] == [] else numbers(described, "bonds", name, 2)
    fine = (bonds >= 0) & (bonds < n_atoms) & (bonds % 1 == 0)
    if bonds.shape[1] != 2 or not fine.all() or (bonds[:, 0] == bonds[:, 1]).any():
        raise InputError(f"contacts of lss.json of {name} have bonds of other atoms")
    if described.get("chances") is not None:
        check_chances(described["chances"], limit, name)


def check_chances(described, limit, name):
    """Raise InputError unless chances are of bins of contacts from the limit on."""
    if not isinstance(described, list) or len(described) != 2:
        raise InputError(f"chances of lss.json of {name} are not edges and chances")
    edges, chances = (numbers({"chances": x}, "chances", name, 1) for x in described)
    fine = len(edges) == len(chances) > 0 and edges[0] == limit and (np.diff(edges) > 0).all()
    if not fine or (chances < 0).any() or (chances > 1).any() or not chances.max() > 0:
        raise InputError(f"chances of lss.json of {name} are not chances of contacts that grow")


def check_replicas(starts, name):
    """Raise InputError unless start states of replicas are missing, or states for each of some."""
    fine = starts is None or (isinstance(starts, list) and 0 < len(starts) < 1000)
    if not fine:
        raise InputError(f"replica_starts of lss.json of {name} are no list of start states")
    for i in range(len(starts or ())):
        numbers({f"replica_starts[{i}]": starts[i]}, f"replica_starts[{i}]", name, 2)


def numbers(meta, key, name, ndim):
    """An entry of lss.json as finite numbers in single precision, with that many axes."""
    try:
        with np.errstate(over="ignore"):
            values = np.asarray(meta[key], np.float32)
    except (TypeError, ValueError, OverflowError):
        values = np.array(np.nan)
    if values.ndim != ndim or not np.isfinite(values).all():
        kind = ("a finite number", "a list of finite numbers", "rows of finite numbers")[ndim]
        raise InputError(f"{key} of lss.json of {name} is not {kind}; the box is damaged")
    return values


def check(box, name):
    """Raise InputError unless the parts of a box fit together."""
    modes = box.meta["n_modes"]
    try:
        shapes = {
            "srv.keras input (features)": (box.srv.input_shape[-1], box.meta["n_features"]),
            "srv.keras output (modes)": (box.srv.output_shape[-1], modes),
            "mdn.keras input (modes)": (box.mdn.input_shape[-1], modes),
        }
        if box.series is None:
            atoms = box.reference.n_atoms
            contacts = box.meta.get("contacts") or {"n_atoms": atoms}
            shapes["cwgan.keras output (atoms)"] = (box.cwgan.output_shape[-2], atoms)
            shapes["contacts (atoms)"] = (contacts["n_atoms"], atoms)
        else:
            drawn, columns = tuple(box.cwgan.output_shape[1:]), len(box.series.columns)
            shapes["cwgan.keras output (columns)"] = (drawn, (columns,))
        weights = [tuple(w.shape) for w in box.mdn.weights]
        for i, replica in enumerate(box.replicas):
            own = [tuple(w.shape) for w in replica.weights]
            shapes[f"replicas/mdn-{i}.keras (weights)"] = (own, weights)
    except (AttributeError, IndexError, KeyError, TypeError) as error:
        raise InputError(
            f"the networks of {name} are not those of a simulator: {brief(error)}"
        ) from error
    for what, (found, wanted) in shapes.items():
        if found != wanted:
            raise InputError(f"{name} does not fit together: {what} is {found}, not {wanted}")
