"""Puts the layers of a run into groups of the layer tree, in an order that makes a map."""

from __future__ import annotations

from dataclasses import dataclass

from qgis.core import QgsMapLayer, QgsProject
from qgis.PyQt.QtCore import QTimer

_RANK = "ecosecnet/rank"


@dataclass(frozen=True)
class Place:
    """Where a layer goes.

    Parameters
    ----------
    group : str
        Name of the group.
    rank : int
        Within the group, layers of higher rank are drawn above those of lower rank.
    above : tuple of str
        Names of the groups that belong above this one.
    visible : bool
        Whether the layer is drawn at first.
    """

    group: str
    rank: int = 0
    above: tuple[str, ...] = ()
    visible: bool = True


def put(layer: QgsMapLayer, place: Place) -> None:
    """Move a layer that is being loaded into its group.

    QGIS has groups for outputs only since 3.32, and no say in their order. The layer is moved at once, before the map is
    drawn, where it is in the tree already; else as soon as Processing has added it.
    """
    identifier = layer.id()
    if not _move(identifier, place):
        QTimer.singleShot(0, lambda: _move(identifier, place))


def _move(identifier: str, place: Place) -> bool:
    root = QgsProject.instance().layerTreeRoot()
    node = root.findLayer(identifier)
    if node is None:
        return False
    group = root.findGroup(place.group)
    if group is None:
        names = [child.name() for child in root.children()]
        group = root.insertGroup(max((names.index(n) + 1 for n in place.above if n in names), default=0), place.group)
    moved = node.clone()
    lower = (
        k
        for k, child in enumerate(group.children())
        if child != node and int(child.customProperty(_RANK, -1)) <= place.rank
    )
    moved.setCustomProperty(_RANK, place.rank)
    moved.setItemVisibilityChecked(place.visible)
    moved.setExpanded(False)
    group.insertChildNode(next(lower, -1), moved)
    # Last: a layer that stands nowhere in the tree, if only for a moment, is dropped from the project.
    node.parent().removeChildNode(node)
    return True
