import io

import av
import numpy as np
import pytest

from lctem_core.errors import InputError
from lctem_core.io.film import SMALL, Film


def _pictures(number=10, shape=(64, 96)):
    y, x = np.mgrid[: shape[0], : shape[1]]
    return [(120 + 60 * np.sin((x + 5 * i) / 8) + y / 4).astype(np.uint8) for i in range(number)]


@pytest.mark.parametrize("shape", [(64, 96), (65, 97)])
def test_pictures_and_times_come_back(tmp_path, shape):
    path = tmp_path / "a.mp4"
    film = Film(path, shape, 50.0)
    for i, picture in enumerate(_pictures(10, shape)):
        film.add(picture, 0.02 * i + (0.1 if i > 5 else 0))
    film.close()
    with av.open(path) as file:
        frames = list(file.decode(video=0))
    assert len(frames) == 10
    for i, (frame, picture) in enumerate(zip(frames, _pictures(10, shape), strict=True)):
        assert frame.time == pytest.approx(0.02 * i + (0.1 if i > 5 else 0), abs=1e-3)
        seen = frame.to_ndarray(format="gray").astype(float)
        expected = picture[: seen.shape[0], : seen.shape[1]].astype(float)
        assert np.corrcoef(seen.ravel(), expected.ravel())[0, 1] > 0.98


def test_a_lower_quality_is_smaller():
    sizes = []
    for quality in (20, 55):
        film = io.BytesIO()
        writer = Film(film, (64, 96), 25.0, quality=quality, settings=SMALL)
        for i, picture in enumerate(_pictures(20)):
            writer.add(picture, i / 25)
        writer.close()
        sizes.append(len(film.getvalue()))
    assert sizes[1] < sizes[0]


def test_equal_times_do_not_break_the_film(tmp_path):
    film = Film(tmp_path / "a.mp4", (64, 96))
    for picture in _pictures(3):
        film.add(picture, 0.0)
    film.close()
    with av.open(tmp_path / "a.mp4") as file:
        assert len(list(file.decode(video=0))) == 3


def test_impossible_films_are_refused(tmp_path):
    with pytest.raises(InputError, match="rate above 0"):
        Film(tmp_path / "a.mp4", (64, 64), 0)
    with pytest.raises(InputError, match="2 × 2"):
        Film(tmp_path / "a.mp4", (1, 64))
