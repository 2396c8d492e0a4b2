"""Tool: grade the features of a layer by a field."""

from __future__ import annotations

import numpy as np
from qgis.core import QgsProcessing, QgsProcessingOutputString, QgsWkbTypes

from ... import core
from ...core.choices import BreakMethod
from ...core.errors import InputError
from .. import base
from ..base import EcoSecNetAlgorithm, Job
from ..support.inputs import parameters as p
from ..support.inputs.limits import held_limits, read_limits, said
from ..support.io.fields import FIELDS
from ..support.io.tables import Column, columns, free_name, kept
from ..support.io.vectors import is_null
from ..support.run import styling


class NaturalBreaksAlgorithm(EcoSecNetAlgorithm):
    """Grades features."""

    NAME = "naturalbreaks"
    LABEL = "Grade features by natural breaks"
    GROUP = base.SOURCES
    TAGS = ("Jenks", "Fisher", "classes", "quantile", "equal interval", "level", "自然断点", "分级")
    SUMMARY = "Gives every feature a grade by natural breaks (or another rule) of a field; grade 1 is the highest."
    HELP = (
        "<p><b>Natural breaks</b> (Fisher-Jenks) make the classes as uniform as possible: the sum of squares within "
        "the classes is the smallest there is, for any number of features. The classification in layer properties of "
        "QGIS is exact only up to 3,000 values. <b>Quantile</b>: equal numbers of features. <b>Equal intervals</b>, "
        "<b>geometric intervals</b>: equal steps or ratios between the limits.</p>"
        "<p>A class holds the values above the limit before it, up to and including its own limit. Equal values are "
        "never separated; with fewer distinct values than classes there are fewer grades. Features without a value get "
        "no grade. Limits of another run can be <b>held</b> (LIMITS, or its table BREAKS), so that two dates are graded "
        "alike.</p>"
        "<p>W. D. Fisher (1958), J. Am. Stat. Assoc. 53, doi:10.1080/01621459.1958.10501479.</p>"
    )
    METRIC = False

    def declare(self):
        return [
            p.vector("INPUT", "Layer to grade", "Any vector layer or table.", (QgsProcessing.SourceType.TypeVector,)),
            p.field("FIELD", "Field to grade by", "A field with numbers.", "INPUT", numeric=True),
            p.integer(
                "CLASSES", "Number of grades", "How many grades are made; grade 1 is the highest.", 3, low=1, high=100
            ),
            p.choice(
                "METHOD",
                "Rule for the limits",
                "How the limits between the grades are found.",
                BreakMethod,
            ),
            *held_limits(),
            p.vector_output(
                "OUTPUT",
                "Graded features",
                "All features with their grade in the field 'level', 1 is the highest; in 'level_2' where there is such a "
                "field already.",
                QgsProcessing.SourceType.TypeVectorAnyGeometry,
            ),
            p.table_output(
                "BREAKS",
                "Limits of the grades",
                "Grade, lower and upper limit, number of features.",
                optional=True,
                default=False,
            ),
            QgsProcessingOutputString("LEVEL_FIELD", "Field with the grade"),
        ]

    def check(self, job: Job) -> str | None:
        read_limits(job)
        return None

    def execute(self, job: Job) -> None:
        layer = job.vector("INPUT")
        name = job.field("FIELD")
        if name not in layer.field_names:
            raise InputError(f"'{layer.name}' has no field '{name}'. It has: {', '.join(layer.field_names)}.")
        features = list(layer.features())
        values = np.array([np.nan if is_null(one[name]) else one[name] for one in features], dtype=np.float64)
        held = read_limits(job)
        if held is None:
            method = core.stats.BREAK_METHODS[job.choice("METHOD", BreakMethod)]
            found = method(values, job.integer("CLASSES"), monitor=job.monitor.part(0.0, 0.6))
        else:
            found = core.stats.held_breaks(values, held.upper, monitor=job.monitor.part(0.0, 0.6))
        count = found.limits.size
        place = found.classify(values)
        grade = [count - int(one) if one >= 0 else None for one in place]
        missing = grade.count(None)
        if held is None and count < job.integer("CLASSES"):
            job.monitor.warn(f"'{name}' allows only {count} grade(s): there are not enough different values.")
        if missing:
            job.monitor.warn(f"{missing:,} features have no value in '{name}' and got no grade.")
        job.monitor.info(f"{said(found.limits, held=held is not None)} Goodness of variance fit {found.goodness:.4f}.")
        level = free_name("level", {field.lower() for field in layer.field_names})
        if level != "level":
            job.monitor.info(f"'{layer.name}' has a field 'level' already; the grade is in '{level}'.")
        added = [Column(level, int, FIELDS["level"])]
        old, rows = kept(features, added, "features", job.monitor)
        kind = layer.source.wkbType()
        job.write_features(
            "OUTPUT",
            [*old, *added],
            ([*row, one] for row, one in zip(rows, grade)),
            [feature.geometry() for feature in features],
            kind,
            layer.crs,
            style=styling.graded(level, count, _symbol(kind)),
        )
        job.results["LEVEL_FIELD"] = level
        features_of = np.bincount(place[place >= 0], minlength=count)
        lower = [found.minimum, *found.limits[:-1]]
        job.write_table(
            "BREAKS",
            columns(level=int, lower=float, upper=float, features=int),
            ((count - k, lower[k], found.limits[k], features_of[k]) for k in reversed(range(count))),
        )


def _symbol(kind: QgsWkbTypes.Type):
    geometry = QgsWkbTypes.geometryType(kind)
    if geometry == QgsWkbTypes.GeometryType.LineGeometry:
        return styling.corridor_symbol
    if geometry == QgsWkbTypes.GeometryType.PointGeometry:
        return styling.point_symbol
    return styling.source_symbol
