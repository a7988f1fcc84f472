"""Where refined frames go: a display, or a file that grows frame by frame.

A recording appears under its own name when it is closed. A killed program leaves only a hidden
``.part`` beside it.
"""

from __future__ import annotations

import json
import os
import shutil
from abc import ABC, abstractmethod
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import tifffile

from lctem_core.errors import InputError, needs
from lctem_core.io.film import Film
from lctem_core.refine.display import draw, picture_limits


class Sink(ABC):
    """Base of everything that takes refined frames.

    Attributes
    ----------
    name : str
        In the statistics.
    lossless : bool
        Whether it takes every frame; otherwise it takes the newest when it is free.
    interval : float
        Least time between two frames [s], for a display.
    """

    name = "sink"
    lossless = True
    interval = 0.0

    @abstractmethod
    def write(self, image: np.ndarray, time: float) -> None:
        """Take a refined frame.

        Parameters
        ----------
        image : ndarray, (H, W), float32
        time : float
            End of its exposure [s].
        """

    def close(self) -> None:  # noqa: B027 - a sink without files has nothing to do
        """Finish; called once, unless `abandon` is."""

    def abandon(self) -> None:
        """Finish after `write` has failed in the middle of a frame."""
        self.close()


class Display(Sink):
    """Hands grey levels of the newest frame to a callback, at a limited rate.

    Parameters
    ----------
    show : callable
        Takes 8-bit grey levels (H, W).
    rate : float
        Frames per second at most.
    limits : tuple of float, optional
        Values shown black and white; by default each frame's percentiles, smoothed over time.

    Raises
    ------
    InputError
        If the rate is not above 0.
    """

    name = "display"
    lossless = False

    def __init__(
        self,
        show: Callable[[np.ndarray], object],
        rate: float = 60.0,
        limits: tuple[float, float] | None = None,
    ) -> None:
        if not rate > 0:
            raise InputError("a rate above 0 per second", repr(rate), "Screens show 60.")
        self.show, self.interval = show, 1 / rate
        self.levels = Levels(limits)

    def write(self, image: np.ndarray, time: float) -> None:
        """Draw and show a frame."""
        self.show(self.levels.draw(image))


class Levels:
    """Grey levels of a movie: fixed limits, or ones that follow the frames slowly.

    Limits of each frame alone would make a movie flicker.

    Parameters
    ----------
    limits : tuple of float, optional
    memory : float
        Share of the old limits that is kept from frame to frame if no limits are given.
    """

    def __init__(self, limits: tuple[float, float] | None = None, memory: float = 0.9) -> None:
        self.fixed, self.memory = limits, memory
        self._now: np.ndarray | None = None

    def draw(self, image: np.ndarray) -> np.ndarray:
        """8-bit grey levels of the next frame (H, W)."""
        if self.fixed is not None:
            return draw(image, self.fixed)
        new = np.array(picture_limits(image))
        if self._now is None or new[0] > self._now[1] or new[1] < self._now[0]:
            self._now = new  # the dose has changed: following slowly would show nothing
        self._now = self.memory * self._now + (1 - self.memory) * new
        lower, upper = self._now
        return draw(image, (lower, upper) if lower < upper else None)


class Recorder(Sink):
    """A file that gets every frame.

    Parameters
    ----------
    path : str or Path
        Must not exist yet.
    **facts
        Noted in the file: ``pixel_size`` [nm], ``fps`` [1/s].

    Raises
    ------
    InputError
        If the file exists; from `write`, if a frame has another shape than the first.
    """

    def __init__(self, path: str | Path, **facts: float | None) -> None:
        self.path = Path(path)
        if self.path.exists():
            raise InputError("a new file", f"{self.path}, which exists", "Choose another name.")
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self.name, self.facts = self.path.name, facts
        self.part = self.path.with_name(f".{self.path.stem}.{os.getpid()}.part{self.path.suffix}")
        self.shape: tuple[int, ...] | None = None

    def write(self, image: np.ndarray, time: float) -> None:
        """Append a frame; the first one sets the shape of all."""
        if self.shape is None:
            self._open(image.shape)
            self.shape = image.shape
        if image.shape != self.shape:
            raise InputError(
                f"frames of {self.shape} pixels as at the start of {self.name}", f"{image.shape}",
                "Record frames of another size into another file.",
            )  # fmt: skip
        self._append(image, time)

    def close(self) -> None:
        """Give the file its name. Without a frame, no file is made."""
        if self.shape is not None:
            self._finish()
            os.replace(self.part, self.path)

    def abandon(self) -> None:
        """Leave the hidden part: it may hold many good frames, and half of the last one."""
        if self.shape is not None:
            self._finish()

    @abstractmethod
    def _open(self, shape: tuple[int, ...]) -> None: ...

    @abstractmethod
    def _append(self, image: np.ndarray, time: float) -> None: ...

    @abstractmethod
    def _finish(self) -> None: ...


