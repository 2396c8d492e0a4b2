import math

import numpy as np
import pytest
from layerio import read_table

pytestmark = pytest.mark.qgis


@pytest.fixture
def squares(polygons):
    def square(left, edge):
        return f"MultiPolygon((({left} 0,{left + edge} 0,{left + edge} {edge},{left} {edge},{left} 0)))"

    rows = [(square(900.0 * k, 100.0 + 70 * k), {"code": 10 * k + 3, "name": f"s{k}"}) for k in range(7)]
    return polygons("squares", rows)


@pytest.fixture
def files(tmp_path):
    def write(nodes, connections):
        paths = []
        for name, text in (("nodes", nodes), ("connections", connections)):
            path = tmp_path / f"{name}.txt"
            path.write_text(text)
            paths.append(str(path))
        return dict(zip(("NODES", "CONNECTIONS"), paths))

    return write


def test_a_round_trip_through_the_files_gives_the_same(run, squares, tmp_path):
    options = {"DISPERSAL": 700.0, "PROBABILITY": 0.4, "THRESHOLD": 650.0, "LANDSCAPE_AREA": 900.0}
    direct = run("connectivity", SOURCES=squares, ID_FIELD="code", OUTPUT="memory:", INDICES="memory:", **options)
    files = {"NODES": str(tmp_path / "n.txt"), "CONNECTIONS": str(tmp_path / "c.txt")}
    written = run("coneforexport", SOURCES=squares, ID_FIELD="code", **files)
    assert written["PAIRS"] == 21
    assert "use '-t dist all'" in run.feedback.textLog()
    again = run("conefor", **files, IMPORTANCES="memory:", INDICES="memory:", **options)
    assert (again["EC_PC"], again["EC_IIC"]) == (direct["EC_PC"], direct["EC_IIC"])
    first = {row["index"]: row["value"] for row in read_table(direct["INDICES"])}
    assert {row["index"]: row["value"] for row in read_table(again["INDICES"])} == first
    importances = {row["source_id"]: row for row in read_table(direct["OUTPUT"])}
    for row in read_table(again["IMPORTANCES"]):
        for name in ("dA", "dIIC", "dPC", "dPCconnector", "dIICflux", "BC_PC"):
            assert row[name] == importances[row["node"]][name]


def test_texts_are_numbered_and_far_pairs_left_out(run, squares, tmp_path):
    out = run(
        "coneforexport",
        SOURCES=squares,
        ID_FIELD="name",
        MAX_DISTANCE=800.0,
        NODES=str(tmp_path / "n.txt"),
        CONNECTIONS=str(tmp_path / "c.txt"),
        IDS="memory:",
    )
    assert [(row["number"], row["source_id"]) for row in read_table(out["IDS"])][:2] == [(1, "s0"), (2, "s1")]
    assert (tmp_path / "n.txt").read_text().splitlines()[0] == "1\t1.0"
    assert (tmp_path / "c.txt").read_text().splitlines()[0] == "1\t2\t800.0"
    assert out["PAIRS"] == 6
    log = run.feedback.textLog()
    assert "numbered from 1" in log
    assert "notall" in log


def test_probabilities(run, files, tmp_path):
    target = tmp_path / "overall_indices.txt"
    importances = tmp_path / "node_importances.txt"
    out = run(
        "conefor",
        **files("1\t1\n2\t1\n3\t1\n", "1\t2\t0.5\n2\t3\t0.5\n1\t3\t0\n"),
        VALUES=1,
        LANDSCAPE_AREA=4.0,
        IMPORTANCES="memory:",
        OVERALL_FILE=str(target),
        IMPORTANCES_FILE=str(importances),
    )
    assert out["EC_PC"] == pytest.approx(math.sqrt(5.5))
    rows = dict(line.split("\t") for line in target.read_text().splitlines())
    assert (rows["NL"], rows["PC"], rows["PCnum"]) == ("2", "0.34375", "5.5")
    lines = importances.read_text().split("\n")
    assert lines[0] == ("Node\tdA\tdIIC\tdIICintra\tdIICflux\tdIICconnector\tdPC\tdPCintra\tdPCflux\tdPCconnector\t")
    assert lines[2].split("\t")[6:10] == ["63.6363636", "18.1818182", "36.3636364", "9.0909091"]
    few = run(
        "conefor",
        **files("1\t1\n2\t1\n3\t1\n", "1\t2\t0.5\n2\t3\t0.4\n"),
        VALUES=1,
        THRESHOLD=0.5,
        IMPORTANCES="memory:",
    )
    assert few["EC_IIC"] == pytest.approx(math.sqrt(3 + 2 / 2))


