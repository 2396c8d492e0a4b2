"""Numbers, fields and layers that a tool cannot use are refused in a sentence before anything is read."""

import numpy as np
import pytest

pytestmark = pytest.mark.qgis

SQUARE = "MultiPolygon (((500100 2899900, 500200 2899900, 500200 2899800, 500100 2899800, 500100 2899900)))"


def tools():
    from ecosecnet.algorithms.provider import ALGORITHMS

    return [algorithm().create() for algorithm in ALGORITHMS]


def job_of(tool, **parameters):
    from ecosecnet.algorithms.base import Job
    from qgis.core import QgsProcessingContext, QgsProcessingFeedback

    return Job(tool, parameters, QgsProcessingContext(), QgsProcessingFeedback())


def numbers():
    from qgis.core import QgsProcessingParameterNumber

    for tool in tools():
        for definition in tool.parameterDefinitions():
            if isinstance(definition, QgsProcessingParameterNumber):
                yield tool, definition


WRONG = ["5,000", "abc", "NaN", "inf", "-inf", "1e999", "5 m", "1,2,3", "1.000,5", float("nan"), float("inf")]


def test_what_is_no_number_is_refused_for_every_number_of_every_tool(qgis):
    from qgis.core import QgsProcessingContext

    found = list(numbers())
    assert len(found) > 60
    for tool, definition in found:
        for value in WRONG:
            good, message = tool.checkParameterValues({definition.name(): value}, QgsProcessingContext())
            assert not good
            assert f"'{definition.description()}' ({definition.name()})" in message or "'5,000' can be read" in message


def test_limits_hold_for_every_number_of_every_tool(qgis):
    from ecosecnet.core.errors import InputError

    beyond = 0
    for tool, definition in numbers():
        for value, word in ((definition.minimum() - 1, "or more"), (definition.maximum() + 1, "or less")):
            if abs(value) > 1e300 or abs(value) > 2**31:
                continue
            beyond += 1
            with pytest.raises(InputError, match=rf"{definition.name()}.* is {value}; it must be .* {word}"):
                job_of(tool, **{definition.name(): value}).number(definition.name())
    assert beyond > 30


@pytest.mark.parametrize(
    ("given", "number"),
    [("5000,5", 5000.5), ("0,125", 0.125), ("5000.5", 5000.5), (" 7 ", 7.0), (3, 3.0), ("１２", 12.0)],
)
def test_a_decimal_comma_is_understood_where_it_can_be_nothing_else(run, raster, polygons, tmp_path, given, number):
    from qgis.core import QgsApplication

    tool = QgsApplication.processingRegistry().createAlgorithmById("ecosecnet:costdistance")
    assert job_of(tool, MAX=given).number("MAX") == number
    run(
        "costdistance",
        RESISTANCE=raster("r", np.ones((20, 20), dtype=np.float32)),
        SOURCES=polygons("s", [(SQUARE, {"source_id": 1})]),
        MAX=given,
        OUTPUT=str(tmp_path / "o.tif"),
    )


def test_a_whole_number_is_whole(qgis):
    from ecosecnet.core.errors import InputError
    from qgis.core import QgsApplication, QgsProperty

    tool = QgsApplication.processingRegistry().createAlgorithmById("ecosecnet:mspa")
    assert job_of(tool, EDGE_WIDTH="2").number("EDGE_WIDTH") == 2
    assert job_of(tool, EDGE_WIDTH=2.0).number("EDGE_WIDTH") == 2
    assert isinstance(job_of(tool, EDGE_WIDTH=2.0).number("EDGE_WIDTH"), int)
    assert job_of(tool, EDGE_WIDTH=QgsProperty.fromExpression("1 + 2")).number("EDGE_WIDTH") == 3
    assert job_of(tool).number("EDGE_WIDTH") == 1
    for empty in (None, ""):
        assert job_of(tool, EDGE_WIDTH_METRES=empty).number("EDGE_WIDTH_METRES") is None
    with pytest.raises(InputError, match="must be a whole number"):
        job_of(tool, EDGE_WIDTH=2.5).number("EDGE_WIDTH")


