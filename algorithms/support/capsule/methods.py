"""A paragraph of methods for a run, in English and Chinese, from what the tool says of itself and what the run had."""

from __future__ import annotations

import re
from collections.abc import Iterator

from qgis.core import QgsProcessingAlgorithm, QgsProcessingParameterEnum

from ..inputs.parameters import in_english

_DOI = re.compile(r"10\.\d{4,9}/[^\s<>,;]+[^\s<>,;.)]")
_CHINESE = re.compile("[\u4e00-\u9fff]")


def methods(algorithm: QgsProcessingAlgorithm, run: dict) -> str:
    """Return the paragraph in English, as Markdown."""
    versions = run["versions"]
    numba = f"numba {versions['numba']}" if versions.get("numba") else "without numba"
    lines = [
        "# Methods",
        "",
        f"Computed with the tool '{algorithm.LABEL}' (`{run['algorithm']}`) of EcoSecNet {versions['EcoSecNet']} (code "
        f"{versions['EcoSecNet code']}) in QGIS {versions['QGIS']}, with GDAL {versions['GDAL']}, PROJ {versions['PROJ']}, "
        f"numpy {versions['numpy']}, SciPy {versions['scipy'] or 'missing'}, {numba}, on {run['run']['start'][:10]}. "
        f"{algorithm.SUMMARY}",
    ]
    inputs = [f"'{one['name']}' ({one['role']}{_size(one, 'cells', 'features', ' x ')})" for one in run["inputs"]]
    if inputs:
        lines += ["", f"Inputs: {'; '.join(inputs)}."]
    settings = [f"{label} ({name}): {value}" for name, label, value in _changed(algorithm, run)]
    rest = "All other settings are the defaults of the tool; run.json lists them."
    lines += ["", f"Settings: {'; '.join(settings)}. {rest}" if settings else rest]
    if "SEED" in run["parameters"]:
        lines += ["", f"Seed of the random numbers: {run['parameters']['SEED']}."]
    cited = list(_cited(algorithm))
    if cited:
        lines += ["", f"References: {', '.join(cited)}."]
    return "\n".join(lines) + "\n"


def methods_zh(algorithm: QgsProcessingAlgorithm, run: dict) -> str:
    """Return the paragraph in Chinese, as Markdown."""
    versions = run["versions"]
    numba = f"numba {versions['numba']}" if versions.get("numba") else "未使用 numba"
    words = [tag for tag in algorithm.TAGS if _CHINESE.search(tag)]
    called = f"；{'、'.join(words[:3])}" if words else ""
    lines = [
        "# 方法",
        "",
        f"计算由 QGIS {versions['QGIS']} 插件 EcoSecNet（版本 {versions['EcoSecNet']}，代码 "
        f"{versions['EcoSecNet code']}）的工具"
        f"“{algorithm.LABEL}”（`{run['algorithm']}`{called}）于 {run['run']['start'][:10]} 完成，"
        f"软件环境为 GDAL {versions['GDAL']}、PROJ {versions['PROJ']}、numpy {versions['numpy']}、"
        f"SciPy {versions['scipy'] or '缺失'}、{numba}。",
    ]
    inputs = [
        f"“{one['name']}”（{one['role']}{_size(one, '像元', '个要素', ' × ').replace(', ', '，')}）"
        for one in run["inputs"]
    ]
    if inputs:
        lines += ["", f"输入数据：{'；'.join(inputs)}。"]
    settings = [f"{name} = {value}" for name, _, value in _changed(algorithm, run)]
    rest = "其余参数均为工具的默认值，见 run.json。"
    lines += ["", f"参数：{'；'.join(settings)}。{rest}" if settings else rest]
    if "SEED" in run["parameters"]:
        lines += ["", f"随机数种子：{run['parameters']['SEED']}。"]
    cited = list(_cited(algorithm))
    if cited:
        lines += ["", f"参考文献：{'，'.join(cited)}。"]
    return "\n".join(lines) + "\n"


def _size(entry: dict, cells: str, features: str, by: str) -> str:
    """Return how large an input is, and its CRS."""
    if entry["kind"] == "raster":
        text = f", {entry['rows']:,}{by}{entry['cols']:,} {cells}"
    elif "features" in entry:
        text = f", {entry['features']:,} {features}"
    else:
        return ""
    return f"{text}, {entry['crs']}" if entry.get("crs") else text


def _changed(algorithm: QgsProcessingAlgorithm, run: dict) -> Iterator[tuple[str, str, object]]:
    """Yield name, label and value of the parameters that are not as the tool has them by default."""
    for name, value in run["parameters"].items():
        definition = algorithm.parameterDefinition(name)
        default = definition.defaultValue()
        if value in (None, "", []) or _alike(value, default):
            continue
        label, options = in_english(definition)
        if isinstance(definition, QgsProcessingParameterEnum):
            value = [options[k] for k in (value if isinstance(value, list) else [value])]
        if isinstance(value, list):
            value = ", ".join(map(str, value))
        yield name, label, value


def _alike(value: object, default: object) -> bool:
    if isinstance(value, list):
        given = default if isinstance(default, list) else [default]
        return [str(one) for one in value] == [str(one) for one in given]
    try:
        return float(value) == float(default)
    except (TypeError, ValueError):
        return str(value) == str(default)


def _cited(algorithm: QgsProcessingAlgorithm) -> Iterator[str]:
    """Yield the DOIs of what the help of a tool cites."""
    yield from (f"doi:{one}" for one in dict.fromkeys(_DOI.findall(algorithm.HELP)))
