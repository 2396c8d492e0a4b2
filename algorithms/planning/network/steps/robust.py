"""How far the result hangs on the judgements: the chain again on other weights and scores."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ..... import core
from .....core.choices import Variation
from ....support.inputs import parameters as p
from ....support.reports.robustness import headline

if TYPE_CHECKING:
    from .....core.decisions.robustness import Robustness
    from .....core.monitor import Monitor
    from ....support.run.job import Job

SPREAD, SHIFT = 0.25, 0.25
"""How far weights and scores vary, as in 'robustness'."""


def runs():
    """Return how many runs there are beside the network."""
    return p.integer(
        "ROBUSTNESS_RUNS",
        "Runs on other judgements",
        "Computes corridors and key areas again so many times with other weights and scores, and says which of them stay: in "
        "the report, and in the column 'share' (of the runs) of corridors, pinch points and barriers. 50 give a first "
        "picture and take up to 50 times as long as the network; 0: none. 'Robustness of the judgements' can vary more, "
        "and writes maps.",
        0,
        low=0,
        high=10_000,
        advanced=True,
    )


def check(job: Job) -> str | None:
    """Return what is wrong with the choice."""
    if job.integer("ROBUSTNESS_RUNS") and job.given("RESISTANCE_IN"):
        return (
            "ROBUSTNESS_RUNS varies the weights and scores of the resistance surface, but the surface is given "
            "(RESISTANCE_IN). Set it to 0, or leave the surface out."
        )
    return None


def bytes_per_cell(job: Job) -> int:
    """Return the memory that the runs add: scores, counters and shares."""
    return 50 if job.integer("ROBUSTNESS_RUNS") else 0


def bytes_of_run(job: Job, cells: int) -> int:
    """Return the memory of one of the runs."""
    return core.decisions.run_bytes(cells) if job.integer("ROBUSTNESS_RUNS") else 0


class Stays:
    """Takes the scores of the factors as the network is built, and then runs it on others.

    Attributes
    ----------
    found : Robustness or None
        None where no runs were asked for.
    """

    def __init__(self, job: Job) -> None:
        self._runs = job.integer("ROBUSTNESS_RUNS")
        self._factors: list[core.decisions.Factor] = []
        self.found: Robustness | None = None

    @property
    def share(self) -> float:
        """Part of the progress that the network itself takes."""
        return 1.0 / (1.0 + 0.5 * self._runs)

    def take(self, name: str, scores: np.ndarray) -> None:
        """Keep the scores of a factor."""
        if self._runs:
            self._factors.append(core.decisions.Factor.of(name, scores))

    def run(self, network, grid, options, distances, where: core.spread.Where, monitor: Monitor, **built) -> None:
        """Run the network on other judgements."""
        if not self._runs:
            return
        monitor.info(f"{self._runs} runs on other judgements")
        weights = [one.weight for one in network.surface.scores]
        varies = [Variation.WEIGHTS] if np.count_nonzero(weights) > 1 else []
        if any(one.scores.size > 1 for one in self._factors):
            varies.append(Variation.SCORES)
        study = core.decisions.Study.of(network, self._factors, grid, options, **built)
        self.found = core.decisions.robustness(
            study,
            core.decisions.Uncertainty(tuple(varies), spread=SPREAD, shift=SHIFT),
            distances=distances,
            weights=weights,
            runs=self._runs,
            tolerance=0.0,
            chain=core.decisions.Chain.of(network),
            where=where,
            monitor=monitor,
        )
        for kind in self.found.stayed:
            monitor.info(headline(self.found, kind))
