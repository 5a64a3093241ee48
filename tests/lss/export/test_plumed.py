"""The PLUMED input, read back by a reader of its own: values of the encoder."""

import re
import sys

import mdtraj
import numpy as np
import pytest
import tensorflow as tf

from lss.box import load_box
from lss.errors import InputError
from lss.export.plumed import atoms_range, plumed_input
from lss.export.write import export_modes, structure_of
from tests.lss.export.encoders import double
from tests.lss.export.plumed_reader import Plumed


def test_plumed_has_the_values_of_the_encoder(case, md_frames, features):
    """On 100 frames of MD; single precision leaves 1e-5, double 1e-6 and much less."""
    activation, model, found = case
    text = plumed_input(found)
    assert ("ANN" in text) == (activation == "tanh")
    reader = Plumed(text)
    exact = double(model).predict(features, verbose=0)
    single = model.predict(features.astype(np.float32), verbose=0)

    @tf.function
    def read(xyz):
        values = reader.evaluate(xyz)
        return tf.stack([values["psi1"], values["psi2"]])

    for k, xyz in enumerate(md_frames.xyz[: len(features)]):
        psi = read(xyz.astype(np.float64)).numpy()
        np.testing.assert_allclose(psi, exact[k], atol=1e-6)
        np.testing.assert_allclose(psi, single[k], atol=2e-5)


def test_the_text_is_of_plumed(case, md_frames):
    """Atoms from 1, molecules made whole first, 17 digits, ranges of the data."""
    _, _, found = case
    text = plumed_input(found)
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    assert lines[0] == f"WHOLEMOLECULES ENTITY0=1-{md_frames.n_atoms}"
    top = max(int(a) for a in re.findall(r"ATOMS=(?:\d+,)*(\d+)", text))
    assert top <= md_frames.n_atoms and "ATOMS=0" not in text
    assert lines[-1].startswith("PRINT ARG=psi1,psi2")
    assert len(re.findall(r"0\.\d{16,}", text)) > 100
    low, high, bins = found.ranges[0].grid
    assert f"GRID_MIN={low:.4g} GRID_MAX={high:.4g} GRID_BIN={bins}" in text
    assert low < found.ranges[0].low < found.ranges[0].high < high


def test_atoms_are_counted_from_one():
    assert atoms_range(np.arange(4, 9)) == "5-9"
    assert atoms_range(np.array([0, 2, 3])) == "1,3,4"


def test_export_of_a_run(trained, tmp_path, small_md):
    """By the command, with the atoms of the run, and of another file of the molecule."""
    import runpy

    out = tmp_path / "plumed.dat"
    with pytest.MonkeyPatch.context() as patch:
        words = ["lss", "export", str(trained.box), "--to", "plumed", "--out", str(out)]
        patch.setattr(sys, "argv", words)
        runpy.run_module("lss.__main__", run_name="tested")["run"]()
        with pytest.raises(InputError, match="exists"):
            runpy.run_module("lss.__main__", run_name="tested")["run"]()
    frame = mdtraj.load(small_md[0].replace("*", "0"), top=small_md[1])[7]
    values = Plumed(out.read_text()).evaluate(frame.xyz[0].astype(np.float64))
    from lss.simulator import LatentSpaceSimulator

    psi = LatentSpaceSimulator.load(trained.box).encode(frame)[0]
    np.testing.assert_allclose([values["psi1"], values["psi2"]], psi, atol=1e-4)
    # The same molecule in a file without hydrogens of the side chains: other numbers, same psi.
    kept = frame.topology.select("element != H or name H")
    less = frame.atom_slice(kept)
    less.save_pdb(str(tmp_path / "system.pdb"))
    again = export_modes(
        load_box(trained.box), "plumed", structure_of(trained.box, str(tmp_path / "system.pdb"))
    )
    assert f"ENTITY0=1-{len(kept)}" in again
    values = Plumed(again).evaluate(less.xyz[0].astype(np.float64))
    np.testing.assert_allclose([values["psi1"], values["psi2"]], psi, atol=1e-4)
