"""Work shared among processes."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from typing import TypeVar

import cv2

Item = TypeVar("Item")
Result = TypeVar("Result")

#: Items that are computed before the first result of them must have been taken.
_BATCH = 128


def in_processes(
    make: Callable[[Item], Result],
    items: Sequence[Item],
    workers: int | None = None,
    *,
    least: int = 2,
) -> Iterator[Result]:
    """Results in the order of the items, computed in several processes.

    Parameters
    ----------
    make : callable
        Item -> result; a module's own function, or a `functools.partial` of one.
    items : sequence
    workers : int, optional
        Processes; by default one for each core.
    least : int
        Fewer items are not worth starting processes for.

    Yields
    ------
    object
        As they are asked for: at most 128 wait in memory.
    """
    workers = workers or os.cpu_count() or 1
    if workers == 1 or len(items) < least:
        yield from map(make, items)
        return
    # Spawned, not forked: a fork of a process with running threads, as a notebook has them after
    # its first filter or network, can stop for ever. One thread in each: they share the cores.
    with ProcessPoolExecutor(
        workers, get_context("spawn"), initializer=cv2.setNumThreads, initargs=(1,)
    ) as pool:
        # In batches: a pool computes everything at once, and would fill the memory.
        for begin in range(0, len(items), _BATCH):
            yield from pool.map(make, items[begin : begin + _BATCH], chunksize=2)
