"""Defaults of the method, those of the Liuzhi study: one set for the whole run and for its single steps."""

from __future__ import annotations

from .choices import CorrectionMethod

MIN_AREA_HA = 100.0
"""Smallest source."""

DISPERSAL = 5000.0
"""Dispersal distance in metres, at which dispersal has the probability `PROBABILITY`."""

PROBABILITY = 0.5

MIN_DPC = 1.0
"""Smallest dPC of a source, percent."""

CORRECTION = CorrectionMethod.NORMALISED
"""How correction rasters change the resistance."""

CUTOFF = 2000.0
"""Metres that, times the mean resistance of the least-cost paths, are the cost above them up to which corridors reach."""

RADIUS_CELLS = 2.0
"""Smallest barrier radius in cells; the largest is `RADIUS_SPAN` times that."""

RADIUS_SPAN = 3.0

GRADES = 3
"""Grades of sources and corridors."""

CLASSES = 4
"""Classes of currents and barrier scores."""

IMPORTANCE_CLASSES = 5
"""Classes of ecological importance: from generally to extremely important, as most studies have them."""

IMPORTANT_SHARE = 20.0
"""Most important part of the area, percent."""

MIN_KEY_AREA_HA = 1.0
"""Smallest key area."""

SPECK_CELLS = 11
"""Cells of the smallest key area of the Liuzhi study, 1 ha of 30 m: fewer are a speck, whatever the cell."""

PLATEAU_SHARE = 0.2
"""Share of the area of all key areas from which on one is no single place."""

PLATEAU_AREAS = 4
"""Number of key areas from which on that is said."""

EDGE_CELLS = 5
"""Cells from the edge of the data within which paths and currents are shaped by where the map ends."""

EDGE_SHARE, EDGE_EXCESS = 0.1, 2.0
"""Share of key areas near the edge of the data, and how many times that of the data, above which they are owed to it."""

SOURCE_WEIGHTS = {"permeable": 0.33, "area": 0.33, "shape": 0.34, "flow": 0.0, "expert": 0.0, "value": 0.0}
"""Weights of the parts of the value of a source; the expert's opinion and what needs more layers count when asked for."""

LINK_WEIGHTS = {"close": 0.33, "path": 0.33, "ends": 0.34, "expert": 0.0, "climate": 0.0}
"""Weights of the parts of the priority of a link."""

MOST_RUNS = 10_000
"""Random runs of a robustness curve beyond which it would not end; the mean hardly moves after a hundred."""
