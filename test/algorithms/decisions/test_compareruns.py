"""Runs side by side: a run and itself, one source less, swapped runs, other grids, scenarios, and what is refused."""

import json
import os
import zipfile

import numpy as np
import pytest
from layerio import read_raster, read_table

pytestmark = pytest.mark.qgis

CELL, LEFT, TOP = 30.0, 500_000.0, 2_900_000.0
SHAPE = (40, 120)
BOXES = {1: (8, 30, 4, 24), 2: (8, 30, 48, 70), 3: (8, 30, 94, 114)}


def box(rows, cols):
    x, y = (LEFT + CELL * col for col in cols), (TOP - CELL * row for row in rows)
    (a, b), (c, d) = x, y
    return f"POLYGON(({a} {c},{b} {c},{b} {d},{a} {d},{a} {c}))"


def source(number):
    r0, r1, c0, c1 = BOXES[number]
    return box((r0, r1), (c0, c1)), {"source_id": number}


def link(number, a, b, cols, row=15):
    y = TOP - CELL * (row + 0.5)
    line = ", ".join(f"{LEFT + CELL * (col + 0.5)} {y}" for col in cols)
    return f"LINESTRING({line})", {
        "link_id": number,
        "from_id": a,
        "to_id": b,
        "cw_dist": 100.0 * number,
        "lcp_length": 720.0,
    }


@pytest.fixture
def case(run, raster, polygons, tmp_path):
    """Three sources in a row, two links, MSPA and resistance; as layers of a manifest."""
    rng = np.random.default_rng(2)
    mspa = rng.choice([0, 1, 3, 9, 17, 33, 129], SHAPE).astype(np.uint8)

    class Case:
        folder = tmp_path
        mspa_codes = mspa
        layers = {
            "sources": polygons("源地", [source(k) for k in BOXES]),
            "links": polygons("links", [link(1, 1, 2, (23, 49)), link(2, 2, 3, (69, 95))], kind="LineString"),
            "mspa": raster("mspa", mspa, nodata=129),
            "resistance": raster("resistance", rng.uniform(1, 5, SHAPE).astype("f4")),
            "pinchpoints": polygons(
                "pinch", [(box((14, 17), (30, 36)), {"area_id": 1}), (box((14, 17), (80, 86)), {"area_id": 2})]
            ),
        }

        def manifest(self, *rows, columns=("name", "year", "sources", "links", "mspa", "resistance", "pinchpoints")):
            path = tmp_path / "runs.csv"
            lines = [",".join(columns)]
            for number, row in enumerate(rows, start=1):
                held = {"name": f"run {number}", **row}
                lines.append(
                    ",".join(
                        os.path.relpath(v, tmp_path) if os.path.isabs(str(v)) else str(v)
                        for v in (held.get(one, "") for one in columns)
                    )
                )
            path.write_text("\n".join(lines), encoding="utf-8")
            return str(path)

        def compare(self, *rows, **more):
            made = {
                name: str(tmp_path / f"{name.lower()}.{ending}")
                for name, ending in (
                    ("TABLE", "csv"),
                    ("SOURCES_CHANGE", "gpkg"),
                    ("LINKS_CHANGE", "gpkg"),
                    ("TRANSITIONS", "csv"),
                    ("PERSISTENCE", "tif"),
                    ("HTML", "html"),
                )
            }
            made["DIFFERENCE"] = str(tmp_path / "differences")
            for path in made.values():
                if os.path.isfile(path):
                    os.remove(path)
            if rows:
                more["MANIFEST"] = self.manifest(*rows)
            self.results = run("compareruns", **{**made, **more})
            self.log = run.feedback.textLog()
            self.table = read_table(made["TABLE"])
            self.sources = read_table(made["SOURCES_CHANGE"])
            self.links = read_table(made["LINKS_CHANGE"])
            self.transitions = read_table(made["TRANSITIONS"])
            self.persistence = read_raster(made["PERSISTENCE"])
            self.page = (tmp_path / "html.html").read_text(encoding="utf-8")
            return self.table

    return Case()


def number(value):
    return float(value) if value not in (None, "") and str(value) != "NULL" else None


