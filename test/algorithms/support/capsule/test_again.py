"""Reports end with what the run was made of, and lines that run it again."""

import shlex

import numpy as np
import pytest

pytestmark = pytest.mark.qgis


def split_by_windows(line):
    """Return the words of a line as the run-time library of Windows parts them."""
    words, word, inside, slashes, any_ = [], "", False, 0, False
    for letter in line:
        if letter == "\\":
            slashes += 1
            continue
        if letter == '"':
            word += "\\" * (slashes // 2)
            if slashes % 2:
                word += '"'
            else:
                inside = not inside
            any_ = True
        else:
            word += "\\" * slashes
            if letter == " " and not inside:
                words, word, any_ = [*words, word] if word or any_ else words, "", False
            else:
                word += letter
        slashes = 0
    return [*words, word + "\\" * slashes]


def read_by_cmd(line, *, typed):
    """Return what cmd makes of a line that is typed, or that stands in a batch file; it must hold one command alone."""
    found, inside, escaped = "", False, False
    for letter in line:
        if letter == "%" and typed:
            assert escaped, line  # else it might start the name of a variable
        if letter == "^" and not inside and not escaped:
            escaped = True
            continue
        assert inside or escaped or letter not in "&|<>()", line
        if letter == '"' and not escaped:
            inside = not inside
        found, escaped = found + letter, False
    return found


@pytest.mark.parametrize(
    "words",
    [
        ['--A=a"b&c d|e', "--B=x & y", "--C=100%", '--D="', "--E=50%%^2"],
        ['--A=|subset="kind" = \'x\' AND "n" <> 3', '--B=\\\\"(%PATH%)\\"<', "--C=a"],
        ["run", "--A=C:\\My data\\", "--B=a.gpkg|layername=roads"],
        ["--A=say \"yes\" & 'no'", "--B=50% of 100%", "--C=土地 利用.tif", "--D=x<1;(y)>2^3"],
        ["--A=C:\\plain\\file.tif", "--B=\\\\server\\share name\\", "--C="],
    ],
)
def test_commands_are_quoted_for_windows(words):
    from ecosecnet.algorithms.support.capsule.again import for_cmd

    line = for_cmd(words)
    batch = read_by_cmd(line, typed=True)
    assert read_by_cmd(batch, typed=False) == batch
    assert split_by_windows(batch) == words


def test_a_report_has_the_line_that_runs_it_again(run, tmp_path):
    import html
    import re

    folder = tmp_path / "报 告"
    folder.mkdir()
    given = {
        "NAMES": "a b;c",
        "MATRIX": [1, 3, "1/3", 1],
        "HTML": str(folder / "r.html"),
        "WEIGHTS": str(folder / "w.csv"),
    }
    run("ahp", **given)
    page = (folder / "r.html").read_text(encoding="utf-8")
    assert page.index("How to run this again") > page.rindex("<h2") - 5
    assert page.rstrip().endswith("</body></html>")
    bash, _ = map(html.unescape, re.findall(r"<pre>(.*?)</pre>", page, re.S))
    words = shlex.split(bash)
    assert words[:3] == ["qgis_process", "run", "ecosecnet:ahp"]
    assert f"--HTML={folder / 'r.html'}" in words
    assert "--NAMES=a b;c" in words
    assert words.count("--MATRIX=1") == 2
    assert "SHA-256" not in page
    again = {}
    for word in words[3:]:
        name, _, value = word[2:].partition("=")
        again[name] = [*again.get(name, []), value]
    before = page[: page.index("How to run this again")]
    run("ahp", **{name: values if len(values) > 1 else values[0] for name, values in again.items()})
    after = (folder / "r.html").read_text(encoding="utf-8")
    assert after[: after.index("How to run this again")] == before


def test_with_a_capsule_the_report_has_its_name_and_the_hashes_of_the_inputs(run, raster, tmp_path):
    land = raster("landuse", np.random.default_rng(1).integers(1, 5, (30, 30)).astype(np.uint8))
    results = run(
        "tabulate",
        AREAS=zones(tmp_path),
        ZONES=zones(tmp_path),
        LANDUSE=land,
        TABLE=str(tmp_path / "t.csv"),
        HTML=str(tmp_path / "t.html"),
        CAPSULE=str(tmp_path / "the run.capsule.zip"),
    )
    page = (tmp_path / "t.html").read_text(encoding="utf-8")
    import json
    import zipfile

    with zipfile.ZipFile(results["CAPSULE"]) as archive:
        found = json.loads(archive.read("run.json"))
    assert "The capsule the run.capsule.zip holds this run" in page
    assert all(one["content_sha256"] in page for one in found["inputs"])
    assert found["versions"]["EcoSecNet code"] in page


def test_the_line_of_a_run_from_a_dialog_writes_files(run, raster, tmp_path, monkeypatch):
    """Temporary outputs need a name, else qgis_process refuses; a raster may stand where polygons could."""
    import html
    import re

    land = raster("landuse", np.random.default_rng(1).integers(1, 5, (30, 30)).astype(np.uint8))
    given = {"AREAS": zones(tmp_path), "ZONES": zones(tmp_path), "LANDUSE": land}
    results = run("tabulate", **given, TABLE="TEMPORARY_OUTPUT", HTML="TEMPORARY_OUTPUT")
    with open(results["HTML"], encoding="utf-8") as file:
        page = file.read()
    words = shlex.split(html.unescape(re.search(r"<pre>(.*?)</pre>", page, re.S).group(1)))
    again = dict(word[2:].split("=", 1) for word in words[3:])
    assert {name: again[name].partition("|")[0] for name in given} == given
    assert "temporary layer" not in page
    folder = tmp_path / "again"
    folder.mkdir()
    monkeypatch.chdir(folder)
    run("tabulate", **again)
    assert sorted(path.name for path in folder.iterdir()) == ["html.html", "table.gpkg"]


def zones(folder):
    from qgis.core import QgsFeature, QgsGeometry, QgsVectorFileWriter, QgsVectorLayer

    path = folder / "zones.gpkg"
    if not path.exists():
        layer = QgsVectorLayer("Polygon?crs=EPSG:32648&field=name:string", "zones", "memory")
        feature = QgsFeature(layer.fields())
        feature.setAttributes(["all"])
        feature.setGeometry(
            QgsGeometry.fromWkt("POLYGON((500000 2899200,500000 2900000,500800 2900000,500000 2899200))")
        )
        layer.dataProvider().addFeature(feature)
        options = QgsVectorFileWriter.SaveVectorOptions()
        QgsVectorFileWriter.writeAsVectorFormatV3(layer, str(path), layer.transformContext(), options)
    return str(path)
