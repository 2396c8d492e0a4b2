"""Step 5: what to restore for a budget; all else of it needs no choice."""

from __future__ import annotations

from ....support.inputs import parameters as p


def budget():
    """Return the budget of the restoration plan, which `read_budgets` reads."""
    return p.text(
        "BUDGET",
        "Budget of a restoration plan (ha)",
        "Hectares of barriers that can be restored, one number or several: 20, 50, 100. Barriers are chosen one by one, the "
        "least-cost distances computed again after each: see the report, PLAN and FRONTIER. It takes several times as long "
        "as the network. 'Restoration plan' takes costs, locked land and other objectives. Empty: no plan.",
        optional=True,
        advanced=True,
    )
