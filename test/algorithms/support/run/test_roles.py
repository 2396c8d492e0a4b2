"""Dialogs offer the layers that fit; runs, models and scripts take what they are given."""

import pytest

pytestmark = pytest.mark.qgis

POLYGONS, LINES, POINTS = "MultiPolygon", "LineString", "Point"


@pytest.fixture
def project(qgis):
    from qgis.core import QgsProject

    project = QgsProject.instance()
    project.clear()
    yield project
    project.clear()


@pytest.fixture
def county(qgis, project, tmp_path):
    """The demonstration county, loaded into the project as the desktop does it."""
    from processing.gui.Postprocessing import handleAlgorithmResults
    from qgis.core import QgsApplication, QgsProcessingContext, QgsProcessingFeedback

    context, feedback = QgsProcessingContext(), QgsProcessingFeedback(False)
    context.setProject(project)
    tool = QgsApplication.processingRegistry().createAlgorithmById("ecosecnet:demolandscape")
    parameters = {"SIZE": 120, "OUTPUT_FOLDER": str(tmp_path / "county"), "LOAD": True}
    results, ok = tool.run(parameters, context, feedback)
    assert ok
    assert handleAlgorithmResults(tool, context, feedback=feedback)
    return results


def test_layers_have_their_plain_name_wherever_the_files_are(qgis, project, tmp_path):
    """By default QGIS names layers after their files, except those in the folder for temporary files."""
    from qgis.core import QgsApplication, QgsProcessingContext, QgsProcessingFeedback, QgsRasterLayer

    context = QgsProcessingContext()
    context.setProject(project)
    tool = QgsApplication.processingRegistry().createAlgorithmById("ecosecnet:demolandscape")
    tool.run({"SIZE": 120, "OUTPUT_FOLDER": str(tmp_path / "county")}, context, QgsProcessingFeedback(False))
    names = []
    for details in context.layersToLoadOnCompletion().values():
        layer = QgsRasterLayer("/elsewhere/file.tif", "file")
        details.setOutputLayerName(layer)
        names.append(layer.name())
    assert len(names) == 17
    assert {"Elevation", "Land use"} <= set(names)
    assert "file" not in names


def suggested(tool):
    """Return the names of the layers that the dialog of a tool starts with."""
    from ecosecnet.algorithms.support.run.roles import suggestions
    from qgis.core import QgsApplication, QgsProject

    project = QgsProject.instance()
    algorithm = QgsApplication.processingRegistry().createAlgorithmById(f"ecosecnet:{tool}")

    def name(value):
        if isinstance(value, list):
            return [name(one) for one in value]
        layer = project.mapLayer(value)
        return value if layer is None else layer.name()

    return {key: name(value) for key, value in suggestions(algorithm, project).items()}


def test_the_layers_of_the_county_keep_their_names_and_fill_the_dialog(county, project):
    from ecosecnet.algorithms.support.run.roles import PROPERTY

    assert {"Elevation", "Land use", "Ecological protection red line"} <= {
        layer.name() for layer in project.mapLayers().values()
    }
    assert suggested("securitynetwork") == {
        "LANDUSE": "Land use",
        "DEM": "Elevation",
        "ROADS": "Roads",
        "MINES": "Mines",
        "HAZARDS": "Geological hazards",
        "PROTECTED": ["Ecological protection red line", "Nature reserves"],
        "CORRECTIONS": ["Rock desertification", "Soil erosion", "Geological hazard density"],
        "SCORES": "Table of scores",
        "TOWNSHIPS": "Townships",
        "TOWNSHIP_NAME": "name",
        "VILLAGES": "Villages",
        "VILLAGE_NAME": "name",
        "LITHOLOGY": "Lithology",
    }
    assert suggested("networkstepbystep")["scores"] == "Table of scores"
    assert suggested("terrainfactor") == {"DEM": "Elevation"}
    assert suggested("mspa") == {"INPUT": "Land use"}
    (layer,) = project.mapLayersByName("Land use")
    assert layer.customProperty(PROPERTY) == "landuse"


