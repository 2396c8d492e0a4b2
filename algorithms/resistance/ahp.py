"""Tool: weights by the analytic hierarchy process."""

from __future__ import annotations

from qgis.core import QgsProcessing, QgsProcessingOutputNumber

from ...core.ahp import RANDOM_INDEX, AhpResult, GroupResult, analyse_group, mending_steps, scale_text
from ...core.errors import InputError
from ...core.judgements import matrix_from_cells, matrix_from_records
from ...core.scoretable import parse_numbers
from .. import base
from ..base import EcoSecNetAlgorithm, Job
from ..support import html
from ..support import parameters as p
from ..support.tables import columns, read_rows

_WIDTH = 10
_NAMES = "Land use, Elevation, Slope, Distance from road, Distance to mining area"
_DEFAULT = (
    ("1", "5", "5", "1", "1"),
    ("1/5", "1", "1", "1/2", "1/2"),
    ("1/5", "1", "1", "1/2", "1/2"),
    ("1", "2", "2", "1", "1"),
    ("1", "2", "2", "1", "1"),
)
"""Weights 0.344, 0.096, 0.096, 0.232, 0.232: near those of the Liuzhi study once they sum to 1."""
_NAMED = 3


class AhpAlgorithm(EcoSecNetAlgorithm):
    """Derives weights from pairwise judgements."""

    NAME = "ahp"
    LABEL = "Weights by AHP"
    GROUP = base.RESISTANCE
    TAGS = (
        "AHP",
        "analytic hierarchy process",
        "weights",
        "Saaty",
        "expert",
        "层次分析法",
        "权重",
        "判断矩阵",
        "一致性检验",
    )
    SUMMARY = "Derives weights of factors from pairwise judgements (AHP) and checks whether they are consistent."
    HELP = (
        "<p>Each judgement says how many times as important the factor of the row is as that of the column, on Saaty's "
        "scale: 1 equal, 3 moderately, 5 strongly, 7 very strongly, 9 extremely more important, 1/3 ... 1/9 the other "
        "way. Half of the matrix is enough; pairs nobody judged may stay empty (Harker's method).</p>"
        "<p>Weights are the principal eigenvector. CI = (lambda max - n) / (n - 1), CR = CI / random index, by the table "
        "of Saaty (1980) unless chosen otherwise. A CR of 0.1 or more is warned of, with the judgements that fit "
        "worst and the value that would mend each.</p>"
        "<p>Several experts: one table each; the group's matrix is the geometric mean of their judgements. Each expert's "
        "CR, their agreement (Kendall's W) and their compatibility with the group are reported.</p>"
        "<p>References: Saaty (1990), doi:10.1016/0377-2217(90)90057-I; Harker (1987), doi:10.1016/0270-0255(87)90503-3; "
        "Alonso &amp; Lamata (2006), doi:10.1142/S0218488506004114; Aczel &amp; Saaty (1983), "
        "doi:10.1016/0022-2496(83)90028-7.</p>"
    )
    METRIC = False
    REQUIRES = ()

    def declare(self):
        wide = [[*row, *[""] * (_WIDTH - len(row))] for row in _DEFAULT]
        return [
            p.matrix(
                "MATRIX",
                "Judgements",
                "Row against column, such as 3 or 1/3, in the order of the names. Leave what is not needed empty; for "
                "more than 10 factors use a table.",
                [str(number) for number in range(1, _WIDTH + 1)],
                [cell for row in wide for cell in row],
                rows=len(wide),
            ),
            p.text(
                "NAMES",
                "Names of the factors",
                "Separated by commas, in the order of the rows.",
                _NAMES,
                optional=True,
            ),
            p.vectors(
                "JUDGEMENTS",
                "Tables of judgements",
                "Instead of the matrix above, one table for each expert: a column for each factor, with the rows in the "
                "same order; or the columns first, second and value.",
                QgsProcessing.SourceType.TypeVector,
                optional=True,
            ),
            p.text(
                "EXPERT_WEIGHTS",
                "Weights of the experts",
                "One number for each table, separated by blanks. Empty: all count the same.",
                optional=True,
                advanced=True,
            ),
            p.choice(
                "RANDOM_INDEX",
                "Random index",
                "Table of the mean consistency index of random matrices. Papers mostly use Saaty's.",
                list(RANDOM_INDEX),
                advanced=True,
            ),
            p.table_output("WEIGHTS", "Weights", "Factor, weight (they sum to 1) and rank."),
            p.table_output(
                "EXPERTS",
                "Experts",
                "Consistency of each expert and compatibility with the group.",
                optional=True,
                default=False,
            ),
            p.html_output("HTML", "Report", "The matrix, the weights as bars, and the consistency."),
            QgsProcessingOutputNumber("LAMBDA_MAX", "Largest eigenvalue"),
            QgsProcessingOutputNumber("CI", "Consistency index"),
            QgsProcessingOutputNumber("CR", "Consistency ratio"),
        ]

    def execute(self, job: Job) -> None:
        names, matrices, experts = _read(job)
        given = parse_numbers(job.text("EXPERT_WEIGHTS"), "Weights of the experts")
        table = list(RANDOM_INDEX)[job.choice("RANDOM_INDEX")]
        result = analyse_group(matrices, names=names, importance=given or None, table=table)
        group = result.group
        job.monitor.info(
            f"Lambda max {group.lambda_max:.4f}, CI {group.ci:.4f}, CR {group.cr:.4f} (random index "
            f"{group.random_index:.4g}, {table})."
        )
        for name, weight in zip(group.names, group.weights):
            job.monitor.info(f"{name}: {weight:.4f}")
        advice = _advice(result, experts)
        for line in advice:
            job.monitor.warn(line)
        order = sorted(range(len(group.weights)), key=lambda k: -group.weights[k])
        ranks = {k: rank for rank, k in enumerate(order, start=1)}
        job.write_table(
            "WEIGHTS",
            columns(factor=str, weight=float, rank=int),
            [(name, weight, ranks[k]) for k, (name, weight) in enumerate(zip(group.names, group.weights))],
        )
        job.write_table(
            "EXPERTS",
            columns(expert=str, lambda_max=float, ci=float, cr=float, compatibility=float),
            [
                (name, one.lambda_max, one.ci, one.cr, index)
                for name, one, index in zip(experts, result.experts, result.compatibility)
            ],
        )
        job.write_html("HTML", _report(result, experts, advice))
        job.results.update(LAMBDA_MAX=group.lambda_max, CI=group.ci, CR=group.cr)


