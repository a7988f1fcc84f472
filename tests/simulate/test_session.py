import numpy as np
import pytest

from lctem_core.errors import InputError
from lctem_core.simulate.session import SHOWN, dose_at, session, simulated_camera


def test_the_dose_is_the_papers_where_the_paper_shows_frames():
    np.testing.assert_allclose(dose_at(np.array(SHOWN)), [1, 10, 80, 1], rtol=0.01)


def test_the_dose_measured_in_the_background_follows():
    movie = session(128, seconds=2.3, fps=10)
    camera = movie.acquisition.camera
    for t in (0, 13):
        frame = movie.frame(t).astype(float)
        electrons = (np.percentile(frame, 80) - camera.offset) / camera.gain
        assert electrons / movie.pixel_size**2 == pytest.approx(movie.doses[t], rel=0.25)


def test_particles_rest_and_then_half_of_them_move():
    movie = session(64, seconds=23, fps=20)
    still = 17 * 20
    assert not movie.offsets[: still + 1].any()
    moved = movie.offsets[-1].any(axis=-1)
    assert 0.2 < moved.mean() < 0.8


def test_the_reach_is_the_way_in_a_tenth_of_a_second():
    movie = session(64, seconds=23, fps=100, reach=60.0)
    moving = movie.offsets[:, movie.offsets[-1].any(axis=-1)]
    begin = 17 * 100
    ways = moving[begin + 10 :: 10] - moving[begin:-10:10]
    assert np.sqrt((ways**2).sum(axis=-1).mean()) == pytest.approx(60, rel=0.1)


def test_cameras_of_every_size_see_the_same():
    small, large = session(64, seconds=1, fps=10), session(128, seconds=1, fps=10)
    np.testing.assert_array_equal(small.offsets, large.offsets)
    clean = [one.counts_without_noise(5) / one.acquisition.camera.gain for one in (small, large)]
    reduced = clean[1].reshape(64, 2, 64, 2).sum(axis=(1, 3))
    assert np.abs(reduced / clean[0] - 1).mean() < 0.02


def test_no_frame_is_an_error():
    with pytest.raises(InputError, match="at least one frame"):
        session(64, seconds=0)


def test_a_simulated_camera_repeats_and_moves_by_little():
    camera = simulated_camera(4, size=128, seed=1)
    assert camera.shape == (4, 128, 128)
    assert camera.dtype == np.uint16
    np.testing.assert_array_equal(camera, simulated_camera(4, size=128, seed=1))
    assert (camera[0] != camera[1]).mean() > 0.5  # noise of its own
    with pytest.raises(InputError, match="64 pixels"):
        simulated_camera(1, size=8)


def test_the_simulated_camera_ends_where_it_began():
    """Steps of the loop, the one from the last frame to the first included, are alike."""
    clean = simulated_camera(8, size=256, dose=1000.0, particles=1, step=60.0).astype(float)
    y, x = np.mgrid[:256, :256]
    dark = np.clip(0.8 * np.median(clean) - clean, 0, None)
    centres = np.stack([(dark * axis).sum((1, 2)) for axis in (x, y)], 1)
    centres *= 10 / dark.sum((1, 2))[:, None]  # [nm]
    steps = np.diff(centres, axis=0, append=centres[:1])
    assert 10 < np.sqrt((steps**2).mean()) < 120
    assert np.abs(steps[-1]).max() < 4 * 60
