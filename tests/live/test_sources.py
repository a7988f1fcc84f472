import numpy as np
import pytest

from lctem_core.errors import InputError
from lctem_core.live import sources


class FakeClock:
    """Time that passes only by sleeping, or when a test says so."""

    def __init__(self):
        self.time, self.slept = 0.0, []

    def now(self):
        return self.time

    def sleep(self, seconds):
        self.slept.append(seconds)
        self.time += seconds


def images(number):
    return [np.full((8, 8), i, np.uint16) for i in range(number)]


def test_frames_come_when_they_are_due():
    clock = FakeClock()
    seen = []
    for frame in sources.replay(images(5), 100, clock=clock):
        assert clock.now() == pytest.approx(frame.time)
        seen.append(frame)
    np.testing.assert_allclose([f.time for f in seen], [0.01, 0.02, 0.03, 0.04, 0.05])
    assert [f.index for f in seen] == list(range(5))
    assert not any(f.late for f in seen)
    assert seen[0].exposure == pytest.approx(0.01)


def test_after_a_hold_up_frames_come_in_a_burst_and_are_late():
    clock = FakeClock()
    late = []
    for frame in sources.replay(images(12), 100, clock=clock):
        late.append(frame.late)
        if frame.index == 3:
            clock.time += 0.05  # the consumer was busy
    assert late == [False] * 4 + [True] * 3 + [False] * 5


def test_a_stall_delays_and_the_next_ones_catch_up():
    clock = FakeClock()
    frames = list(sources.replay(images(10), 100, stalls={4: 0.03}, clock=clock))
    assert [f.late for f in frames] == [False] * 4 + [True, True, False, False, False, False]
    np.testing.assert_allclose(np.diff([f.time for f in frames]), 0.01)
    assert clock.now() == pytest.approx(0.1)


@pytest.mark.parametrize("fps", [50, 100])
def test_it_stops_after_its_time(fps):
    frames = sources.replay(iter(images(1000)), fps, seconds=0.2, clock=FakeClock())
    assert len(list(frames)) == 0.2 * fps


def test_without_a_rate_it_does_not_wait():
    clock = FakeClock()
    assert len(list(sources.replay(images(7), None, clock=clock))) == 7
    assert not clock.slept


@pytest.mark.parametrize("fps", [0, -1, float("nan"), float("inf")])
def test_impossible_rates_are_refused_at_once(fps):
    with pytest.raises(InputError, match="frame rate above 0"):
        sources.replay([], fps)
