"""What users write, for mypy: it is checked against the hints of the public functions, never run.

`make lint` checks this file; errors inside the packages are not looked for.
"""

from pathlib import Path
from typing import assert_type

import mdtraj
import numpy as np

import lss
from cwgan import Contacts, MolGen, bond_graph, decode, energy_distance
from hde import HDE
from lss.box import Box, load_box
from lss.report.validation import Comparison
from lss_base.kinetics import implied_timescales
from lss_base.moments import LaggedMoments
from lss_base.weights import frame_weights
from mdn import Propagator, Sampler, train_replicas
from srv import SRV, candidate_lags, cross_validate, recommend, scan_lags
from srv.lagtime import LagScan


def notebook_of_a_molecule() -> Comparison:
    data = lss.open_trajectories("runs/*.xtc", top="molecule.pdb", dt="10ps", join=True)
    assert_type(data, lss.TrajectorySet)
    features = lss.Featurizer(data.topology, lss.default_features(data.topology))
    x = features.transform(data)
    srv = SRV.from_preset("recommended", len(features), n_components=3, lag_time=20).fit(x)
    psi = srv.transform(x)
    propagator = Propagator.from_preset("recommended", 3, lag_time=20).fit(psi)
    coordinates, reference, bonds = lss.superposed(data, "backbone")
    assert_type(reference, mdtraj.Trajectory)
    molgen = MolGen.from_preset("recommended", 3, reference.n_atoms, bonds=bonds)
    molgen.fit(psi, coordinates)
    simulator = lss.LatentSpaceSimulator.from_estimators(
        srv,
        propagator,
        molgen,
        topology=reference,
        lag_time="20ns",
        start_psi=psi,
        features=features,
    )
    simulator.save(Path("box"))
    assert_type(
        simulator.decode(simulator.propagate(psi[0][:1], 10, seed=0)[0], 0), mdtraj.Trajectory
    )
    states = lss.define_states(simulator, "A: psi1 < -1; B: psi1 > 1")
    found = lss.find_paths(simulator, states["A"], states["B"], 100)
    lss.write_paths("paths", simulator, found, force=True)
    return lss.validate(simulator, data, to="report", length="1us", states=states)


def arrays_alone() -> None:
    x = [np.zeros((100, 4)), np.zeros((50, 4))]
    srv = HDE(4, n_components=2, lag_time=5, callbacks=None)
    srv.fit(x[0]).drop_modes([1])
    assert_type(srv.score(x, kind="vamp2"), float)
    scan = scan_lags(x, candidate_lags([100, 50]), srv)
    assert_type(scan, LagScan)
    print(recommend(scan, cross_validate(x, srv)).lag_time)
    propagator = Propagator(2, bounds=([0, 0], [1, 1]))
    assert_type(propagator.sampler(), Sampler)
    for block in propagator.sampler().chunks(x[0][:, :2], 10, 0):
        assert_type(block, np.ndarray)
    train_replicas(propagator, x, 4)
    weights, clipped = frame_weights(x, 5, "rite")
    print(implied_timescales([0.9], 5) / clipped, weights[0].sum())
    moments = LaggedMoments(5)
    moments.update(x[0], weights[0])
    print(moments.covariances(reversible=False).c_00)


def a_box_and_a_table(frame: object) -> str:
    box = load_box("box")
    assert_type(box, Box)
    made = decode(box.cwgan, np.zeros((3, 2)), seed=1, contacts=box.contacts())
    graph = bond_graph(3, [(0, 1), (1, 2)])
    assert_type(Contacts.learned(graph, made), Contacts | None)
    print(energy_distance(made.reshape(3, -1), made.reshape(3, -1)))
    series = lss.SeriesSet.of(frame, dt="1 d", delays=5, season="1 y")
    assert_type(series.values(0), np.ndarray)
    return lss.format_time(lss.parse_time("20ns"))
