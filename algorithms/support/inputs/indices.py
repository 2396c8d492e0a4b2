"""Connectivity indices and importances as rows and columns of tables."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np

    from ....core.connectivity import Connectivity


def index_rows(found: Connectivity) -> list[tuple[str, float, str]]:
    """Return name, value and meaning of the indices of a `Connectivity`, as far as they are known."""
    links, paths = found.binary, found.probable
    rows = [
        ("NL", links.links, "Links"),
        ("NC", links.components, "Components: groups of linked sources"),
        ("H", links.harary, "Harary index: sum over pairs of 1 / links between them"),
        ("CCP", links.coincidence, "Chance that two points in sources lie in one component"),
        ("LCP", links.landscape_coincidence, "Chance that two points in the landscape lie in one component"),
        ("IICnum", links.numerator, "Numerator of IIC"),
        ("EC(IIC)", links.equivalent, "Size of one source that would connect as much as IIC says"),
        ("IIC", links.iic, "Integral index of connectivity"),
        ("F", paths.flux, "Sum of the direct probabilities, both directions"),
        ("AWF", paths.weighted_flux, "The same, weighted with the two attributes"),
        ("PCnum", paths.numerator, "Numerator of PC"),
        ("EC(PC)", paths.equivalent, "Size of one source that would connect as much as PC says"),
        ("PC", paths.pc, "Probability of connectivity"),
        ("PCintra(%)", paths.intra, "Share of PC within sources"),
        ("PCdirect(%)", paths.direct, "Share of PC over direct links"),
        ("PCstep(%)", paths.step, "Share of PC gained by stepping stones"),
    ]
    return [(name, float(value), meaning) for name, value, meaning in rows if value is not None]


def importance_columns(found: Connectivity) -> dict[str, np.ndarray]:
    """Return the importances by the names that Conefor and our layers use."""
    iic, pc = found.iic, found.pc
    return {
        "dA": found.share,
        "dIIC": iic.total,
        "dIICintra": iic.intra,
        "dIICflux": iic.flux,
        "dIICconnector": iic.connector,
        "dPC": pc.total,
        "dPCintra": pc.intra,
        "dPCflux": pc.flux,
        "dPCconnector": pc.connector,
        "BC": found.freeman,
        "BC_IIC": found.bc_iic,
        "BC_PC": found.bc_pc,
    }
