import os
from functools import partial

import cv2
import pytest

from lctem_core.train.processes import in_processes


def where(offset, item):
    return item + offset, os.getpid(), cv2.getNumThreads()


@pytest.mark.parametrize("workers", [1, 2])
def test_results_come_in_order_from_several_processes(workers):
    found = in_processes(partial(where, 10), range(300), workers)
    values, processes, threads = zip(*found, strict=True)
    assert values == tuple(range(10, 310))
    assert (os.getpid() in processes) == (workers == 1)
    assert len(set(processes)) <= workers
    if workers > 1:
        assert set(threads) == {1}


def test_few_items_are_computed_here():
    found = list(in_processes(partial(where, 0), [1, 2, 3], 4, least=4))
    assert {process for _, process, _ in found} == {os.getpid()}


def test_nothing_is_computed_before_it_is_asked_for():
    taken = []
    results = in_processes(taken.append, [1, 2, 3], 1)
    assert not taken
    next(results)
    assert taken == [1]


def test_an_error_comes_through():
    with pytest.raises(TypeError):
        list(in_processes(partial(where, 1), ["a", "b"], 2))
