"""The whole network through the tool, on a small county, and what it says to inputs that cannot work."""

import re
import shutil

import numpy as np
import pytest
from layerio import read_raster, read_table

pytestmark = pytest.mark.qgis


def test_layers_tables_and_report_agree(run, county, parameters, tmp_path):
    names = ("MSPA", "RESISTANCE", "CORRIDORS", "CURRENT", "SCORE")
    parameters.update(LITHOLOGY=county["LITHOLOGY"], VILLAGES=county["VILLAGES"], VILLAGE_NAME=["name"])
    layers = (
        "SOURCES",
        "LITHOLOGY_TABLE",
        "LINKS",
        "TOWNSHIP_TABLE",
        "CORRIDOR_TABLE",
        "KEY_TABLE",
        "PINCHPOINTS",
        "BARRIERS",
        "PINCH_TABLE",
        "BARRIER_TABLE",
    )
    outputs = {name: str(tmp_path / f"{name}.tif") for name in names}
    outputs.update({name: str(tmp_path / f"{name}.gpkg") for name in layers})
    del parameters["TOWNSHIP_NAME"]
    found = run("securitynetwork", **parameters, **outputs, REPORT=str(tmp_path / "report.html"))
    assert run.feedback.textLog().count("called by their field 'name'") == 1
    towns = {row["name"]: row["_geometry"] for row in read_table(county["TOWNSHIPS"])}
    villages = {(row["town"], row["name"]) for row in read_table(county["VILLAGES"])}

    sources = read_table(outputs["SOURCES"])
    assert len(sources) == found["SOURCE_COUNT"] >= 2
    assert [row["source_id"] for row in sources] == list(range(1, len(sources) + 1))
    assert sum(row["area_ha"] for row in sources) == pytest.approx(found["SOURCE_HA"])
    for row in sources:
        assert row["_geometry"].isGeosValid()
        assert row["_geometry"].area() / 1e4 == pytest.approx(row["area_ha"])
        assert row["dPC"] > 1.0
    links = [row for row in read_table(outputs["LINKS"]) if row["active"]]
    assert len(links) == found["LINK_COUNT"]
    assert sum(row["lcp_length"] for row in links) / 1000 == pytest.approx(found["LINK_KM"])
    assert {row["grade"] for row in links} <= {1, 2, 3}
    assert all(row["eff_res"] <= row["cw_dist"] * (1 + 1e-9) for row in links)

    codes, _ = read_raster(outputs["MSPA"])
    land, nothing = read_raster(parameters["LANDUSE"])
    resistance, nodata = read_raster(outputs["RESISTANCE"])
    rocks, _ = read_raster(county["LITHOLOGY"])
    under = {(row["sources"], row["lithology"]): row for row in read_table(outputs["LITHOLOGY_TABLE"])}
    for grade in {row["grade"] for row in sources}:
        name = "Grade 1 (highest)" if grade == 1 else f"Grade {grade}"
        own = [row for (group, _), row in under.items() if group == name]
        assert sum(row["area_ha"] for row in own) == pytest.approx(
            sum(row["area_ha"] for row in sources if row["grade"] == grade)
        )
        assert sum(row["share"] for row in own) == pytest.approx(100.0)
    for value, name in ((1, "Carbonate rock"), (2, "Clastic rock"), (3, "Basalt"), (4, "Coal-bearing strata")):
        assert under["Study area", name]["area_ha"] == pytest.approx(0.09 * np.count_nonzero(rocks == value))

    by_grade = {row["corridors"]: row for row in read_table(outputs["CORRIDOR_TABLE"])}
    for grade in {row["grade"] for row in links}:
        own = [row for row in links if row["grade"] == grade]
        row = by_grade["Grade 1 (highest)" if grade == 1 else f"Grade {grade}"]
        assert row["count"] == len(own)
        assert row["length_km"] == pytest.approx(sum(one["lcp_length"] for one in own) / 1000)
    assert by_grade["All corridors"]["length_km"] == pytest.approx(found["LINK_KM"])
    assert by_grade["Study area"]["mines"] >= by_grade["All corridors"]["mines"]

    *by_town, total = read_table(outputs["TOWNSHIP_TABLE"])
    assert [row["township"] for row in by_town if row["township"] != "outside"] == sorted(
        towns, key=lambda name: (next(-row["source_ha"] for row in by_town if row["township"] == name), name)
    )
    for row in by_town:
        if row["township"] != "outside":
            assert row["area_ha"] == pytest.approx(towns[row["township"]].area() / 1e4)
            own = sum(one["_geometry"].intersection(towns[row["township"]]).length() for one in links)
            assert row["corridor_km"] == pytest.approx(own / 1000, abs=1e-6)
    for name, value in (("area_ha", 0.09 * (codes != 129).sum()), ("source_ha", found["SOURCE_HA"])):
        assert total[name] == pytest.approx(sum(row[name] for row in by_town)) == pytest.approx(value)
    assert total["corridor_km"] == pytest.approx(sum(row["_geometry"].length() for row in links) / 1000)
    assert total["mean_res"] == pytest.approx(resistance[resistance != -9999].mean(dtype=float), rel=1e-6)

    for areas, table, count, hectares in (
        ("PINCHPOINTS", "PINCH_TABLE", "PINCH_COUNT", "PINCH_HA"),
        ("BARRIERS", "BARRIER_TABLE", "BARRIER_COUNT", "BARRIER_HA"),
    ):
        rows = read_table(outputs[areas])
        assert len(rows) == found[count]
        kind = "Pinch points" if areas == "PINCHPOINTS" else "Barriers"
        held = {row["corridors"]: row for row in read_table(outputs["KEY_TABLE"]) if row["kind"] == kind}
        for title, grades in (("Grade 1 to 2", (1, 2)), ("Grade 3", (3,)), ("All", (1, 2, 3))):
            own = [row for row in rows if row["link_grade"] in grades]
            assert held[title]["count"] == len(own)
            assert held[title]["count_pct"] == pytest.approx(100 * len(own) / len(rows))
            for name, field, unit in (("area_ha", "area_ha", 1), ("length_km", "length", 1000)):
                assert held[title][name] == pytest.approx(sum(row[field] for row in own) / unit)
        *zones, total = read_table(outputs[table])
        assert total["township"] == "total"
        assert {(row["township"], row["village"]) for row in zones if row["village"]} <= villages
        assert {row["township"] for row in zones} <= {*towns, "outside"}
        assert total["count"] == sum(row["count"] for row in zones) == found[count]
        assert total["area_ha"] == pytest.approx(sum(row["area_ha"] for row in zones)) == pytest.approx(found[hectares])

    assert (codes[land == nothing] == 129).all()
    assert ((resistance == nodata) == (land == nothing)).all()
    score, nodata = read_raster(outputs["SCORE"])
    assert (score[land == nothing] == nodata).all()

    report = (tmp_path / "report.html").read_text(encoding="utf-8")
    shown = re.findall(r"<figcaption><b>Figure \d+</b> (.*?)<", report)
    assert [one for one in shown if "Profile" not in one and "Location" not in one] == [
        "The ecological security network",
        "Study area and land use",
        "Area of each land use",
        "Morphological spatial pattern (MSPA)",
        "Area of the classes of MSPA",
        "Ecological sources by their importance for connectivity (dPC), with their numbers",
        f"Importance of the first {found['SOURCE_COUNT']} sources and what it consists of: habitat within, exchange with the "
        "others, and the way they open between others",
        "Sources, outlined by grade, over the lithology",
        "Scores of the resistance factors, before weights and corrections, all in the same colours",
        "Resistance surface",
        "Ecological corridors by grade, with their numbers and those of the sources",
        "Pinch points and barriers on the network",
        "Current density in the corridors, and pinch points",
        "Barrier score, and barriers",
        "Share of the grades in the length of the corridors, and in the area of the pinch points and barriers",
        "Pinch points with and without the overlay with the resistance",
        "Barriers with and without the overlay with the resistance",
        "Measures",
    ]
    assert f"<b>{found['SOURCE_COUNT']}</b>" in report
    assert "weights printed sum to 1.05" in report


