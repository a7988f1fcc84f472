"""Calibration in the tags of Gatan software: pixel size, exposure, electrons per count."""

from __future__ import annotations

import io
import math
import warnings
from typing import Any

_NM = {"pm": 1e-3, "a": 0.1, "nm": 1.0, "um": 1e3, "mm": 1e6}
# The micro sign is stored in the code page of the microscope PC: its Japanese and UTF-8 bytes,
# read as Western text and the other way round, look as in the second line.
_SPELLINGS = {
    "µm": "um", "μm": "um", "å": "a", "ångström": "a",
    "ƒêm": "um", "âµm": "um", "î¼m": "um", "ｵm": "um",
    "picometer": "pm", "angstrom": "a", "nanometer": "nm", "micrometer": "um", "micron": "um",
    "millimeter": "mm",
}  # fmt: skip
_ELECTRONS = ("e", "e-", "electron", "electrons")


def of_gatan_tiff(tags: Any) -> dict[str, Any]:
    """Calibration in the private tags of a TIFF written by Gatan software.

    Parameters
    ----------
    tags : tifffile.TiffTags
        Of the first page; other TIFFs simply lack the private ones.

    Returns
    -------
    dict
        ``pixel_size`` [nm], ``exposure`` [s] (None if unknown) and, if known,
        ``electrons_per_count`` [e-/count] and ``offset`` [counts].
    """
    value = tags.valueof
    sizes = [nanometres(value(65009), value(65012)), nanometres(value(65010), value(65013))]
    return {
        "pixel_size": _square(sizes),
        "exposure": _exposure(_acquisition_tags(value(65027))),
        **_electrons(value(65025), value(65024), value(65022)),
    }


def of_dm(tags: dict[str, Any], axes: list[dict[str, Any]]) -> dict[str, Any]:
    """Calibration of an image in a DM3 or DM4 file.

    Parameters
    ----------
    tags : dict
        The tag tree of the image.
    axes : list of dict
        ``scale`` and ``units`` of every axis, y and x last.

    Returns
    -------
    dict
        As of `of_gatan_tiff`.
    """
    brightness = tags["ImageData"].get("Calibrations", {}).get("Brightness", {})
    return {
        "pixel_size": _square([nanometres(axis["scale"], axis["units"]) for axis in axes[-2:]]),
        "exposure": _exposure(tags.get("ImageTags", {})),
        **_electrons(*(brightness.get(key) for key in ("Scale", "Origin", "Units"))),
    }


def nanometres(scale: Any, unit: Any) -> float | None:
    """Length in nanometres.

    Parameters
    ----------
    scale : float
        Length in `unit`; None or an empty list if absent.
    unit : str
        As stored: abbreviated or spelled out, perhaps in another code page.

    Returns
    -------
    float or None
        [nm]; None if the unit is not a length, or the scale not a positive number.
    """
    name = str(unit).strip(" \0").lower().replace("metre", "meter")
    name = _SPELLINGS.get(name) or _SPELLINGS.get(name.removesuffix("s"), name)
    return float(scale) * _NM[name] if name in _NM and _positive(scale) else None


def _square(sizes: list[float | None]) -> float | None:
    first, second = sizes
    if first is None or second is None:
        return None
    if not math.isclose(first, second, rel_tol=0.01):
        warnings.warn(
            f"The pixels are not square ({first:g} × {second:g} nm): no pixel size is given.",
            stacklevel=2,
        )
        return None
    return first


def _acquisition_tags(blob: bytes | None) -> dict[str, Any]:
    if not isinstance(blob, bytes):
        return {}
    try:  # the tag holds the tag tree of a DM4 file, for which there is no public parser
        from rsciio.digitalmicrograph._api import DigitalMicrographReader

        reader = DigitalMicrographReader(io.BytesIO(blob))
        reader.parse_file()
        return reader.tags_dict
    except Exception:  # the exposure is welcome, but the image is good without it
        return {}


def _exposure(tags: dict[str, Any]) -> float | None:
    places = (
        ("DataBar", "Exposure Time (s)"),
        ("Acquisition", "Parameters", "High Level", "Exposure (s)"),
    )
    # Stacks assembled by a script keep the tags of their first image two levels down.
    for root in ((), ("source", "Tags at creation")):
        for place in places:
            value: Any = tags
            for key in (*root, *place):
                value = value.get(key) if isinstance(value, dict) else None
            if _positive(value):
                return float(value)
    return None


def _electrons(per_count: Any, origin: Any, unit: Any) -> dict[str, float]:
    if str(unit).strip(" \0").lower() not in _ELECTRONS or not _positive(per_count):
        return {}
    return {"electrons_per_count": float(per_count), "offset": float(origin or 0.0)}


def _positive(value: Any) -> bool:
    # Absent tags are None, empty ones empty lists.
    try:
        return math.isfinite(value) and value > 0
    except TypeError:
        return False
