"""Pairwise judgements of experts in tables, the weights that follow, and what is said of contradictions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from .... import core
from ....core.choices import RandomIndex
from ....core.errors import InputError
from ....core.monitor import Monitor
from ..io.tables import read_rows
from ..io.vectors import VectorSource

_NAMED = 3
"""How many judgements are named that fit worst."""


@dataclass(frozen=True)
class Judged:
    """Result of the judgements, the names of the experts, and what to say about contradictions."""

    result: core.weights.GroupResult
    experts: list[str]
    advice: list[str]


def read_judgements(tables: Sequence[VectorSource], names: list[str]) -> tuple[list[str], list[np.ndarray]]:
    """Return the names of the factors, those of the first table where none are given, and the matrix of each table."""
    matrices = []
    for table in tables:
        try:
            names, matrix = core.weights.matrix_from_records(read_rows(table), names)
        except InputError as error:
            raise InputError(f"'{table.name}': {error}") from None
        matrices.append(matrix)
    return names, matrices


def judge(
    matrices: Sequence[np.ndarray],
    names: Sequence[str] | None,
    experts: list[str],
    monitor: Monitor,
    *,
    importance: Sequence[float] | None = None,
    table: RandomIndex = RandomIndex.SAATY,
) -> Judged:
    """Return the weights that follow from judgements; the consistency is reported, contradictions are warned of."""
    result = core.weights.analyse_group(matrices, names=names, importance=importance, table=table)
    group = result.group
    monitor.info(
        f"Lambda max {group.lambda_max:.4f}, CI {group.ci:.4f}, CR {group.cr:.4f} (random index "
        f"{group.random_index:.4g}, {table.label})."
    )
    advice = _advice(result, experts)
    for line in advice:
        monitor.warn(line)
    return Judged(result, experts, advice)


def _advice(result: core.weights.GroupResult, experts: list[str]) -> list[str]:
    """Return what to say about judgements that contradict each other."""
    lines = []
    single = len(result.experts) == 1
    for name, one in zip(experts, result.experts):
        if not one.consistent:
            lines += _mending(one, "The judgements" if single else f"The judgements of '{name}'")
    if not single and not result.group.consistent:
        lines += _mending(result.group, "The judgements of the group")
    for name, index in zip(experts, result.compatibility):
        if index > 1.1:
            lines.append(
                f"The weights of '{name}' differ from those of the group (compatibility {index:.2f}, above 1.1)."
            )
    return lines


def _mending(one: core.weights.AhpResult, who: str) -> list[str]:
    lines = [f"{who} contradict each other: CR = {one.cr:.3f}, and it should be below 0.1. These fit worst:"]
    lines += [f"- {judgement.describe()}." for judgement in one.judgements[:_NAMED]]
    steps = core.weights.mending_steps(one)
    if steps:
        text = core.weights.scale_text
        changes = ", then ".join(
            f"'{step.first}' against '{step.second}' from {text(step.value)} to {text(step.mended)}" for step in steps
        )
        lines.append(
            f"Least changes found that bring CR to {steps[-1].mended_cr:.3f}: {changes}. Ask the expert first."
        )
    return lines
