"""The maps of an ecological security network: which layers lie on which sheet, and how."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from qgis.core import QgsCoordinateReferenceSystem, QgsMapLayer, QgsRectangle, QgsSingleSymbolRenderer

from ....core.choices import MapSheet
from ..language import CHINESE, language
from ..run import styling
from ..run.palette import BARRIER, BORDERS, CLEAR, CORRIDORS, INK, NAME_INK, PALE_SOURCE, PINCH, SOURCE, Colour
from ..run.roles import name_field
from .description import Drawn, Look, Sheet
from .looks import averaged, kept, labelled, pale, seven, shaded, together, unlabelled

FACTOR = "factor:"
"""What the role of the scores of a factor begins with; its name follows."""

_NAMES = {
    "landuse": "Land use",
    "boundary": "Border of the study area",
    "townships": "Township border",
    "roads": "Roads",
    "rivers": "Rivers",
    "mines": "Mines",
    "mspa": "MSPA class",
    "sources": "Ecological sources",
    "resistance": "Resistance",
    "links": "Ecological corridors",
    "corridors": "Cost above the least-cost path",
    "current": "Current density at 1 A",
    "pinchpoints": "Pinch points",
    "score": "Cost saved by restoration",
    "barriers": "Barriers",
    "actions": "Measures",
}
"""What the legend calls a layer."""


_NEEDED = {"studyarea": ("landuse",), "keyareas": ("pinchpoints", "barriers"), "network": ("links",)}
"""Of which layers one must be there; else the one that the sheet is called after."""


def figures(
    found: Mapping[str, Drawn],
    crs: QgsCoordinateReferenceSystem | None = None,
    extent: QgsRectangle | None = None,
) -> dict[str, Sheet]:
    """Return the sheets that can be drawn of what there is, by name, in the order of the work.

    Parameters
    ----------
    found : mapping of str to Drawn
        By role: 'landuse', 'dem', 'boundary', 'townships', 'roads', 'rivers', 'mines', 'mspa', 'sources', 'resistance',
        'links', 'corridors' (the belt), 'current', 'score', 'pinchpoints', 'barriers', 'actions', and 'factor:NAME'.
    crs : QgsCoordinateReferenceSystem, optional
        Of the maps; None for that of the lowest layer.
    extent : QgsRectangle, optional
        Of the study area, in that CRS; None for that of the layers.
    """
    stack = _Stack(found)
    below, pale, numbered = stack.below(), stack.pale_sources(), stack.pale_sources(numbers=True)
    links = _number("link_id", 6.5, 7, CORRIDORS[0])
    ranked = _number("source_id", 7.5, 9, SOURCE.edge)
    borders, ground, thin = stack.borders(), stack.ground(), stack.thin_links()
    pinch, barriers = stack.own("pinchpoints"), stack.own("barriers")
    factors = {role: [*borders, *stack.own(role)] for role in found if role.startswith(FACTOR)}
    made = {
        "studyarea": [*stack.land(), *borders, *stack.own("landuse")],
        "mspa": [*borders, *stack.own("mspa", seven)],
        "sources": [*stack.own("sources", ranked), *below],
        **factors,
        "resistance": [*borders, *stack.own("resistance")],
        "links": [*stack.own("links", links), *numbered, *below],
        "current": [*stack.outlined("pinchpoints"), *pale, *borders, *stack.own("current"), *ground],
        "score": [*stack.outlined("barriers"), *pale, *borders, *stack.own("score"), *ground],
        "keyareas": [*pinch, *barriers, *thin, *numbered, *below],
        "network": [*pinch, *barriers, *stack.own("links", kept), *stack.own("sources", ranked), *below],
        "actions": [*stack.own("actions"), *thin, *pale, *below],
    }
    sheets = {}
    for name, layers in made.items():
        if any(role in found for role in _NEEDED.get(name, (name,))):
            title = f"Resistance factor: {name[len(FACTOR) :]}" if name.startswith(FACTOR) else MapSheet.of(name).label
            sheets[name] = Sheet(name, title, tuple(layers), crs, extent)
    return sheets


class _Stack:
    """Layers of a map, the top one first; nothing where there is no such layer."""

    def __init__(self, found: Mapping[str, Drawn]) -> None:
        self._found = found

    def _of(self, role: str, name: str, style: Look | None = None, more: Look | None = None) -> list[Drawn]:
        if role not in self._found:
            return []
        drawn = self._found[role]
        return [replace(drawn, name=name, style=style or drawn.style, more=together(drawn.more, averaged, more))]

    def own(self, role: str, more: Look | None = None) -> list[Drawn]:
        """Return a layer with its own style and what is added to it."""
        return self._of(role, _NAMES.get(role, "Score"), more=more)

    def land(self) -> list[Drawn]:
        return [one for role in ("mines", "roads", "rivers") for one in self.own(role)]

    def borders(self) -> list[Drawn]:
        township = styling.polygons(CLEAR, BORDERS[1], 0.2)  # opaque: a PDF has no other lines than areas around them
        county = styling.polygons(CLEAR, BORDERS[0], 0.5)
        return [
            *self._of("townships", _NAMES["townships"], township, _named),
            *self._of("boundary", _NAMES["boundary"], county, unlabelled),
        ]

    def ground(self) -> list[Drawn]:
        return self._of("dem", "", shaded) or self._of("landuse", "", more=pale)

    def below(self) -> list[Drawn]:
        return [*self.borders(), *self.ground()]

    def pale_sources(self, *, numbers: bool = False) -> list[Drawn]:
        more = _number("source_id", 7.0, 9, SOURCE.edge) if numbers else unlabelled
        return self._of("sources", "Ecological source", styling.marked(PALE_SOURCE), more)

    def thin_links(self) -> list[Drawn]:
        return self._of("links", "Ecological corridor", _thin, together(kept, unlabelled))

    def outlined(self, role: str) -> list[Drawn]:
        """Return areas of which the outline and the number are drawn, on a surface that they are made of."""
        mark = {"pinchpoints": PINCH, "barriers": BARRIER}[role]
        line = mark.edge if role == "pinchpoints" else mark.fill
        halo = mark.halo if role == "pinchpoints" else mark.edge
        look = _outline(line, halo)
        return self._of(role, _NAMES[role], look, _number("area_id", 5.5, 6))


def _number(field: str, size: float, priority: int, ink: Colour = INK) -> Look:
    """Return what labels features with their number, where they have one."""

    def apply(layer: QgsMapLayer) -> None:
        if layer.fields().lookupField(field) >= 0:
            bold = field != "area_id"
            # Links that are not corridors are drawn, and not counted.
            kept_only = f'CASE WHEN "grade" IS NOT NULL THEN "{field}" END'
            graded = field == "link_id" and layer.fields().lookupField("grade") >= 0
            labelled(kept_only if graded else f'"{field}"', size, ink=ink, bold=bold, priority=priority)(layer)

    return apply


def _named(layer: QgsMapLayer) -> None:
    """Label zones with their names, if a field holds them; on a Chinese map those of a field of that name and _zh."""
    field = name_field(layer.fields())
    if language() == CHINESE and layer.fields().lookupField(f"{field}_zh") >= 0:
        field = f"{field}_zh"
    if field:
        labelled(f'"{field}"', 7.0, ink=NAME_INK, priority=3, movable=True)(layer)


def _thin(layer: QgsMapLayer) -> None:
    styling.lines(CORRIDORS[2], 0.5)(layer)
    if layer.fields().lookupField("grade") >= 0:
        layer.setSubsetString('"grade" IS NOT NULL')


def _outline(line: Colour, halo: Colour) -> Look:
    def apply(layer: QgsMapLayer) -> None:
        symbol = styling.fill_symbol(CLEAR, halo, 0.7)
        symbol.appendSymbolLayer(styling.fill_symbol(CLEAR, line, 0.35).takeSymbolLayer(0))
        layer.setRenderer(QgsSingleSymbolRenderer(symbol))

    return apply
