"""Single frames with what they would be without noise: examples to train and test on.

An example has three images of one field: the *noisy* frame as a file would hold it; the *faithful*
truth, which is that frame without noise and with half its blur, in its own intensity scale; and the
*look*, the dry image of the particles as the paper's truth shows it.

Half the blur, not none: a sharp truth makes a network guess edges that the frame does not show, and
a truth with all of the blur leaves the frame as soft as it was.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np

from lctem_core.simulate.camera import Camera, gaussian_kernel
from lctem_core.simulate.optics import Acquisition, Scene, acquire, depths, expected, fit_gain
from lctem_core.simulate.recipes import Recipe, Variety, draw_scene, draw_wet, recipes_by_name
from lctem_core.simulate.texture import Texture

#: Share of the blur that the faithful truth keeps.
KEPT_BLUR = 0.5


@dataclass(frozen=True)
class Example:
    """A simulated frame and what it should become.

    Attributes
    ----------
    noisy : ndarray, (N, N)
        The frame: uint16 counts, uint8 grey levels, or float32 where it was enlarged.
    faithful : ndarray, (N, N), float32
        The frame without noise and with half its blur, in the frame's units.
    look : ndarray, (N, N), float32
        Transmission of the dry particles, 1 without any.
    scene : Scene
    acquisition : Acquisition
    unit : float
        Frame units per camera count.
    """

    noisy: np.ndarray
    faithful: np.ndarray
    look: np.ndarray
    scene: Scene
    acquisition: Acquisition
    unit: float

    @property
    def pixel_size(self) -> float:
        """Pixel size [nm]."""
        return self.scene.width / self.noisy.shape[0]

    @property
    def electrons(self) -> float:
        """Electrons per pixel in the brightest background [e-/px]."""
        return self.acquisition.dose * self.pixel_size**2


def example(seed: int | list[int], recipe: str = "broad", size: int = 512) -> Example:
    """One example.

    Parameters
    ----------
    seed : int or list of int
        The same seed, recipe and size give the same images.
    recipe : str
        A name of `lctem_core.simulate.recipes.RECIPES`.
    size : int
        Pixels on a side.

    Returns
    -------
    Example

    Raises
    ------
    InputError
        For an unknown recipe.
    """
    rng = np.random.default_rng(seed)
    recipes = recipes_by_name(recipe)
    while True:  # a camera that counts nothing at all, at the lowest doses, makes no frame
        one = _draw(recipes[rng.integers(len(recipes))], size, rng)
        if np.ptp(one.noisy):
            return one


def _draw(chosen: Recipe, size: int, rng: np.random.Generator) -> Example:
    variety = chosen.variety
    scene = draw_scene(chosen, rng)
    acquisition = draw_wet(chosen, scene, rng)
    pixels = size
    if rng.random() < variety.enlarged:
        pixels = round(size * rng.uniform(0.5, 1))
    pixel = scene.width / pixels
    acquisition = fit_gain(varied(acquisition, variety, pixel, rng), pixel)
    look_floor = rng.uniform(0.02, 0.2)
    depth, upper = depths(scene, pixels)
    if scene.particles and rng.random() < variety.moving:
        depth = _smeared(scene, pixels, rng)
    noisy = acquire(depth, acquisition, pixel, rng, upper)
    kept = sharper(acquisition, pixel)
    faithful = expected(depth, kept, pixel, upper)
    faithful = kept.camera.gain * faithful + np.float32(kept.camera.offset)
    all_depth = depth if upper is None else depth + upper
    look = look_floor + (1 - look_floor) * cv2.exp(-all_depth)
    unit = 1.0
    if pixels != size:
        how = cv2.INTER_LINEAR if rng.random() < 0.5 else cv2.INTER_CUBIC
        noisy = cv2.resize(noisy.astype(np.float32), (size, size), interpolation=how)
        faithful, look = (
            cv2.resize(image, (size, size), interpolation=cv2.INTER_LINEAR)
            for image in (faithful, look)
        )
    if rng.random() < variety.exported:
        noisy, faithful, unit = _exported(noisy, faithful, variety.compressed, rng)
    return Example(noisy, faithful, look.astype(np.float32), scene, acquisition, unit)


def varied(
    acquisition: Acquisition, variety: Variety, pixel: float, rng: np.random.Generator
) -> Acquisition:
    """Acquisition with texture, rim, correlated noise and dark field drawn from a variety."""
    changes: dict[str, object] = {}
    if rng.random() < variety.textured:
        changes["texture"] = draw_texture(rng)
    if rng.random() < variety.rimmed:
        changes["rim"] = rng.uniform(0.1, 1.0)
        changes["rim_width"] = pixel * rng.uniform(1, 6)
    if rng.random() < variety.correlated:
        changes["camera"] = replace(
            acquisition.camera, kernel=gaussian_kernel(rng.uniform(0.4, 1.2))
        )
    if rng.random() < variety.dark_field:
        changes["dark_field"] = rng.uniform(0.03, 0.5)
    # Asked for only where the variety has it: recorded trainings keep their images.
    camera = changes.get("camera", acquisition.camera)
    if variety.ringing and rng.random() < variety.ringing:
        side, lobe = rng.uniform(0.02, 0.2), rng.uniform(0.01, 0.1)
        kernel = np.array([-lobe, side, 1, side, -lobe])
        camera = changes["camera"] = replace(camera, kernel=kernel / kernel.sum())
    if variety.streaked and rng.random() < variety.streaked:
        noise = camera.gain * (acquisition.dose * pixel**2 * (1 + camera.spread**2)) ** 0.5
        changes["camera"] = replace(camera, row_noise=noise * rng.uniform(0.02, 0.12))
    return replace(acquisition, **changes)


def draw_texture(rng: np.random.Generator) -> Texture:
    """Draw a texture with at least one of its kinds."""
    kinds = rng.random(5) < 0.35
    kinds[rng.integers(5)] = True
    grain, fringes, shadow, droplets, lines = kinds
    return Texture(
        grain=rng.uniform(0.005, 0.08) if grain else 0.0,
        grain_size=10 ** rng.uniform(-2.5, -1.2),
        fringes=rng.uniform(0.01, 0.15) if fringes else 0.0,
        period=10 ** rng.uniform(-2.2, -1.2),
        shadow=rng.uniform(0.2, 0.98) if shadow else 0.0,
        droplets=int(rng.integers(1, 6)) if droplets else 0,
        lines=int(rng.integers(1, 4)) if lines else 0,
        depth=rng.uniform(0.02, 0.3),
        seed=int(rng.integers(2**31)),
    )


def _smeared(scene: Scene, size: int, rng: np.random.Generator, instants: int = 6) -> np.ndarray:
    """Optical depth of particles that walk during the exposure: of their mean transmission.

    Half of the scenes drift as a whole, in the others each particle walks on its own; by up to
    their diameter.
    """
    mean = np.mean([one.diameter for one in scene.particles])
    reach = mean * rng.uniform(0.1, 1.0)
    number = len(scene.particles) if rng.random() < 0.5 else 1
    steps = rng.standard_normal((instants, number, 2)) * reach / instants**0.5
    paths = np.cumsum(steps, axis=0)
    paths = np.broadcast_to(paths - paths.mean(axis=0), (instants, len(scene.particles), 2))
    bright = np.zeros((size, size), np.float32)
    for moves in paths:
        moved = tuple(
            replace(one, x=one.x + float(dx), y=one.y + float(dy), upper=False)
            for one, (dx, dy) in zip(scene.particles, moves, strict=True)
            if not one.upper
        )
        bright += cv2.exp(-depths(Scene(scene.width, moved), size)[0])
    return -cv2.log(np.maximum(bright / instants, 1e-6))


def sharper(acquisition: Acquisition, pixel: float) -> Acquisition:
    """Acquisition whose image has half of the blur of liquid and camera together."""
    camera: Camera = acquisition.camera
    taps = np.arange(len(camera.kernel)) - len(camera.kernel) // 2
    spread = float(np.sum(camera.kernel * taps**2)) * pixel**2
    # A kernel with negative lobes sharpens.
    lower, upper = (KEPT_BLUR * max(blur**2 + spread, 0) ** 0.5 for blur in acquisition.blurs)
    return replace(acquisition, blur=lower, upper_blur=upper)


def _exported(
    noisy: np.ndarray, faithful: np.ndarray, compressed: float, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray, float]:
    """8-bit export: stretched, clipped, perhaps through JPEG; the truth gets the same stretch."""
    low, high = rng.choice([0, rng.uniform(0, 3)]), rng.choice([100, rng.uniform(97, 100)])
    lower, upper = np.percentile(noisy, (low, high))
    scale = 255 / max(upper - lower, 1e-6)
    grey = np.clip(np.rint((noisy - lower) * scale), 0, 255).astype(np.uint8)
    if grey.min() == grey.max():  # a few electrons in all: nothing to stretch
        return noisy, faithful, 1.0
    if rng.random() < compressed:
        quality = int(rng.integers(40, 96))
        _, file = cv2.imencode(".jpg", grey, [cv2.IMWRITE_JPEG_QUALITY, quality])
        grey = cv2.imdecode(file, cv2.IMREAD_GRAYSCALE)
    return grey, ((faithful - lower) * scale).astype(np.float32), float(scale)
