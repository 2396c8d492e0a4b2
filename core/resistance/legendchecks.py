"""Finds where a score table and a legend do not speak of the same classes."""

from __future__ import annotations

from .legendfit import contradictions
from .legends import Scheme
from .scorechecks import ERROR, WARNING, Finding
from .scoretable import FactorScores


def check_legend(factor: FactorScores, scheme: Scheme) -> tuple[Finding, ...]:
    """Compare the land use of a score table with a legend.

    Parameters
    ----------
    factor : FactorScores
        The land use.
    scheme : Scheme
        The legend in the coding of the table.

    Returns
    -------
    tuple of Finding
        Names that mean something else than the legend does, codes it does not have, classes of it without a score.

    Examples
    --------
    >>> from ecosecnet.core.choices import Legend
    >>> from ecosecnet.core.resistance.legends import schemes
    >>> clcd, liuzhi = schemes(Legend.CLCD)[0], schemes(Legend.LIUZHI)[0]
    >>> [(one.severity, one.row) for one in check_legend(liuzhi.factor([1, 2]), clcd)]
    [('error', 1), ('error', 2), ('warning', 0)]
    """
    found = []
    for one in factor.classes:
        codes = [code for code in scheme.by_code if one.minimum <= code <= one.maximum]
        if not codes:
            text = f"The legend {scheme.name} has no code {one.describe()}."
            found.append(Finding(ERROR, "codes", factor.name, one.row, text))
        # A row for several classes may be called after one of them.
        wrong = contradictions(scheme, dict.fromkeys(codes, one.name))
        if wrong and len(wrong) == len(codes):
            there = ", ".join(scheme.by_code[code].describe() for code in codes)
            text = f"'{one.name}' is {there} in the legend {scheme.name}. Correct the code or the name, or the legend."
            found.append(Finding(ERROR, "codes", factor.name, one.row, text))
    without = [
        one.describe()
        for one in scheme.classes
        if not any(row.minimum <= one.code <= row.maximum for row in factor.classes)
    ]
    if without:
        text = f"These classes of the legend {scheme.name} have no score: {', '.join(without)}."
        found.append(Finding(WARNING, "codes", factor.name, 0, text))
    return tuple(found)
