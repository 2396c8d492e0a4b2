"""The four places: where their land cover comes from, what its classes are worth, and how the limits were chosen."""

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Callable, Optional

import numpy as np
import rasterio
from fetch import NotHereError, file_of, from_debian, from_peer, from_pypi, r_object
from rasterio.transform import from_bounds

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
from core.choices import Legend
from core.resistance import schemes


@dataclass(frozen=True)
class LandClass:
    """A class of the land cover; the scores 1 (free to move) to 5 (hardly passable) are our judgement."""

    code: int
    name: str
    score: float
    colour: str
    habitat: bool = False
    built: bool = False
    lasting: bool = False  # no restoration will change it
    impassable: bool = False


@dataclass(frozen=True)
class Place:
    """A study.

    Attributes
    ----------
    land_cover : callable
        Returns the file of the land cover as it is delivered, written into a folder where no such file is delivered.
    cell : float or None
        Cell of the study grid in metres, None for that of the land cover.
    cutoff : float or None
        How much farther than the least-cost path a way in a corridor may lead, in metres; None for the default.
    legend : Legend or None
        Whose scores the classes have: the land use alone makes the resistance then. None: a table of scores of our own, and
        the distance from built-up land as a second factor.
    min_area, dispersal, min_dpc, min_key_area : float
        Hectares, metres, per cent, hectares. The last is ten cells and more where smaller key areas were mere dust.
    """

    name: str
    title: str
    classes: tuple[LandClass, ...]
    land_cover: Callable
    min_area: float
    dispersal: float
    min_dpc: float
    min_key_area: float
    cell: float | None = None
    cutoff: float | None = None
    legend: Optional[Legend] = None

    def codes(self, what):
        """Return the codes of the classes that are `habitat`, `built`, `lasting` or `impassable`."""
        return [one.code for one in self.classes if getattr(one, what)]

    def listed(self, what):
        """Return the same as the text that tools take."""
        return ",".join(map(str, self.codes(what)))


def _corsica(folder):
    """The land mosaic of CORINE 2018 (cropland, nature, built-up) with its forest set apart; the sea is NoData."""
    import pyguidos

    data = from_peer(pyguidos)
    with rasterio.open(file_of(data, "data/CLC2018_corsica_LandMos.tif")) as mosaic:
        cover, profile = mosaic.read(1), mosaic.profile
    with rasterio.open(file_of(data, "data/CLC2018_corsica_FNF.tif")) as forest:
        cover[forest.read(1) == 2] = 4
    profile.update(nodata=0)
    with rasterio.open(folder / "corsica.tif", "w", **profile) as written:
        written.write(cover, 1)
    return folder / "corsica.tif"


def _hannover(folder):
    """CORINE level 3 between the Deister hills and the Lueneburg Heath, in the grid codes 1 to 44."""
    return file_of(from_pypi("landschaft", "1.52.0"), "landschaft/data/clc.tif")


def _plum_island(folder):
    """Land use of 1999, the third band of the Plum Island Ecosystems data; cells of 99.92 x 99.95 m."""
    data = file_of(from_pypi("landschaft", "1.52.0"), "landschaft/simulate/data/pie_landuse.tif")
    with rasterio.open(data) as years:
        profile = {**years.profile, "count": 1}
        with rasterio.open(folder / "plum_island.tif", "w", **profile) as written:
            written.write(years.read(3), 1)
    return folder / "plum_island.tif"


def _la_mancha(folder):
    """Land use of Castilla-La Mancha, an image of R in kilometres: a square of 400 km around the middle of the region.

    It has no CRS; a transverse Mercator around that middle keeps its lengths.
    """
    image = r_object(from_debian("r-cran-spatstat.data"), "spatstat.data", "clmfires.extra")["clmcov200"]["landuse"]
    codes, names = image["v"]
    if list(names) != [one.name for one in LA_MANCHA]:
        raise NotHereError(f"its land uses are called {', '.join(names)} here")
    rows, cols = codes.shape
    bounds = [
        1000.0 * limit for limit in (image["xrange"][0], image["yrange"][0], image["xrange"][1], image["yrange"][1])
    ]
    profile = {"driver": "GTiff", "height": rows, "width": cols, "count": 1, "dtype": "uint8", "nodata": 0}
    profile["crs"] = "+proj=tmerc +lat_0=39.5 +lon_0=-3 +x_0=198875 +y_0=198875 +ellps=GRS80 +units=m"
    with rasterio.open(folder / "la_mancha.tif", "w", transform=from_bounds(*bounds, cols, rows), **profile) as written:
        # Images of R count from the south; in this one east and north are swapped besides (Madrid would lie near Murcia).
        written.write(codes.T[::-1].astype(np.uint8), 1)
    return folder / "la_mancha.tif"


