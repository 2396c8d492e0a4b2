"""Runs every tool once on the demonstration county, and records what the pages of the tools cannot take from declarations.

That is, in docs/tools/outputs.json: the fields of each layer and table, the classes of each raster, the memory that each run
said it needs; and in docs/tools/pictures/: a map of what came out. `make_docs.py` puts both into the pages.

    /usr/bin/python3 scripts/record_outputs.py [TOOL ...]        all of them, or the entries and pictures of some

Minutes with numba, an hour without. Run it when a tool has another output, field or look; the tests of the chain and of the
pages say when.
"""

import json
import os
import re
import sys
import tempfile
import time
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
ROOT = Path(__file__).resolve().parents[1]
RECORD = ROOT / "docs" / "tools" / "outputs.json"
PICTURES = ROOT / "docs" / "tools" / "pictures"

SIDE = 1000
"""Cells of the county on each side."""
ON_THE_COUNTY = {"county": {"SIZE": SIDE}, "ofevidence": {"MIN_AREA": 50.0}}
"""What the larger county changes in the chain of the tests; of the thousands of small patches hundreds are stones enough."""
WIDTH, HEIGHT, LEGEND = 500, 470, 300
"""Of a map and of the legend beside it, in pixels."""

MAIN = {
    "demolandscape": "LANDUSE RIVERS ROADS SETTLEMENTS TOWNSHIPS",
    "studygrid": "OUTPUT",
    "mspa": "CLASSES",
    "linkages": "ZONES",
    "securitynetwork": "RESISTANCE CORRIDORS SOURCES LINKS PINCHPOINTS BARRIERS",
    "pinchpoints": "CURRENT OUTPUT_LINKS",
    "barriers": "SCORE OUTPUT_LINKS",
    "keyareas": "OUTPUT",
    "compareruns": "SOURCES_CHANGE LINKS_CHANGE",
    "strategicpoints": "OUTPUT",
    "restorationplan": "PLAN OUTPUT_LINKS",
    "robustness": "PATH_SHARE OUTPUT_LINKS",
    "linkpriority": "PRIORITY OUTPUT_SOURCES OUTPUT_LINKS",
}
"""Outputs in a picture, from the bottom; of other tools the first map there is, and of polygons or lines only that one."""
EARLIER = {
    "naturalbreaks": "graded",
    "keyareas": "narrows",
    "linkages": "linked",
    "sources": "patches",
    "circuitbarriers": "opened",
}
"""The run to take of tools that are run several times; else the first."""


def start():
    """Start QGIS with the tools of this checkout, and note the columns that come from inputs."""
    sys.path[:0] = [str(ROOT / "test"), str(ROOT / "test" / "algorithms")]
    import conftest  # noqa: F401, registers the checkout as the package
    from qgis.core import QgsApplication
    from qgis.testing import start_app

    start_app()
    sys.path.append(os.path.join(QgsApplication.pkgDataPath(), "python", "plugins"))
    import processing
    from ecosecnet.algorithms.support.io import tables
    from processing.core.Processing import Processing

    taken = tables.kept

    def kept(*given, **options):
        cols, rows = taken(*given, **options)
        FROM_INPUTS.extend(cols)
        return cols, rows

    tables.kept = kept
    Processing.initialize()
    from ecosecnet.plugin import EcoSecNetPlugin

    plugin = EcoSecNetPlugin(None)
    plugin.initProcessing()
    return processing, plugin


FROM_INPUTS = []
"""Columns that a run has kept of its inputs, with which its own are not to be confused."""


