"""Several movies of one session that play in step on a page, without a network or a kernel.

All movies are tiles of one video, so that they cannot run apart. It has about one bit per pixel,
which keeps most of the noise of a raw movie; the size of the tiles is what makes a player small
enough for a page.
"""

from __future__ import annotations

import base64
import html
import io
import json
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from lctem_core.errors import InputError
from lctem_core.io.film import SMALL, Film
from lctem_core.live.sinks import Levels

#: A player's page fragment may have this many bytes.
LARGEST = 1_500_000
#: What the video may have per pixel [bit] and in all [bytes], and the codec's quality below that.
_BITS, _VIDEO, _QUALITY = 1.1, 1_030_000, 20
#: Space between tiles [px], and the least side of a tile that says something [px].
_GAP, _LEAST = 4, 80
#: A tile's name needs this share of the video's width above the tile.
_BAND = 0.055
_DARK = 0x22
#: Tiles in a row; more would be too small on a phone.
COLUMNS = 2
_PAGE = Path(__file__).with_name("player.html")

Limits = None | str | tuple[float, float]


@dataclass(frozen=True)
class Layout:
    """Places of the tiles in the video, all even, as VP9 wants it.

    Attributes
    ----------
    count : int
        Of tiles.
    height, width : int
        Of a tile [px].
    """

    count: int
    height: int
    width: int

    @property
    def band(self) -> int:
        """Height of the band for a name above each tile [px]."""
        return 2 * math.ceil(_BAND * COLUMNS * self.width / 2)

    @property
    def shape(self) -> tuple[int, int]:
        """Height and width of the video [px]."""
        rows = math.ceil(self.count / COLUMNS)
        return (rows * (self.band + self.height), COLUMNS * (self.width + _GAP) - _GAP)

    @property
    def corners(self) -> list[tuple[int, int]]:
        """Top and left of each tile [px]."""
        return [
            (self.band + row * (self.band + self.height), column * (self.width + _GAP))
            for row, column in (divmod(k, COLUMNS) for k in range(self.count))
        ]