def test_the_progress_is_that_of_the_steps(run, parameters, monkeypatch):
    """Reading, distances and slope counted to 100 % before the first step began."""
    from ecosecnet.algorithms.support.run import feedback
    from qgis.core import QgsProcessingFeedback

    class Noted(QgsProcessingFeedback):
        def __init__(self):
            super().__init__(False)
            self.at = {}

        def pushInfo(self, text):
            self.at[text.partition(":")[0]] = self.progress()

    monkeypatch.setattr(feedback, "_INTERVAL", 0.0)
    noted = Noted()
    run("securitynetwork", noted, **parameters)
    first, second, third, fourth = (noted.at[f"Step {k} of 4"] for k in (1, 2, 3, 4))
    assert 0 < first <= 10 <= second <= third < fourth < 90


def test_what_two_townships_hold_is_counted_in_the_first(run, parameters, polygons, tmp_path):
    from qgis.core import QgsRasterLayer

    box = QgsRasterLayer(parameters["LANDUSE"]).extent()
    whole = box.asWktPolygon()
    box.setXMaximum(box.center().x())
    twice = polygons("twice", [(whole, {"name": "first"}), (box.asWktPolygon(), {"name": "second"})], crs="EPSG:4544")
    tables = {name: str(tmp_path / f"{name}.csv") for name in ("TOWNSHIP_TABLE", "PINCH_TABLE")}
    found = run("securitynetwork", **{**parameters, "TOWNSHIPS": twice}, **tables)
    for name, field in (("TOWNSHIP_TABLE", "source_ha"), ("PINCH_TABLE", "area_ha")):
        first, total = read_table(tables[name])
        assert next(iter(first.values())) == "first"
        assert float(first[field]) == pytest.approx(found["SOURCE_HA" if field == "source_ha" else "PINCH_HA"])
        assert float(first[field]) == pytest.approx(float(total[field]))


