"""A simulator and its replicas: error bars that hold what the MD leaves open."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from lss.box import load_box
from lss.errors import InputError
from lss.simulation.on_demand import FramesOnDemand
from lss.simulator import LatentSpaceSimulator

if TYPE_CHECKING:
    from numpy.typing import ArrayLike


class Ensemble:
    """Propagators that were trained on bootstrap samples of the MD, one simulator each.

    A long synthetic trajectory knows its own averages to any digits, and says nothing of how few
    events its propagator was learned from. How far the replicas differ does.

    Parameters
    ----------
    simulator : lss.LatentSpaceSimulator
        Of a box with replicas: of `lss.run.stages.train_mdn`, or with those of
        `mdn.train_replicas` in its `box`.

    Raises
    ------
    InputError
        Where its box has fewer than two replicas.
    """

    def __init__(self, simulator: LatentSpaceSimulator):
        from mdn.members import copy

        box = simulator.box
        if len(box.replicas) < 2:
            raise InputError(
                f"`simulator` has {len(box.replicas)} replicas, wanted at least 2; train its "
                "propagator with replicas"
            )
        self.box = box
        # One network takes the weights of each in turn: what was compiled for it serves for all.
        self._walker = LatentSpaceSimulator(
            replace(box, mdn=copy(box.mdn), replicas=[]), simulator.sampler.outside
        )

    @classmethod
    def load(cls, path: str | Path) -> Ensemble:
        """Load the replicas of a box folder or an `.lss` file (see `lss.box.load_box`)."""
        return cls(LatentSpaceSimulator(load_box(path)))

    def __len__(self):
        return len(self.box.replicas)

    def propagate(self, n_steps: int, n_walkers: int = 100, seed: int = 0) -> Iterator[np.ndarray]:
        """Sample latent trajectories of each replica, from frames of its bootstrap sample.

        Parameters
        ----------
        n_steps : int
            Steps of one lag time.
        n_walkers : int
            Trajectories of each replica.
        seed : int

        Yields
        ------
        psi : np.ndarray, shape (n_walkers, n_steps + 1, m), float32
        """
        starts = self.box.meta["replica_starts"]
        for i, (network, states) in enumerate(zip(self.box.replicas, starts, strict=True)):
            self._walker.box.mdn.set_weights(network.get_weights())
            states = np.asarray(states, np.float32)
            drawn = np.random.default_rng([seed, i]).integers(len(states), size=n_walkers)
            first = i * n_walkers  # no two walkers share random numbers
            yield self._walker.propagate(states[drawn], n_steps, seed, first_walker=first)

    def spread(
        self,
        statistic: Callable[[np.ndarray], ArrayLike],
        n_steps: int,
        n_walkers: int = 100,
        seed: int = 0,
    ) -> tuple[np.ndarray, np.ndarray]:
        """Mean and standard deviation over the replicas of a function of latent trajectories.

        The standard deviation is the standard error of what the simulator gives that comes of the
        finite MD it was trained on.

        Parameters
        ----------
        statistic : callable
            psi, shape (n_walkers, n_steps + 1, m), -> number or array.
        n_steps, n_walkers, seed
            As in `propagate`.

        Returns
        -------
        mean, deviation : np.ndarray
        """
        values = [np.asarray(statistic(x)) for x in self.propagate(n_steps, n_walkers, seed)]
        return np.mean(values, axis=0), np.std(values, axis=0, ddof=1)


class DecodedFrames(FramesOnDemand):
    """Structures of one latent trajectory as an array (frames, atoms, 3), **nm**; or rows.

    They are decoded where they are sliced, and not kept.
    """

    def __init__(self, simulator, psi, seed, walker):
        super().__init__(len(psi), simulator.box.cwgan.output_shape[1:])
        self.simulator, self.psi, self.seed, self.walker = simulator, psi, seed, walker

    def read(self, start, stop):
        return self.simulator.coordinates(self.psi[start:stop], self.seed, start, self.walker)
