"""What C code prints: kept off the screen, and shown where it fails."""

import os
import subprocess
import sys
from pathlib import Path

import mdtraj
import pytest

from lss.storage.c_output import silenced

ROOT = Path(__file__).parents[3]


def test_what_is_written_to_the_descriptor_is_not_seen(capfd):
    with silenced(1):
        os.write(1, b"from C")
    print("from Python")
    assert capfd.readouterr().out == "from Python\n"


def test_it_is_shown_where_the_block_fails(capfd):
    with pytest.raises(OSError), silenced(2):
        os.write(2, b"why it failed")
        raise OSError
    assert capfd.readouterr().err == "why it failed"


def test_reading_a_dcd_prints_nothing(small_md, tmp_path):
    """In a process of its own, at the end of which C writes out what it held back."""
    pattern, top = small_md
    frames = mdtraj.load(pattern.replace("*", "2"), top=top)[:20]
    frames.save_dcd(str(tmp_path / "a.dcd"))
    code = (
        "import sys; from lss import TrajectorySet\n"
        "opened = TrajectorySet.open([sys.argv[1]], sys.argv[2], 100.0)\n"
        "print(sum(len(chunk) for chunk in opened.iterate(0, chunk=7)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, tmp_path / "a.dcd", top],
        capture_output=True,
        text=True,
        cwd=ROOT,
    )
    assert done.stdout == "20\n", done.stderr