def test_without_key_areas_their_tables_are_there(run, parameters, tmp_path):
    table, report = tmp_path / "t.csv", tmp_path / "r.html"
    change = {"MIN_KEY_AREA": 5000.0, "MAX_KEY_AREA": None, "PINCH_TABLE": str(table), "REPORT": str(report)}
    found = run("securitynetwork", **{**parameters, **change})
    assert found["PINCH_COUNT"] == 0
    (total,) = read_table(found["PINCH_TABLE"])
    assert total["name"] == "total"
    assert float(total["area_ha"]) == 0.0
    assert "Pinch points by township" not in report.read_text(encoding="utf-8")


def test_a_map_without_classes_of_current_gives_every_output(run, parameters, tmp_path, monkeypatch):
    from ecosecnet.core.errors import InputError
    from ecosecnet.core.planning import keyareastep

    def none(*_, **__):
        raise InputError("The values make no classes.")

    monkeypatch.setattr(keyareastep, "key_areas", none)
    files = {
        name: str(tmp_path / f"{name}.gpkg") for name in ("PINCHPOINTS", "PINCH_TABLE", "BARRIERS", "BARRIER_TABLE")
    }
    files.update({name: str(tmp_path / f"{name}.tif") for name in ("PINCH_RULES", "BARRIER_RULES")})
    found = run("securitynetwork", **parameters, **files)
    assert files.keys() <= found.keys()
    assert not read_raster(files["PINCH_RULES"])[0].any()


