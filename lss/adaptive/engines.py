"""What runs one piece of MD: OpenMM in this process, or a command of the user's."""

import shlex
import subprocess

import numpy as np

from lss.errors import InputError

_LAST_WORDS = 300  # letters of what a command wrote before it failed
_IMPLICIT = ("GBSAOBCGenerator", "CustomGBGenerator")
_CUTOFF_NM = 1.0
# On a core OpenMM's Reference platform is faster for fewer: 22 atoms take .04 ms a step, not .14.
_FEW_ATOMS = 50


class Died(Exception):
    """A piece of MD that came to no good end, and may be tried from elsewhere."""


def simulate(engine, start, out, seed, inherited=()):
    """Run one piece of MD and write its frames.

    Parameters
    ----------
    engine : dict
        `runner`, a command with {start}, {out} and perhaps {seed}; or where it is None `top`,
        `forcefield` (list of XML files), `temperature_K`, `friction_per_ps`, `timestep_ps`,
        `n_frames` and `frame_ps`.
    start : pathlib.Path
        Structure with all atoms and the cell.
    out : pathlib.Path
        Trajectory to write, an XTC file.
    seed : int
        Of the velocities and the thermostat.
    inherited : sequence of int
        File descriptors that a command inherits.

    Raises
    ------
    Died
    InputError
        Where no piece could run: a force field that does not fit, no OpenMM.
    """
    if engine["runner"]:
        _command(engine["runner"], start, out, seed, inherited)
    else:
        _openmm(engine, start, out, seed)


def _command(runner, start, out, seed, inherited):
    names = {"start": start, "out": out, "seed": seed}
    try:
        words = [word.format(**names) for word in shlex.split(runner)]
    except (KeyError, IndexError, ValueError) as error:
        raise InputError(
            f"`runner` is {runner!r}, in which {error} is not {{start}}, {{out}} or {{seed}}; "
            "double other braces"
        ) from error
    try:
        # In a session of its own: Ctrl-C lets the piece under way finish.
        done = subprocess.run(
            words, capture_output=True, text=True, start_new_session=True, pass_fds=inherited
        )
    except OSError as error:
        raise InputError(f"`runner` is {runner!r}, which cannot be run: {error}") from error
    if done.returncode:
        said = " ".join((done.stderr or done.stdout).split())[-_LAST_WORDS:]
        raise Died(f"the command ended with code {done.returncode}: {said}")


def _openmm(engine, start, out, seed):
    import mdtraj

    context, integrator = prepare(engine, start, seed)
    from openmm import OpenMMException, unit

    n_steps = round(engine["frame_ps"] / engine["timestep_ps"])
    periodic = context.getSystem().usesPeriodicBoundaryConditions()
    with mdtraj.formats.XTCTrajectoryFile(str(out), "w") as file:
        for frame in range(1, engine["n_frames"] + 1):
            time_ps = frame * engine["frame_ps"]
            try:
                integrator.step(n_steps)
                state = context.getState(positions=True)
            except OpenMMException as error:
                raise Died(f"OpenMM at {time_ps:g} ps: {error}") from error
            positions = state.getPositions(asNumpy=True).value_in_unit(unit.nanometer)
            if not np.isfinite(positions).all():
                raise Died(f"coordinates are not finite at {time_ps:g} ps")
            box = state.getPeriodicBoxVectors(asNumpy=True).value_in_unit(unit.nanometer)
            file.write(
                np.asarray(positions, np.float32)[None],
                time=np.float32([time_ps]),
                step=np.int32([frame * n_steps]),
                box=np.asarray(box if periodic else np.zeros((3, 3)), np.float32)[None],
            )


def prepare(engine, start, seed):
    """A context of OpenMM at a start: its cell, no minimisation, new velocities.

    Returns
    -------
    context : openmm.Context
    integrator : openmm.Integrator
    """
    import mdtraj

    try:
        import openmm
        from openmm import app, unit
    except ImportError:
        raise InputError(
            "running MD needs OpenMM; install it with: pip install openmm, or give `runner`, the "
            "command of another engine"
        ) from None
    frame = mdtraj.load(str(start))
    try:
        topology = app.PDBFile(engine["top"]).topology
        forcefield = app.ForceField(*engine["forcefield"])
        implicit = any(type(g).__name__ in _IMPLICIT for g in forcefield.getGenerators())
        periodic = frame.unitcell_vectors is not None and not implicit
        if periodic:
            topology.setPeriodicBoxVectors(frame.unitcell_vectors[0] * unit.nanometer)
        system = forcefield.createSystem(
            topology,
            nonbondedMethod=app.PME if periodic else app.CutoffNonPeriodic,
            nonbondedCutoff=_CUTOFF_NM * unit.nanometer,
            constraints=app.HBonds,
        )
    except (ValueError, OSError) as error:
        raise InputError(f"`forcefield` does not fit `top`: {error}") from error
    integrator = openmm.LangevinMiddleIntegrator(
        engine["temperature_K"], engine["friction_per_ps"], engine["timestep_ps"]
    )
    integrator.setRandomNumberSeed(seed)
    context = openmm.Context(system, integrator, *fastest(system.getNumParticles()))
    if periodic:
        context.setPeriodicBoxVectors(*frame.unitcell_vectors[0].astype(float))
    context.setPositions(frame.xyz[0].astype(float))
    # Files hold coordinates of three digits.
    context.applyConstraints(1e-6)
    context.setVelocitiesToTemperature(engine["temperature_K"], seed)
    return context, integrator


def fastest(n_atoms):
    """The fastest platform of OpenMM, and its settings: one thread, as pieces run one a core."""
    from openmm import Platform

    found = [Platform.getPlatform(i) for i in range(Platform.getNumPlatforms())]
    best = max(found, key=lambda platform: platform.getSpeed())
    if best.getName() != "CPU":
        return best, {}
    if n_atoms < _FEW_ATOMS:
        return Platform.getPlatformByName("Reference"), {}
    return best, {"Threads": "1"}
