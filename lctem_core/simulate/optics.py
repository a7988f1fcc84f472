"""From a scene to a camera frame: thickness, attenuation, blur, illumination, counts."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import cv2
import numpy as np

from lctem_core.simulate import shapes
from lctem_core.simulate.camera import Camera
from lctem_core.simulate.texture import Texture


@dataclass(frozen=True)
class Particle:
    """One nanoparticle; lengths in nm, `x` to the right and `y` down from the field's corner."""

    x: float
    y: float
    diameter: float
    shape: str
    rotation: np.ndarray = field(repr=False)
    attenuation_length: float = 50.0
    upper: bool = False


@dataclass(frozen=True)
class Scene:
    """A square field of view [nm] with its particles."""

    width: float
    particles: tuple[Particle, ...]


@dataclass(frozen=True)
class Illumination:
    """Slow changes of brightness over the frame, relative to its brightest place.

    Attributes
    ----------
    vignette : float
        Loss at the corners of a centred vignette, 0 to 1; it grows with the squared distance.
    centre : tuple of float
        Centre (x, y) of the vignette as a fraction of the width.
    gradient : float
        Brightness ratio between the two ends of a linear gradient, 1 or more.
    angle : float
        Direction of the gradient [rad].
    mottling : float
        Relative standard deviation of a random slow variation (membrane, liquid).
    seed : int
        Seed of the mottling.
    """

    vignette: float = 0.0
    centre: tuple[float, float] = (0.5, 0.5)
    gradient: float = 1.0
    angle: float = 0.0
    mottling: float = 0.0
    seed: int = 0

    def image(self, size: int) -> np.ndarray:
        """Brightness, (size, size) float32, largest value 1."""
        # Slow by nature: computed on a coarse grid, then enlarged.
        coarse = 64
        axis = (np.arange(coarse) + 0.5) / coarse
        x, y = axis[None, :], axis[:, None]
        cx, cy = self.centre
        radius2 = ((x - cx) ** 2 + (y - cy) ** 2) / 0.5
        along = (x - 0.5) * np.cos(self.angle) + (y - 0.5) * np.sin(self.angle)
        along /= abs(np.cos(self.angle)) + abs(np.sin(self.angle))
        # 1 at one end, 1 / gradient at the other.
        linear = 1 - (along + 0.5) * (1 - 1 / self.gradient)
        brightness = np.clip(1 - self.vignette * radius2, 0.05, None) * linear
        if self.mottling:
            rng = np.random.default_rng(self.seed)
            cells = rng.integers(3, 9)
            slow = cv2.resize(rng.standard_normal((cells, cells)), (coarse, coarse),
                              interpolation=cv2.INTER_CUBIC)  # fmt: skip
            brightness *= np.clip(1 + self.mottling * slow, 0.5, 1.5)
        brightness = (brightness / brightness.max()).astype(np.float32)
        return cv2.resize(brightness, (size, size), interpolation=cv2.INTER_LINEAR)


@dataclass(frozen=True)
class Acquisition:
    """How a frame is taken.

    Attributes
    ----------
    dose : float
        Electrons that reach the camera where there is no particle, at the brightest place
        [e-/nm²]: the dose that is measured in the background of an image, as the paper does.
    liquid : float
        Thickness of the liquid [nm]; 0 is the dry cell.
    blur : float, optional
        Standard deviation of the image of a point at the lower membrane [nm]; by default what the
        liquid makes, see `liquid_blur`.
    upper_blur : float, optional
        The same at the upper membrane [nm]; by default twice as much, since the beam has the
        liquid still to cross (top–bottom effect, Zaluzec 2015).
    floor : float
        Share of the background's electrons that reach the camera through any thickness of metal
        (scattered, yet inside the aperture).
    illumination : Illumination
    camera : Camera
    texture : Texture
    rim : float
        Strength of the bright rim of a defocused edge (Fresnel fringe): the transmission gets
        `rim` times its difference from its own average over `rim_width` [nm] added.
    rim_width : float
        [nm]
    dark_field : float, optional
        Background of an annular dark-field image relative to its brightest place: what a particle
        scatters is then bright. None is bright field.
    """

    dose: float
    liquid: float = 0.0
    blur: float | None = None
    upper_blur: float | None = None
    floor: float = 0.3
    illumination: Illumination = field(default_factory=Illumination)
    camera: Camera = field(default_factory=Camera)
    texture: Texture = field(default_factory=Texture)
    rim: float = 0.0
    rim_width: float = 10.0
    dark_field: float | None = None

    @property
    def incident_dose(self) -> float:
        """Dose on the specimen [e-/nm²]: what the liquid and the windows take away included."""
        return self.dose / background_share(self.liquid)

    @property
    def blurs(self) -> tuple[float, float]:
        """Blur at the lower and at the upper membrane [nm]."""
        lower = liquid_blur(self.liquid) if self.blur is None else self.blur
        return lower, 2 * lower if self.upper_blur is None else self.upper_blur