def test_an_own_score_table_and_factor(run, parameters, raster, tmp_path):
    csv = tmp_path / "scores.csv"
    csv.write_text(
        "factor,value,min,max,score,weight\n"
        + "".join(f"Land use,{k},,,{score},0.5\n" for k, score in enumerate((1, 1, 2, 2, 3, 3, 4, 5), start=1))
        + "night light,,0,1,1,0.5\nnight light,,1,9,3,0.5\n",
        encoding="utf-8",
    )
    land, nothing = read_raster(parameters["LANDUSE"])
    from osgeo import gdal

    left, cell, _, top, _, _ = gdal.Open(parameters["LANDUSE"]).GetGeoTransform()
    light = np.where(np.arange(land.shape[1]) < 100, 0.5, 5.0) * np.ones(land.shape)
    path = raster("night light", light.astype(np.float32), cell=cell, left=left, top=top, crs="EPSG:4544")
    for unused in ("CORRECTIONS", "DEM", "ROADS", "MINES"):
        parameters.pop(unused)
    found = run(
        "securitynetwork",
        **parameters,
        SCORES=str(csv),
        FACTORS=[path],
        RESISTANCE=str(tmp_path / "r.tif"),
    )
    resistance, _ = read_raster(found["RESISTANCE"])
    score = np.array([0, 1, 1, 2, 2, 3, 3, 4, 5])[land]
    inside = land != nothing
    np.testing.assert_allclose(resistance[inside], (0.5 * score + np.where(light < 1, 0.5, 1.5))[inside], rtol=1e-6)


def test_rocks_from_polygons(run, county, parameters, tmp_path):
    found = run(
        "securitynetwork",
        **{**parameters, "LITHOLOGY": county["TOWNSHIPS"], "LITHOLOGY_NAME": "name"},
        LITHOLOGY_TABLE=str(tmp_path / "rocks.gpkg"),
    )
    areas = {
        row["lithology"]: row["area_ha"]
        for row in read_table(found["LITHOLOGY_TABLE"])
        if row["sources"] == "Study area"
    }
    assert areas == {row["name"]: pytest.approx(row["area_ha"]) for row in read_table(county["TOWNSHIPS"])}


def test_a_lithology_that_cannot_be_used_is_refused_before_anything_is_computed(run, county, parameters):
    with pytest.raises(Exception, match=r"Name the field .* as LITHOLOGY_NAME; it has no field 'rock'"):
        run("securitynetwork", **parameters, LITHOLOGY=county["TOWNSHIPS"], LITHOLOGY_NAME="rock")
    with pytest.raises(Exception, match="classes, more than a map can show"):
        run("securitynetwork", **parameters, LITHOLOGY=county["VILLAGES"], LITHOLOGY_NAME="village_id")
    assert "Step 1" not in run.feedback.textLog()


def test_the_scored_factors_are_layers_that_make_the_surface(qgis, parameters, tmp_path):
    from qgis.core import QgsProcessingContext, QgsProcessingFeedback, QgsProject, QgsRasterLayer

    del parameters["CORRECTIONS"]
    context, feedback = QgsProcessingContext(), QgsProcessingFeedback(False)
    context.setProject(QgsProject.instance())
    folder = str(tmp_path / "因子 factors")
    outputs = {"FACTORS_FOLDER": folder, "RESISTANCE": str(tmp_path / "r.tif"), "REPORT": str(tmp_path / "r.html")}
    found = qgis.run("ecosecnet:securitynetwork", {**parameters, **outputs}, context=context, feedback=feedback)
    assert found["FACTORS_FOLDER"] == folder
    weights = {
        "Land use": 0.35,
        "Elevation (m)": 0.1,
        "Slope (°)": 0.1,
        "Distance from road (m)": 0.25,
        "Distance to mining area (m)": 0.25,
    }
    land, nothing = read_raster(parameters["LANDUSE"])
    total = 0.0
    for name, weight in weights.items():
        path = str(tmp_path / "因子 factors" / f"{name}.tif")
        scores, nodata = read_raster(path)
        assert {nodata} < set(np.unique(scores)) <= {nodata, 1.0, 2.0, 3.0, 4.0, 5.0}, name
        assert ((scores == nodata) == (land == nothing)).all(), name
        total = total + weight / 1.05 * scores
        details = context.layerToLoadOnCompletionDetails(path)
        assert details.name == name
        layer = QgsRasterLayer(path, name)
        details.postProcessor().postProcessLayer(layer, context, feedback)
        assert layer.renderer().classificationMin() == 1.0
    surface, nodata = read_raster(outputs["RESISTANCE"])
    np.testing.assert_allclose(total[surface != nodata], surface[surface != nodata], rtol=1e-6)
    report = (tmp_path / "r.html").read_text(encoding="utf-8")
    for letter, name in zip("abcde", weights):
        assert f": ({letter}) {name}'" in report


