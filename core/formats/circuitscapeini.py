"""The options of a Circuitscape run, from the text of its .ini file."""

from __future__ import annotations

from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from ..errors import InputError

SCENARIOS = ("pairwise", "one-to-all", "all-to-one", "advanced")
CONFLICTS = {"keepall": "keep_both", "rmvsrc": "remove_source", "rmvgnd": "remove_ground", "rmvall": "remove_both"}

_FLAGS = {
    "habitat_map_is_resistances": True,
    "ground_file_is_resistances": True,
    "connect_four_neighbors_only": False,
    "connect_using_avg_resistances": False,
    "use_polygons": False,
    "use_mask": False,
    "use_included_pairs": False,
    "use_variable_source_strengths": False,
    "use_reclass_table": False,
    "use_unit_currents": False,
    "use_direct_grounds": False,
    "set_null_currents_to_nodata": False,
    "set_null_voltages_to_nodata": False,
    "set_focal_node_currents_to_zero": False,
    "log_transform_maps": False,
    "compress_grids": False,
    "write_as_tif": False,
    "write_cur_maps": False,
    "write_volt_maps": False,
    "write_cum_cur_map_only": False,
    "write_max_cur_maps": False,
}
FILES = (
    "habitat_file",
    "point_file",
    "output_file",
    "source_file",
    "ground_file",
    "polygon_file",
    "mask_file",
    "included_pairs_file",
    "variable_source_file",
    "reclass_file",
)
"""Options that name files."""
_NEEDED_WITH = {
    "use_polygons": "polygon_file",
    "use_mask": "mask_file",
    "use_included_pairs": "included_pairs_file",
    "use_variable_source_strengths": "variable_source_file",
    "use_reclass_table": "reclass_file",
}
_WITHOUT_EFFECT = (
    "version",
    "solver",
    "precision",
    "use_64bit_indexing",
    "cholmod_batch_size",
    "parallelize",
    "max_parallel",
    "low_memory_mode",
    "preemptive_memory_release",
    "print_timings",
    "print_rusages",
    "log_file",
    "log_level",
    "profiler_log_file",
    "screenprint_log",
    "suppress_messages",
    "point_file_contains_polygons",
)
_YES = ("true", "1", "yes", "on")
_NO = ("false", "0", "no", "off")


@dataclass(frozen=True)
class CircuitscapeOptions:
    """The options of a run; the names are those of Circuitscape. Files that are not used are empty texts."""

    data_type: str
    scenario: str
    remove_src_or_gnd: str
    habitat_file: str
    point_file: str
    output_file: str
    source_file: str
    ground_file: str
    polygon_file: str
    mask_file: str
    included_pairs_file: str
    variable_source_file: str
    reclass_file: str
    habitat_map_is_resistances: bool
    ground_file_is_resistances: bool
    connect_four_neighbors_only: bool
    connect_using_avg_resistances: bool
    use_polygons: bool
    use_mask: bool
    use_included_pairs: bool
    use_variable_source_strengths: bool
    use_reclass_table: bool
    use_unit_currents: bool
    use_direct_grounds: bool
    set_null_currents_to_nodata: bool
    set_null_voltages_to_nodata: bool
    set_focal_node_currents_to_zero: bool
    log_transform_maps: bool
    compress_grids: bool
    write_as_tif: bool
    write_cur_maps: bool
    write_volt_maps: bool
    write_cum_cur_map_only: bool
    write_max_cur_maps: bool


def parse_options(text: str) -> tuple[CircuitscapeOptions, list[str]]:
    r"""Read the text of an .ini file.

    Parameters
    ----------
    text : str
        Lines of `option = value`; lines in brackets, and those that start with # or ;, are passed over. Names and
        yes or no may be in any letter case.

    Returns
    -------
    options : CircuitscapeOptions
    warnings : list of str
        What the file asks for that has no effect, in sentences.

    Raises
    ------
    InputError
        If an option has an impossible value, is given twice with different values, contradicts another, or is
        missing.

    Examples
    --------
    >>> files = "habitat_file = r.asc\npoint_file = p.asc\noutput_file = run.out\n"
    >>> options, warnings = parse_options(files + "scenario = one-to-all\nconnect_four_neighbors_only = True")
    >>> options.scenario, options.connect_four_neighbors_only
    ('one-to-all', True)
    """
    given = _assignments(text)
    warnings = []
    known = (*_FLAGS, *FILES, *_WITHOUT_EFFECT, "data_type", "scenario", "remove_src_or_gnd")
    for name in given:
        if name not in known:
            close = get_close_matches(name, known, 1)
            hint = f" Is '{close[0]}' meant?" if close else ""
            warnings.append(f"'{name}' is not an option of Circuitscape and has no effect.{hint}")
    flags = {name: _flag(name, given[name]) if name in given else default for name, default in _FLAGS.items()}
    files = {name: _file(given.get(name, "")) for name in FILES}
    data_type = given.get("data_type", "raster").lower()
    scenario = given.get("scenario", "").lower()
    conflict = given.get("remove_src_or_gnd", "keepall").lower()
    _choice("data_type", data_type, ("raster", "network"))
    _choice("scenario", scenario, SCENARIOS)
    if conflict == "not entered":
        conflict = "keepall"
    _choice("remove_src_or_gnd", conflict, tuple(CONFLICTS))
    network = data_type == "network"
    if network and scenario not in ("pairwise", "advanced"):
        raise InputError(f"A network can be run in pairwise and advanced mode only, not in '{scenario}' (scenario).")
    needed = ["habitat_file", "output_file"]
    needed += ["source_file", "ground_file"] if scenario == "advanced" else ["point_file"]
    flags, ignored = _applicable(flags, network, scenario)
    warnings += [f"'{name}' has no effect: {why}." for name, why in ignored]
    needed += [file for flag, file in _NEEDED_WITH.items() if flags[flag]]
    for name in needed:
        if not files[name]:
            because = [flag for flag, file in _NEEDED_WITH.items() if file == name]
            raise InputError(
                f"The option '{name}' is missing" + (f", though {because[0]} is true." if because else ".") + " Name a "
                "file."
            )
    if files["output_file"].endswith(("/", "\\")):
        raise InputError(
            f"The option 'output_file' is a folder, {files['output_file']!r}. Add a name, such as run.out."
        )
    used = {name: path if name in needed else "" for name, path in files.items()}
    values: dict[str, Any] = {**used, **flags}
    return CircuitscapeOptions(data_type=data_type, scenario=scenario, remove_src_or_gnd=conflict, **values), warnings


