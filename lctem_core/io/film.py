"""VP9 films that browsers play, from grey images."""

from __future__ import annotations

from fractions import Fraction
from os import PathLike
from typing import IO, Any

import numpy as np

from lctem_core.errors import InputError, needs

#: Ticks per second of the films' time stamps.
TICKS = 90_000
#: Encoder settings: for a stream that must not wait, and for a small film.
FAST = {"deadline": "realtime", "cpu-used": "8", "row-mt": "1", "lag-in-frames": "0"}
SMALL = {"deadline": "good", "cpu-used": "4", "row-mt": "1"}


class Film:
    """A film that is written frame by frame, each with its own time.

    Parameters
    ----------
    target : path or file object
        MP4; complete only after `close`.
    shape : tuple of int
        Of the frames (H, W); an odd side loses one pixel, because the codec needs even ones.
    rate : float
        Nominal frames per second.
    quality : int
        The codec's constant quality, 0 (best) to 63.
    bits : int, optional
        Largest number of bits per second.
    settings : dict of str
        `FAST` or `SMALL`.

    Raises
    ------
    InputError
        If a side is below 2 pixels or the rate not above 0.
    """

    def __init__(
        self, target: str | PathLike[str] | IO[bytes], shape: tuple[int, int], rate: float = 25.0,
        *, quality: int = 30, bits: int | None = None, settings: dict[str, str] = FAST,
    ) -> None:  # fmt: skip
        if min(shape) < 2 or not rate > 0:
            raise InputError(
                "frames of at least 2 × 2 pixels at a rate above 0",
                f"{shape[0]} × {shape[1]} pixels at {rate} per second", "Check the arrays.",
            )  # fmt: skip
        with needs("film", "a film"):
            import av

        self._shape = tuple(side // 2 * 2 for side in shape)
        self._file: Any = av.open(target, "w", format="mp4")
        options = settings | {"crf": str(quality)}
        self._stream = self._file.add_stream(
            "libvpx-vp9", rate=Fraction(rate).limit_denominator(1000), options=options
        )
        self._stream.height, self._stream.width = self._shape
        self._stream.pix_fmt = "yuv420p"
        # With a bit rate of 0 the quality alone counts.
        self._stream.bit_rate = bits or 0
        self._stream.codec_context.time_base = Fraction(1, TICKS)
        self._last = -1

    def add(self, picture: np.ndarray, time: float) -> None:
        """Append a frame.

        Parameters
        ----------
        picture : ndarray, (H, W), uint8
            Grey.
        time : float
            Since the start of the film [s]; not earlier than the last frame.
        """
        import av

        height, width = self._shape
        frame = av.VideoFrame.from_ndarray(
            np.ascontiguousarray(picture[:height, :width]), format="gray"
        ).reformat(format="yuv420p")
        # Two frames at one time would be one too many for the format.
        self._last = max(self._last + 1, round(time * TICKS))
        frame.pts, frame.time_base = self._last, Fraction(1, TICKS)
        self._file.mux(self._stream.encode(frame))

    def close(self) -> None:
        """Write what the encoder still holds, and the index."""
        self._file.mux(self._stream.encode(None))
        self._file.close()

    def abandon(self) -> None:
        """Close the file without finishing it."""
        self._file.close()