def test_all_corridors_as_one_circuit(run, parameters, tmp_path):
    outputs = {name: str(tmp_path / f"{name}.gpkg") for name in ("LINKS", "PINCHPOINTS")}
    outputs.update(CURRENT=str(tmp_path / "c.tif"), REPORT=str(tmp_path / "r.html"))
    found = run("securitynetwork", **parameters, **outputs, MODE=1, COMBINE=1, METHOD=1)
    assert found["PINCH_COUNT"] > 0
    links = read_table(outputs["LINKS"])
    assert all(str(row["eff_res"]) == str(row["cwd_effres"]) == "NULL" for row in links)
    current, nodata = read_raster(outputs["CURRENT"])
    # All-to-one: the current of all other sources flows into each, so that the sum of turns exceeds 1 A.
    assert current[current != nodata].max() > 1.0
    report = (tmp_path / "r.html").read_text(encoding="utf-8")
    assert "Sources of the current: All-to-one." in report
    assert re.search("Links are combined by</td><td[^>]*>Sum<", report)
    assert ">nan<" not in report


def test_every_choice_reaches_the_method(run, parameters, monkeypatch):
    from ecosecnet import core
    from ecosecnet.core.choices import (
        Adjacency,
        BarrierRank,
        BarrierWindow,
        Combination,
        CorrectionMethod,
        CutoffRule,
        Overlay,
        PinchPointMode,
    )
    from ecosecnet.core.errors import InputError

    def caught(*arguments, **others):
        taken.append(arguments[5])
        raise InputError("That is enough.")

    taken = []
    monkeypatch.setattr(core.planning, "security_network", caught)
    choices = {
        "FOREGROUND": "1, 3-4",
        "CONNECTIVITY": 1,
        "EDGE_WIDTH": 2,
        "OVERLAY": 1,
        "MIN_AREA": 11.0,
        "GAP": 95.0,
        "DISPERSAL": 700.0,
        "PROBABILITY": 0.05,
        "MIN_DPC": 1.5,
        "CORRECTION_METHOD": 2,
        "ADJACENCY": 3,
        "DROP_THROUGH_SOURCES": False,
        "CUTOFF": 0.35,
        "CUTOFF_RULE": 2,
        "MODE": 1,
        "COMBINE": 1,
        "METHOD": 1,
        "MIN_RADIUS": 60.0,
        "MAX_RADIUS": 120.0,
        "STEP": 60.0,
        "GRADES": 4,
        "CLASSES": 5,
        "BARRIERS_IN_BELT": True,
        "OVERLAY_RESISTANCE": False,
        "MIN_KEY_AREA": 2.5,
        "MAX_KEY_AREA": 7.5,
        "BARRIER_RANK": 1,
        "BARRIER_CENTRES": True,
    }
    with pytest.raises(Exception, match="That is enough"):
        run("securitynetwork", **{**parameters, **choices})
    assert taken == [
        core.planning.Options(
            core.planning.SourceOptions(
                foreground=[(1.0, 1.0), (3.0, 4.0)],
                connectivity=4,
                edge_width=2,
                overlay=Overlay.INTERSECTION,
                min_area_ha=11.0,
                gap=95.0,
                dispersal=700.0,
                probability=0.05,
                min_dpc=1.5,
                grades=4,
            ),
            core.planning.SurfaceOptions(core.resistance.Correction(CorrectionMethod.MULTIPLY)),
            core.planning.CorridorOptions(
                adjacency=Adjacency.ALL,
                drop_through_sources=False,
                cutoff=core.corridors.Cutoff(0.35, CutoffRule.SHARE),
                grades=4,
            ),
            core.planning.KeyAreaOptions(
                mode=PinchPointMode.ALL_TO_ONE,
                combine=Combination.SUM,
                window=BarrierWindow.RING,
                radii=(60.0, 120.0),
                classes=5,
                barriers_in_belt=True,
                overlay_resistance=False,
                min_area_ha=2.5,
                max_area_ha=7.5,
                rank=BarrierRank.PERCENT,
                centres=True,
            ),
        )
    ]