def test_a_field_that_is_not_there_or_holds_texts_is_named(run, polygons, tmp_path):
    layer = polygons("villages", [(SQUARE, {"name": "Alder", "size": "12.5"})])

    def grade(field):
        return run("naturalbreaks", INPUT=layer, FIELD=field, CLASSES=2, OUTPUT=str(tmp_path / "out.gpkg"))

    with pytest.raises(Exception, match=r"'villages' has no field 'nope'.*\(FIELD\)\. It has: fid, name, size"):
        grade("nope")
    with pytest.raises(Exception, match=r"field 'name' of 'villages' holds 'Alder'.*\(FIELD\) needs numbers"):
        grade("name")
    grade("size")  # a text that is a number, as in a CSV file


def test_every_field_parameter_is_checked(qgis, polygons):
    """Whatever the layer: a field it does not have is refused by every tool, optional or not."""
    from ecosecnet.algorithms.support.run.inputchecks import check_inputs
    from ecosecnet.core.errors import InputError
    from qgis.core import QgsProcessingParameterField

    path = polygons("villages", [(SQUARE, {"name": "Alder"})])
    count = 0
    for tool in tools():
        for definition in tool.parameterDefinitions():
            if isinstance(definition, QgsProcessingParameterField):
                job = job_of(tool, **{definition.name(): "nope", definition.parentLayerParameterName(): path})
                with pytest.raises(InputError, match="has no field 'nope'"):
                    check_inputs(job, [definition])
                count += 1
    assert count > 10


def test_shapes_of_another_kind_are_refused_by_every_tool(qgis, polygons):
    from ecosecnet.algorithms.support.run.inputchecks import check_inputs
    from ecosecnet.core.errors import InputError
    from qgis.core import QgsProcessing, QgsProcessingParameterFeatureSource, QgsProcessingParameterMultipleLayers

    layers = {
        "points": polygons("points", [("Point (500100 2899900)", {"v": 1})], kind="Point"),
        "lines": polygons("lines", [("LineString (500100 2899900, 500200 2899900)", {"v": 1})], kind="LineString"),
        "polygons": polygons("polygons", [(SQUARE, {"v": 1})]),
        "rows without shapes": polygons("table", [("", {"v": 1})], kind="None"),
    }
    types = QgsProcessing.SourceType
    kinds = {types.TypeVectorPoint: "points", types.TypeVectorLine: "lines", types.TypeVectorPolygon: "polygons"}
    count = 0
    for tool in tools():
        for definition in tool.parameterDefinitions():
            if isinstance(definition, QgsProcessingParameterFeatureSource):
                wanted, wrap = definition.dataTypes(), lambda path: path
            elif isinstance(definition, QgsProcessingParameterMultipleLayers):
                wanted, wrap = [definition.layerType()], lambda path: [path]
            else:
                continue
            if any(one not in kinds for one in wanted):
                continue
            for name, path in layers.items():
                job = job_of(tool, **{definition.name(): wrap(path)})
                if name in [kinds[one] for one in wanted]:
                    check_inputs(job, [definition])
                    continue
                with pytest.raises(InputError, match=rf"holds {name}, but .* takes {kinds[wanted[0]]}"):
                    check_inputs(job, [definition])
                count += 1
    assert count > 60


def test_a_raster_among_layers_and_a_layer_among_rasters_are_named(run, raster, polygons, tmp_path):
    ground = raster("ground", np.ones((20, 20), dtype=np.float32))
    shapes = polygons("shapes", [(SQUARE, {"v": 1})])
    with pytest.raises(Exception, match=r"\(PROTECTED\) takes vector layers, but 'ground' is a raster"):
        run("sources", INPUT=ground, CORE_VALUES="1", PROTECTED=[shapes, ground], OUTPUT=str(tmp_path / "o.gpkg"))
    with pytest.raises(Exception, match=r"\(FACTORS\) takes rasters, but 'shapes' is a vector layer"):
        run("resistance", FACTORS=[ground, shapes], WEIGHTS="1,1", OUTPUT=str(tmp_path / "o.tif"))