def test_a_run_against_itself(case):
    first, second = case.compare(case.layers, case.layers)
    assert [row["fate"] for row in case.sources] == ["persistent"] * 3
    assert [(row["fate"], row["overlap_share"], row["moved_m"]) for row in case.links] == [("persistent", 1.0, 0.0)] * 2
    assert number(second["ec_change"]) == number(second["area_change"]) == 0.0
    assert number(second["corridors_same"]) == 1.0
    assert (int(second["pinch_kept"]), int(second["pinch_lost"]), number(second["pinch_new_ha"])) == (2, 0, 0.0)
    for name in ("source_ha", "mean_resistance", "equivalent_ha", "PC", "efficiency_per_cost", "fall_area"):
        assert first[name] == second[name]
    assert all(row["from_class"] == row["to_class"] for row in case.transitions if int(row["cells"]))
    share, nodata = case.persistence
    assert set(np.unique(share[share != nodata])) == {100.0}
    difference, _ = read_raster(str(case.folder / "differences" / "run 1 to run 2_resistance.tif"))
    assert not difference.any()
    assert case.results["SOURCES_LOST"] == case.results["SOURCES_NEW"] == case.results["LINKS_LOST"] == 0
    assert "All sources are persistent" in case.page
    assert "<svg" in case.page


def less(case, polygons):
    return {
        **case.layers,
        "sources": polygons("two", [source(1), source(2)]),
        "links": polygons("one", [link(1, 1, 2, (23, 49))], kind="LineString"),
    }


def test_one_deleted_source_is_lost_with_its_links(case, polygons):
    after = less(case, polygons)
    _, second = case.compare(case.layers, after)
    assert [(row["fate"], row["before_ids"], row["after_ids"]) for row in case.sources] == [
        ("persistent", "1", "1"),
        ("persistent", "2", "2"),
        ("lost", "3", ""),
    ]
    assert [(row["fate"], row["why"] or "") for row in case.links] == [("persistent", ""), ("lost", "a source is lost")]
    assert number(second["area_change"]) == pytest.approx(-100 * 20 / 62)
    rate = np.log(2) / (5000 * 400 / 2160)  # a metre of dispersal costs what one of the links of both runs does
    p = np.exp(-rate * np.array([100.0, 200.0, 300.0]))
    all_three = 20**2 + 22**2 + 20**2 + 2 * (20 * 22 * p[0] + 22 * 20 * p[1] + 20 * 20 * p[2])
    two = 20**2 + 22**2 + 2 * 20 * 22 * p[0]
    assert number(second["ec_change"]) == pytest.approx(100 * (np.sqrt(two / all_three) - 1))
    assert "better connected" in case.log  # the source that is gone was the farthest
    there = (case.results["EC_CHANGE"], case.results["LINKS_LOST"])
    assert there[1] == 1
    case.compare(after, case.layers)
    assert case.results["LINKS_NEW"] == case.results["SOURCES_NEW"] == 1
    assert (1 + case.results["EC_CHANGE"] / 100) * (1 + there[0] / 100) == pytest.approx(1.0)


def test_a_road_through_a_source_is_one_split(case, polygons):
    r0, r1, c0, c1 = BOXES[2]
    parts = [(box((r0, r1), (c0, 58)), {"source_id": 2}), (box((r0, r1), (60, c1)), {"source_id": 4})]
    after = {
        **case.layers,
        "sources": polygons("cut", [source(1), source(3), *parts]),
        "links": polygons("relinked", [link(1, 1, 2, (23, 49)), link(2, 3, 4, (69, 95))], kind="LineString"),
    }
    case.compare(case.layers, after)
    assert sorted(row["fate"] for row in case.sources) == ["persistent", "persistent", "split"]
    split = next(row for row in case.sources if row["fate"] == "split")
    assert (split["before_ids"], split["after_ids"]) == ("2", "2, 4")
    assert [row["fate"] for row in case.links] == ["persistent"] * 2