def _read(job: Job) -> tuple[list[str] | None, list, list[str]]:
    """Return the names of the factors, the matrices and the names of the experts."""
    tables = job.vectors("JUDGEMENTS")
    # The names of the example must not be taken for those of the user's own judgements.
    own = job.given("NAMES") or not (tables or job.given("MATRIX"))
    names = [name.strip() for name in job.text("NAMES").split(",") if name.strip()] if own else []
    if not tables:
        return names or None, [matrix_from_cells(job.matrix("MATRIX"), width=_WIDTH, names=names or None)], ["Matrix"]
    if job.given("MATRIX"):
        raise InputError("There are judgements in the matrix and in tables. Give one of the two.")
    matrices = []
    for table in tables:
        try:
            names, matrix = matrix_from_records(read_rows(table), names)
        except InputError as error:
            raise InputError(f"'{table.name}': {error}") from None
        matrices.append(matrix)
    return names, matrices, [table.name for table in tables]


def _advice(result: GroupResult, experts: list[str]) -> list[str]:
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


def _mending(one: AhpResult, who: str) -> list[str]:
    lines = [f"{who} contradict each other: CR = {one.cr:.3f}, and it should be below 0.1. These fit worst:"]
    lines += [f"- {judgement.describe()}." for judgement in one.judgements[:_NAMED]]
    steps = mending_steps(one)
    if steps:
        changes = ", then ".join(
            f"'{step.first}' against '{step.second}' from {scale_text(step.value)} to {scale_text(step.mended)}"
            for step in steps
        )
        lines.append(
            f"Least changes found that bring CR to {steps[-1].mended_cr:.3f}: {changes}. Ask the expert first."
        )
    return lines


def _report(result: GroupResult, experts: list[str], advice: list[str]) -> str:
    group = result.group
    names = group.names
    parts = [
        html.cards(
            [
                (f"{group.cr:.3f}", "consistency ratio (below 0.1 is accepted)"),
                (f"{group.ci:.3f}", "consistency index"),
                (f"{group.lambda_max:.3f}", "largest eigenvalue"),
                (str(len(names)), "factors"),
                (str(len(experts)), "experts" if len(experts) > 1 else "expert"),
            ]
        ),
        *[html.warning(line) for line in advice],
        html.heading("Weights"),
        html.bars(sorted(zip(names, (float(w) for w in group.weights)), key=lambda row: -row[1])),
        html.heading("Judgements"),
        html.table(
            ["", *names],
            [
                [name, *["" if value != value else scale_text(float(value)) for value in row]]
                for name, row in zip(names, group.matrix)
            ],
            caption="Importance of the row over the column"
            + (" (geometric mean of the experts)." if len(experts) > 1 else "."),
        ),
        html.paragraph(
            f"Weights: principal eigenvector. Random index {group.random_index:.4g} ({group.table}). Values below the "
            "diagonal are the reciprocals of those above."
        ),
    ]
    if len(experts) > 1:
        parts += [
            html.heading("Experts"),
            html.table(
                ["Expert", "CR", "Compatibility", *names],
                [
                    [name, float(one.cr), float(index), *[float(weight) for weight in one.weights]]
                    for name, one, index in zip(experts, result.experts, result.compatibility)
                ],
            ),
            html.paragraph(
                f"Agreement on the order of the factors: Kendall's W = {result.concordance:.2f} (0 none, 1 full). "
                "Compatibility is Saaty's index of an expert's weights with those of the group: 1 is equal, up to 1.1 close."
            ),
        ]
    return html.page(
        "Weights by AHP", "Pairwise judgements, the weights that follow from them, and their consistency", parts
    )
