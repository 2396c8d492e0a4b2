"""Tool: the mistakes in a score table."""

from __future__ import annotations

from qgis.core import QgsProcessingOutputNumber

from ... import core
from ...core.choices import Legend
from .. import base
from ..base import EcoSecNetAlgorithm, Job
from ..support.inputs import legends, scores
from ..support.inputs import parameters as p
from ..support.io import rasters
from ..support.io.tables import columns, read_rows
from ..support.reports import html

_EXAMPLES = ("None", "Liuzhi, as printed", "Liuzhi, corrected")


class CheckScoresAlgorithm(EcoSecNetAlgorithm):
    """Finds the mistakes in a score table."""

    NAME = "checkscores"
    LABEL = "Check scores"
    GROUP = base.RESISTANCE
    TAGS = ("lint", "check", "score table", "weights", "resistance", "阻力赋值", "检查", "权重", "分级")
    SUMMARY = "Finds the mistakes in a table of resistance scores before they become a map."
    HELP = (
        "<p>Looks for: classes that run backwards, overlap or leave gaps; classes out of order; codes listed twice; scores "
        "that are not above 0, or more than 10,000 apart; scores against the stated or the usual direction; weights that are "
        "missing, negative or do not sum to 1; more than one unit. With the rasters of the factors also: values that have "
        "no score, classes outside the values, factors that are constant.</p>"
        "<p>The usual direction: resistance falls with the distance from roads, railways, mines and settlements and with "
        "vegetation; it rises with the distance from water, forest and reserves, and with slope and relief. State "
        "another one in the column 'direction'.</p>"
        "<p>With a legend the land use of the table is compared with its codes and names; without a table the default scores "
        "of the legend are checked, which the report lists.</p>"
        "<p>Without a table an example can be checked: the table printed in the study of Liuzhi (Guizhou), which has "
        "eight mistakes, or the corrected one that the tool 'Ecological security network' uses.</p>"
    )
    METRIC = False

    def declare(self):
        return [
            p.table("SCORES", "Table of scores", f"All factors in one table. {scores.COLUMNS}", optional=True),
            p.rasters(
                "FACTORS",
                "Rasters of the factors",
                "Named like the factors of the table: their values are compared with the classes.",
                optional=True,
            ),
            legends.legend(
                "Without a table its default scores are checked; with one, whether the land use has a score for "
                "every class of it."
            ),
            p.choice(
                "EXAMPLE", "Example to check instead", "Check an example instead of a table.", _EXAMPLES, advanced=True
            ),
            p.table_output("TABLE", "Findings", "Severity, rule, factor, row of the table and what to do."),
            p.html_output("HTML", "Report", "The findings beside the table."),
            QgsProcessingOutputNumber("ERRORS", "Number of errors"),
            QgsProcessingOutputNumber("WARNINGS", "Number of warnings"),
        ]

    def check(self, job: Job) -> str | None:
        if job.given("SCORES") and job.chosen("EXAMPLE"):
            return "Give either a table of scores or an example."
        if not job.given("SCORES") and not job.chosen("EXAMPLE") and not job.chosen("LEGEND"):
            return "Give a table of scores, or choose a legend or an example."
        return None

    def execute(self, job: Job) -> None:
        example, legend = job.chosen("EXAMPLE"), job.choice("LEGEND", Legend)
        table = job.vector("SCORES")
        if example:
            name, factors = (
                _EXAMPLES[example],
                (core.resistance.liuzhi_as_printed, core.resistance.liuzhi_corrected)[example - 1](),
            )
        elif table is not None:
            name, factors = table.name, core.resistance.read_score_table(read_rows(table))
        else:
            (scheme, *_) = core.resistance.schemes(legend)
            name, factors = scheme.name, (scheme.factor(),)
            job.monitor.info(f"Scores of the legend {scheme.name}: {scheme.scores}.")
        ranges, codes = _values(job, factors)
        overlay = example > 0 or table is not None
        findings = core.resistance.check_scores(factors, ranges=ranges, codes=codes, overlay=overlay)
        if overlay and legend is not Legend.OWN:
            findings += _against_legend(job, factors, legend)
        errors = sum(finding.severity == core.resistance.ERROR for finding in findings)
        warnings = sum(finding.severity == core.resistance.WARNING for finding in findings)
        for finding in findings:
            line = f"{finding.factor}: {finding.message}" if finding.factor else finding.message
            (
                job.monitor.warn
                if finding.severity in (core.resistance.ERROR, core.resistance.WARNING)
                else job.monitor.info
            )(line)
        job.monitor.info(f"'{name}': {len(factors)} factors, {errors} errors, {warnings} warnings.")
        job.write_table(
            "TABLE",
            columns(severity=str, rule=str, factor=str, row=int, message=str),
            [(f.severity, f.check, f.factor, f.row or None, f.message) for f in findings],
        )
        notes = core.resistance.LIUZHI_CORRECTIONS if example == 2 else ()
        job.write_html("HTML", _report(name, factors, findings, notes))
        job.results.update(ERRORS=errors, WARNINGS=warnings)


