"""The module for OpenMM: values of the encoder, gradients by differences, and its forces."""

import sys

import numpy as np
import pytest

from lss.export.layers import FORMULAS
from lss.export.openmm import openmm_module
from lss.export.plumed import plumed_input
from tests.lss.export.encoders import double
from tests.lss.export.plumed_reader import Plumed

STEP_NM = 1e-5


def differences(value, xyz, atoms):
    """Gradient of a function of positions over some atoms, by central differences."""
    out = np.zeros_like(xyz)
    for atom in atoms:
        for axis in range(3):
            ends = []
            for sign in (1, -1):
                moved = xyz.copy()
                moved[atom, axis] += sign * STEP_NM
                ends.append(value(moved))
            out[atom, axis] = (ends[0] - ends[1]) / (2 * STEP_NM)
    return out


def module_of(found, tmp_path, monkeypatch):
    (tmp_path / "exported_modes.py").write_text(openmm_module(found))
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, "exported_modes", raising=False)
    import exported_modes

    return exported_modes


def test_openmm_has_values_and_gradients(case, md_frames, features, tmp_path, monkeypatch):
    """Values of the encoder and of the PLUMED text; gradients of the text and by differences."""
    _, model, found = case
    modes, reader = module_of(found, tmp_path, monkeypatch), Plumed(plumed_input(found))
    exact = double(model).predict(features, verbose=0)
    for k, xyz in enumerate(md_frames.xyz[: len(features)].astype(np.float64)):
        np.testing.assert_allclose(modes.psi(xyz), exact[k], atol=1e-6)
        if k % 20:
            continue
        slopes = modes.gradient(xyz)
        for mode in (0, 1):
            _, known = reader.value_and_gradient(xyz, f"psi{mode + 1}")
            scale = np.abs(known).max()
            np.testing.assert_allclose(slopes[mode], known, atol=1e-9 * scale)
            by_steps = differences(lambda x, m=mode: modes.psi(x)[m], xyz, modes.ATOMS[::4])
            np.testing.assert_allclose(
                by_steps[modes.ATOMS[::4]], known[modes.ATOMS[::4]], atol=1e-4 * scale
            )
            np.testing.assert_allclose(known.sum(axis=0), 0, atol=1e-9 * scale)
    off, wrong = modes.check()
    assert off < 2e-5 and wrong < 1e-4


def test_openmm_takes_them(case, md_frames, tmp_path, monkeypatch):
    """Energy and forces of a PythonForce in OpenMM, and one hill of metadynamics along it."""
    openmm = pytest.importorskip("openmm")
    from openmm import app

    modes = module_of(case[2], tmp_path, monkeypatch)
    xyz = md_frames.xyz[3].astype(np.float64)

    def context(*forces):
        system = openmm.System()
        for _ in xyz:
            system.addParticle(12.0)
        for force in forces:
            system.addForce(force)
        made = openmm.Context(system, openmm.VerletIntegrator(0.001))
        made.setPositions(xyz)
        return made.getState(getEnergy=True, getForces=True)

    for mode in (0, 1):
        state = context(modes.force(mode + 1))
        assert state.getPotentialEnergy()._value == pytest.approx(modes.psi(xyz)[mode], abs=1e-5)
        forces, slope = state.getForces(asNumpy=True)._value, modes.gradient(xyz)[mode]
        np.testing.assert_allclose(forces, -slope, atol=1e-4 * np.abs(slope).max())
    variable = modes.bias_variable(1)
    known = modes.NUMBERS["ranges"][0]
    assert variable.biasWidth == known["sigma"] and variable.minValue == known["grid"][0]
    system = openmm.System()
    for _ in xyz:
        system.addParticle(12.0)
    meta = app.Metadynamics(system, [variable], 300, 10, 1.0, 1)
    run = app.Simulation(md_frames.topology.to_openmm(), system, openmm.VerletIntegrator(1e-6))
    run.context.setPositions(xyz)
    meta.step(run, 2)
    assert meta.getFreeEnergy()._value.min() < -0.5


def test_slopes_of_every_activation(case, tmp_path, monkeypatch):
    """Of the module for OpenMM, by differences."""
    known = module_of(case[2], tmp_path, monkeypatch).ACTIVATIONS
    assert set(known) == set(FORMULAS)
    x = np.linspace(-4, 4, 41)
    for function in known.values():
        _, slope = function(x)
        by_steps = (function(x + 1e-6)[0] - function(x - 1e-6)[0]) / 2e-6
        np.testing.assert_allclose(slope, by_steps, atol=1e-8)
