"""The report of a comparison of runs: small maps side by side, indices, flows between classes."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from .... import core
from ...support.plaintext import escape
from ...support.reports import html
from ...support.reports.maps import Map
from ...support.reports.sankey import sankey
from ...support.run import palette, ramps
from ...support.run.job import Job
from .outputs import Compared, index_columns, source_changes

_SMALL = 420
_CHANGED = ("split", "merged", "regrouped", "lost", "new")


def comparison_page(job: Job, compared: Compared, share: np.ndarray | None) -> str:
    """Return the page."""
    runs = compared.runs
    lead = f"{len(runs)} runs: {', '.join(run.name for run in runs)}"
    parts = [html.heading("In short")]
    parts += [html.paragraph(text) for text in compared.sentences()]
    parts += [html.warning(text) for text in job.monitor.warnings]
    parts += [html.heading("The runs side by side"), html.side_by_side(_networks(compared)), _network_keys()]
    parts += [html.heading("Indices"), *_indices(compared)]
    parts += [html.heading("Sources and links"), *_changes(compared)]
    parts += _key_areas(compared)
    parts += _transitions(compared)
    if share is not None:
        parts += [html.heading("Persistence"), *_persistence(compared, share)]
    return html.page("Runs compared", lead, parts)


def _networks(compared: Compared) -> Iterator[str]:
    """Yield a small map of each run, all with the colours of one ramp."""
    surfaces = [run.maps.surfaces["resistance"] for run in compared.runs if "resistance" in run.maps.surfaces]
    ramp = (
        ramps.over(palette.RESISTANCE, np.concatenate([one[::4, ::4].ravel() for one in surfaces]))
        if surfaces
        else None
    )
    grid = compared.onto.grid
    for run in compared.runs:
        map_ = Map(grid, _SMALL)
        if ramp is not None and "resistance" in run.maps.surfaces:
            map_.surface(run.maps.surfaces["resistance"], ramp)
        map_.polygons(run.sources.geometries, palette.SOURCE.fill, palette.SOURCE.edge, 0.6)
        map_.lines(run.lines, palette.CORRIDORS[0], 1.4)
        for kind, mark in (("barriers", palette.BARRIER), ("pinch points", palette.PINCH)):
            if kind in run.maps.areas:
                inside = (run.maps.areas[kind] > 0).astype(np.uint8)
                map_.classes(inside, [(1, kind, mark.fill)], inside > 0)
        year = f" ({run.files.year})" if run.files.year else ""
        yield html.figure(map_.png(), f"{run.name}{year}")


def _network_keys() -> str:
    keys = [
        html.Key("Source", palette.SOURCE.fill, palette.SOURCE.edge),
        html.Key("Link", palette.CORRIDORS[0], line=3),
        html.Key("Pinch point", palette.PINCH.fill),
        html.Key("Barrier", palette.BARRIER.fill),
    ]
    return html.key_line(keys)


def _indices(compared: Compared) -> Iterator[str]:
    heads = ["", *(run.name for run in compared.runs)]
    values = list(zip(*(list(row)[2 : 2 + len(index_columns())] for row in compared.rows())))
    rows = [[column.shown.heading, *held] for column, held in zip(index_columns(), values)]
    yield html.table(heads, [[one[0], *map(_plain, one[1:])] for one in rows])
    changes = [[compared.runs[a].name, compared.runs[b].name, *compared.shares(a, b)] for a, b, _ in compared.pairs]
    yield html.table(["From", "To", "dA (%)", "dEC (%)"], changes, caption="Change of area and of connection")
    yield html.paragraph(
        "dEC equal to dA: the connection of the sources has not changed; dEC below dA: they have become more isolated; "
        "above: better connected (Saura et al. 2011)."
    )


def _plain(value: object) -> object:
    """Return a count as a whole number, though a missing one makes its column one of real numbers."""
    if isinstance(value, float) and value == value and value.is_integer() and abs(value) < 1e9:
        return int(value)
    return value


def _changes(compared: Compared) -> Iterator[str]:
    grid, figures, rows = compared.onto.grid, [], []
    for before, after, found in compared.pairs:
        map_ = Map(grid, _SMALL)
        changed = list(source_changes(compared, before, after, found))
        for fate, mark in palette.CHANGES.items():
            shapes = [shape for row, shape in changed if row[0] == fate]
            if shapes:
                map_.polygons(shapes, mark.fill, mark.edge, 0.6)
        for fate in ("persistent", "lost", "new"):
            lines = [
                compared.runs[after].lines[one.after] if one.after >= 0 else compared.runs[before].lines[one.before]
                for one in found.links
                if one.change == fate
            ]
            if lines:
                map_.lines(lines, palette.CHANGES[fate].edge, 1.4)
        title = f"{compared.runs[before].name} to {compared.runs[after].name}"
        figures.append(html.figure(map_.png(), title))
        rows += [[title, *row] for row, _ in changed if row[0] in _CHANGED]
    yield html.side_by_side(figures)
    yield html.key_line([html.Key(fate.capitalize(), mark.fill, mark.edge) for fate, mark in palette.CHANGES.items()])
    heads = ["Runs", "What became", "Ids before", "Ids after", "Before (ha)", "After (ha)", "Both (ha)"]
    yield (
        html.table(heads, rows, caption="Sources that are not simply persistent")
        if rows
        else html.paragraph("All sources are persistent.")
    )
    yield html.table(
        [
            "Runs",
            "Links kept",
            "lost",
            "new",
            "Mean Jaccard of their corridors",
            "Mean distance of paths (m)",
            "All corridors",
        ],
        [_link_line(compared, *pair) for pair in compared.pairs if pair[-1].linked],
        caption=f"Links; corridors reach {compared.held.width:,.0f} m from the path",
    )


def _link_line(compared: Compared, before: int, after: int, found: core.decisions.Comparison) -> list[object]:
    kept = [one for one in found.links if one.change == "persistent"]
    means = [
        float(np.nanmean(values)) if np.isfinite(values).any() else None
        for values in (np.array([one.jaccard for one in kept]), np.array([one.distance for one in kept]))
    ]
    counts = [found.link_count(fate) for fate in ("persistent", "lost", "new")]
    title = f"{compared.runs[before].name} to {compared.runs[after].name}"
    return [title, *counts, *means, found.corridor_jaccard]


def _key_areas(compared: Compared) -> list[str]:
    rows = []
    for before, after, found in compared.pairs:
        for kind in ("pinch points", "barriers"):
            held = found.areas(kind)
            if held is not None:
                title = f"{compared.runs[before].name} to {compared.runs[after].name}"
                counts = [held.kept, held.lost, held.new, held.kept_ha, held.lost_ha, held.new_ha, held.jaccard]
                rows.append([title, kind, *counts])
    if not rows:
        return []
    heads = ["Runs", "Kind", "Kept", "Lost", "New", "Kept (ha)", "Lost (ha)", "New (ha)", "Jaccard"]
    limits = [[run.name, run.files.limits if number else "the first run"] for number, run in enumerate(compared.runs)]
    return [
        html.heading("Key areas"),
        html.table(heads, rows),
        html.table(
            ["Run", "Limits of the classes"],
            limits,
            caption="Held: those of the first run, not found anew in the values",
        ),
    ]


def _transitions(compared: Compared) -> list[str]:
    parts: list[str] = []
    for name in ("MSPA", "land use"):
        for before, after, found in compared.pairs:
            moved = found.transition(name)
            if moved is None:
                continue
            names = [compared.class_names(name).get(one, str(one)) for one in moved.classes]
            colours = compared.class_colours(name, moved.classes)
            hectares = moved.cells * compared.held.cell_ha
            titles = compared.runs[before].name, compared.runs[after].name
            label = name if name == "MSPA" else name.capitalize()
            parts.append(html.heading(f"{label}: {titles[0]} to {titles[1]}"))
            drawn = hectares.copy()
            nowhere = moved.classes[-1] == core.decisions.NO_DATA
            if nowhere:
                drawn[-1, -1] = 0.0
            caption = f"{label}, hectares by class{'; without land that neither run has data for' if nowhere else ''}."
            parts.append(sankey(names, [colours[one] for one in moved.classes], drawn, titles, caption))
            rows = [[names[k], *hectares[k].tolist(), float(hectares[k].sum())] for k in range(len(names))]
            rows.append(["All", *hectares.sum(axis=0).tolist(), float(hectares.sum())])
            caption = (
                f"Hectares, from the classes of {escape(titles[0])} (rows) to those of {escape(titles[1])} (columns)"
            )
            parts.append(html.table(["", *names, "All"], rows, caption=caption, total=True))
    return parts


def _persistence(compared: Compared, share: np.ndarray) -> Iterator[str]:
    count = len(compared.runs)
    ramp = ramps.fixed(palette.SCORE, [100.0 * k / count for k in range(1, count + 1)], "%")
    map_ = Map(compared.onto.grid, 700).surface(100.0 * share, ramp)
    yield html.figure(map_.png(), "Share of the runs", ramps=[("Share of the runs", ramp)])
    levels = [(k, np.count_nonzero(np.rint(share * count) == k) * compared.held.cell_ha) for k in range(1, count + 1)]
    yield html.table(["In so many runs", "Area (ha)"], [[k, float(area)] for k, area in levels])