def test_margins_are_the_totals_of_both_runs(case, raster):
    other = np.roll(case.mspa_codes, 7, axis=1)
    case.compare(case.layers, {**case.layers, "mspa": raster("mspa2", other, nodata=129)})
    there = {}
    for row in case.transitions:
        there[row["from_name"], row["to_name"]] = number(row["area_ha"])
    for side, codes in ((0, case.mspa_codes), (1, other)):
        for code, name in (
            (0, "Background"),
            (1, "Branch"),
            (3, "Edge"),
            (9, "Islet"),
            (17, "Core"),
            (33, "Bridge"),
            (129, "No data"),
        ):
            total = sum(area for pair, area in there.items() if pair[side] == name)
            assert total == pytest.approx(np.count_nonzero(codes == code) * 0.09, abs=1e-9)
    change, nodata = read_raster(str(case.folder / "differences" / "run 1 to run 2_mspa.tif"))
    assert nodata == 255
    assert (change == 255).sum() == ((case.mspa_codes == 129) | (other == 129)).sum()
    forth = dict(there)
    case.compare({**case.layers, "mspa": raster("mspa2", other, nodata=129)}, case.layers)
    back = {(row["from_name"], row["to_name"]): number(row["area_ha"]) for row in case.transitions}
    assert back == {pair[::-1]: area for pair, area in forth.items()}


def test_three_runs_one_after_the_other_or_all_against_the_first(case, polygons):
    after = less(case, polygons)
    table = case.compare(case.layers, after, after)
    assert [row["compared_with"] or "" for row in table] == ["", "run 1", "run 1"]
    assert [row["fate"] for row in case.sources].count("lost") == 2
    table = case.compare(case.layers, after, after, AGAINST=1)
    assert [row["compared_with"] or "" for row in table] == ["", "run 1", "run 2"]
    assert [row["fate"] for row in case.sources].count("lost") == 1
    share, nodata = case.persistence
    assert np.unique(share[share != nodata]) == pytest.approx([100 / 3, 100.0])


def test_other_grids_and_reference_systems_are_brought_over_or_refused(case, raster, polygons):
    moved = {**case.layers, "resistance": raster("coarse", np.full((20, 60), 2.0, "f4"), cell=60.0)}
    table = case.compare(case.layers, moved)
    assert number(table[1]["mean_resistance"]) == pytest.approx(2.0)
    assert "coarse" in case.log
    with pytest.raises(Exception, match="lies on another grid"):
        case.compare(case.layers, moved, SAME_GRID=True)
    elsewhere = raster(
        "utm49", np.full((20, 60), 2.0, "f4"), crs="EPSG:32649", left=-98_000.0, top=2_915_000.0, cell=60.0
    )
    case.compare(case.layers, {**case.layers, "resistance": elsewhere})
    degrees = raster("degrees", np.full((20, 60), 2.0, "f4"), crs="EPSG:4326", left=105.0, top=26.2, cell=0.001)
    with pytest.raises(Exception, match="in degrees"):
        case.compare({**case.layers, "resistance": degrees}, case.layers)


def test_what_is_wrong_with_a_manifest_is_said(case, run, tmp_path, polygons):
    made = {"TABLE": str(tmp_path / "t.csv")}

    def refused(words, path=None, **given):
        with pytest.raises(Exception, match=words):
            run("compareruns", MANIFEST=path or case.manifest(case.layers, case.layers), **made, **given)
        assert not os.path.exists(made["TABLE"])

    columns = ("name", "sources", "resistence")
    refused("column 'resistence', which is not known", case.manifest(case.layers, case.layers, columns=columns))
    refused("1 run", case.manifest(case.layers))
    refused("row 2, MSPA: there is no .*gone.tif", case.manifest(case.layers, {**case.layers, "mspa": "gone.tif"}))
    refused("called 'twin' too", case.manifest({**case.layers, "name": "twin"}, {**case.layers, "name": "twin"}))
    refused("has no name", case.manifest({**case.layers, "name": ""}, case.layers))
    refused("'run 2' has no SOURCES", case.manifest(case.layers, {"mspa": case.layers["mspa"]}))
    refused("no raster", case.manifest({"sources": case.layers["sources"]}, case.layers))
    refused(
        "measured values",
        case.manifest(case.layers, {**case.layers, "mspa": case.layers["resistance"]}),
    )
    refused("cannot be opened", case.manifest(case.layers, {**case.layers, "sources": case.layers["mspa"]}))
    gbk = tmp_path / "gbk.csv"
    gbk.write_bytes("name,sources\n一期,源地.gpkg\n".encode("gbk"))
    refused("not in UTF-8", str(gbk))
    refused("either a MANIFEST or SCENARIOS", SCENARIOS=[case.layers["mspa"]])
    with pytest.raises(Exception, match="belong together"):
        run("compareruns", SCENARIOS=[case.layers["mspa"]], **made)
    with pytest.raises(Exception, match="neither"):
        run("compareruns", **made)