@dataclass(frozen=True, eq=False)
class Player:
    """Movies side by side, and one over another with a divider to drag.

    Attributes
    ----------
    tracks : mapping of str to ndarray, (T, H, W)
        Two to six movies by name, of one shape, finite, in any unit.
    fps : float
        Of playing [1/s], from 1 to 60.
    times : ndarray, (T,)
        When each frame was taken [s], shown as a clock.
    alt : str
        What the movies show, for those who do not see them.
    notes : sequence of str, optional
        One per frame, such as the dose, shown beside the clock.
    limits : optional
        Values shown black and white: two numbers; ``None``, percentiles of each movie that follow
        its frames slowly; ``"frame"``, percentiles of each frame; or a mapping from names to these.
    width : int, optional
        Of a tile [px], even. By default as large as fits, at most the frames' own. Larger frames
        are averaged down, which also lowers their noise; a cut-out keeps it.

    Raises
    ------
    InputError
        If the arguments do not fit together, or the video would become too large.

    Notes
    -----
    The video is encoded when it is first shown, which takes some seconds per hundred frames.
    """

    tracks: Mapping[str, np.ndarray]
    fps: float
    times: np.ndarray
    alt: str
    notes: Sequence[str] | None = None
    limits: Limits | Mapping[str, Limits] = None
    width: int | None = None

    def __post_init__(self) -> None:
        _check(self)
        self._fitting(_VIDEO)  # refuses what cannot fit

    @cached_property
    def shape(self) -> tuple[int, int, int]:
        """Number, height and width of the frames."""
        return np.shape(next(iter(self.tracks.values())))

    @property
    def layout(self) -> Layout:
        """Places of the tiles in the video."""
        return self._movie[0]

    @property
    def video(self) -> bytes:
        """The tiles as a VP9 movie in MP4."""
        return self._movie[1]

    @cached_property
    def _movie(self) -> tuple[Layout, bytes]:
        room = float(_VIDEO)
        for _ in range(3):
            layout = self._fitting(room)
            data = encode(self._frames(layout), self.fps)
            if self.width is not None or len(data) <= _VIDEO:
                break
            room *= 0.95 * _VIDEO / len(data)  # noisier than most
        return layout, data

    def _fitting(self, room: float) -> Layout:
        """Tiles of the given width, or the largest for a video of `room` bytes."""
        number, height, width = self.shape
        count = len(self.tracks)

        def of(side: float) -> Layout:
            return Layout(count, *(2 * max(1, round(v / 2)) for v in (height * side / width, side)))

        if self.width is not None:
            return of(self.width)
        area = math.prod(of(width).shape) * number * _BITS / 8
        layout = of(2 * math.floor(width * min(1, math.sqrt(room / area)) / 2))
        if min(layout.height, layout.width) < min(_LEAST, height - 1, width - 1):
            least = math.prod(of(_LEAST * width / min(height, width)).shape) * _BITS / 8
            raise InputError(
                f"at most {int(room / least)} frames of {count} movies", f"{number}",
                "Show every second frame, a shorter stretch or fewer movies.",
            )  # fmt: skip
        return layout

    def _levels(self, name: str) -> Limits:
        return self.limits.get(name) if isinstance(self.limits, Mapping) else self.limits

    def frames(self) -> Iterator[np.ndarray]:
        """Frames of the video as they are encoded, uint8, of `Layout.shape`."""
        return self._frames(self.layout)

    def _frames(self, layout: Layout) -> Iterator[np.ndarray]:
        drawing = {name: _drawing(self._levels(name)) for name in self.tracks}
        for number in range(self.shape[0]):
            frame = np.full(layout.shape, _DARK, np.uint8)
            for (name, track), (y, x) in zip(self.tracks.items(), layout.corners, strict=True):
                image = np.asarray(track[number], np.float32)
                size = (layout.width, layout.height)
                image = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
                frame[y : y + layout.height, x : x + layout.width] = drawing[name].draw(image)
            yield frame

    @cached_property
    def clock(self) -> list[str]:
        """Time of each frame as shown."""
        times = np.asarray(self.times, float)
        slack = np.median(np.diff(times)) / 20 + 1e-9
        exact = (d for d in range(3) if np.allclose(times.round(d), times, rtol=0, atol=slack))
        digits = next(exact, 3)
        return [f"{time:.{digits}f} s".replace("-", "−") for time in times]

    def html(self) -> str:
        """Fragment of a page, with its own video, script and style."""
        layout = self.layout
        rows, columns = layout.shape
        names = list(self.tracks)
        labels = ""
        for name, (y, x) in zip(names, layout.corners, strict=True):
            place = {"left": x / columns, "top": (y - layout.band) / rows,
                     "width": layout.width / columns, "height": layout.band / rows}  # fmt: skip
            style = "; ".join(f"{key}: {100 * share:.3f}%" for key, share in place.items())
            labels += f'<span style="{style}"><b>{html.escape(name)}</b></span>'
        alt = self.alt.strip().rstrip(".") + "."
        values = {
            "names": names, "corners": layout.corners, "size": [layout.width, layout.height],
            "fps": self.fps, "clock": self.clock, "notes": list(self.notes or []), "alt": alt,
        }  # fmt: skip
        poster = cv2.imencode(".jpg", next(self.frames()), [cv2.IMWRITE_JPEG_QUALITY, 85])[1]
        parts = {
            "__ALT__": html.escape(f"{alt} From the top left: {', '.join(names)}."),
            "__LABELS__": labels,
            "__OPTIONS__": "".join(
                f'<option value="{k}">{html.escape(name)}</option>' for k, name in enumerate(names)
            ),
            "__SIZE__": html.escape(self._size()),
            "__COLUMNS__": str(columns), "__ROWS__": str(rows),
            "__VALUES__": json.dumps(values).replace("<", "\\u003c"),
            "__POSTER__": _uri("image/jpeg", poster.tobytes()),
            "__VIDEO__": _uri("video/mp4", self.video),
        }  # fmt: skip
        page = re.sub("__[A-Z]+__", lambda key: parts[key[0]], _PAGE.read_text("utf8"))
        if len(page.encode()) > LARGEST:
            raise InputError(
                f"a player of at most {LARGEST / 1e6:g} MB", f"{len(page.encode()) / 1e6:.2f} MB",
                f"Give fewer frames, or a width below {layout.width} px.",
            )  # fmt: skip
        return page

    def _size(self) -> str:
        number, height, width = self.shape
        text = f"{number} frames of {_by(width, height)} px"
        if (self.layout.width, self.layout.height) != (width, height):
            text += f", shown at {_by(self.layout.width, self.layout.height)} px"
        return text + f"; {self.fps:g} frames per second."

    def png(self) -> bytes:
        """The middle frame of every movie as a picture, for readers that show no HTML."""
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure

        middle = self.shape[0] // 2
        frame = next(f for k, f in enumerate(self.frames()) if k == middle)
        layout = self.layout
        rows = math.ceil(layout.count / COLUMNS)
        high = rows * (3 * layout.height / layout.width + 0.3) + 0.3
        figure = Figure(figsize=(3 * COLUMNS, high), dpi=150, layout="constrained")
        FigureCanvasAgg(figure)
        places = figure.subplots(rows, COLUMNS, squeeze=False).ravel()
        for axes in places:
            axes.axis("off")
        for axes, name, (y, x) in zip(places, self.tracks, layout.corners, strict=False):
            tile = frame[y : y + layout.height, x : x + layout.width]
            axes.imshow(tile, cmap="gray", vmin=0, vmax=255)
            axes.set_title(name, fontsize=10)
        figure.suptitle(f"t = {self.clock[middle]}", fontsize=10)
        buffer = io.BytesIO()
        figure.savefig(buffer, format="png")
        return buffer.getvalue()

    def _repr_mimebundle_(self, **_: Any) -> dict[str, Any]:
        text = f"{self.alt} ({', '.join(self.tracks)}; {self._size().rstrip('.')})"
        return {"text/html": self.html(), "image/png": self.png(), "text/plain": text}