def idle_options(text: str) -> list[str]:
    r"""Return the options in the text that only steer how Circuitscape itself computes and reports.

    Examples
    --------
    >>> idle_options("[Options]\nsolver = cg+amg\nparallelize = true")
    ['solver', 'parallelize']
    """
    return [name for name in _assignments(text) if name in _WITHOUT_EFFECT and name != "version"]


def _assignments(text: str) -> dict[str, str]:
    given: dict[str, str] = {}
    for number, raw in enumerate(text.lstrip("\ufeff").splitlines(), 1):
        line = raw.strip()
        if not line or line[0] in "[#;":
            continue
        name, sign, value = line.partition("=")
        if not sign:
            name, sign, value = line.partition(":")
        if not sign:
            raise InputError(
                f"Line {number} is not of the form 'option = value': {line[:60]!r}. Is this an .ini of Circuitscape?"
            )
        name, value = name.strip().lower(), value.strip().strip("\"'")
        if given.get(name, value) != value:
            raise InputError(f"The option '{name}' is given twice, as {given[name]!r} and as {value!r}. Remove one.")
        given[name] = value
    return given


def _flag(name: str, value: str) -> bool:
    word = value.lower()
    if word == "not entered":
        return _FLAGS[name]
    if word not in _YES + _NO:
        raise InputError(f"The option '{name}' must be True or False, not {value!r}.")
    return word in _YES


def _file(value: str) -> str:
    return "" if value.lower() == "none" or value.startswith(("(Browse", "(Choose")) else value


def _choice(name: str, value: str, choices: tuple[str, ...]) -> None:
    if value not in choices:
        raise InputError(f"The option '{name}' must be one of {', '.join(choices)}, not {value or 'left out'!r}.")


def _applicable(flags: dict[str, bool], network: bool, scenario: str) -> tuple[dict[str, bool], list[tuple[str, str]]]:
    """Return the flags without those that have no meaning in this mode, and these with the reason."""
    meaningless: list[tuple[str, str]] = []
    raster_only = (
        "use_polygons",
        "use_mask",
        "connect_four_neighbors_only",
        "connect_using_avg_resistances",
        "set_null_currents_to_nodata",
        "set_null_voltages_to_nodata",
        "log_transform_maps",
        "compress_grids",
        "write_as_tif",
        "write_max_cur_maps",
        "set_focal_node_currents_to_zero",
    )
    if network:
        meaningless += [(name, "it is for rasters, and the data are a network") for name in raster_only]
    if scenario == "advanced":
        why = "advanced mode has no focal nodes, and a single map"
        names = ("use_included_pairs", "write_max_cur_maps", "write_cum_cur_map_only")
        meaningless += [(name, why) for name in names]
    else:
        why = "it is for advanced mode"
        meaningless += [(name, why) for name in ("use_unit_currents", "use_direct_grounds")]
    if scenario in ("pairwise", "advanced"):
        meaningless.append(("use_variable_source_strengths", "it is for one-to-all and all-to-one mode"))
    if scenario != "pairwise":
        meaningless.append(("set_focal_node_currents_to_zero", "it is for pairwise mode"))
    if flags["write_as_tif"] and flags["compress_grids"]:
        meaningless.append(("compress_grids", "GeoTIFFs are compressed anyway"))
    ignored = {name: why for name, why in meaningless if flags[name]}
    if scenario == "advanced" and flags["write_cum_cur_map_only"]:
        ignored["write_cum_cur_map_only"] += ", which is written"
        flags = {**flags, "write_cur_maps": True}
    return {name: value and name not in ignored for name, value in flags.items()}, list(ignored.items())