def test_a_null_character_is_refused_in_every_text_of_every_tool(qgis):
    from qgis.core import QgsProcessingContext, QgsProcessingOutputLayerDefinition

    count = 0
    for tool in tools():
        for definition in tool.parameterDefinitions():
            values = ["a\0b.tif"]
            if definition.isDestination():
                values.append(QgsProcessingOutputLayerDefinition("a\0b.tif"))
            for value in values:
                good, message = tool.checkParameterValues({definition.name(): value}, QgsProcessingContext())
                assert not good
                assert f"({definition.name()}) holds a null character" in message
                count += 1
    assert count > 300


@pytest.mark.parametrize("kind", ["Point", "LineString", "MultiPolygon"])
def test_metres_that_are_labelled_degrees_are_refused(run, raster, polygons, tmp_path, kind):
    shapes = {"Point": "Point (500100 2899900)", "LineString": "LineString (500100 2899900, 500200 2899900)"}
    layer = polygons("labelled", [(shapes.get(kind, SQUARE), {"v": k}) for k in (1, 2)], kind=kind, crs="EPSG:4326")
    ground = raster("ground", np.ones((20, 20), dtype=np.float32))
    runs = {"distancefactor": {"FEATURES": layer, "GRID": ground, "OUTPUT": str(tmp_path / "o.tif")}}
    if kind != "LineString":
        runs["currentflow"] = {"RESISTANCE": ground, "FOCAL_LAYER": layer, "CURRENT": str(tmp_path / "o.tif")}
    if kind == "MultiPolygon":
        runs["linkages"] = {
            "RESISTANCE": ground,
            "SOURCES": layer,
            "LINKS": "memory:",
            "CORRIDORS": str(tmp_path / "o.tif"),
        }
        runs["sources"] = {"INPUT": ground, "CORE_VALUES": "1", "PROTECTED": [layer], "OUTPUT": "memory:"}
    for tool, parameters in runs.items():
        with pytest.raises(Exception, match="of 'labelled' cannot be brought from EPSG:4326 into EPSG:32648"):
            run(tool, **parameters)


def test_a_polygon_among_points_is_refused(qgis, tmp_path):
    from ecosecnet.algorithms.support.run.inputchecks import check_inputs
    from ecosecnet.core.errors import InputError
    from osgeo import ogr, osr
    from qgis.core import QgsApplication

    reference, path = osr.SpatialReference(), str(tmp_path / "mixed.gpkg")
    reference.ImportFromEPSG(32648)
    store = ogr.GetDriverByName("GPKG").CreateDataSource(path)
    layer = store.CreateLayer("mixed", reference, ogr.wkbUnknown)
    for wkt in ("Point (500100 2899900)", SQUARE):
        feature = ogr.Feature(layer.GetLayerDefn())
        feature.SetGeometry(ogr.CreateGeometryFromWkt(wkt))
        layer.CreateFeature(feature)
    store = layer = None  # closes the file
    tool = QgsApplication.processingRegistry().createAlgorithmById("ecosecnet:currentflowadvanced")
    name = "CURRENT_SOURCE_POINTS"
    with pytest.raises(InputError, match=rf"'mixed' holds polygons, but .*\({name}\) takes points"):
        check_inputs(job_of(tool, **{name: path}), [tool.parameterDefinition(name)])


def test_a_field_without_its_layer_is_refused(qgis):
    from ecosecnet.algorithms.support.run.inputchecks import check_inputs
    from ecosecnet.core.errors import InputError
    from qgis.core import QgsProcessingParameterDefinition, QgsProcessingParameterField

    optional = QgsProcessingParameterDefinition.Flag.FlagOptional
    found = 0
    for tool in tools():
        for definition in tool.parameterDefinitions():
            if not isinstance(definition, QgsProcessingParameterField):
                continue
            parent = tool.parameterDefinition(definition.parentLayerParameterName())
            job = job_of(tool, **{definition.name(): "importance"})
            if not parent.flags() & optional:
                check_inputs(job, [definition])  # that the layer is missing is said by QGIS
                continue
            found += 1
            with pytest.raises(
                InputError, match=rf"'importance' is given for .*\({parent.name()}\), whose .* is empty"
            ):
                check_inputs(job, [definition])
    assert found >= 4