def test_barriers_in_the_corridors_only(run, parameters, tmp_path):
    told = Told.feedback()
    outputs = {
        "CORRIDORS": str(tmp_path / "c.tif"),
        "SCORE": str(tmp_path / "s.tif"),
        "BARRIERS": str(tmp_path / "b.gpkg"),
    }
    report = tmp_path / "report.html"
    run("securitynetwork", told, **parameters, **outputs, REPORT=str(report))
    share = next(text for text in told.texts if "of the barrier areas lie outside" in text).split()[0]
    assert f"{share} % of the area of the barriers lie outside" in report.read_text(encoding="utf-8")
    belt, none = read_raster(outputs["CORRIDORS"])
    free, nodata = read_raster(outputs["SCORE"])
    outputs["SCORE"] = str(tmp_path / "s2.tif")
    told = Told.feedback()
    run("securitynetwork", told, **parameters, **outputs, BARRIERS_IN_BELT=True)
    clipped, _ = read_raster(outputs["SCORE"])
    np.testing.assert_array_equal(clipped, np.where(belt != none, free, nodata))
    assert not any("lie outside" in text for text in told.texts)


class Told:
    """What a run says."""

    @staticmethod
    def feedback():
        from qgis.core import QgsProcessingFeedback

        class Feedback(QgsProcessingFeedback):
            def __init__(self):
                super().__init__(False)
                self.texts = []

            def pushInfo(self, text):
                self.texts.append(text)

            def pushWarning(self, text):
                self.texts.append(text)

        return Feedback()


def scores_of(tmp_path, *factors):
    """Write a score table of land use and further factors with two classes each, below and above a limit."""
    rows = [f"Land use,{k},,,{score},0.5" for k, score in enumerate((1, 1, 2, 2, 3, 3, 4, 5), start=1)]
    for name, limit in factors:
        rows += [f"{name},,,{limit},1,0.5", f"{name},,{limit},,3,0.5"]
    table = tmp_path / "scores.csv"
    table.write_text("factor,value,min,max,score,weight\n" + "\n".join(rows) + "\n", encoding="utf-8")
    return str(table)


def test_every_factor_says_its_layer_and_names_are_compared_loosely(run, parameters, tmp_path):
    for unused in ("CORRECTIONS", "ROADS", "MINES"):
        parameters.pop(unused)
    cover = tmp_path / "vegetation_cover.tif"
    shutil.copy(parameters["DEM"], cover)
    told = Told.feedback()
    run(
        "securitynetwork",
        told,
        **parameters,
        SCORES=scores_of(tmp_path, ("Vegetation  Cover", 1200), ("Slope (°)", 15)),
        FACTORS=[str(cover)],
        RESISTANCE=str(tmp_path / "r.tif"),
    )
    said = [text for text in told.texts if " is taken from " in text]
    assert [re.sub(r"layer '.*?'", "layer", text) for text in said] == [
        "Land use is taken from layer.",
        "Vegetation  Cover is taken from layer.",
        "Slope (°) is taken from layer (its slope).",
    ]
    assert "'vegetation_cover'" in said[1]