def test_roles_are_saved_with_the_project(county, project, tmp_path):
    for layer in project.mapLayers().values():
        layer.setName("renamed " + layer.name())
    assert project.write(str(tmp_path / "saved.qgz"))
    project.clear()
    assert project.read(str(tmp_path / "saved.qgz"))
    assert suggested("securitynetwork")["LANDUSE"] == "renamed Land use"


def test_names_of_layers_and_files_count_where_no_role_is_known(project, raster, polygons):
    import numpy as np
    from qgis.core import QgsRasterLayer, QgsVectorLayer

    cells = np.ones((4, 4), dtype=np.uint8)
    for file, name in (("a", "a raster"), ("DEM", "clipped"), ("x", "Land_Cover")):
        project.addMapLayer(QgsRasterLayer(raster(file, cells), name))
    project.addMapLayer(QgsVectorLayer("MultiPolygon?crs=EPSG:32648&field=NAME:string", "Townships", "memory"))
    project.addMapLayer(QgsVectorLayer("LineString?crs=EPSG:32648", "roadside trees", "memory"))
    assert suggested("securitynetwork") == {
        "LANDUSE": "Land_Cover",
        "DEM": "clipped",
        "TOWNSHIPS": "Townships",
        "TOWNSHIP_NAME": "NAME",
    }


def test_layers_of_a_geopackage_count_by_their_name_in_it(county, project):
    """QGIS calls them by file and layer."""
    from qgis.core import QgsVectorLayer

    sources = {name: project.mapLayersByName(name)[0].source() for name in ("Roads", "Mines", "Townships")}
    project.clear()
    for name, source in sources.items():
        project.addMapLayer(QgsVectorLayer(source, f"landscape - {name.lower()}", "ogr"))
    found = suggested("securitynetwork")
    assert {key: found.get(key) for key in ("ROADS", "MINES", "TOWNSHIPS")} == {
        name.upper(): f"landscape - {name.lower()}" for name in sources
    }


def test_a_layer_known_to_be_something_else_is_not_offered(project, raster):
    import numpy as np
    from ecosecnet.algorithms.support.run.roles import mark
    from qgis.core import QgsRasterLayer

    for name, role in (("A belt", "corridors"), ("Elevation", "dem"), ("lu2020", "")):
        layer = QgsRasterLayer(raster(name, np.ones((4, 4), dtype=np.uint8)), name)
        project.addMapLayer(layer)
        mark(layer, role)
    world = QgsRasterLayer("type=xyz&url=https://example.org/{z}/{x}/{y}.png", "World", "wms")
    project.addMapLayer(world, False)
    project.layerTreeRoot().insertLayer(0, world)
    assert suggested("foreground") == {"INPUT": "lu2020"}


def test_links_and_sources_are_graded_by_their_measure(project):
    from ecosecnet.algorithms.support.run.roles import mark
    from qgis.core import QgsVectorLayer

    for name, kind, fields, role in (
        ("Sources", POLYGONS, ("source_id", "dPC", "level"), "sources"),
        ("Links", LINES, ("link_id", "cw_dist", "gravity", "current_flow"), "links"),
    ):
        source = f"{kind}?crs=EPSG:32648&{'&'.join(f'field={field}:double' for field in fields)}"
        mark(project.addMapLayer(QgsVectorLayer(source, name, "memory")), role)
    assert suggested("naturalbreaks") == {"INPUT": "Links", "FIELD": "current_flow"}
    project.removeMapLayer(project.mapLayersByName("Links")[0])
    assert suggested("naturalbreaks") == {"INPUT": "Sources", "FIELD": "dPC"}


def test_a_picture_is_not_offered_as_data(project, tmp_path):
    from ecosecnet.algorithms.support.run.roles import suggestions
    from osgeo import gdal
    from qgis.core import QgsApplication, QgsRasterLayer

    path = str(tmp_path / "aerial.tif")
    gdal.GetDriverByName("GTiff").Create(path, 4, 4, 3).SetGeoTransform((500_000, 30, 0, 2_900_000, 0, -30))
    layer = QgsRasterLayer(path, "Aerial picture")
    assert layer.isValid()
    project.addMapLayer(layer)
    tool = QgsApplication.processingRegistry().algorithmById("ecosecnet:terrainfactor")
    assert suggestions(tool, project) == {}


