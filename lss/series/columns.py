"""What the columns of a series are: their names, their units, and what values they can have."""

from dataclasses import asdict, dataclass

import numpy as np


@dataclass(frozen=True)
class Columns:
    """The columns of one table.

    Parameters
    ----------
    names, units : tuple of str
        An empty string where the unit is not known.
    whole : tuple of bool
        Whether the column holds whole numbers only, such as counts.
    lower, upper : tuple of float or None
        Bounds that values keep, such as 0 of a concentration, or 0 and 1 of a share.
    """

    names: tuple[str, ...]
    units: tuple[str, ...]
    whole: tuple[bool, ...]
    lower: tuple[float | None, ...]
    upper: tuple[float | None, ...]

    def __len__(self):
        return len(self.names)

    @property
    def labels(self):
        """Name and unit of each column, for axes and headings."""
        pairs = zip(self.names, self.units, strict=True)
        return tuple(f"{name} / {unit}" if unit else name for name, unit in pairs)

    @property
    def bounds(self):
        """Bounds as an array (n_columns, 2), infinite where there is none."""
        lower = [-np.inf if low is None else low for low in self.lower]
        upper = [np.inf if high is None else high for high in self.upper]
        return np.stack([lower, upper], 1)

    def to_dict(self):
        """As lss.json holds it."""
        return {name: list(values) for name, values in asdict(self).items()}

    @classmethod
    def from_dict(cls, described):
        """From what `to_dict` returned."""
        return cls(**{name: tuple(values) for name, values in described.items()})