class Recorder:
    """Notes what each run writes: `found` by tool and output, `styles` and `files` of the last run."""

    def __init__(self):
        from ecosecnet.algorithms.support.run import job, memory

        self.found, self.needs, self.styles, self.files = {}, {}, {}, {}
        recorder, run = self, job.Job
        offer = run.offer
        features, raster, writer, complete = run.write_features, run.write_raster, run.raster_writer, run.complete
        announce = memory.announce

        def write_features(self, name, columns, *given, **options):
            if self.given(name):
                recorder.fields(self._algorithm.NAME, name, columns)
            return features(self, name, columns, *given, **options)

        def write_raster(self, name, values, grid, **options):
            if self.given(name):
                recorder.raster(self._algorithm.NAME, name, options)
            return raster(self, name, values, grid, **options)

        def raster_writer(self, name, grid, dtype, nodata, **options):
            if self.given(name):
                recorder.raster(self._algorithm.NAME, name, options)
            return writer(self, name, grid, dtype, nodata, **options)

        def offered(self, name, source, label, style, *given, **options):
            self.styles[name] = style
            return offer(self, name, source, label, style, *given, **options)

        def completed(self):
            recorder.styles, recorder.files = dict(self.styles), dict(self.results)
            return complete(self)

        def need(needed, *given, **options):
            recorder.now = max(recorder.now, needed)
            return announce(needed, *given, **options)

        run.write_features, run.write_raster, run.raster_writer, run.complete = (
            write_features,
            write_raster,
            raster_writer,
            completed,
        )
        run.offer = offered
        memory.announce = need
        self.now = 0.0

    def fields(self, tool, name, columns):
        """Note the columns of an output, those of other runs of the tool included."""
        ours = [one for one in columns if not any(one is other for other in FROM_INPUTS)]
        rows = self.found.setdefault(tool, {}).setdefault(name, {}).setdefault("fields", {})
        for one in ours:
            rows[free_of_number(one.name)] = [one.kind.__name__, one.shown.label, one.shown.unit]
        if len(ours) < len(columns):
            self.found[tool][name]["keeps"] = True

    def stored(self, tool):
        """Note how the rasters of the last run are stored."""
        from osgeo import gdal

        for name, path in self.files.items():
            if str(path).endswith(".tif"):
                file = gdal.Open(path)  # which has to outlive its band
                band = file.GetRasterBand(1)
                noted = self.found.setdefault(tool, {}).setdefault(name, {})
                noted["dtype"] = gdal.GetDataTypeName(band.DataType).lower()
                noted["nodata"] = repr(band.GetNoDataValue())

    def sample(self, tool):
        """Note the first rows of the first table that the last run has made."""
        from qgis.core import QgsVectorLayer

        for name, path in self.files.items():
            table = QgsVectorLayer(path, name, "ogr") if str(path).endswith(".gpkg") else None
            if table is None or table.isSpatial() or not table.featureCount():
                continue
            fields = [field for field in table.fields().names() if field != "fid"][:7]
            rows = [[short(one[field]) for field in fields] for _, one in zip(range(4), table.getFeatures())]
            self.found[tool][name].setdefault("sample", [fields, *rows])
            return

    def raster(self, tool, name, options):
        """Note what a raster holds and its classes."""
        noted = self.found.setdefault(tool, {}).setdefault(name, {})
        if options.get("description"):
            noted["holds"] = options["description"]
        classes = [[int(value), label] for value, label, *_ in options.get("classes") or ()]
        if classes and len(classes) <= 40:
            noted["classes"] = classes


def short(value):
    """Return a value of a table as text of a few letters; of a file its name."""
    if isinstance(value, float):
        return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.4g}"
    text = "" if str(value) == "NULL" else str(value)
    text = os.path.basename(text) if os.path.isabs(text) else text
    return text if len(text) < 60 else f"{text[:57]}..."


def free_of_number(name):
    """Return the name of a field without the number it has where the input had such a field: level of level_2."""
    from ecosecnet.algorithms.support.io.fields import FIELDS

    base = re.sub(r"_\d$", "", name)
    return base if base in FIELDS else name


