"""A simulated scene that drifts, for tests of what follows it."""

from dataclasses import replace

import numpy as np

from lctem_core.simulate import optics, shapes

WIDTH, SIZE = 2560.0, 256


def drifting(path, dose, seed=0, particles=12):
    """Frames of a scene displaced by `path` [px], with their truths."""
    rng = np.random.default_rng(seed)
    shape, pixel = "truncated octahedron", WIDTH / SIZE
    scene = [
        optics.Particle(*rng.uniform(300, WIDTH - 300, 2), 100.0, shape,
                         shapes.orientation(shape, rng, False))
        for _ in range(particles)
    ]  # fmt: skip
    acquisition = optics.Acquisition(dose=dose, liquid=1000.0)
    for x, y in path:
        moved = [replace(p, x=p.x + x * pixel, y=p.y + y * pixel) for p in scene]
        depth, _ = optics.depths(optics.Scene(WIDTH, tuple(moved)), SIZE)
        electrons = optics.expected(depth, acquisition, pixel)
        yield acquisition.camera.expose(electrons, rng), electrons * acquisition.camera.gain
