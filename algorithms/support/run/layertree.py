"""Puts the layers of a run into a group of the layer tree, in an order that makes a map."""

from __future__ import annotations

import datetime
import re
import uuid
from dataclasses import dataclass, field

from qgis.core import (
    QgsLayerTree,
    QgsLayerTreeGroup,
    QgsLayerTreeLayer,
    QgsLayerTreeNode,
    QgsMapLayer,
    QgsMapLayerLegendUtils,
    QgsProject,
    QgsRasterLayer,
    QgsVectorLayer,
    QgsWkbTypes,
)
from qgis.PyQt.QtCore import QTimer

from ..language import ENGLISH, language, tr

_RANK = "ecosecnet/rank"
_RUN = "ecosecnet/run"


@dataclass(frozen=True)
class Run:
    """What the layers of one run have in common.

    Parameters
    ----------
    name : str
        The tool, and what was changed in its parameters.
    changed : bool
        Whether anything was; if not, the time distinguishes runs.
    key : str
        Distinguishes runs, also those of one name.
    started : datetime
        When it was.
    """

    name: str
    changed: bool = False
    key: str = field(default_factory=lambda: uuid.uuid4().hex)
    started: datetime.datetime = field(default_factory=datetime.datetime.now)

    def names(self) -> list[str]:
        """Return names for the group, the shortest first."""
        minute, second = f"{self.started:%H:%M}", f"{self.started:%H:%M:%S}"
        longer = [f"{self.name}, {minute}", f"{self.name}, {second}", f"{self.name}, {second}, {self.key[:4]}"]
        return [self.name, *longer] if self.changed else longer


@dataclass(frozen=True)
class Place:
    """Where a layer goes within its run.

    Parameters
    ----------
    groups : tuple of str, optional
        Names of the groups from the outer to the inner one, below that of the run; without any the layer stands in the
        group of the run itself; None: where it goes without a place.
    rank : int, optional
        Within the group, layers of higher rank are drawn above those of lower rank; None: by kind, as without a place.
    above : tuple of str
        Names of the groups that belong above this one.
    visible : bool
        Whether the layer is drawn at first.
    expanded : bool
        Whether its legend is open at first.
    """

    groups: tuple[str, ...] | None = ()
    rank: int | None = 0
    above: tuple[str, ...] = ()
    visible: bool = True
    expanded: bool = False


UNSEEN = Place(None, None, visible=False)
"""Of a raster that would cover, or be covered by, what is to be seen: not drawn until it is ticked."""


def put(layer: QgsMapLayer, run: Run, place: Place | None = None, order: int = 0) -> None:
    """Move a layer that is being loaded to its place.

    Without a place it goes to the top, where QGIS would put it above the current layer, out of sight below the groups of an
    earlier run; within its run points are on top, then lines, areas and rasters, and of a kind those of lower `order`.

    QGIS has groups for outputs only since 3.32, and no say in their order. The layer is moved at once, before the map is
    drawn, where it is in the tree already; else as soon as Processing has added it.
    """
    root, identifier, rank = QgsProject.instance().layerTreeRoot(), layer.id(), _rank(layer, place, order)
    if not _move(root, identifier, run, place, rank):
        QTimer.singleShot(0, lambda: _move(root, identifier, run, place, rank))


def put_into(root: QgsLayerTreeGroup, layer: QgsMapLayer, run: Run, place: Place | None, order: int) -> None:
    """Move a layer of a project that no window shows to its place, see `put`; any thread may, whose project it is."""
    _move(root, layer.id(), run, place, _rank(layer, place, order))


def _rank(layer: QgsMapLayer, place: Place | None, order: int) -> int:
    return 100 * _kind_rank(layer) - order if place is None or place.rank is None else place.rank