def liquid_blur(liquid: float, per_micrometre: float = 3.5) -> float:
    """Blur by scattering in the liquid, for particles at the lower membrane [nm].

    The energy loss, and with it the chromatic blur, grows with the thickness; simulations of
    liquid-cell images use equivalent Gaussians of 3 to 30 nm (Yao et al. 2020). A proportionality
    of a few nanometres per micrometre spans that range over the paper's 0.5 to 7 µm.

    Parameters
    ----------
    liquid : float
        Thickness [nm]; 0 gives no blur.
    per_micrometre : float
        [nm]

    Returns
    -------
    float
        Standard deviation [nm].
    """
    return float(np.clip(per_micrometre * liquid / 1000, 3, 30)) if liquid else 0.0


def background_share(
    liquid: float,
    floor: float = 0.3,
    window: float = 100.0,
    liquid_length: float = 430.0,
    window_length: float = 132.0,
) -> float:
    """Share of the incident electrons that reach the camera where there is no particle.

    f + (1 - f) exp(-d_w / λ_w - d_SiN / λ_SiN): the unscattered ones and the share f of those that
    are scattered yet pass the aperture. Mean free paths at 200 kV are 185–430 nm in water, by
    aperture, and 120–144 nm in silicon nitride (Holtz et al. 2013; Iakoubovskii et al. 2008).

    Parameters
    ----------
    liquid : float
        Thickness of the liquid [nm].
    floor : float
        f, 0 to 1.
    window : float
        Both membranes together [nm].
    liquid_length, window_length : float
        Mean free paths [nm].

    Returns
    -------
    float
    """
    return floor + (1 - floor) * float(np.exp(-liquid / liquid_length - window / window_length))


def optical_depth(scene: Scene, size: int, upper: bool = False) -> np.ndarray:
    """Thickness over attenuation length, summed over the particles of one membrane.

    Parameters
    ----------
    scene : Scene
    size : int
        Pixels on a side.
    upper : bool
        Which membrane.

    Returns
    -------
    ndarray, (size, size), float32
        Dimensionless; Beer–Lambert's exponent.
    """
    pixel = scene.width / size
    depth = np.zeros((size, size), np.float32)
    for particle in scene.particles:
        if particle.upper != upper:
            continue
        radius = shapes.reach(particle.shape) * particle.diameter
        x0, x1 = _span(particle.x, radius, pixel, size)
        y0, y1 = _span(particle.y, radius, pixel, size)
        if x0 >= x1 or y0 >= y1:
            continue
        # Small particles have few pixels across: their edges need points inside the pixel.
        points = 1 if particle.diameter > 40 * pixel else 2 if particle.diameter > 16 * pixel else 3
        x = (np.arange((x1 - x0) * points) + 0.5) / points + x0
        y = (np.arange((y1 - y0) * points) + 0.5) / points + y0
        path = shapes.thickness(
            particle.shape, particle.diameter, particle.rotation,
            x * pixel - particle.x, y * pixel - particle.y,
        )  # fmt: skip
        if points > 1:
            path = cv2.resize(path, (x1 - x0, y1 - y0), interpolation=cv2.INTER_AREA)
        depth[y0:y1, x0:x1] += path / np.float32(particle.attenuation_length)
    return depth


def _span(centre: float, radius: float, pixel: float, size: int) -> tuple[int, int]:
    low = int(np.floor((centre - radius) / pixel))
    high = int(np.ceil((centre + radius) / pixel)) + 1
    return max(low, 0), min(high, size)