def test_folders_and_chinese_names(case, run, tmp_path):
    import shutil

    folders = []
    for year in ("2010年", "2020年"):
        folder = tmp_path / year
        folder.mkdir()
        for role, path in case.layers.items():
            shutil.copy(
                path,
                folder
                / f"{ {'pinchpoints': 'pinch_points', 'links': 'corridors'}.get(role, role) }{os.path.splitext(path)[1]}",
            )
        folders.append({"name": year, "year": year[:4], "folder": year})
    path = case.manifest(*folders, columns=("name", "year", "folder"))
    table = str(tmp_path / "t.csv")
    run("compareruns", MANIFEST=path, TABLE=table, HTML=str(tmp_path / "报告.html"))
    rows = read_table(table)
    assert [row["run"] for row in rows] == ["2010年", "2020年"]
    assert number(rows[1]["links_persistent"]) == 2
    assert "is not known" in run.feedback.textLog()  # whose limits the key areas have
    (tmp_path / "empty").mkdir()
    with pytest.raises(Exception, match="holds no layers of a run"):
        run(
            "compareruns",
            MANIFEST=case.manifest({"folder": "empty"}, {"folder": "empty"}, columns=("name", "folder")),
            TABLE=table,
        )


@pytest.fixture(scope="module")
def county(qgis, tmp_path_factory):
    """A small county's network with its capsule."""
    from qgis.core import QgsProcessingContext, QgsProcessingFeedback

    folder = tmp_path_factory.mktemp("county")
    qgis.run("ecosecnet:demolandscape", {"SIZE": 150, "CELL": 60.0, "OUTPUT_FOLDER": str(folder / "land")})
    given = {
        "LANDUSE": str(folder / "land" / "landuse.tif"),
        "LEGEND": 1,
        "MIN_AREA": 20.0,
        "SOURCES": str(folder / "sources.gpkg"),
        "MSPA": str(folder / "mspa.tif"),
        "RESISTANCE": str(folder / "resistance.tif"),
        "LINKS": str(folder / "links.gpkg"),
        "CURRENT": str(folder / "current.tif"),
        "PINCHPOINTS": str(folder / "pinchpoints.gpkg"),
        "BARRIERS": str(folder / "barriers.gpkg"),
        "CAPSULE": str(folder / "run.capsule.zip"),
    }
    qgis.run("ecosecnet:securitynetwork", given, context=QgsProcessingContext(), feedback=QgsProcessingFeedback(False))
    return folder


def test_capsules_hold_the_runs(run, county, tmp_path):
    manifest = tmp_path / "runs.csv"
    capsule = county / "run.capsule.zip"
    manifest.write_text(f"name,capsule\nfirst,{capsule}\nsecond,{capsule}\n", encoding="utf-8")
    table = str(tmp_path / "t.csv")
    run("compareruns", MANIFEST=str(manifest), TABLE=table, CAPSULE=str(tmp_path / "c.capsule.zip"))
    first, second = read_table(table)
    assert (
        int(first["source_count"]) == int(second["sources_persistent"]) == len(read_table(str(county / "sources.gpkg")))
    )
    assert number(second["ec_change"]) == 0.0
    assert "limits of their own" in run.feedback.textLog()
    found = run(
        "replay", CAPSULE=str(tmp_path / "c.capsule.zip"), OUTPUT_FOLDER=str(tmp_path / "again"), TABLE="memory:"
    )
    assert found["VERDICT"] == "identical"
    later = tmp_path / "later.capsule.zip"
    with zipfile.ZipFile(capsule) as archive, zipfile.ZipFile(later, "w") as target:
        for one in archive.infolist():
            data = archive.read(one)
            if one.filename == "run.json":
                data = json.dumps({**json.loads(data), "schema": 99}).encode()
            target.writestr(one.filename, data)
    manifest.write_text(f"name,capsule\nfirst,{capsule}\nsecond,{later}\n", encoding="utf-8")
    with pytest.raises(Exception, match="later"):
        run("compareruns", MANIFEST=str(manifest), TABLE=table)