def picture(recorder, tool, county, path):
    """Draw what a run has made over the county; returns whether it made a map."""
    from ecosecnet.algorithms.support.run import styling
    from qgis.core import (
        QgsLayerTree,
        QgsLayerTreeModel,
        QgsLegendRenderer,
        QgsLegendSettings,
        QgsMapLayerLegendUtils,
        QgsMapRendererCustomPainterJob,
        QgsMapSettings,
        QgsRasterLayer,
        QgsRectangle,
        QgsRenderContext,
        QgsVectorLayer,
    )
    from qgis.PyQt.QtCore import QSize
    from qgis.PyQt.QtGui import QColor, QFont, QImage, QPainter

    definitions = {one.name(): one for one in tool.parameterDefinitions()}

    def opened(name):
        source, definition = recorder.files.get(name), definitions.get(name)
        if not isinstance(source, str) or not os.path.exists(source.partition("|")[0]):
            return None
        label = (definition or tool.outputDefinition(name)).description()
        if source.endswith(".tif"):
            layer = QgsRasterLayer(source, label)
        elif ".gpkg" in source:
            layer = QgsVectorLayer(source, label, "ogr")
        else:
            return None
        if not layer.isValid() or not layer.isSpatial():
            return None
        if recorder.styles.get(name):
            recorder.styles[name](layer)
        return layer

    names = MAIN[tool.name()].split() if tool.name() in MAIN else list(recorder.files)
    layers = [layer for layer in map(opened, names) if layer is not None]
    if tool.name() not in MAIN:
        layers = layers[:1]
    if not layers:
        return False
    shade = QgsRasterLayer(county["DEM"], "Relief")
    styling.relief(opacity=0.35)(shade)
    shade.setBlendMode(QPainter.CompositionMode.CompositionMode_SourceOver)
    settings = QgsMapSettings()
    settings.setLayers([*reversed(layers), shade])
    settings.setOutputSize(QSize(WIDTH, HEIGHT))
    settings.setDestinationCrs(shade.crs())
    extent = QgsRectangle(shade.extent())
    extent.scale(0.97)
    settings.setExtent(extent)
    settings.setBackgroundColor(QColor("white"))
    image = QImage(WIDTH + LEGEND, HEIGHT, QImage.Format.Format_RGB32)
    image.setDotsPerMeterX(3780)
    image.setDotsPerMeterY(3780)
    image.fill(QColor("white"))
    painter = QPainter(image)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    job = QgsMapRendererCustomPainterJob(settings, painter)
    painter.setClipRect(0, 0, WIDTH, HEIGHT)
    job.renderSynchronously()
    painter.setClipping(False)
    tree = QgsLayerTree()
    for layer in reversed(layers):
        node = tree.addLayer(layer)
        if isinstance(layer, QgsRasterLayer):  # without the line that names the band
            count = len(layer.legendSymbologyItems())
            QgsMapLayerLegendUtils.setLegendNodeOrder(node, list(range(1, count + 1)))
    model = QgsLayerTreeModel(tree)
    looks = QgsLegendSettings()
    looks.setSymbolSize(looks.symbolSize() * 0.8)
    for style in (1, 2, 3, 4):
        font = QFont("DejaVu Sans", 8 if style > 2 else 9)
        try:
            from qgis.core import QgsLegendStyle

            looks.rstyle(QgsLegendStyle.Style(style)).setFont(font)
        except (AttributeError, TypeError, ValueError):
            pass  # moved in later QGIS; the fonts are theirs then
    painter.translate(WIDTH + 6, 6)
    context = QgsRenderContext.fromQPainter(painter)
    dots = painter.device().logicalDpiX() / 25.4  # a millimetre
    context.setScaleFactor(dots)
    painter.save()
    painter.scale(0.8 * dots, 0.8 * dots)  # legends are drawn in millimetres; a little smaller than on paper
    QgsLegendRenderer(model, looks).drawLegend(context)
    painter.restore()
    painter.end()
    path.parent.mkdir(parents=True, exist_ok=True)
    image.save(str(path), "webp", 72)
    return True


def manifests(work):
    """Return steps of the tools that take a table which a planner writes; the chain of the tests has none."""
    from test_chain import Step

    species, areas = work / "species.csv", work / "areas.csv"
    species.write_text("species,dispersal,weight\nleopard cat,5000,2\nmuntjac,2000,1\n", encoding="utf-8")
    areas.write_text("name,LANDUSE,LEGEND\ncounty,county/OUTPUT_FOLDER.d/landuse.tif,1\n", encoding="utf-8")
    network = {"RESISTANCE": "resistance.OUTPUT", "SOURCES": "graded.OUTPUT"}
    return (
        Step("species", "speciesmanifest", network, {"MANIFEST": str(species)}),
        Step("areas", "areamanifest", {}, {"MANIFEST": str(areas)}),
    )


def main(chosen):
    processing, _plugin = start()  # the tools live as long as the plugin
    recorder = Recorder()
    import test_chain
    from qgis.core import QgsApplication

    registry = QgsApplication.processingRegistry()
    record = json.loads(RECORD.read_text(encoding="utf-8")) if RECORD.exists() and chosen else {}
    work, found, drawn = Path(tempfile.mkdtemp()), {}, set()
    test_chain.CHAIN += manifests(work)

    def ran(step):
        recorder.now = 0.0
        began = time.process_time()
        test_chain.run_step(processing, step, found, work / step.name)
        tool = registry.algorithmById(f"ecosecnet:{step.tool}")
        print(f"{step.name}: {time.process_time() - began:.1f} s, {recorder.now / 1e6:.0f} MB", flush=True)
        recorder.needs.setdefault(step.tool, round(recorder.now / 1e6))
        recorder.stored(step.tool)
        if not chosen or step.tool in chosen:
            recorder.sample(step.tool)
        if step.tool not in drawn and EARLIER.get(step.tool, step.name) == step.name:
            drawn.add(step.tool)
            if not chosen or step.tool in chosen:
                county = found["county"]
                picture(recorder, tool, county, PICTURES / f"{step.tool}.webp")

    for step in test_chain.CHAIN:
        step.typed.update(ON_THE_COUNTY.get(step.name, {}))
        ran(step)
    for tool, outputs in recorder.found.items():
        if not chosen or tool in chosen:
            record[tool] = {"memory": recorder.needs.get(tool, 0), "outputs": outputs}
    RECORD.parent.mkdir(parents=True, exist_ok=True)
    RECORD.write_text(json.dumps(dict(sorted(record.items())), indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    sys.stdout.flush()
    os._exit(0)  # QGIS without a window may crash while it is torn down


if __name__ == "__main__":
    main(sys.argv[1:])
