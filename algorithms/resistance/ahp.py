"""Tool: weights by the analytic hierarchy process."""

from __future__ import annotations

from qgis.core import QgsProcessing, QgsProcessingOutputNumber

from ... import core
from ...core.choices import ObjectiveMethod, RandomIndex
from ...core.errors import InputError
from ...core.lists import parse_numbers, split_list
from .. import base
from ..base import EcoSecNetAlgorithm, Job
from ..support.inputs import parameters as p
from ..support.inputs import scores
from ..support.inputs.judgements import Judged, judge, read_judgements
from ..support.io import rasters
from ..support.io.tables import columns
from ..support.reports import html
from ..support.reports.judgements import judgement_parts

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
        "<p>Weights from the data (entropy, CRITIC, coefficient of variation of the factor rasters) say what differs in this "
        "area, not what matters; they can be mixed with the judgements.</p>"
        "<p>References: Saaty (1990), doi:10.1016/0377-2217(90)90057-I; Harker (1987), doi:10.1016/0270-0255(87)90503-3; "
        "Alonso &amp; Lamata (2006), doi:10.1142/S0218488506004114; Aczel &amp; Saaty (1983), "
        "doi:10.1016/0022-2496(83)90028-7; Diakoulaki et al. (1995), doi:10.1016/0305-0548(94)00059-H; Zhu, Tian &amp; "
        "Yan (2020), doi:10.1155/2020/3564835.</p>"
    )
    METRIC = False

    def check(self, job: Job) -> str | None:
        if bool(job.chosen("OBJECTIVE")) != job.given("FACTORS"):
            return "For weights from the data give both the factor rasters and the way to weight them."
        return None

    def declare(self):
        return [
            p.matrix(
                "MATRIX",
                "Matrix of judgements",
                "Row against column, such as 3 or 1/3, in the order of the names. Leave what is not needed empty; for "
                "more than 10 factors use a table.",
                [str(number) for number in range(1, _WIDTH + 1)],
                _cells(),
                rows=len(_DEFAULT),
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
            p.rasters(
                "FACTORS",
                "Factor rasters",
                "For weights that follow from the data: score rasters on one grid, named like the factors or in their "
                "order.",
                optional=True,
            ),
            p.choice(
                "OBJECTIVE",
                "Weights from the data",
                "Entropy, CRITIC or coefficient of variation of the factor rasters, to be mixed with the judgements.",
                ["None", *(method.label for method in ObjectiveMethod)],
            ),
            p.number(
                "SHARE",
                "Share of the judgements in the mixture (0 to 1)",
                "1 uses the judgements only, 0 the data only (then no judgements are needed).",
                0.5,
                low=0.0,
                high=1.0,
                advanced=True,
                decimals=2,
            ),
            p.choice(
                "COMBINATION",
                "How judgements and data are mixed",
                "Mean: share x judged + (1 - share) x data. Product: judged ^ share x data ^ (1 - share), over the sum.",
                ["Weighted mean", "Weighted product"],
                advanced=True,
            ),
            p.choice(
                "RANDOM_INDEX",
                "Table of random indices",
                "Table of the mean consistency index of random matrices. Papers mostly use Saaty's.",
                RandomIndex,
                advanced=True,
            ),
            p.table_output(
                "WEIGHTS", "Weights of the factors", "Factor, weight (they sum to 1), rank, and the parts of a mixture."
            ),
            p.table_output(
                "EXPERTS",
                "Consistency of the experts",
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
        judged = None if job.chosen("OBJECTIVE") and job.number("SHARE") == 0 else _judge(job)
        names = list(judged.result.group.names if judged else map(scores.factor_name, job.rasters("FACTORS")))
        weights = judged.result.group.weights if judged else None
        data = _from_data(job, names) if job.chosen("OBJECTIVE") else None
        if data is not None:
            geometric = job.chosen("COMBINATION") == 1
            weights = (
                data
                if weights is None
                else core.weights.combine_weights(weights, data, share=job.number("SHARE"), geometric=geometric)
            )
        for name, weight in zip(names, weights):
            job.monitor.info(f"{name}: {weight:.4f}")
        order = sorted(range(len(names)), key=lambda k: -weights[k])
        ranks = {k: rank for rank, k in enumerate(order, start=1)}
        parts = [None if part is None else list(part) for part in (judged and judged.result.group.weights, data)]
        job.write_table(
            "WEIGHTS",
            columns(factor=str, weight=float, rank=int, judged=float, data=float),
            [
                (name, weights[k], ranks[k], *[None if part is None else part[k] for part in parts])
                for k, name in enumerate(names)
            ],
        )
        body = [html.heading("Weights"), html.bars([(names[k], float(weights[k])) for k in order])]
        if data is not None:
            body += [_mixture(job, names, parts, weights)]
        if judged:
            _write_experts(job, judged)
            body += judgement_parts(judged)
            group = judged.result.group
            job.results.update(LAMBDA_MAX=group.lambda_max, CI=group.ci, CR=group.cr)
        lead = "Pairwise judgements, the weights that follow from them, and their consistency"
        job.write_html("HTML", html.page("Weights of the factors", lead if judged else "Weights from the data", body))


def _cells() -> list[str]:
    """Return the example in the wide rows of the dialog."""
    return [cell for row in _DEFAULT for cell in (*row, *[""] * (_WIDTH - len(row)))]


def _judge(job: Job) -> Judged:
    names, matrices, experts = _read(job)
    given = parse_numbers(job.text("EXPERT_WEIGHTS"), "Weights of the experts")
    table = job.choice("RANDOM_INDEX", RandomIndex)
    return judge(matrices, names, experts, job.monitor, importance=given or None, table=table)


def _from_data(job: Job, names: list[str]) -> list[float]:
    """Return the weights from the rasters, in the order of the names."""
    sources = job.rasters("FACTORS")
    places = scores.match_names(names, sources, job.monitor, "the judgements")
    if len(set(places)) != len(names):
        raise InputError(f"There are {len(names)} factors judged but {len(sources)} rasters. Give one for each.")
    rows = rasters.read_together(sources, sources[0], job.monitor)
    method = list(ObjectiveMethod)[job.chosen("OBJECTIVE") - 1]
    found = core.weights.objective_weights(
        lambda monitor: (block for _, block in rows(monitor)), method=method, monitor=job.monitor
    )
    job.monitor.info(f"Weights by {method.value} from {found.cells:,} cells with data in every factor.")
    weights = [0.0] * len(names)
    for place, weight in zip(places, found.weights):
        weights[place] = float(weight)
    return weights


def _write_experts(job: Job, judged: Judged) -> None:
    job.write_table(
        "EXPERTS",
        columns(expert=str, lambda_max=float, ci=float, cr=float, compatibility=float),
        [
            (name, one.lambda_max, one.ci, one.cr, index)
            for name, one, index in zip(judged.experts, judged.result.experts, judged.result.compatibility)
        ],
    )


def _read(job: Job) -> tuple[list[str] | None, list, list[str]]:
    """Return the names of the factors, the matrices and the names of the experts."""
    tables, cells = job.vectors("JUDGEMENTS"), job.matrix("MATRIX")
    example = cells == _cells()
    names = [name for name in split_list(job.text("NAMES"), blanks=False) if name]
    # A dialog passes the example along; its names must not be taken for those of the user's own judgements.
    if job.text("NAMES") == _NAMES and not example:
        fits = job.given("NAMES") and len(core.weights.matrix_from_cells(cells, width=_WIDTH)) == len(names)
        names = names if fits else []
    elif job.text("NAMES") == _NAMES and tables:
        names = []
    if not tables:
        return names or None, [core.weights.matrix_from_cells(cells, width=_WIDTH, names=names or None)], ["Matrix"]
    if not example:
        raise InputError("There are judgements in the matrix and in tables. Give one of the two.")
    return (*read_judgements(tables, names), [table.name for table in tables])


def _mixture(job: Job, names: list[str], parts: list, weights) -> str:
    """Return the table of weights by judgement, by the data and together."""
    method = list(ObjectiveMethod)[job.chosen("OBJECTIVE") - 1]
    judged, data = parts
    share = job.number("SHARE")
    how = ("weighted mean", "weighted product")[job.chosen("COMBINATION")]
    return html.table(
        ["Factor", "Judged", method.label, "Weight"],
        [
            [name, None if judged is None else float(judged[k]), float(data[k]), float(weights[k])]
            for k, name in enumerate(names)
        ],
        caption="From the data only." if judged is None else f"Mixed by {how}, share of the judgements {share:g}.",
    )
