"""Simulated liquid-cell TEM pairs: one scene, acquired dry and wet.

Physics and ranges follow the simulators and measurements cited here and in
`lctem_core.simulate.optics`; what is not known is drawn at random over a range instead of fixed.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np

from lctem_core.errors import InputError
from lctem_core.simulate import shapes
from lctem_core.simulate.camera import Camera, kernel_from_mtf, three_tap
from lctem_core.simulate.optics import Acquisition, Illumination, Particle, Scene, liquid_blur

#: Modulation transfer of one 512-pixel camera at 0.1 … 0.5 cycles per pixel.
PUBLISHED_MTF = (0.81, 0.61, 0.46, 0.34, 0.28)


@dataclass(frozen=True)
class Variety:
    """How often a frame has features that users' frames have and the paper's have not.

    All are shares of the frames, 0 to 1, unless stated otherwise.

    Attributes
    ----------
    textured : float
        Fields with film grain, fringes, shadows, droplets, lines.
    rimmed : float
        Bright rims of a defocused edge.
    moving : float
        Particles that moved during the exposure.
    correlated : float
        Cameras or interpolations that correlate the noise over 1–3 pixels.
    ringing : float
        Resampling with negative side lobes, which leaves neighbours correlated and next but one
        neighbours anticorrelated, as the published real frame shows them.
    streaked : float
        Offsets of whole rows, 2 to 12 % of a pixel's noise before
        neighbours share it; real frames of one camera had 6 %.
    enlarged : float
        Frames that were enlarged from fewer pixels.
    exported : float
        8-bit exports with stretched contrast and clipping.
    compressed : float
        Share of the exports that went through JPEG.
    dark_field : float
        Annular dark field: bright particles.
    """

    textured: float = 0.0
    rimmed: float = 0.0
    moving: float = 0.0
    correlated: float = 0.0
    ringing: float = 0.0
    streaked: float = 0.0
    enlarged: float = 0.0
    exported: float = 0.0
    compressed: float = 0.0
    dark_field: float = 0.0


PLAIN = Variety()
EVERYTHING = Variety(
    textured=0.35, rimmed=0.25, moving=0.15, correlated=0.35, enlarged=0.2, exported=0.3,
    compressed=0.3, dark_field=0.08,
)  # fmt: skip


@dataclass(frozen=True)
class Recipe:
    """Ranges from which scenes and acquisitions are drawn.

    `PAPER` holds the paper's own sample and magnifications; `WIDE` and `BROAD` are what the shipped
    weights are trained on, since users bring other particles, cameras and illuminations. What else
    varies in a broad field (textures, movement, file formats) is in `lctem_core.simulate.examples`.

    Attributes
    ----------
    widths : tuple of float
        Widths of the field [nm]: drawn from these if there are several, or log-uniform between
        the two of a pair with `continuous_width`.
    diameters : tuple of float
        Mean and relative spread of the diameters [nm, 1]; with `diameter_pixels` they are drawn
        log-uniform in pixels of a 512-pixel frame instead.
    shape_weights : dict
        Weights of the shapes.
    attenuation_lengths : tuple of float
        Of the particles [nm]; gold 20–85 at 200 kV, lighter matter longer.
    number : tuple of float
        Range of the number of groups (single particles, clusters, chains), log-uniform.
    empty : float
        Share of fields without particles.
    clustered : float
        Share of groups that have more than one particle.
    faint : float
        Share of scenes with particles of light matter, 2 to 8 times longer attenuation lengths.
    upper : float
        Share of scenes with particles on the upper membrane, too.
    wet_dose, dry_dose : tuple of float
        [e-/nm²], log-uniform; the dry one at least 100 times the wet one.
    wet_electrons : tuple of float, optional
        In place of `wet_dose`: electrons per pixel of a 512-pixel frame [e-/px], log-uniform.
    liquid : tuple of float
        Thickness [nm], uniform.
    blur_per_micrometre : tuple of float
        Blur [nm] per µm of liquid.
    largest_blur : float, optional
        Largest blur as a share of the mean diameter. A field whose particles are blurred beyond
        recognition teaches a network only to show nothing.
    floor : tuple of float
    vignette, gradient, mottling : tuple of float
        Ranges for the wet frames; dry frames get a tenth of the vignette and mottling and no
        gradient, as from a beam that is spread more evenly when the dose does not matter.
    sharing : tuple of float
        Range of the camera's sharing between neighbours.
    published_mtf : float
        Share of cameras with the published modulation transfer instead.
    gain : tuple of float
        Counts per electron, log-uniform.
    variety : Variety
        What else varies; frames of the paper's sample stay plain.
    """

    widths: tuple[float, ...] = (5120.0, 2560.0, 512.0)
    continuous_width: bool = False
    diameters: tuple[float, float] = (100.0, 0.1)
    diameter_pixels: tuple[float, float] | None = None
    shape_weights: dict[str, float] = field(
        default_factory=lambda: {
            "truncated octahedron": 3, "cuboctahedron": 3, "icosahedron": 2, "decahedron": 1,
            "octahedron": 0.5, "hexagonal plate": 0.3, "triangular plate": 0.3, "sphere": 0.2,
        }
    )  # fmt: skip
    attenuation_lengths: tuple[float, float] = (35.0, 85.0)
    number: tuple[float, float] = (1.0, 12.0)
    empty: float = 0.0
    clustered: float = 0.4
    faint: float = 0.0
    upper: float = 0.0
    wet_dose: tuple[float, float] = (1.0, 1000.0)
    wet_electrons: tuple[float, float] | None = None
    dry_dose: tuple[float, float] = (1e4, 5e4)
    liquid: tuple[float, float] = (500.0, 7000.0)
    blur_per_micrometre: tuple[float, float] = (2.5, 5.0)
    largest_blur: float | None = None
    floor: tuple[float, float] = (0.1, 0.45)
    vignette: tuple[float, float] = (0.0, 0.3)
    gradient: tuple[float, float] = (1.0, 1.2)
    mottling: tuple[float, float] = (0.0, 0.02)
    sharing: tuple[float, float] = (0.0, 0.12)
    published_mtf: float = 0.2
    gain: tuple[float, float] = (0.5, 20.0)
    variety: Variety = PLAIN


PAPER = Recipe()
WIDE = Recipe(
    widths=(500.0, 8000.0),
    continuous_width=True,
    diameter_pixels=(6.0, 90.0),
    shape_weights={
        "truncated octahedron": 3, "cuboctahedron": 3, "icosahedron": 2, "decahedron": 1,
        "octahedron": 1, "cube": 1.5, "hexagonal plate": 1, "triangular plate": 1, "rod": 1.5,
        "long rod": 1, "sphere": 2,
    },
    attenuation_lengths=(25.0, 160.0),
    number=(1.0, 60.0),
    empty=0.18,
    clustered=0.45,
    upper=0.15,
    wet_electrons=(0.7, 3000.0),
    largest_blur=0.35,
    vignette=(0.0, 0.5),
    gradient=(1.0, 2.5),
    mottling=(0.0, 0.04),
    sharing=(0.0, 0.2),
)  # fmt: skip
BROAD = replace(
    WIDE,
    widths=(300.0, 8000.0),
    diameter_pixels=(4.0, 160.0),
    number=(1.0, 300.0),
    empty=0.12,
    faint=0.35,
    wet_electrons=(0.25, 5000.0),
    floor=(0.02, 0.5),
    mottling=(0.0, 0.06),
    variety=EVERYTHING,
)
#: The same scenes, with the noise of real cameras and resampling.
BROADER = replace(BROAD, variety=replace(EVERYTHING, ringing=0.3, streaked=0.4))
RECIPES = {
    "paper": (PAPER,),
    "wide": (WIDE,),
    "mixed": (WIDE, WIDE, PAPER),
    "broad": (BROAD, BROAD, BROAD, PAPER),
    "broader": (BROADER, BROADER, BROADER, PAPER),
}


def recipes_by_name(name: str) -> tuple[Recipe, ...]:
    """Recipes called `name`; every scene is drawn from one of them, each as likely as another.

    Parameters
    ----------
    name : str
        A name of `RECIPES`.

    Returns
    -------
    tuple of Recipe

    Raises
    ------
    InputError
        If there is no recipe of that name.
    """
    if name not in RECIPES:
        raise InputError(f"a recipe of {', '.join(RECIPES)}", repr(name), "Use one of these names.")
    return RECIPES[name]


def _log_uniform(rng: np.random.Generator, low: float, high: float) -> float:
    return float(np.exp(rng.uniform(np.log(low), np.log(high))))


def draw_scene(recipe: Recipe, rng: np.random.Generator) -> Scene:
    """Draw a scene.

    Parameters
    ----------
    recipe : Recipe
    rng : numpy.random.Generator

    Returns
    -------
    Scene
    """
    if recipe.continuous_width:
        width = _log_uniform(rng, *recipe.widths)
    else:
        width = float(rng.choice(recipe.widths))
    if rng.random() < recipe.empty:
        return Scene(width, ())
    if recipe.diameter_pixels is None:
        mean, spread = recipe.diameters
    else:
        mean = _log_uniform(rng, *recipe.diameter_pixels) * width / 512
        spread = rng.uniform(0.03, 0.3)
    # A field that the particles would cover is not the background-rich image of the paper.
    crowd = 0.3 * width**2 / mean**2
    groups = round(min(_log_uniform(rng, *recipe.number), max(crowd / 4, 1)))
    two_layers = rng.random() < recipe.upper
    names = list(recipe.shape_weights)
    weights = np.array([recipe.shape_weights[name] for name in names], float)
    # One batch of particles has one or two habits, not all of them.
    habits = rng.choice(names, 2, p=weights / weights.sum())
    # Attenuation lengths are those of gold for 100 nm particles. Where the diameter is scaled in
    # pixels, thickness is scaled with it, or small particles would vanish and large ones be black.
    length = rng.uniform(*recipe.attenuation_lengths)
    if recipe.faint and rng.random() < recipe.faint:
        length *= _log_uniform(rng, 2, 8)
    if recipe.diameter_pixels is not None:
        length *= mean / 100
    flat = rng.random() < 0.5
    particles: list[Particle] = []
    for group in range(groups):
        members = _members(recipe, rng)
        direction = rng.uniform(0, 2 * np.pi) if rng.random() < 0.3 else None
        upper = two_layers and rng.random() < 0.5
        # One group lies well inside, so that a field is empty only where the recipe says so.
        inset = 0 if group else 0.15 * width
        centres = _group(members, direction, rng) * mean
        centres += rng.uniform(inset, width - inset, 2)
        for x, y in centres:
            shape = str(rng.choice(habits))
            diameter = mean * float(np.clip(rng.normal(1, spread), 0.4, 1.8))
            rotation = shapes.orientation(shape, rng, flat)
            particles.append(Particle(float(x), float(y), diameter, shape, rotation, length, upper))
    return Scene(width, tuple(particles))


def _members(recipe: Recipe, rng: np.random.Generator) -> int:
    if rng.random() > recipe.clustered:
        return 1
    return round(_log_uniform(rng, 2, 16))


def _group(members: int, direction: float | None, rng: np.random.Generator) -> np.ndarray:
    """Centres of touching particles about the first one [diameters]: a cluster, or a chain."""
    centres = np.zeros((members, 2))
    for i in range(1, members):
        if direction is None:
            parent = rng.integers(i)
            angle = rng.uniform(0, 2 * np.pi)
        else:
            parent = i - 1
            direction += rng.normal(0, 0.5)
            angle = direction
        # Less than one diameter: the neighbour sits partly on top.
        distance = rng.uniform(0.7, 1.05)
        centres[i] = centres[parent] + distance * np.array([np.cos(angle), np.sin(angle)])
    return centres


def draw_dry(recipe: Recipe, rng: np.random.Generator, least_dose: float = 0.0) -> Acquisition:
    """Draw how the dry frame, the truth, is taken.

    Parameters
    ----------
    recipe : Recipe
    rng : numpy.random.Generator
    least_dose : float
        [e-/nm²]

    Returns
    -------
    Acquisition
    """
    dose = max(_log_uniform(rng, *recipe.dry_dose), least_dose)
    return Acquisition(
        dose=dose,
        blur=rng.uniform(0.5, 2.0),
        upper_blur=rng.uniform(0.5, 4.0),
        floor=rng.uniform(0.02, 0.2),
        illumination=_illumination(recipe, rng, dim=0.1),
        camera=_camera(recipe, rng),
    )


def draw_wet(recipe: Recipe, scene: Scene, rng: np.random.Generator) -> Acquisition:
    """Draw how the wet frame of a scene, the noisy image, is taken.

    Parameters
    ----------
    recipe : Recipe
    scene : Scene
    rng : numpy.random.Generator

    Returns
    -------
    Acquisition
    """
    if recipe.wet_electrons is None:
        dose = _log_uniform(rng, *recipe.wet_dose)
    else:
        dose = _log_uniform(rng, *recipe.wet_electrons) * (512 / scene.width) ** 2
    liquid = rng.uniform(*recipe.liquid)
    blur = liquid_blur(liquid, rng.uniform(*recipe.blur_per_micrometre))
    if recipe.largest_blur is not None and scene.particles:
        mean = np.mean([particle.diameter for particle in scene.particles])
        blur = min(blur, recipe.largest_blur * float(mean))
    return Acquisition(
        dose=dose,
        liquid=liquid,
        blur=blur,
        upper_blur=blur * rng.uniform(1.5, 3),
        floor=rng.uniform(*recipe.floor),
        illumination=_illumination(recipe, rng, dim=1.0),
        camera=_camera(recipe, rng),
    )


def _illumination(recipe: Recipe, rng: np.random.Generator, dim: float) -> Illumination:
    return Illumination(
        vignette=dim * rng.uniform(*recipe.vignette),
        centre=(rng.uniform(0.3, 0.7), rng.uniform(0.3, 0.7)),
        gradient=1 + (rng.uniform(*recipe.gradient) - 1 if dim == 1 else 0),
        angle=rng.uniform(0, 2 * np.pi),
        mottling=dim * rng.uniform(*recipe.mottling),
        seed=int(rng.integers(2**31)),
    )


def _camera(recipe: Recipe, rng: np.random.Generator) -> Camera:
    if rng.random() < recipe.published_mtf:
        frequency = np.arange(1, 6) / 10
        kernel = kernel_from_mtf(frequency, np.array(PUBLISHED_MTF))
    else:
        kernel = three_tap(rng.uniform(*recipe.sharing))
    gain = _log_uniform(rng, *recipe.gain)
    return Camera(
        gain=gain,
        spread=rng.uniform(0.3, 0.9),
        kernel=kernel,
        offset=gain * rng.choice([0.0, rng.uniform(-1, 1)]),
        read_noise=gain * rng.uniform(0.0, 0.6),
        row_noise=gain * rng.choice([0.0, rng.uniform(0, 0.15)]),
        pattern_seed=int(rng.integers(2**31)),
    )


def facts(acquisition: Acquisition, pixel_size: float) -> dict[str, float]:
    """Plain numbers that describe how a frame was taken.

    Parameters
    ----------
    acquisition : Acquisition
    pixel_size : float
        [nm]

    Returns
    -------
    dict of float
        ``dose`` and ``incident_dose`` [e-/nm²], ``pixel_size``, ``liquid`` and ``blur`` [nm],
        ``floor`` [1], ``gain`` [counts/e-].
    """
    return {
        "dose": acquisition.dose,
        "pixel_size": pixel_size,
        "liquid": acquisition.liquid,
        "blur": acquisition.blurs[0],
        "floor": acquisition.floor,
        "incident_dose": acquisition.incident_dose,
        "gain": acquisition.camera.gain,
    }