def _against_legend(
    job: Job, factors: tuple[core.resistance.FactorScores, ...], legend: Legend
) -> tuple[core.resistance.Finding, ...]:
    """Return what in the land use of a table does not fit a legend."""
    land_use = [one for one in factors if core.resistance.factor_of(one.name) is core.resistance.Factor.LAND_USE]
    if not land_use:
        names = ", ".join(one.name for one in factors)
        job.monitor.warn(f"None of the factors ({names}) is the land use; the legend was not used. Call it 'Land use'.")
        return ()
    codes = [one.minimum for one in land_use[0].classes if one.is_code]
    return core.resistance.check_legend(land_use[0], core.resistance.closest_scheme(legend, codes))


def _values(job: Job, factors: tuple[core.resistance.FactorScores, ...]) -> tuple[dict, dict]:
    """Return the range or the codes of every raster that is named like a factor."""
    wanted = {factor.name.lower(): factor for factor in factors}
    ranges, codes = {}, {}
    sources = job.rasters("FACTORS")
    for place, source in enumerate(sources):
        factor = wanted.get(source.name.lower())
        if factor is None:
            job.monitor.warn(
                f"'{source.name}' is not a factor of the table ({', '.join(f.name for f in factors)}) and was not used. "
                "Name the layer like its factor."
            )
            continue
        held = core.resistance.FactorValues()
        part = job.monitor.part(place / len(sources), (place + 1) / len(sources))
        for _, (surface,) in rasters.read_together([source], source)(part):
            held.add(surface)
        if held.codes:
            codes[factor.name] = held.codes
        if held.minimum <= held.maximum:
            ranges[factor.name] = (held.minimum, held.maximum)
    return ranges, codes


def _report(
    name: str,
    factors: tuple[core.resistance.FactorScores, ...],
    findings: tuple[core.resistance.Finding, ...],
    notes: tuple[str, ...],
) -> str:
    counts = {
        severity: sum(f.severity == severity for f in findings)
        for severity in (core.resistance.ERROR, core.resistance.WARNING)
    }
    parts = [
        html.cards(
            [
                (str(len(factors)), "factors"),
                (str(counts[core.resistance.ERROR]), "errors"),
                (str(counts[core.resistance.WARNING]), "warnings"),
            ]
        ),
        html.heading("Findings"),
        html.table(
            ["Severity", "Rule", "Factor", "Row", "What is wrong and what to do"],
            [[f.severity, f.check, f.factor, str(f.row or ""), f.message] for f in findings],
        )
        if findings
        else html.paragraph("None."),
    ]
    if notes:
        parts += [html.heading("What was corrected"), *[html.paragraph(note) for note in notes]]
    parts.append(html.heading("The table"))
    for factor in factors:
        weight = "" if factor.weight is None else f", weight {factor.weight:.4g}"
        rule = f", resistance {factor.direction} with the value" if factor.direction else ""
        parts.append(
            html.table(
                ["Class", "Limits", "Score", "Findings"],
                [
                    [
                        item.name,
                        f"{item.minimum:.10g} to {item.maximum:.10g}" if item.is_reversed else item.describe(),
                        f"{item.score:g}",
                        ", ".join(f.check for f in findings if f.factor == factor.name and f.row == item.row),
                    ]
                    for item in factor.classes
                ],
                caption=f"{factor.name}{weight}{rule}",
            )
        )
    return html.page("Check of resistance scores", name, parts)