def _by(width: int, height: int) -> str:
    """Width and height with a multiplication sign."""
    return f"{width} × {height}"


def encode(frames: Iterator[np.ndarray], fps: float) -> bytes:
    """VP9 movie in MP4 of grey frames, of about `_BITS` per pixel at most.

    Parameters
    ----------
    frames : iterator of ndarray, (H, W), uint8
        Of one shape, with even sides.
    fps : float
        [1/s]

    Returns
    -------
    bytes
    """
    film, target = None, io.BytesIO()
    for number, frame in enumerate(frames):
        if film is None:
            bits = round(_BITS * frame.size * fps)
            film = Film(target, frame.shape, fps, quality=_QUALITY, bits=bits, settings=SMALL)
        film.add(frame, number / fps)
    film.close()
    return target.getvalue()


def _uri(kind: str, data: bytes) -> str:
    return f"data:{kind};base64,{base64.b64encode(data).decode()}"


def _drawing(limits: Limits) -> Levels:
    """Grey levels of one movie; see `Player` for `limits`."""
    return Levels(memory=0.0) if limits == "frame" else Levels(limits)


def _check(player: Player) -> None:
    """Refuse what does not fit together."""
    tracks, names = player.tracks, list(player.tracks)
    if not 2 <= len(names) <= 6 or not all(str(name).strip() for name in names):
        raise InputError("two to six movies with names", str(names), "Choose which to compare.")
    shape = np.shape(tracks[names[0]])
    if len(shape) != 3 or shape[0] < 2 or min(shape) < 2:
        raise InputError("movies (T, H, W) of at least two frames", f"{shape}", "Stack frames.")
    for name in names[1:]:
        if np.shape(tracks[name]) != shape:
            raise InputError(
                f"movies of one shape, {shape}", f"{np.shape(tracks[name])} for {name}",
                "Cut all movies to the same frames and pixels.",
            )  # fmt: skip
    for name in names:
        if not np.isfinite(tracks[name]).all():
            todo = "Fill them in, or leave those frames out."
            raise InputError("finite values", f"NaN or infinity in {name}", todo)
    times = np.asarray(player.times, float)
    if times.shape != shape[:1] or not np.isfinite(times).all() or (np.diff(times) < 0).any():
        raise InputError(
            f"{shape[0]} times that do not decrease", f"times of shape {times.shape}",
            "Give one time in seconds per frame.",
        )  # fmt: skip
    if player.notes is not None and len(player.notes) != shape[0]:
        raise InputError(f"{shape[0]} notes", f"{len(player.notes)}", "Give one per frame.")
    if not 1 <= player.fps <= 60:
        raise InputError("1 to 60 frames per second", f"{player.fps}", "10 to 25 is usual.")
    if not player.alt.strip():
        raise InputError("a description", "none", "Say in `alt` what the movies show.")
    if player.width is not None and not (player.width >= 16 and player.width % 2 == 0):
        raise InputError("an even width of at least 16 px", f"{player.width}", "160 is usual.")
    given = player.limits if isinstance(player.limits, Mapping) else {"": player.limits}
    if isinstance(player.limits, Mapping) and not set(given) <= set(names):
        raise InputError(f"limits for {names}", f"{list(given)}", "Use the names of the movies.")
    for value in given.values():
        if value is not None and value != "frame" and not _rising(value):
            raise InputError('None, "frame" or two rising numbers', f"{value}", "Correct `limits`.")


def _rising(pair: object) -> bool:
    """Is it a lower and an upper limit?"""
    if not isinstance(pair, tuple | list) or len(pair) != 2:
        return False
    return all(isinstance(v, int | float | np.number) and np.isfinite(v) for v in pair) and (
        pair[0] < pair[1]
    )
