"""Parameters with their help, in one line each."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from qgis.core import (
    QgsProcessing,
    QgsProcessingOutputDefinition,
    QgsProcessingParameterBoolean,
    QgsProcessingParameterCrs,
    QgsProcessingParameterDefinition,
    QgsProcessingParameterDistance,
    QgsProcessingParameterEnum,
    QgsProcessingParameterFeatureSink,
    QgsProcessingParameterFeatureSource,
    QgsProcessingParameterField,
    QgsProcessingParameterFile,
    QgsProcessingParameterFileDestination,
    QgsProcessingParameterFolderDestination,
    QgsProcessingParameterMapLayer,
    QgsProcessingParameterMatrix,
    QgsProcessingParameterMultipleLayers,
    QgsProcessingParameterNumber,
    QgsProcessingParameterRasterDestination,
    QgsProcessingParameterRasterLayer,
    QgsProcessingParameterString,
    QgsUnitTypes,
)

from ....core.choices import Choice
from ..language import ENGLISH, language, tr

Type = QgsProcessing.SourceType

_AS_WRITTEN = "ecosecnet/english"
"""Key in the metadata of parameters: label and options as the sources have them, for what is written in English."""

CLASSES = "ecosecnet/classes"
"""Key in the metadata of parameters: whether they take class rasters only."""


def put_in_language(item: QgsProcessingParameterDefinition | QgsProcessingOutputDefinition) -> None:
    """Put what people read of a parameter or output into the language of QGIS; its name, values and default stay."""
    if language() == ENGLISH:
        return
    said = item.description()
    item.setDescription(tr(said))
    if isinstance(item, QgsProcessingOutputDefinition):
        return
    item.setHelp(tr(item.help()))
    options = item.options() if isinstance(item, QgsProcessingParameterEnum) else []
    if options:
        item.setOptions([tr(one) for one in options])
    if isinstance(item, QgsProcessingParameterMatrix):
        item.setHeaders([tr(one) for one in item.headers()])
    if isinstance(item, (QgsProcessingParameterFile, QgsProcessingParameterFileDestination)):
        item.setFileFilter(";;".join(map(tr, item.fileFilter().split(";;"))))
    item.setMetadata({**item.metadata(), _AS_WRITTEN: [said, options]})


def in_english(definition: QgsProcessingParameterDefinition) -> tuple[str, list[str]]:
    """Return the label of a parameter and the labels of its options as the sources have them."""
    options = definition.options() if isinstance(definition, QgsProcessingParameterEnum) else []
    said, own = definition.metadata().get(_AS_WRITTEN) or (definition.description(), options)
    return said, own


def _with_help(parameter: QgsProcessingParameterDefinition, text: str, advanced: bool = False):
    parameter.setHelp(text)
    if advanced:
        parameter.setFlags(parameter.flags() | QgsProcessingParameterDefinition.Flag.FlagAdvanced)
    return parameter


def raster(name: str, label: str, text: str, *, classes=False, optional=False, advanced=False):
    """Return a raster input; one of `classes` refuses a raster of measured values before anything runs."""
    parameter = QgsProcessingParameterRasterLayer(name, label, optional=optional)
    parameter.setMetadata({CLASSES: classes})
    return _with_help(parameter, text, advanced)


def rasters(name: str, label: str, text: str, *, classes=False, optional=False, advanced=False):
    """Return an input of several rasters; one of `classes` refuses measured values, as that of `raster` does."""
    parameter = QgsProcessingParameterMultipleLayers(name, label, Type.TypeRaster, optional=optional)
    parameter.setMetadata({CLASSES: classes})
    return _with_help(parameter, text, advanced)


def raster_or_polygons(name: str, label: str, text: str, *, advanced=False):
    """Return an optional input of classes: a class raster, or polygons with the class in a field."""
    kinds = [Type.TypeRaster, Type.TypeVectorPolygon]
    parameter = QgsProcessingParameterMapLayer(name, label, optional=True, types=kinds)
    parameter.setMetadata({CLASSES: True})
    return _with_help(parameter, text, advanced)


def vector(
    name: str,
    label: str,
    text: str,
    kinds: Sequence[Type] = (Type.TypeVectorPolygon,),
    *,
    optional=False,
    advanced=False,
):
    """Return a vector input; `kinds` are its geometry types."""
    parameter = QgsProcessingParameterFeatureSource(name, label, list(kinds), optional=optional)
    return _with_help(parameter, text, advanced)


def vectors(name: str, label: str, text: str, kind: Type = Type.TypeVectorPolygon, *, optional=False, advanced=False):
    """Return an input of several vector layers."""
    return _with_help(QgsProcessingParameterMultipleLayers(name, label, kind, optional=optional), text, advanced)


def layers(name: str, label: str, text: str):
    """Return an optional input of several layers of any kind."""
    return _with_help(QgsProcessingParameterMultipleLayers(name, label, Type.TypeMapLayer, optional=True), text)


def crs(name: str, label: str, text: str, *, advanced=False):
    """Return an optional coordinate reference system."""
    return _with_help(QgsProcessingParameterCrs(name, label, optional=True), text, advanced)


def table(name: str, label: str, text: str, *, optional=False, advanced=False):
    """Return a table input: any layer with attributes, or a CSV, GeoPackage or spreadsheet table."""
    parameter = QgsProcessingParameterFeatureSource(name, label, [Type.TypeVector], optional=optional)
    return _with_help(parameter, text, advanced)


def id_field(parent: str = "SOURCES", whose: str = "sources", *, advanced=False):
    """Return the optional field that identifies the sources."""
    parameter = QgsProcessingParameterField(
        "ID_FIELD", f"Id field of the {whose}", parentLayerParameterName=parent, optional=True
    )
    return _with_help(
        parameter,
        "Whole numbers or texts, each once. Empty: the field 'source_id' if there is one, else the feature id.",
        advanced,
    )


def field(name: str, label: str, text: str, parent: str, *, numeric=False, many=False, optional=False, advanced=False):
    """Return a field of the layer given as `parent`."""
    kind = QgsProcessingParameterField.DataType.Numeric if numeric else QgsProcessingParameterField.DataType.Any
    parameter = QgsProcessingParameterField(
        name, label, parentLayerParameterName=parent, type=kind, allowMultiple=many, optional=optional
    )
    return _with_help(parameter, text, advanced)


def number(
    name: str,
    label: str,
    text: str,
    default: float | None = None,
    *,
    low: float | None = None,
    high: float | None = None,
    decimals: int = 2,
    offered: float | None = None,
    optional: bool = False,
    advanced: bool = False,
):
    """Return a real number; the dialog shows and takes so many `decimals`, and starts with what is `offered`."""
    kind = QgsProcessingParameterNumber.Type.Double
    parameter = _number(kind, name, label, text, default, low, high, optional, advanced)
    parameter.setMetadata(_shown_with(decimals))
    if offered is not None:
        parameter.setGuiDefaultValueOverride(offered)
    return parameter


def distance(
    name: str,
    label: str,
    text: str,
    default: float | None = None,
    *,
    low: float = 0.0,
    high: float | None = None,
    decimals: int = 1,
    optional: bool = False,
    advanced: bool = False,
):
    """Return a length in metres, whatever the unit of the layers.

    One rule for dialog, models, scripts and `qgis_process`: the value is in metres. In the dialog another unit can be
    chosen, and QGIS converts to metres. (Bound to a layer, as most tools of QGIS do it, the value would come in feet where
    the layer is in feet, and a default of 5000 would mean two things.)

    QGIS takes the number of a widget that is out of sight without its unit, so that advanced lengths, which can be folded
    away, offer no other unit.
    """
    text = f"{text} In metres, whatever the unit of the CRS."
    if advanced:
        label = f"{label} (m)"
        return number(
            name, label, text, default, low=low, high=high, decimals=decimals, optional=optional, advanced=True
        )
    limits = {"minValue": low} if high is None else {"minValue": low, "maxValue": high}
    parameter = QgsProcessingParameterDistance(name, label, default, optional=optional, **limits)
    parameter.setDefaultUnit(QgsUnitTypes.DistanceUnit.DistanceMeters)
    parameter.setMetadata(_shown_with(decimals))
    return _with_help(parameter, text)


def _shown_with(decimals: int) -> dict:
    return {"widget_wrapper": {"decimals": decimals}}


def integer(
    name: str,
    label: str,
    text: str,
    default: int | None = None,
    *,
    low: int | None = None,
    high: int | None = None,
    optional: bool = False,
    advanced: bool = False,
):
    """Return a whole number."""
    return _number(QgsProcessingParameterNumber.Type.Integer, name, label, text, default, low, high, optional, advanced)


def _number(kind, name, label, text, default, low, high, optional, advanced):
    limits = {}
    if low is not None:
        limits["minValue"] = low
    if high is not None:
        limits["maxValue"] = high
    parameter = QgsProcessingParameterNumber(name, label, type=kind, defaultValue=default, optional=optional, **limits)
    return _with_help(parameter, text, advanced)


def choice(
    name: str,
    label: str,
    text: str,
    of: Sequence[str] | Iterable[Choice],
    default: int | Choice = 0,
    *,
    advanced: bool = False,
):
    """Return a choice, given as the 0-based index of the option; `of` are labels, or members of a `Choice`."""
    options = list(of)
    first = options.index(default) if isinstance(default, Choice) else default
    labels = [option.label if isinstance(option, Choice) else option for option in options]
    return _with_help(QgsProcessingParameterEnum(name, label, options=labels, defaultValue=first), text, advanced)


def choices(name: str, label: str, text: str, of: Iterable[Choice], default: Sequence[Choice]):
    """Return a choice of several, given as the 0-based indices of the options."""
    options = list(of)
    return _with_help(
        QgsProcessingParameterEnum(
            name,
            label,
            options=[option.label for option in options],
            allowMultiple=True,
            defaultValue=[options.index(one) for one in default],
        ),
        text,
    )


def flag(name: str, label: str, text: str, default: bool = False, *, advanced: bool = False):
    """Return a yes or no."""
    return _with_help(QgsProcessingParameterBoolean(name, label, defaultValue=default), text, advanced)


def text(
    name: str, label: str, help_text: str, default: str | None = None, *, optional: bool = False, advanced: bool = False
):
    """Return a line of text."""
    parameter = QgsProcessingParameterString(name, label, defaultValue=default, optional=optional)
    return _with_help(parameter, help_text, advanced)


def matrix(name: str, label: str, help_text: str, headers: Sequence[str], default: Sequence, *, rows: int = 3):
    """Return a small table typed in the dialog.

    Always optional: QGIS 3.22 calls a mandatory matrix with a default 'not specified' when it is left alone.
    """
    parameter = QgsProcessingParameterMatrix(
        name, label, numberRows=rows, headers=list(headers), defaultValue=list(default), optional=True
    )
    return _with_help(parameter, help_text)


def raster_output(name: str, label: str, text: str, *, optional: bool = False, default: bool = True):
    """Return a raster output; an optional one with `default` false is not made unless asked for."""
    parameter = QgsProcessingParameterRasterDestination(
        name, label, optional=optional, createByDefault=default or not optional
    )
    return _with_help(parameter, text)


def vector_output(
    name: str, label: str, text: str, kind: Type = Type.TypeVectorPolygon, *, optional=False, default=True
):
    """Return a vector output."""
    parameter = QgsProcessingParameterFeatureSink(
        name, label, type=kind, optional=optional, createByDefault=default or not optional
    )
    return _with_help(parameter, text)


def table_output(name: str, label: str, text: str, *, optional: bool = False, default: bool = True):
    """Return an output table without geometry."""
    return vector_output(name, label, text, Type.TypeVector, optional=optional, default=default)


def html_output(name: str, label: str, text: str, *, optional: bool = True, default: bool = False):
    """Return a report that opens in the Results Viewer."""
    parameter = QgsProcessingParameterFileDestination(
        name, label, fileFilter="HTML files (*.html)", optional=optional, createByDefault=default or not optional
    )
    return _with_help(parameter, text)


def text_input(
    name: str,
    label: str,
    text: str,
    *,
    optional: bool = False,
    kind: str = "txt *.csv",
    what: str = "Text files",
    advanced: bool = False,
):
    """Return a file that is read as it is; `kind` is the ending the file dialog shows."""
    parameter = QgsProcessingParameterFile(
        name, label, fileFilter=f"{what} (*.{kind});;All files (*.*)", optional=optional
    )
    return _with_help(parameter, text, advanced)


def folder_input(name: str, label: str, text: str, *, optional: bool = False, advanced: bool = False):
    """Return a folder that is read."""
    behaviour = QgsProcessingParameterFile.Behavior.Folder
    return _with_help(QgsProcessingParameterFile(name, label, behaviour, optional=optional), text, advanced)


def text_output(name: str, label: str, text: str, *, optional: bool = False, kind: str = "Text files (*.txt)"):
    """Return a text file that is written; an optional one is not made unless asked for."""
    parameter = QgsProcessingParameterFileDestination(
        name, label, fileFilter=kind, optional=optional, createByDefault=not optional
    )
    return _with_help(parameter, text)


def folder_output(
    name: str, label: str, text: str, *, optional: bool = True, default: bool = False, advanced: bool = False
):
    """Return a folder for many files; an optional one without `default` is not made unless asked for."""
    parameter = QgsProcessingParameterFolderDestination(
        name, label, optional=optional, createByDefault=default or not optional
    )
    return _with_help(parameter, text, advanced)