@pytest.mark.parametrize(
    ("factor", "given", "message"),
    [
        ("Road density", "ROADS", "No factor of the score table takes the layer given as ROADS.*Road density"),
        ("Demographic pressure", "DEM", "No factor of the score table takes the layer given as DEM"),
        ("Distance from broadleaf forest", "ROADS", "the layer given as ROADS"),
        ("Slope aspect", "DEM", "the layer given as DEM"),
        ("Vegetation cover", "FACTORS", "No factor of the score table is called 'dem'.*Vegetation cover"),
    ],
)
def test_a_layer_that_no_factor_takes_is_refused(run, parameters, tmp_path, factor, given, message):
    layer = [parameters["DEM"]] if given == "FACTORS" else parameters[given]
    for unused in ("CORRECTIONS", "DEM", "ROADS", "MINES"):
        parameters.pop(unused)
    with pytest.raises(Exception, match=message):
        run("securitynetwork", **{**parameters, given: layer}, SCORES=scores_of(tmp_path, (factor, 10)))


def test_roads_beyond_the_edge_count_as_in_the_distance_factor(run, parameters, polygons, tmp_path):
    from osgeo import gdal

    land = gdal.Open(parameters["LANDUSE"])
    left, cell, _, top, _, _ = land.GetGeoTransform()
    right, bottom = left + cell * land.RasterXSize, top - cell * land.RasterYSize
    roads = polygons(
        "roads",
        [
            (f"LINESTRING({left + 100} {bottom},{left + 100} {top})", {"name": "inside"}),
            (f"LINESTRING({right + 100} {bottom},{right + 100} {top})", {"name": "beyond"}),
        ],
        kind="LineString",
        crs="EPSG:4544",
    )
    for unused in ("CORRECTIONS", "DEM", "MINES"):
        parameters.pop(unused)
    parameters["ROADS"] = roads
    scores = scores_of(tmp_path, ("Distance to road (m)", 500))
    told = Told.feedback()
    unseen = run("securitynetwork", told, **parameters, SCORES=scores, RESISTANCE=str(tmp_path / "unseen.tif"))
    assert any("1 of 2 features" in text and "lie outside the grid" in text for text in told.texts)
    seen = run("securitynetwork", **parameters, SCORES=scores, MARGIN=200.0, RESISTANCE=str(tmp_path / "seen.tif"))
    tool = run(
        "distancefactor", FEATURES=roads, GRID=parameters["LANDUSE"], MARGIN=200.0, OUTPUT=str(tmp_path / "d.tif")
    )

    use, nothing = read_raster(parameters["LANDUSE"])
    distance = read_raster(tool["OUTPUT"])[0]
    expected = 0.5 * np.array([0, 1, 1, 2, 2, 3, 3, 4, 5])[use] + 0.5 * np.where(distance <= 500.0, 1, 3)
    inside = use != nothing
    np.testing.assert_allclose(read_raster(seen["RESISTANCE"])[0][inside], expected[inside], rtol=1e-6)
    assert (read_raster(unseen["RESISTANCE"])[0][inside] > expected[inside] + 0.5).any()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"FOREGROUND": "7-"}, "neither a value nor a range"),
        ({"FOREGROUND": "44"}, "contradicts FOREGROUND: 44 is not in it. Its habitat is 1"),
        ({"MIN_DPC": 99.9}, "Corridors need two sources. None of .* MIN_DPC = .* leaves 10"),
        ({"MIN_AREA": 1e6}, "Lower the smallest area"),
        ({"MIN_RADIUS": 300.0, "MAX_RADIUS": 100.0}, "below the smallest"),
    ],
)
def test_what_cannot_work_is_said_and_nothing_is_left(run, parameters, tmp_path, change, message):
    report = tmp_path / "report.html"
    parameters.update(change)
    if "FOREGROUND" in change:
        parameters.pop("PROTECTED")
    with pytest.raises(Exception, match=message):
        run("securitynetwork", **parameters, REPORT=str(report), RESISTANCE=str(tmp_path / "r.tif"))
    assert not list(tmp_path.glob("*.html"))
    assert not list(tmp_path.glob("*.tif*"))