def test_of_several_the_topmost_is_taken(project):
    from ecosecnet.algorithms.support.run.roles import mark
    from qgis.core import QgsVectorLayer

    for name, role in (("below", "sources"), ("above", "sources"), ("links", "links")):
        kind = LINES if role == "links" else POLYGONS
        layer = QgsVectorLayer(f"{kind}?crs=EPSG:32648", name, "memory")
        project.addMapLayer(layer, False)
        project.layerTreeRoot().insertLayer(0, layer)
        mark(layer, role)
    assert suggested("centrality") == {"SOURCES": "above", "LINKS": "links"}


def test_a_tool_run_again_takes_what_it_was_run_on(project):
    """A second run of 'corridorwidths' was offered its own links, and kept 22 fields of the first under other names."""
    from ecosecnet.algorithms.support.run.roles import mark
    from qgis.core import QgsVectorLayer

    for name, tool in (("Ecological corridors", "securitynetwork"), ("Links with widths", "corridorwidths")):
        layer = QgsVectorLayer(f"{LINES}?crs=EPSG:32648", name, "memory")
        project.addMapLayer(layer, False)
        project.layerTreeRoot().insertLayer(0, layer)
        mark(layer, "links", tool)
    assert suggested("corridorwidths")["LINKS"] == "Ecological corridors"
    assert suggested("pinchpoints")["LINKS"] == "Links with widths"
    project.removeMapLayer(project.mapLayersByName("Ecological corridors")[0])
    assert suggested("corridorwidths")["LINKS"] == "Links with widths"


def test_what_is_only_planned_is_not_taken_for_what_is(project, raster):
    """After a plan, or with links to be added, the next tool was offered the land and the network as they will be."""
    import numpy as np
    from ecosecnet.algorithms.support.run.roles import mark, role_of_output
    from qgis.core import QgsRasterLayer, QgsVectorLayer

    surface = raster("r", np.ones((4, 4), np.float32))
    for name, tool, output in (
        ("Resistance surface", "resistance", "OUTPUT"),
        ("Resistance surface after restoration", "restorationplan", "RESISTANCE_AFTER"),
        ("Links", "pinchpoints", "OUTPUT_LINKS"),
        ("Links before and after", "restorationplan", "OUTPUT_LINKS"),
        ("Links with those added", "networkoptimisation", "OUTPUT_LINKS"),
    ):
        lines = output == "OUTPUT_LINKS"
        layer = QgsVectorLayer(f"{LINES}?crs=EPSG:32648", name, "memory") if lines else QgsRasterLayer(surface, name)
        project.addMapLayer(layer, False)
        project.layerTreeRoot().insertLayer(0, layer)
        mark(layer, role_of_output(tool, output))
    assert suggested("restorationplan") == {"RESISTANCE": "Resistance surface", "LINKS": "Links before and after"}


def test_every_output_that_a_tool_asks_for_is_marked(qgis):
    from ecosecnet.algorithms.provider import ALGORITHMS
    from ecosecnet.algorithms.support.run.roles import _INPUTS, role_of_output

    tools = [algorithm().create() for algorithm in ALGORITHMS]
    assert all(role_of_output(tool.name(), output.name()) for tool in tools for output in tool.outputDefinitions())
    made = {role_of_output(tool.name(), output.name()) for tool in tools for output in tool.outputDefinitions()}
    assert {role for roles in _INPUTS.values() for role in roles} - made <= {"scores", "railways", "manifest"}
    for key in _INPUTS:
        name, _, parameter = key.rpartition(":")
        assert any(tool.parameterDefinition(parameter) for tool in tools if name in ("", tool.name())), key


def test_runs_do_not_guess(county, run):
    from qgis.core import QgsProcessingException

    with pytest.raises(QgsProcessingException, match="LANDUSE"):
        run("securitynetwork")