def test_links_give_iic_only(run, files):
    out = run(
        "conefor",
        **files("1\t1\n2\t1\n3\t1\n", "1\t2\t1\n2\t3\t1\n1\t3\t0\n"),
        VALUES=2,
        IMPORTANCES="memory:",
        INDICES="memory:",
    )
    assert out["EC_IIC"] == pytest.approx(math.sqrt(3 + 2 * (0.5 + 0.5 + 1 / 3)))
    assert "EC_PC" not in out
    names = set(read_table(out["IMPORTANCES"])[0])
    assert "dIICconnector" in names
    assert not {name for name in names if name.startswith("dPC")}
    assert {row["index"] for row in read_table(out["INDICES"])} == {"NL", "NC", "H", "CCP", "IICnum", "EC(IIC)"}


def test_candidates_are_additions(run, files):
    out = run(
        "conefor",
        **files("1\t1\t1\n2\t0\t0\n3\t1\t1\n", "1\t2\t0.8\n2\t3\t0.8\n1\t3\t0.1\n"),
        VALUES=1,
        IMPORTANCES="memory:",
        ADDITIONS="memory:",
    )
    assert [row["node"] for row in read_table(out["IMPORTANCES"])] == [1, 3]
    (row,) = read_table(out["ADDITIONS"])
    assert row["gain"] == pytest.approx(100 * 2 * (0.64 - 0.1) / 2.2)


@pytest.mark.parametrize(
    ("nodes", "connections", "options", "part"),
    [
        ("1\t1\n1\t2\n", "", {}, "line 2: node 1 is there already"),
        ("1\t1\n", "1\t5\t3\n", {}, "5 is not in the node file"),
        ("1\t1\n2\t1\n", "1\t2\t3\n", {"VALUES": 1}, "must not exceed 1; the largest value is 3"),
        ("1\t1\n2\t1\n", "1\t2\t3\n", {"VALUES": 2}, "must be 1 or 0"),
        ("1\t1\t0\n", "", {}, "at least one must exist"),
        ("1\t1\n2\t1\n", "1\t2\t3\n", {"DISPERSAL": 0.0}, "must be above 0"),
    ],
)
def test_bad_files_are_named(run, files, tmp_path, nodes, connections, options, part):
    target = tmp_path / "out.gpkg"
    with pytest.raises(Exception, match=part):
        run("conefor", **files(nodes, connections), IMPORTANCES=str(target), **options)
    assert not target.exists()


def test_an_area_of_whole_ids_keeps_its_numbers(run, squares, tmp_path):
    run(
        "coneforexport",
        SOURCES=squares,
        ID_FIELD="code",
        NODES=str(tmp_path / "n.txt"),
        CONNECTIONS=str(tmp_path / "c.txt"),
    )
    table = np.loadtxt(tmp_path / "n.txt")
    assert table[:, 0].tolist() == [10 * k + 3 for k in range(7)]
    assert table[:, 1] == pytest.approx([((100 + 70 * k) ** 2) / 1e4 for k in range(7)])


@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_files_of_windows_editors_are_read(run, files, mark):
    given = files(f"{mark}1\t10\r\n2\t20\r\n", f"{mark}1\t2\t500\r\n")
    assert run("conefor", **given, DISPERSAL=700.0, IMPORTANCES="memory:")["EC_PC"] > 20.0