def test_a_capsule_says_whether_it_has_the_limits_of_the_first(run, county, tmp_path):
    def with_run(name, change):
        target = tmp_path / f"{name}.capsule.zip"
        with zipfile.ZipFile(county / "run.capsule.zip") as archive, zipfile.ZipFile(target, "w") as made:
            for one in archive.infolist():
                data = archive.read(one)
                if one.filename == "run.json":
                    held = json.loads(data)
                    change(held)
                    data = json.dumps(held).encode()
                made.writestr(one.filename, data)
        return target

    def breaks(letter, part):
        table = {"role": part, "kind": "table", "content_sha256": letter * 64, "in_capsule": None}
        return lambda held: held["outputs" if part == "BREAKS" else "inputs"].append(table)

    first = with_run("first", breaks("a", "BREAKS"))
    manifest = tmp_path / "runs.csv"
    for letter, words in (("a", "which were held for all runs"), ("b", "is not known")):
        second = with_run("second", breaks(letter, "LIMITS_TABLE"))
        manifest.write_text(f"name,capsule\nfirst,{first}\nsecond,{second}\n", encoding="utf-8")
        run("compareruns", MANIFEST=str(manifest), TABLE=str(tmp_path / "t.csv"))
        assert words in run.feedback.textLog()


def test_scenarios_have_the_parameters_and_limits_of_the_run(run, county, tmp_path):
    from osgeo import gdal

    other = str(tmp_path / "plus 2035.tif")
    gdal.GetDriverByName("GTiff").CreateCopy(other, gdal.Open(str(county / "land" / "landuse.tif")))
    dataset = gdal.Open(other, 1)
    cells = dataset.GetRasterBand(1).ReadAsArray()
    cells[40:60, 40:60] = np.where(cells[40:60, 40:60] > 0, 7, 0)
    dataset.GetRasterBand(1).WriteArray(cells)
    del dataset
    made = {"TABLE": str(tmp_path / "t.csv"), "TRANSITIONS": str(tmp_path / "m.csv"), "HTML": str(tmp_path / "r.html")}
    same = str(county / "land" / "landuse.tif")
    run(
        "compareruns",
        SCENARIOS=[same, other],
        RUN_CAPSULE=str(county / "run.capsule.zip"),
        RUNS_FOLDER=str(tmp_path / "runs"),
        CAPSULE=str(tmp_path / "run.capsule.zip"),  # called as the other one
        **made,
    )
    rows = read_table(made["TABLE"])
    assert len(rows) == 3
    assert number(rows[1]["ec_change"]) == 0.0  # the land use of the capsule once more
    assert rows[0]["source_ha"] == rows[1]["source_ha"]
    assert number(rows[0]["source_ha"]) == pytest.approx(
        sum(one["area_ha"] for one in read_table(str(county / "sources.gpkg")))
    )
    assert "which were held for all runs" in run.feedback.textLog()
    land = [
        row
        for row in read_table(made["TRANSITIONS"])
        if row["class_map"] == "land use" and row["after_run"] == "plus 2035"
    ]
    into = [row for row in land if (row["after_run"], str(row["to_class"])) == ("plus 2035", "7")]
    gained = sum(int(row["cells"]) for row in into)
    assert gained == np.count_nonzero(cells == 7)
    assert sorted(os.listdir(tmp_path / "runs"))[-1] == "plus 2035"
    assert (tmp_path / "runs" / "plus 2035" / "sources.gpkg").exists()
    out = {"OUTPUT_FOLDER": str(tmp_path / "again"), "TABLE": str(tmp_path / "again.csv")}
    assert run("replay", CAPSULE=str(tmp_path / "run.capsule.zip"), **out)["VERDICT"] == "identical"
    files = {row["file"] for row in read_table(out["TABLE"]) if row["name"] == "RUNS_FOLDER"}
    assert "plus 2035/sources.gpkg" in files