LA_MANCHA = (
    LandClass(1, "urban", 5, "#c8503c", built=True, lasting=True),
    LandClass(2, "farm", 4, "#f2e9a1"),
    LandClass(3, "meadow", 3, "#dfe88f"),
    LandClass(4, "denseforest", 1, "#1f5f2f", habitat=True),
    LandClass(5, "conifer", 1, "#2f7f3f", habitat=True),
    LandClass(6, "mixedforest", 1, "#5f9f3f", habitat=True),
    LandClass(7, "grassland", 3, "#c9d89a"),
    LandClass(8, "bush", 1, "#8faf5f", habitat=True),
    LandClass(9, "scrub", 2, "#b5b56a"),
    LandClass(10, "artifgreen", 3, "#b9d9a0"),
)


def _of_legend(legend, coding, **marks):
    """Return the classes of a legend of the plugin; `marks` give the codes that are habitat, built and so on."""
    scheme = next(one for one in schemes(legend) if one.coding == coding)
    return tuple(
        LandClass(
            one.code,
            one.name,
            one.score,
            "#" + bytes(one.colour).hex(),
            **{mark: one.code in codes for mark, codes in marks.items()},
        )
        for one in scheme.classes
    )


PLACES = (
    Place(
        "corsica",
        "Corsica: CORINE 2018, 100 m (pyguidos)",
        (
            LandClass(1, "Farmland", 3, "#f2e9a1"),
            LandClass(2, "Maquis, grassland and rock", 2, "#c9d89a"),
            LandClass(3, "Built-up land", 5, "#c8503c", built=True, lasting=True),
            LandClass(4, "Forest", 1, "#3f7f3f", habitat=True),
        ),
        _corsica,
        # Forests for a herd of red deer, reintroduced here, and how far half of the young stags go. One massif holds nearly
        # all of the connectivity: of 1 % and more are eight forests in the middle of the island only.
        min_area=500,
        dispersal=5000,
        min_dpc=0.1,
        min_key_area=10,
    ),
    Place(
        "hannover",
        "Hannover: CORINE level 3, 25 m brought to its own 100 m (landschaft)",
        # Woods, heath and bogs; the habitat of the legend has lakes besides, where no wildcat lives.
        _of_legend(
            Legend.CORINE,
            "grid codes 1 to 44",
            habitat=(*range(23, 30), 36),
            built=range(1, 6),
            lasting=(*range(1, 7), 40, 41),
            impassable=(41,),
        ),
        _hannover,
        # The smallest woods with a resident wildcat, whose females stay within a few kilometres.
        min_area=500,
        dispersal=3000,
        min_dpc=1.0,
        min_key_area=5,
        cell=100,
        legend=Legend.CORINE,
    ),
    Place(
        "plumisland",
        "Plum Island, Massachusetts: land use 1999, cells of 99.92 x 99.95 m (landschaft)",
        (
            LandClass(1, "Forest", 1, "#3f7f3f", habitat=True),
            LandClass(2, "Built-up land", 5, "#c8503c", built=True, lasting=True),
            LandClass(3, "Farmland, marsh, water", 3, "#f2e9a1"),
        ),
        _plum_island,
        # Woods that hold fishers and forest birds of the interior; suburbs leave few larger ones. They lie a kilometre or
        # two apart, so that corridors of 2 km, the number of the method, would be all land around them.
        min_area=100,
        dispersal=2000,
        min_dpc=1.0,
        min_key_area=12,
        cutoff=500,
    ),
    Place(
        "lamancha",
        "Castilla-La Mancha: land use in cells of 2 km (Debian's r-cran-spatstat.data)",
        LA_MANCHA,
        _la_mancha,
        # Woods and bush of five cells with all cells around them, for some lynx; their young settle within 20 km. With the
        # default cutoff of 2 km, one cell, corridors would be as wide as their path.
        min_area=2000,
        dispersal=20000,
        min_dpc=1.0,
        min_key_area=4400,
        cutoff=10000,
    ),
)
