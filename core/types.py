"""Array types used in annotations; numpy 1.20 has no ``NDArray`` at run time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[Any]
    FloatArray = NDArray[np.floating[Any]]
    IntArray = NDArray[np.integer[Any]]
    BoolArray = NDArray[np.bool_]
else:
    Array = FloatArray = IntArray = BoolArray = np.ndarray