class TiffRecorder(Recorder):
    """BigTIFF of float32 pages in the frames' own scale.

    Each page's description says until when it was exposed (``time_s``), the first one's the size of
    a pixel as well, as `lctem_core.io.frames.write_tiff` notes it.
    """

    def _open(self, shape: tuple[int, ...]) -> None:
        self._file = tifffile.TiffWriter(self.part, bigtiff=True)
        size = self.facts.get("pixel_size")
        self._note = {"pixel_size_nm": size} if size else {}

    def _append(self, image: np.ndarray, time: float) -> None:
        self._file.write(
            np.ascontiguousarray(image, np.float32), photometric="minisblack", metadata=None,
            description=json.dumps(self._note | {"time_s": round(time, 6)}), contiguous=False,
        )  # fmt: skip
        self._note = {}

    def _finish(self) -> None:
        self._file.close()


class ZarrRecorder(Recorder):
    """Zarr array (T, H, W) float32; grows in steps.

    Its attribute ``time_s`` says of each frame until when it was exposed.
    """

    #: Frames by which the array grows, and frames in a chunk, which are written together.
    STEP, CHUNK = 256, 8

    def _open(self, shape: tuple[int, ...]) -> None:
        import zarr  # takes a while to import

        shutil.rmtree(self.part, ignore_errors=True)
        self._array = zarr.create_array(
            self.part, shape=(self.STEP, *shape), chunks=(self.CHUNK, *shape), dtype="float32",
            dimension_names=("t", "y", "x"),
        )  # fmt: skip
        names = {"pixel_size": "pixel_size_nm", "fps": "fps"}
        for key, name in names.items():
            if self.facts.get(key):
                self._array.attrs[name] = float(self.facts[key])
        self._number, self._waiting, self._times = 0, [], []

    def _append(self, image: np.ndarray, time: float) -> None:
        self._times.append(round(time, 6))
        self._waiting.append(np.asarray(image, np.float32))
        if len(self._waiting) == self.CHUNK:
            self._write()

    def _write(self) -> None:
        end = self._number + len(self._waiting)
        if end > self._array.shape[0]:
            self._array.resize((self._array.shape[0] + self.STEP, *self.shape))
        self._array[self._number : end] = np.stack(self._waiting)
        self._number, self._waiting = end, []

    def _finish(self) -> None:
        if self._waiting:
            self._write()
        self._array.resize((self._number, *self.shape))
        self._array.attrs["time_s"] = self._times


class Mp4Recorder(Recorder):
    """VP9 movie of 8-bit grey levels, which browsers play; for looking, not for measuring.

    Parameters
    ----------
    path : str or Path
    limits : tuple of float, optional
        Values shown black and white; by default they follow the frames slowly.
    **facts
        ``fps``, the nominal rate [1/s]. Every frame is shown at its own time.
    """

    def __init__(
        self, path: str | Path, limits: tuple[float, float] | None = None, **facts: Any
    ) -> None:
        with needs("film", "an MP4 recording"):  # before the first frame
            import av  # noqa: F401

        super().__init__(path, **facts)
        self._levels = Levels(limits)

    def _open(self, shape: tuple[int, ...]) -> None:
        rate = float(self.facts.get("fps") or 25)
        self._film, self._begun = Film(self.part, shape, rate), None

    def _append(self, image: np.ndarray, time: float) -> None:
        if self._begun is None:
            self._begun = time
        self._film.add(self._levels.draw(image), time - self._begun)

    def _finish(self) -> None:
        self._film.close()


_RECORDERS = {".tif": TiffRecorder, ".tiff": TiffRecorder, ".zarr": ZarrRecorder,
              ".mp4": Mp4Recorder}  # fmt: skip


def recorder(path: str | Path, **facts: float | None) -> Recorder:
    """Recorder for a file name: ``.tif``, ``.zarr`` or ``.mp4``.

    Parameters
    ----------
    path : str or Path
    **facts
        See `Recorder`.

    Returns
    -------
    Recorder

    Raises
    ------
    InputError
        If the suffix is another, or the file exists.
    """
    suffix = Path(path).suffix.lower()
    if suffix not in _RECORDERS:
        raise InputError(
            f"a recording that ends in {', '.join(_RECORDERS)}", str(path), "Change the name."
        )
    return _RECORDERS[suffix](path, **facts)
