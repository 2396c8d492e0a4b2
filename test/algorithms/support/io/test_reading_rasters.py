"""Rasters as QGIS shows them: scale and offset, NoData of the user, masks, bands, cells that are nearly square."""

import numpy as np
import pytest

pytestmark = pytest.mark.qgis

SHAPE = 40, 50
LEFT, TOP, CELL = 500_000.0, 2_900_000.0, 30.0


@pytest.fixture
def write(tmp_path):
    """Write a GeoTIFF, let a function change it, and return its layer."""

    def make(name, values, kind="UInt16", *, bands=1, change=None, place=(LEFT, CELL, 0, TOP, 0, -CELL), options=()):
        from osgeo import gdal, osr
        from qgis.core import QgsRasterLayer

        path = str(tmp_path / f"{name}.tif")
        rows, cols = np.shape(values)
        code = gdal.GetDataTypeByName(kind)
        dataset = gdal.GetDriverByName("GTiff").Create(path, cols, rows, bands, code, list(options))
        dataset.SetGeoTransform(place)
        reference = osr.SpatialReference()
        reference.ImportFromEPSG(32648)
        dataset.SetProjection(reference.ExportToWkt())
        if change is not None:
            change(dataset)  # first: GDAL takes a palette only before cells are written
        dataset.GetRasterBand(1).WriteArray(np.asarray(values))
        dataset = None
        return QgsRasterLayer(path, name)

    return make


@pytest.fixture
def stored():
    return np.random.default_rng(7).integers(1, 200, SHAPE)


def source_of(layer):
    from ecosecnet.algorithms.support.io.rasters import RasterSource

    assert layer.isValid()
    return RasterSource.of(layer)


def shown_by_qgis(layer):
    """Return the cells as QGIS hands them out, NaN where NoData."""
    block = layer.dataProvider().block(1, layer.extent(), layer.width(), layer.height())
    return np.array(
        [
            [np.nan if block.isNoData(row, col) else block.value(row, col) for col in range(block.width())]
            for row in range(block.height())
        ]
    )


def test_scale_and_offset_give_the_values_that_qgis_shows(qgis, write, stored):
    def scaled(dataset):
        band = dataset.GetRasterBand(1)
        band.SetScale(0.01)
        band.SetOffset(5.0)
        band.SetNoDataValue(7)

    layer = write("scaled", stored, change=scaled)
    surface = source_of(layer).read_surface()
    assert surface.dtype == np.float32
    np.testing.assert_allclose(surface, np.where(stored == 7, np.nan, 5.0 + 0.01 * stored), rtol=1e-7)
    np.testing.assert_allclose(surface, shown_by_qgis(layer), rtol=1e-7)


def test_scaled_rasters_are_read_together_as_they_are_read_alone(qgis, write, stored):
    from ecosecnet.algorithms.support.io.rasters import read_together

    layer = write("decimetres", stored, "Int16", change=lambda dataset: dataset.GetRasterBand(1).SetScale(0.1))
    source = source_of(layer)
    rows = [surfaces[0] for _, surfaces in read_together([source], source)(source_monitor())]
    np.testing.assert_array_equal(np.vstack(rows), source.read_surface())


def source_monitor():
    from ecosecnet.core.monitor import SILENT

    return SILENT


@pytest.mark.parametrize("scale", [1.0, 0.01])
def test_nodata_that_the_user_set_counts_in_shown_values(qgis, write, stored, scale):
    from qgis.core import QgsRasterRange

    layer = write("hidden", stored, change=lambda dataset: dataset.GetRasterBand(1).SetScale(scale))
    low, high = 50 * scale, 60 * scale
    layer.dataProvider().setUserNoDataValue(1, [QgsRasterRange(low, high), QgsRasterRange(9 * scale, 9 * scale)])
    gone = ((stored >= 50) & (stored <= 60)) | (stored == 9)
    np.testing.assert_array_equal(np.isnan(source_of(layer).read_surface()), gone)


def test_source_nodata_that_the_user_switched_off_is_data(qgis, write, stored):
    layer = write("off", stored, change=lambda dataset: dataset.GetRasterBand(1).SetNoDataValue(7))
    layer.dataProvider().setUseSourceNoDataValue(1, False)
    assert not np.isnan(source_of(layer).read_surface()).any()


def masked_inside(dataset, keep):
    from osgeo import gdal

    gdal.SetConfigOption("GDAL_TIFF_INTERNAL_MASK", "YES")
    dataset.CreateMaskBand(gdal.GMF_PER_DATASET)
    dataset.GetRasterBand(1).GetMaskBand().WriteArray(np.where(keep, 255, 0).astype(np.uint8))
    gdal.SetConfigOption("GDAL_TIFF_INTERNAL_MASK", None)


def masked_beside(dataset, keep):
    from osgeo import gdal

    gdal.SetConfigOption("GDAL_TIFF_INTERNAL_MASK", "NO")
    dataset.CreateMaskBand(gdal.GMF_PER_DATASET)
    dataset.GetRasterBand(1).GetMaskBand().WriteArray(np.where(keep, 255, 0).astype(np.uint8))
    gdal.SetConfigOption("GDAL_TIFF_INTERNAL_MASK", None)


def with_alpha(dataset, keep):
    dataset.GetRasterBand(2).WriteArray(np.where(keep, 255, 0))