def test_outputs_that_are_temporary(case, run):
    from qgis.core import QgsProcessing

    names = ("TABLE", "SOURCES_CHANGE", "LINKS_CHANGE", "TRANSITIONS", "PERSISTENCE", "DIFFERENCE", "HTML")
    manifest = case.manifest(case.layers, case.layers)
    found = run("compareruns", MANIFEST=manifest, **dict.fromkeys(names, QgsProcessing.TEMPORARY_OUTPUT))
    assert len(read_table(found["SOURCES_CHANGE"])) == 3
    assert len(os.listdir(found["DIFFERENCE"])) >= 3


def test_a_run_whose_links_are_not_given_has_not_lost_them(case):
    _, second = case.compare(case.layers, {role: path for role, path in case.layers.items() if role != "links"})
    assert case.links == []
    unknown = (
        "link_count",
        "equivalent_ha",
        "components",
        "ec_change",
        "links_lost",
        "links_persistent",
        "corridors_same",
    )
    assert [number(second[name]) for name in unknown] == [None] * len(unknown)
    assert not {"EC_CHANGE", "LINKS_LOST", "LINKS_NEW"} & set(case.results)
    assert number(second["area_change"]) == 0.0
    assert "The links of run 2 are not given" in case.log
    assert ">nan" not in case.page
    assert "links not known" in case.page


def test_links_without_length_and_areas_without_a_cell(case, polygons):
    flat = polygons(
        "flat",
        [("LINESTRING EMPTY", {"link_id": 1, "from_id": 1, "to_id": 2, "cw_dist": 5.0, "lcp_length": 0.0})],
        kind="LineString",
    )
    small = polygons(
        "small", [(box((14, 17), (30, 36)), {"area_id": 1}), (box((2.6, 2.9), (3.6, 3.9)), {"area_id": 2})]
    )
    layers = {**case.layers, "links": flat, "pinchpoints": small}
    _, second = case.compare(layers, layers)
    assert number(second["links_persistent"]) == 1
    assert [number(second[f"pinch_{fate}"]) for fate in ("kept", "lost", "new")] == [1, 0, 0]


def test_rows_that_do_not_fit_their_heads_are_refused(case, run, tmp_path):
    def refused(words, text):
        path = tmp_path / "rows.csv"
        path.write_text(text, encoding="utf-8")
        with pytest.raises(Exception, match=words):
            run("compareruns", MANIFEST=str(path), TABLE=str(tmp_path / "t.csv"))

    refused("two columns 'sources'", "name,sources,Sources\na,b,c\n")
    refused("line 2: there are 4 values for 2 columns", "name,sources\na,one,two.gpkg,three\n")
    with pytest.raises(Exception, match=r"gone.csv cannot be read \(No such file"):
        run("compareruns", MANIFEST=str(tmp_path / "gone.csv"), TABLE=str(tmp_path / "t.csv"))


def test_limits_are_those_of_the_areas_that_are_compared(run, county, tmp_path):
    breaks = {"BREAKS": str(tmp_path / "breaks.csv"), "CAPSULE": str(tmp_path / "a.capsule.zip")}
    layers = {name: str(tmp_path / f"{name}.gpkg") for name in ("SOURCES", "LINKS", "PINCHPOINTS")}
    layers["RESISTANCE"] = str(tmp_path / "r.tif")
    run("securitynetwork", LANDUSE=str(county / "land" / "landuse.tif"), LEGEND=1, MIN_AREA=20.0, **layers, **breaks)
    manifest = tmp_path / "runs.csv"
    for pinchpoints, words in (
        ("", "which were held for all runs"),  # found anew, and the same
        (str(county / "pinchpoints.gpkg"), "is not known"),
    ):
        manifest.write_text(f"name,capsule,pinchpoints\na,a.capsule.zip,\nb,a.capsule.zip,{pinchpoints}\n")
        run("compareruns", MANIFEST=str(manifest), TABLE=str(tmp_path / "t.csv"))
        assert words in run.feedback.textLog()


def test_no_layer_that_a_manifest_names_is_overwritten(case, run):
    manifest = case.manifest(case.layers, case.layers)
    before = read_raster(case.layers["resistance"])[0]
    with pytest.raises(Exception, match=r"\(PERSISTENCE\) would overwrite an input that MANIFEST names"):
        run("compareruns", MANIFEST=manifest, TABLE=str(case.folder / "t.csv"), PERSISTENCE=case.layers["resistance"])
    assert (read_raster(case.layers["resistance"])[0] == before).all()
