"""What a planner in China sees: QGIS in Chinese, the toolbox, a dialog, a run, its layers and its report."""

import re
from pathlib import Path

from qgis.PyQt.QtWidgets import QDockWidget
from window import flat, settle

ENGLISH = re.compile(r"\b[a-z]{3,}(?: [a-z]{2,}){2,}")
"""Three words of a sentence; names and ids are fewer."""
OF_QGIS = re.compile("^Algorithm '.*' finished|HTML output has been|Open the results dialog")
"""What QGIS does not say in Chinese."""


def english(texts):
    """Return the texts with English sentences in them; paths and citations are none."""
    texts = (text for text in texts if not OF_QGIS.search(text))
    plain = (re.sub(r"<[^>]*>|\S*[/_]\S*|doi:\S+|“[^”]*”|（[^（）]*）|\{.*\}", " ", text) for text in texts)
    return [text.strip() for text in plain if ENGLISH.search(text)]


def test_toolbox(window):
    from qgis.core import QgsApplication
    from qgis.utils import iface

    assert QgsApplication.locale().startswith("zh")
    toolbox = next(
        one for one in iface.mainWindow().findChildren(QDockWidget) if one.objectName() == "ProcessingToolbox"
    )
    toolbox.setUserVisible(True)
    toolbox.searchBox.setText("夹点")
    settle(1.0)
    window.picture("zh_toolbox_search")
    toolbox.searchBox.setText("EcoSecNet")
    settle(1.0)
    window.picture("zh_toolbox")
    toolbox.searchBox.setText("")
    provider = QgsApplication.processingRegistry().providerById("ecosecnet")
    assert not english(tool.displayName() for tool in provider.algorithms())
    assert {tool.group() for tool in provider.algorithms()} >= {"1 生态源地", "4 关键区域"}


def test_a_network_from_its_dialog(window, tmp_path):
    dialog = window.open("demolandscape", SIZE=400, OUTPUT_FOLDER=str(tmp_path / "示范县"))
    assert dialog.run() is not None, dialog.text()
    assert not english(dialog.text().splitlines())
    dialog.close()
    settle(1.0)
    window.draw()
    window.picture("zh_demolandscape")
    assert {"土地利用", "乡镇", "道路"} <= set(window.layers())
    dialog = window.open("securitynetwork")
    window.picture("zh_securitynetwork_dialog")
    assert dialog.layers("LANDUSE") == ["土地利用"]
    assert dialog.layers("ROADS") == ["道路"]
    assert dialog.layers("TOWNSHIPS") == ["乡镇"]
    assert dialog.run() is None
    assert not english(dialog.refusals)
    window.picture("zh_securitynetwork_refused")
    del window.bar[:], window.boxes[:]
    report = tmp_path / "报告.html"
    dialog.set(LEGEND=1, REPORT=str(report))
    assert dialog.run(seconds=600) is not None, dialog.text()
    window.picture("zh_securitynetwork_log")
    assert not english(dialog.text().splitlines())
    dialog.close()
    settle(1.0)
    window.draw()
    window.picture("zh_network")
    names = flat(window.tree())
    assert not [name for name in names if not re.search("[\u3400-\u9fff]", name)]
    legends = [text for layer in window.layers().values() for text in window.legend(layer)]
    assert not english(legends)
    blocks = re.split(r"<[^>]*>", re.sub(r"(?s)<(style|pre|svg)\b.*?</\1>", "", report.read_text(encoding="utf-8")))
    assert not english(blocks)
    kept = Path(window.pictures) / "报告.html"
    kept.write_bytes(report.read_bytes())
