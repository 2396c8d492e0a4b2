"""The report of a replay."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...support.capsule.environment import versions
from ...support.reports import html

if TYPE_CHECKING:
    from .run import Replay, Verdict


def replay_page(replay: Replay, verdict: Verdict) -> str:
    """Return the verdict, what was compared, and the versions then and now, as a page."""
    run, now = replay.run, versions()
    lead = f"{run['algorithm']}, run {run.get('run', {}).get('start', '')}; capsule {replay.capsule.path}"
    said = html.paragraph if verdict.good else html.warning
    rows = [
        [
            *(one.part, one.name, one.file, one.outcome, one.against, one.compared, one.differing),
            *(_short(one.difference), _short(one.relative), one.note),
        ]
        for one in replay.findings
    ]
    heads = [
        "What",
        "Parameter",
        "File",
        "Outcome",
        "Compared with, or found",
        "Compared",
        "Differ",
        "Largest difference",
    ]
    parts = [
        html.heading("Verdict"),
        said(str(verdict)),
        html.paragraph(f"Tolerance: {replay.tolerance:g} of the value." if replay.tolerance else "Tolerance: none."),
        html.heading("Inputs, outputs and numbers"),
        html.table([*heads, "As a share", "Note"], rows),
        html.heading("Versions"),
        html.table(
            ["", "Then", "Now"],
            [[name, run["versions"].get(name) or "missing", value or "missing"] for name, value in now.items()],
        ),
    ]
    return html.page(f"Replay of '{run.get('label', run['algorithm'])}'", lead, parts)


def _short(value: float | None) -> str:
    return "" if value is None else f"{value:.3g}"