def with_alpha_and_nodata(dataset, keep):
    with_alpha(dataset, keep)
    dataset.GetRasterBand(1).SetNoDataValue(250)


@pytest.mark.parametrize("mask", [masked_inside, masked_beside, with_alpha, with_alpha_and_nodata])
def test_masks_are_nodata(qgis, write, stored, mask, tmp_path):
    keep = np.ones(SHAPE, dtype=bool)
    keep[:, 20:23] = False
    bands = 2 if mask in (with_alpha, with_alpha_and_nodata) else 1
    options = ["ALPHA=YES"] if bands == 2 else []
    layer = write("masked", stored, "Byte", bands=bands, options=options, change=lambda dataset: mask(dataset, keep))
    assert (tmp_path / "masked.tif.msk").exists() == (mask is masked_beside)
    source = source_of(layer)
    np.testing.assert_array_equal(source.read_surface(), np.where(keep, stored, np.nan).astype(np.float32))
    assert [note for note in source.notes if "0 are NoData" in note]
    assert not [note for note in source.notes if "bands" in note]


def test_the_mask_of_a_plain_raster_is_not_read(qgis, write, stored):
    source = source_of(write("plain", stored, change=lambda dataset: dataset.GetRasterBand(1).SetNoDataValue(7)))
    assert source.mask is None
    assert source.notes == ()


def test_a_palette_changes_nothing(qgis, write, stored):
    from osgeo import gdal

    def coloured(dataset):
        table = gdal.ColorTable()
        for code in range(256):
            table.SetColorEntry(code, (code, 0, 0, 0 if code == 5 else 255))
        dataset.GetRasterBand(1).SetColorTable(table)

    values, valid = source_of(write("classes", stored, "Byte", change=coloured)).read()
    np.testing.assert_array_equal(values, stored)
    assert valid.all()


def test_one_line_says_which_of_several_bands_is_used(qgis, write, stored, run):
    def described(dataset):
        dataset.GetRasterBand(1).SetDescription("resistance 2020")

    layer = write("stack", stored, bands=3, change=described)
    assert source_of(layer).notes == ("'stack' has 3 bands; band 1 (resistance 2020) is used.",)
    run("foreground", INPUT=layer, FOREGROUND="1", OUTPUT="TEMPORARY_OUTPUT")
    assert run.feedback.textLog().count("'stack' has 3 bands; band 1 (resistance 2020) is used.") == 1


def test_complex_numbers_are_refused(qgis, write):
    from ecosecnet.core.errors import InputError

    with pytest.raises(InputError, match="'wave' holds complex numbers"):
        source_of(write("wave", np.ones(SHAPE), "CFloat32"))


@pytest.mark.parametrize("place", [(LEFT, 31.5303, 0, TOP, 0, -31.5247), (LEFT, CELL, 1e-12, TOP, -1e-12, -CELL)])
def test_cells_that_are_nearly_square_or_north_up_are_taken_and_said(qgis, write, place):
    source = source_of(write("clip", np.ones(SHAPE), place=place))
    assert source.grid.cell_size == pytest.approx((place[1] - place[5]) / 2)
    assert len(source.notes) == 1
    assert "clip" in source.notes[0]


@pytest.mark.parametrize(
    ("place", "message"),
    [
        ((LEFT, 31.0, 0, TOP, 0, -30.0), "The cells are 31 x 30 map units.*'Study grid'"),
        ((LEFT, CELL, 0.004, TOP, 0, -CELL), "rotated or not north-up.*'Study grid'"),
        ((LEFT, CELL, 0, TOP, 0, CELL), "rotated or not north-up.*'Study grid'"),
    ],
)
def test_other_grids_are_refused_with_the_way_out(qgis, write, place, message):
    from ecosecnet.core.errors import InputError

    layer = write("odd", np.ones(SHAPE), place=place)
    with pytest.raises(InputError, match=message):
        _ = source_of(layer).grid.cell_size


def test_only_cells_that_resampling_leaves_without_data_are_counted(write):
    """What lies outside the study area is no loss; 8 of its 40 rows lie beyond the coarse raster, on 10 of 50 columns."""
    from ecosecnet.algorithms.support.io.rasters import RasterSource, align
    from ecosecnet.core.errors import InputError
    from ecosecnet.core.monitor import Monitor

    class Log(Monitor):
        texts = []

        def info(self, text):
            self.texts.append(text)

    def nodata(dataset):
        dataset.GetRasterBand(1).SetNoDataValue(0)

    inside = np.zeros(SHAPE)
    inside[:, 40:] = 1
    land = RasterSource.of(write("land", inside, change=nodata))
    ground = np.full((16, 25), 7.0)
    ground[:, :20] = 0
    place = (LEFT, 2 * CELL, 0, TOP, 0, -2 * CELL)
    found = align(RasterSource.of(write("coarse", ground, change=nodata, place=place)), land, monitor=Log())
    lost = np.isnan(found) & (inside == 1)
    assert lost.sum() == 80
    assert Log.texts == [
        "'coarse' was resampled onto the grid of 'land' (bilinear); it has no data in 80 cells (20.0%) in which 'land' has."
    ]
    with pytest.raises(InputError, match="'beside' has data in no cell in which 'land' has"):
        align(RasterSource.of(write("beside", ground[:, ::-1], change=nodata, place=place)), land)