def test_the_single_tools_give_the_same_sources(run, parameters, tmp_path):
    found = run("securitynetwork", **parameters, SOURCES=str(tmp_path / "whole.gpkg"))
    codes = run("mspa", INPUT=parameters["LANDUSE"], FOREGROUND="1,2,6", OUTPUT=str(tmp_path / "codes.tif"))
    candidates = run(
        "sources",
        INPUT=codes["OUTPUT"],
        CORE_VALUES="17,117",
        PROTECTED=parameters["PROTECTED"],
        MIN_AREA=10.0,
        OUTPUT=str(tmp_path / "candidates.gpkg"),
    )
    ranked = run(
        "connectivity", SOURCES=candidates["OUTPUT"], DISPERSAL=600.0, MIN_DPC=1.0, OUTPUT=str(tmp_path / "ranked.gpkg")
    )
    whole = read_table(found["SOURCES"])
    single = sorted(read_table(ranked["OUTPUT"]), key=lambda row: -row["dPC"])
    for field in ("area_ha", "dPC", "dPCflux", "dPCconnector", "dIIC"):
        assert [row[field] for row in whole] == pytest.approx([row[field] for row in single], rel=1e-4)


def test_a_lake_without_ndvi_is_refused_by_name(run, raster, tmp_path):
    land = np.full((90, 100), 5, dtype=np.uint8)
    land[5:25, 5:25] = land[60:80, 60:80] = 1
    land[5:25, 70:90] = 6
    ndvi = np.where(land == 6, -9999.0, 0.3 + 0.4 * (land == 1)).astype(np.float32)
    scores = tmp_path / "scores.csv"
    scores.write_text(
        "factor,min,max,value,score,weight\nLand use,,,1,1,0.6\nLand use,,,5,3,\nLand use,,,6,3,\n"
        "ndvi,,0.5,,5,0.4\nndvi,0.5,,,1,\n",
        encoding="utf-8",
    )
    given = {
        "LANDUSE": raster("land", land),
        "FACTORS": [raster("ndvi", ndvi, nodata=-9999)],
        "SCORES": str(scores),
        "FOREGROUND": "1,6",
        "MIN_AREA": 1.0,
        "MIN_DPC": 0.01,
    }
    with pytest.raises(
        Exception, match=r"Source \d \(29.16 ha, at x .*no resistance anywhere: NoData of 'ndvi'\. Fill"
    ):
        run("securitynetwork", **given, SOURCES=str(tmp_path / "sources.gpkg"))
    ndvi[land == 6] = 0.1
    given["FACTORS"] = [raster("ndvi", ndvi, nodata=-9999)]
    assert run("securitynetwork", **given)["SOURCE_COUNT"] == 3


def test_the_dialog_shows_inputs_and_three_numbers_and_all_else_in_the_order_of_the_steps(qgis):
    from qgis.core import QgsApplication, QgsProcessingParameterDefinition, QgsProcessingParameterNumber

    tool = QgsApplication.processingRegistry().createAlgorithmById("ecosecnet:securitynetwork")
    inputs = [one for one in tool.parameterDefinitions() if not one.isDestination()]
    advanced = [bool(one.flags() & QgsProcessingParameterDefinition.Flag.FlagAdvanced) for one in inputs]
    first = [one for one, hidden in zip(inputs, advanced) if not hidden]
    numbers = [one.name() for one in first if isinstance(one, QgsProcessingParameterNumber)]
    assert numbers == ["MIN_AREA", "DISPERSAL", "CUTOFF"]
    assert len(first) - len(numbers) <= 6
    rest = [one.name() for one, hidden in zip(inputs, advanced) if hidden]
    steps = [
        "CRS",
        "FOREGROUND",
        "SOURCES_IN",
        "MINES",
        "WEIGHTS",
        "CORRECTIONS",
        "RESISTANCE_IN",
        "ADJACENCY",
        "MODE",
        "TOWNSHIP_NAME",
    ]
    assert [rest.index(name) for name in steps] == sorted(rest.index(name) for name in steps)
