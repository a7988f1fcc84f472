"""Recordings that are read frame by frame."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import tifffile

from lctem_core.errors import InputError
from lctem_core.io import frames


@dataclass(frozen=True)
class Recording:
    """A stack on disk; iterating reads one frame (H, W) after the other.

    Attributes
    ----------
    path : Path
    shape : tuple of int
        (T, H, W).
    pixel_size, exposure : float or None
        What the file says [nm, s].
    """

    path: Path
    shape: tuple[int, ...]
    pixel_size: float | None = None
    exposure: float | None = None

    @classmethod
    def open(cls, path: str | Path) -> Recording:
        """Look at a file or a zarr array without reading its frames; errors as of `opened`."""
        with opened(path) as stack:
            return cls(Path(path), stack.counts.shape, stack.pixel_size, stack.exposure)

    def __len__(self) -> int:
        return self.shape[0]

    def __iter__(self) -> Iterator[np.ndarray]:
        with opened(self.path) as stack:
            for t in range(len(self)):
                yield stack.counts[t]


class _Stack:
    """Frames that are read when they are indexed."""

    def __init__(self, shape: tuple[int, ...], dtype: np.dtype, get: Callable[[int], Any]) -> None:
        self.shape, self.dtype, self._get = shape, dtype.newbyteorder("="), get

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, t: int) -> np.ndarray:
        return np.asarray(self._get(t)).astype(self.dtype, copy=False)


@contextmanager
def opened(path: str | Path) -> Iterator[frames.Frame]:
    """Like `lctem_core.io.frames.read`, but always a stack, whose frames are read when asked for.

    Parameters
    ----------
    path : str or Path
        A file that `frames.read` takes; or a zarr array (T, H, W), or a group with one called
        ``images``.

    Yields
    ------
    Frame
        ``counts.shape`` is (T, H, W), ``counts[t]`` reads a frame. Of a file that cannot be read in
        parts, everything has been read.

    Raises
    ------
    FileNotFoundError, InputError
        As `frames.read`.
    """
    path = Path(path)
    if path.suffix.lower() == ".zarr" and path.is_dir():
        yield frames.Frame(source=path, **_open_zarr(path))
        return
    path = frames.readable(path)
    suffix = path.suffix.lower()
    with ExitStack() as stack:
        facts = None
        try:
            if suffix in (".tif", ".tiff"):
                facts = _open_tiff(stack.enter_context(tifffile.TiffFile(path)), path)
            elif suffix in (".dm3", ".dm4"):
                facts = _open_dm(path)
        except (InputError, PermissionError, MemoryError):
            raise
        except Exception as error:  # the decoders raise whatever they meet in a damaged file
            raise frames.damaged(path, f"{type(error).__name__}: {error}") from error
        if facts is None:
            whole = frames.read(path)
            counts = whole.counts
            yield replace(whole, counts=counts if counts.ndim == 3 else counts[None])
            return
        frames.refuse_unreal(np.empty(0, facts["counts"].dtype), str(path))
        yield frames.Frame(source=path, **facts)


# Each returns None for what only `frames.read` can tell: colours, several sizes, spectra.


def _open_tiff(file: tifffile.TiffFile, path: Path) -> dict[str, Any] | None:
    frames.refuse_cut_off(file, path)
    series = [one for one in file.series if not one.keyframe.is_reduced]
    pages = [page for one in series for page in one.pages]
    first, page = series[0], file.pages[0]
    alike = len({(one.keyframe.shape, one.dtype) for one in series}) == 1
    number = sum(one.size for one in series) // max(1, page.size)
    grey = page.photometric == tifffile.PHOTOMETRIC.MINISBLACK and len(page.shape) == 2
    if not (alike and grey and number == len(pages)) or "S" in first.axes:
        return None
    counts = _Stack((number, *page.shape), first.dtype, lambda t: pages[t].asarray())
    return {"counts": counts} | frames.tiff_calibration(page)


def _open_dm(path: Path) -> dict[str, Any] | None:
    try:
        facts = frames.read_dm(path, lazy=True)
    except InputError:
        raise
    except ValueError:  # RGB cannot be read in parts
        return None
    data = facts["counts"]
    if data.ndim != 3 or data.size == 0:
        return None
    return facts | {"counts": _Stack(data.shape, data.dtype, lambda t: data[t].compute())}


def _open_zarr(path: Path) -> dict[str, Any]:
    import zarr  # takes a while to import

    found = zarr.open(path, mode="r")
    array = found["images"] if isinstance(found, zarr.Group) and "images" in found else found
    if not isinstance(array, zarr.Array) or len(array.shape) != 3 or not all(array.shape):
        raise InputError(
            "a zarr array (T, H, W), or a group with one called images",
            f"{path} with {array}", "Write the frames into one array.",
        )  # fmt: skip
    size = array.attrs.get("pixel_size_nm")
    counts = _Stack(array.shape, array.dtype, lambda t: array[t])
    return {"counts": counts, "pixel_size": float(size) if size else None}