def _kind_rank(layer: QgsMapLayer) -> int:
    """Return 3 for points, 2 for lines, 1 for areas, 0 for rasters, below them what has no place on a map."""
    if not isinstance(layer, QgsVectorLayer):
        return 0
    kinds = QgsWkbTypes.GeometryType
    ranks = {kinds.PointGeometry: 3, kinds.LineGeometry: 2, kinds.PolygonGeometry: 1}
    return ranks.get(layer.geometryType(), -1)


def _move(root: QgsLayerTreeGroup, identifier: str, run: Run, place: Place | None, rank: int) -> bool:
    node = root.findLayer(identifier)
    if node is None:
        return False
    grouped = place is not None and place.groups is not None
    parent = _group(root, run, place) if grouped else root
    own = [
        (k, int(child.customProperty(_RANK, 0)))
        for k, child in enumerate(parent.children())
        if child != node and QgsLayerTree.isLayer(child) and child.customProperty(_RUN, "") == run.key
    ]
    below = next((k for k, other in own if other <= rank), None)
    if below is None:  # beneath all layers of the run
        below = own[-1][0] + 1 if own else len(parent.children()) if grouped else 0
    moved = node.clone()
    _name_band(moved)
    moved.setCustomProperty(_RANK, rank)
    moved.setCustomProperty(_RUN, run.key)
    if place is not None:
        moved.setItemVisibilityChecked(place.visible)
        moved.setExpanded(place.expanded)
    parent.insertChildNode(below, moved)
    # Last: a layer that stands nowhere in the tree, if only for a moment, is dropped from the project.
    _take_out(node)
    return True


def _take_out(node: QgsLayerTreeNode) -> None:
    """Remove a node, and the groups that it leaves empty: those of an earlier run whose files a new run has replaced."""
    parent = node.parent()
    parent.removeChildNode(node)
    if parent.parent() is not None and not parent.children():
        _take_out(parent)


def _name_band(node: QgsLayerTreeLayer) -> None:
    """Have the legend call the band of a raster in the language of QGIS; the file has its description in English."""
    layer = node.layer()
    if language() != ENGLISH and isinstance(layer, QgsRasterLayer):
        called = re.fullmatch(r".*?: (.*?)(?: \(\w+\))?", layer.bandName(1))
        if called and tr(called[1]) != called[1]:
            QgsMapLayerLegendUtils.setLegendNodeUserLabel(node, 0, tr(called[1]))


def _group(root: QgsLayerTreeGroup, run: Run, place: Place) -> QgsLayerTreeGroup:
    group = next((child for child in root.children() if _is_group_of(child, run.key)), None)
    if group is None:
        taken = {child.name() for child in root.children()}
        if root == QgsProject.instance().layerTreeRoot():
            # Once all layers are in: until then the window opens the groups of layers that come and go.
            QTimer.singleShot(0, lambda: _close_earlier(run.key))
        group = root.insertGroup(0, next(name for name in run.names() if name not in taken))
        group.setCustomProperty(_RUN, run.key)
    above = {tr(one) for one in place.above}
    for name in map(tr, place.groups):
        inner = next(
            (child for child in group.children() if QgsLayerTree.isGroup(child) and child.name() == name), None
        )
        if inner is None:
            higher = [k + 1 for k, child in enumerate(group.children()) if child.name() in above]
            inner = group.insertGroup(max(higher, default=0), name)
        group = inner
    return group


def _close_earlier(key: str) -> None:
    """Close the groups of runs below that of a new one, to make room."""
    groups = [child for child in QgsProject.instance().layerTreeRoot().children() if QgsLayerTree.isGroup(child)]
    runs = [child.customProperty(_RUN, "") for child in groups]
    for group, run in list(zip(groups, runs))[runs.index(key) + 1 if key in runs else len(runs) :]:
        if run:
            group.setExpanded(False)


def _is_group_of(node: QgsLayerTreeNode, key: str) -> bool:
    return QgsLayerTree.isGroup(node) and node.customProperty(_RUN, "") == key
