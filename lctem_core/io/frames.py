"""Reading images and stacks with their calibration; writing TIFFs. Pixels are never processed."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import tifffile

from lctem_core.errors import InputError
from lctem_core.files import replacing
from lctem_core.io import gatan


@dataclass(frozen=True, eq=False)
class Frame:
    """An image or a stack as stored, with what its file says about it.

    Electrons are ``(counts - offset) * electrons_per_count``.

    Attributes
    ----------
    counts : ndarray, (H, W) or (T, H, W)
        Counts as stored, any real type.
    pixel_size : float or None
        [nm]; None where the file gives none, or pixels that are not square.
    exposure : float or None
        [s].
    electrons_per_count : float or None
        [e-/count].
    offset : float
        Counts without an electron [counts].
    source : Path or None
        The file.
    """

    counts: np.ndarray
    pixel_size: float | None = None
    exposure: float | None = None
    electrons_per_count: float | None = None
    offset: float = 0.0
    source: Path | None = None


def read(path: str | Path) -> Frame:
    """Read a TIFF, PNG, DM3 or DM4 file.

    Parameters
    ----------
    path : str or Path
        An image or a stack of images; a TIFF of several pages is a stack.

    Returns
    -------
    Frame
        Counts as stored, (H, W) or (T, H, W), with the calibration found in the file.

    Raises
    ------
    FileNotFoundError
        If the file does not exist.
    InputError
        If it is of another format, damaged, empty, coloured, complex or a spectrum.
    """
    path = readable(path)
    try:
        facts = _READERS[path.suffix.lower()](path)
    except (InputError, PermissionError, MemoryError):
        raise
    except Exception as error:  # the decoders raise whatever they meet in a damaged file
        raise damaged(path, f"{type(error).__name__}: {error}") from error
    counts = facts.pop("counts")
    if counts.ndim not in (2, 3) or counts.size == 0:
        raise InputError(
            "an image or a stack of images", f"{path} with an array of shape {counts.shape}",
            "Save the images that you want as a TIFF.",
        )  # fmt: skip
    refuse_unreal(counts, str(path))
    # PyTorch takes only the machine's own byte order, which a TIFF need not have.
    counts = counts.astype(counts.dtype.newbyteorder("="), copy=False)
    return Frame(counts, source=path, **facts)


def readable(path: str | Path) -> Path:
    """Return the path of a file that may be an image, or say why it cannot be one."""
    path = Path(path)
    if path.is_dir():
        raise InputError("an image file", f"the folder {path}", "Name one file in it.")
    if not path.exists():
        text = InputError("an image file", f"{path}, which does not exist", "Check the path.")
        raise FileNotFoundError(str(text))
    if path.suffix.lower() not in _READERS:
        known = ", ".join(_READERS)
        raise InputError(
            f"a file that ends in {known}", str(path), "Export the image as TIFF and try again."
        )
    if path.stat().st_size == 0:
        raise InputError("an image file", f"{path} with no content", "Copy or export it again.")
    return path


def check_image(image: np.ndarray, what: str = "image", least: int = 64) -> np.ndarray:
    """Check that an image can be used.

    Parameters
    ----------
    image : ndarray, (H, W)
        Any real type.
    what : str
        What to call it in an error.
    least : int
        Least height and width [px].

    Returns
    -------
    ndarray, (H, W)
        The same array.

    Raises
    ------
    InputError
        If it is not a two-dimensional array of real numbers, is smaller than `least`, holds NaN
        or infinite values, or is constant.
    """
    array = np.asarray(image)
    check_shape(array, what, least)
    # Integers are finite, and the first row of a frame tells that it varies: no pass over 4 million
    # pixels. For others, one pass for each: a NaN is both the least and the greatest value.
    varies = array.dtype.kind != "f" and (array[0] != array[0, 0]).any()
    least_value, greatest = (0, 1) if varies else (array.min(), array.max())
    if array.dtype.kind == "f" and not (np.isfinite(least_value) and np.isfinite(greatest)):
        raise _not_finite(array, what)
    if least_value == greatest:
        raise constant(what, array.flat[0])
    return image


def check_shape(array: np.ndarray, what: str = "image", least: int = 1) -> None:
    """Raise an `InputError` for what is not one image of real numbers; no pixel is looked at.

    Parameters
    ----------
    array : ndarray
    what : str
        What to call it in an error.
    least : int
        Least height and width [px].
    """
    refuse_unreal(array, what)
    if array.ndim != 2:
        todo = "Give one image at a time."
        if array.ndim == 3 and array.shape[-1] in (3, 4):
            todo = "Convert colours to grey, or give one image of a stack at a time."
        raise InputError("an image (height, width)", f"{what} of shape {array.shape}", todo)
    if min(array.shape) < least:
        raise InputError(
            f"at least {least} × {least} pixels",
            f"{what} of {array.shape[0]} × {array.shape[1]} pixels",
            "Use a larger field of view or less binning.",
        )


def check_finite(array: np.ndarray, what: str = "image") -> None:
    """Raise an `InputError` for real numbers some of which are NaN or infinite."""
    if array.dtype.kind == "f" and not np.isfinite(array).all():
        raise _not_finite(array, what)


def _not_finite(array: np.ndarray, what: str) -> InputError:
    count = int(array.size - np.isfinite(array).sum())
    return InputError(
        "finite values", f"{what} with {count} NaN or infinite pixels",
        "Replace them, for example by the median of their neighbours.",
    )  # fmt: skip


def constant(what: str, value: float) -> InputError:
    """The error for an image that has one value everywhere."""
    return InputError(
        "an image that varies", f"{what} with the value {value} everywhere",
        "Check that the beam was on and the right image was saved.",
    )  # fmt: skip


def write_tiff(
    path: str | Path,
    image: np.ndarray,
    *,
    pixel_size: float | None = None,
    description: str | None = None,
) -> None:
    """Write an image or a stack as a plain, compressed TIFF that `read` understands.

    The file appears whole or not at all.

    Parameters
    ----------
    path : str or Path
        Ends in ``.tif`` or ``.tiff``. Parent folders are made if absent.
    image : ndarray, (H, W) or (T, H, W)
        Any real type; stored as it is.
    pixel_size : float, optional
        [nm]; written into the resolution tags and, exactly, into the description.
    description : str, optional
        Any text.

    Raises
    ------
    InputError
        If the name, the array or the pixel size cannot be used.
    """
    path, image = Path(path), np.asarray(image)
    if path.suffix.lower() not in (".tif", ".tiff"):
        raise InputError("a name that ends in .tif", str(path), "Change the name.")
    refuse_unreal(image, "image to write")
    if image.ndim not in (2, 3) or image.size == 0:
        raise InputError(
            "an image or a stack of images", f"an array of shape {image.shape}", "Reshape it."
        )
    note: dict[str, Any] = {} if description is None else {"description": description}
    options: dict[str, Any] = {}
    if pixel_size is not None:
        if not (math.isfinite(pixel_size) and pixel_size > 0):
            raise InputError("a pixel size above 0 nm", str(pixel_size), "Leave it out if unknown.")
        note["pixel_size_nm"] = float(pixel_size)
        per_centimetre = 1e7 / pixel_size
        if per_centimetre < 2**32:  # the tag holds 32 bits: pixels below 2.4 pm do not fit
            options = {"resolution": (per_centimetre,) * 2, "resolutionunit": "CENTIMETER"}
    with replacing(path) as temporary:
        tifffile.imwrite(
            temporary, image, photometric="minisblack", metadata=None,
            # Level 1 is seven times faster than the default and 3 % larger.
            compression="zlib", compressionargs={"level": 1},
            description=json.dumps(note) if note else None, **options,
        )  # fmt: skip


def _read_tiff(path: Path) -> dict[str, Any]:
    with tifffile.TiffFile(path) as file:
        refuse_cut_off(file, path)
        series = [one for one in file.series if not one.keyframe.is_reduced]
        if len({(one.shape, one.dtype) for one in series}) != 1:
            raise InputError(
                "one image, or a stack of images of one size",
                f"{path} with {len(series)} of different sizes", "Save the one you want alone.",
            )  # fmt: skip
        first, page = series[0], file.pages[0]
        if "S" in first.axes or page.photometric != tifffile.PHOTOMETRIC.MINISBLACK:
            raise _coloured(path, f"{page.photometric.name}, shape {first.shape}")
        # A writer that adds frame after frame makes each a series of its own.
        arrays = [one.asarray() for one in series]
        counts = arrays[0] if len(arrays) == 1 else np.stack(arrays)
        return {"counts": counts} | tiff_calibration(page)


def refuse_cut_off(file: tifffile.TiffFile, path: Path) -> None:
    """Raise an `InputError` for a TIFF that lacks its end."""
    # Without this check, tifffile returns fewer frames or no calibration for a file cut short.
    if not len(file.pages):
        raise damaged(path, "no image in it")
    layout, handle = file.tiff, file.filehandle
    for page in (file.pages[0], file.pages[-1]):
        handle.seek(page.offset)
        count = int.from_bytes(handle.read(layout.tagnosize), _order(layout))
        handle.seek(page.offset + layout.tagnosize + count * layout.tagsize)
        following = int.from_bytes(handle.read(layout.offsetsize), _order(layout))
        if page is file.pages[0] and len(page.tags) < count:
            raise damaged(path, f"{len(page.tags)} of {count} tags are readable")
    if following:
        raise damaged(path, f"the file ends after frame {len(file.pages)} although more follow")


def _order(layout: Any) -> str:
    return "little" if layout.byteorder == "<" else "big"


def tiff_calibration(page: tifffile.TiffPage) -> dict[str, Any]:
    """Calibration of a TIFF page, by the names of `Frame`."""
    try:
        note = json.loads(page.description)
        return {"pixel_size": float(note["pixel_size_nm"])}  # written by write_tiff
    except (ValueError, KeyError, TypeError):
        return gatan.of_gatan_tiff(page.tags)


def _read_png(path: Path) -> dict[str, Any]:
    content = path.read_bytes()
    if b"IEND" not in content[-64:]:  # OpenCV would fill the missing rows with zeros
        raise damaged(path, "the end of the PNG is missing")
    # Not imread: on Windows it cannot open names beyond the local code page.
    counts = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_UNCHANGED)
    if counts is None:
        raise damaged(path, "no PNG image in it")
    if counts.ndim != 2:
        raise _coloured(path, f"shape {counts.shape}")
    return {"counts": counts}


def read_dm(path: Path, lazy: bool = False) -> dict[str, Any]:
    """The one image or stack of a DM file by the names of `Frame`; `lazy`: a dask array."""
    from rsciio.digitalmicrograph import file_reader

    signals = file_reader(str(path), lazy=lazy)
    images = [signal for signal in signals if _is_image(signal)]
    if len(images) != 1:
        shapes = ", ".join(str(signal["data"].shape) for signal in signals) or "nothing"
        raise InputError(
            "a file with one image or one stack of images",
            f"{path} with {len(images)} (its contents: {shapes}; spectra do not count)",
            "Save the image in DigitalMicrograph as a file of its own.",
        )
    [image] = images
    return {"counts": image["data"]} | gatan.of_dm(_tags(image), image["axes"])


def _tags(signal: dict[str, Any]) -> dict[str, Any]:
    return signal["original_metadata"]["ImageList"]["TagGroup0"]


def _is_image(signal: dict[str, Any]) -> bool:
    tags = _tags(signal).get("ImageTags", {})
    form = str((tags.get("Meta Data") or {}).get("Format", ""))
    energy = any(str(axis["units"]).lower() in ("ev", "kev") for axis in signal["axes"])
    spectrum = form.startswith("Spectrum") or "spim" in tags or energy
    return signal["data"].ndim in (2, 3) and not spectrum


def refuse_unreal(array: np.ndarray, what: str) -> None:
    """Raise an `InputError` for an array of other than real numbers."""
    if array.dtype.names:
        raise _coloured(what, f"channels {', '.join(array.dtype.names)}")
    if array.dtype.kind not in "iuf":
        todo = "Take the modulus first." if array.dtype.kind == "c" else "Convert it to numbers."
        raise InputError("real numbers", f"{what} of type {array.dtype}", todo)


def _coloured(what: str | Path, found: str) -> InputError:
    return InputError(
        "a grey image whose larger values are brighter", f"{what} in colour or inverted ({found})",
        "Export the counts, not the display, as a 16-bit TIFF.",
    )  # fmt: skip


def damaged(path: Path, found: str) -> InputError:
    """The error for a file that cannot be read to its end."""
    return InputError(
        "a readable image", f"{path}, which is damaged or incomplete ({found})",
        "Copy or export it again.",
    )  # fmt: skip


_READERS = {
    ".tif": _read_tiff,
    ".tiff": _read_tiff,
    ".png": _read_png,
    ".dm3": read_dm,
    ".dm4": read_dm,
}
