"""Every tool is complete: a sweep over the provider."""

import re
from pathlib import Path

import pytest

pytestmark = pytest.mark.qgis

ROOT = Path(__file__).resolve().parents[2]
FILES = sorted(
    p.stem for p in (ROOT / "algorithms").glob("*/*.py") if p.parent.name != "support" and p.stem != "__init__"
)


@pytest.fixture(scope="module")
def tools(qgis):
    from qgis.core import QgsApplication

    provider = QgsApplication.processingRegistry().providerById("ecosecnet")
    return {alg.name(): alg for alg in provider.algorithms()}


@pytest.mark.parametrize("name", FILES)
def test_tool_is_complete(tools, name):
    tool = tools[name]
    assert re.fullmatch(r"[a-z]+", name)
    assert tool.LABEL[0].isupper()
    assert re.match(r"\d \w", tool.group())
    assert len(tool.tags()) >= 3
    assert tool.shortDescription().endswith(".")
    assert len(tool.shortHelpString()) > 150
    assert Path(tool.svgIconPath()).exists()
    assert not tool.icon().isNull()
    assert type(tool.create()) is type(tool)
    for parameter in tool.parameterDefinitions():
        assert re.fullmatch(r"[A-Z][A-Z0-9_]*", parameter.name())
        assert len(parameter.help()) > 10, f"{name}: {parameter.name()} has no help"
        assert parameter.description(), f"{name}: {parameter.name()} has no label"
    labels = [parameter.description() for parameter in tool.parameterDefinitions()]
    assert len(set(labels)) == len(labels), sorted(label for label in labels if labels.count(label) > 1)
    for label in labels:
        assert label[0].isupper(), label
        assert not re.search(r"[.:]$|  ", label), label
    for parameter in tool.parameterDefinitions():
        if parameter.type() == "enum" and not parameter.allowMultiple():
            # Longer ones are wider than the dialog as it opens, and push the buttons of the other inputs out of sight.
            assert max(map(len, parameter.options())) <= 50, parameter.name()


def test_each_tool_says_which_packages_its_rooms_load(tools):
    """A room that is used loads its modules, and these SciPy or networkx: the dialog should say so when one is missing."""
    uses = {}
    for path in (ROOT / "core").glob("*/*.py"):
        text = path.read_text(encoding="utf-8")
        found = uses.setdefault(path.parent.name, (set(), set()))
        found[0].update(re.findall(r"^(?:from|import) (scipy|networkx)\b", text, re.M))
        found[1].update(re.findall(r"^from \.\.(\w+)", text, re.M))

    def loads(room, seen=()):
        packages, rooms = uses.get(room, (set(), set()))
        return packages.union(*(loads(other, (*seen, room)) for other in rooms if other not in (*seen, room)))

    for path in (ROOT / "algorithms").glob("*/*.py"):
        if path.stem not in FILES or path.stem == "selftest":  # that one says itself what is missing
            continue
        rooms = re.findall(r"\bcore\.(\w+)\.", path.read_text(encoding="utf-8"))
        needed = set().union(*map(loads, set(rooms)))
        assert needed <= set(tools[path.stem].REQUIRES), path.stem


def test_no_tool_without_a_file(tools):
    from qgis.core import QgsProcessingModelAlgorithm

    assert sorted(n for n, t in tools.items() if not isinstance(t, QgsProcessingModelAlgorithm)) == FILES


def test_titles_sort_in_the_order_of_the_work(qgis):
    from ecosecnet.algorithms.provider import ALGORITHMS

    tools = [algorithm() for algorithm in ALGORITHMS]
    titles = [(tool.group(), tool.displayName()) for tool in tools]
    assert titles == sorted(titles)
    assert tools[0].displayName() == "1a Study grid"
    assert all(tool.displayName() == f"{tool.STEP} {tool.LABEL}" for tool in tools)
    assert not any(re.match(r"\d", tool.LABEL) for tool in tools)


def _found(words):
    """Return the ids of the tools the toolbox lists for a search text, from the top."""
    from qgis.core import QgsApplication
    from qgis.gui import QgsProcessingToolboxProxyModel

    model = QgsProcessingToolboxProxyModel(None, QgsApplication.processingRegistry())
    model.setFilterString(words)
    source, found = model.toolboxModel(), []

    def walk(parent):
        for row in range(model.rowCount(parent)):
            index = model.index(row, 0, parent)
            tool = source.algorithmForIndex(model.mapToSource(index))
            if tool is not None:
                found.append(tool.id())
            walk(index)

    walk(model.index(-1, -1))
    return found


def test_searching_for_the_network_leads_to_the_tool_that_builds_it(qgis):
    assert _found("ecological security network") == ["ecosecnet:securitynetwork"]
    assert len(_found("ecosecnet")) >= len(FILES)


@pytest.mark.parametrize("missing", [{"scipy"}, {"networkx"}, {"scipy", "networkx"}])
def test_missing_packages_grey_the_tool_out_and_it_says_how_to_get_them(qgis, monkeypatch, missing):
    import importlib.util

    from qgis.core import QgsApplication, QgsProcessingContext

    found = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda n, *a: None if n in missing else found(n, *a))
    tool = QgsApplication.processingRegistry().createAlgorithmById("ecosecnet:linkages")
    able, why = tool.canExecute()
    assert not able
    for package in ("scipy", "networkx"):
        for way in (
            f"apt install python3-{package}.",
            f"choose python3-{package} ",
            f"qgis install {package} --user",
        ):
            assert (way in why) == (package in missing), way
    good, message = tool.checkParameterValues({}, QgsProcessingContext())
    assert not good
    assert why in message


def test_provider_loads_without_scipy_and_networkx():
    """The modules that QGIS imports at start must not need what may be missing."""
    import subprocess
    import sys

    code = f"""
import importlib.util, sys
class Refuse:
    def find_spec(self, name, path=None, target=None):
        if name.split('.')[0] in ('scipy', 'networkx', 'numba'):
            raise ImportError(name)
sys.meta_path.insert(0, Refuse())
spec = importlib.util.spec_from_file_location('ecosecnet', {str(ROOT / "__init__.py")!r},
                                              submodule_search_locations=[{str(ROOT)!r}])
module = importlib.util.module_from_spec(spec); sys.modules['ecosecnet'] = module; spec.loader.exec_module(module)
from ecosecnet.algorithms.provider import ALGORITHMS
print(len(ALGORITHMS))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) == len(FILES)