def transmission(
    depth: np.ndarray, acquisition: Acquisition, pixel_size: float, depth_upper: np.ndarray | None
) -> np.ndarray:
    """Brightness relative to the background, before noise.

    T = f + (1 - f) exp(-Σ d/λ), blurred by a Gaussian for the scattering in the liquid and the
    chromatic aberration of the energy that is lost there (Yao et al. 2020). A particle at the lower
    membrane takes its share of all electrons that the liquid let through, scattered or not, so that
    this factor does not depend on the liquid.

    Parameters
    ----------
    depth : ndarray, (H, W)
        Optical depth of the particles at the lower membrane.
    acquisition : Acquisition
    pixel_size : float
        [nm]
    depth_upper : ndarray, (H, W), or None
        The same at the upper membrane.

    Returns
    -------
    ndarray, (H, W), float32
        1 without particles.
    """
    floor = np.float32(acquisition.floor)
    image = np.ones(depth.shape, np.float32)
    for layer, blur in zip((depth, depth_upper), acquisition.blurs, strict=True):
        if layer is None:
            continue
        bright = cv2.exp(-layer)
        sigma = blur / pixel_size
        if sigma > 0.2:  # a narrower Gaussian stays inside one pixel
            bright = cv2.GaussianBlur(bright, (0, 0), sigma, borderType=cv2.BORDER_REFLECT_101)
        image *= bright
    if acquisition.rim:
        width = max(acquisition.rim_width / pixel_size, 0.5)
        around = cv2.GaussianBlur(image, (0, 0), width, borderType=cv2.BORDER_REFLECT_101)
        image = np.maximum(image + np.float32(acquisition.rim) * (image - around), 0)
    if acquisition.dark_field is not None:
        dark = np.float32(acquisition.dark_field)
        return dark + (1 - dark) * np.clip(1 - image, 0, 1)
    return floor + (1 - floor) * image


def expected(
    depth: np.ndarray,
    acquisition: Acquisition,
    pixel_size: float,
    depth_upper: np.ndarray | None = None,
) -> np.ndarray:
    """Mean number of electrons per pixel: dose × (pixel size)² × field × transmission.

    Parameters
    ----------
    depth : ndarray, (N, N)
        Optical depth at the lower membrane.
    acquisition : Acquisition
    pixel_size : float
        [nm]
    depth_upper : ndarray, (N, N), optional
        Optical depth at the upper membrane.

    Returns
    -------
    ndarray, (N, N), float32
        [e-/px]
    """
    electrons = transmission(depth, acquisition, pixel_size, depth_upper)
    electrons *= acquisition.illumination.image(depth.shape[0])
    if acquisition.texture != Texture():
        electrons *= acquisition.texture.image(depth.shape[0])
    electrons *= np.float32(acquisition.dose * pixel_size**2)
    return electrons


def acquire(
    depth: np.ndarray,
    acquisition: Acquisition,
    pixel_size: float,
    rng: np.random.Generator,
    depth_upper: np.ndarray | None = None,
) -> np.ndarray:
    """One frame of counts: what the camera makes of the `expected` electrons.

    Parameters
    ----------
    depth : ndarray, (N, N)
        Optical depth at the lower membrane.
    acquisition : Acquisition
    pixel_size : float
        [nm]
    rng : numpy.random.Generator
    depth_upper : ndarray, (N, N), optional
        Optical depth at the upper membrane.

    Returns
    -------
    ndarray, (N, N), uint16
        Camera counts.
    """
    electrons = expected(depth, acquisition, pixel_size, depth_upper)
    return acquisition.camera.expose(electrons, rng)


def depths(scene: Scene, size: int) -> tuple[np.ndarray, np.ndarray | None]:
    """Optical depths of a scene.

    Parameters
    ----------
    scene : Scene
    size : int
        Pixels on a side.

    Returns
    -------
    lower : ndarray, (size, size), float32
    upper : ndarray, (size, size), float32, or None
        None if the upper membrane carries no particles.
    """
    has_upper = any(particle.upper for particle in scene.particles)
    return optical_depth(scene, size), optical_depth(scene, size, upper=True) if has_upper else None


def fit_gain(acquisition: Acquisition, pixel_size: float, level: float = 30000.0) -> Acquisition:
    """Lower the gain so that the background stays below `level` counts.

    A long exposure is the mean of many camera frames, not their sum, so it fits 16 bits.

    Parameters
    ----------
    acquisition : Acquisition
    pixel_size : float
        [nm]
    level : float
        [counts]

    Returns
    -------
    Acquisition
        With offset and noise of the camera scaled as its gain.
    """
    electrons = acquisition.dose * pixel_size**2
    camera = acquisition.camera
    if electrons * camera.gain <= level:
        return acquisition
    scale = level / (electrons * camera.gain)
    averaged = replace(
        camera, gain=camera.gain * scale, offset=camera.offset * scale,
        read_noise=camera.read_noise * scale, row_noise=camera.row_noise * scale,
    )  # fmt: skip
    return replace(acquisition, camera=averaged)
