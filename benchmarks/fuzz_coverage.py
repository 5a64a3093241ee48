"""Coverage-guided fuzzing of what reads text and headers, with atheris where it is installed.

    python benchmarks/fuzz_coverage.py -runs=20000     times, feature specifications, XTC headers

Inputs that reach new lines are kept and changed further. It stops at the first input that leads
to anything but a value or an error of one line.
"""

import sys
import tempfile
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["lss"]):
    from lss import units
    from lss.errors import InputError
    from lss.features import specifications
    from lss.trajectories import file_scan

import mdtraj

from lss.examples import example

DATA = example("wlall")
TOPOLOGY = mdtraj.load_topology(str(DATA.top))
FILE = Path(tempfile.mkdtemp()) / "case.xtc"


def test_one_input(data):
    kind, rest = data[:1], data[1:]
    try:
        if kind < b"\x60":
            assert 0 < units.parse_time(rest.decode("utf-8", "replace")) < float("inf")
        elif kind < b"\xa0":
            specs = specifications.split_specs(rest.decode("utf-8", "replace"))
            torsions, distances = specifications.resolve(TOPOLOGY, specs)
            assert len(torsions) + len(distances)
        else:
            FILE.write_bytes(rest)
            scan = file_scan.scan(FILE, TOPOLOGY)
            assert scan.n_frames == len(scan.times)
    except InputError as error:
        assert "\n" not in str(error)


if __name__ == "__main__":
    atheris.Setup(sys.argv, test_one_input)
    atheris.Fuzz()
