"""How well a particle can be located, and a thickness measured, with a given dose and tilt."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from lctem_core.cell.locate import locate
from lctem_core.cell.parallax import distance_limit, fit_displacement
from lctem_core.errors import InputError
from lctem_core.simulate.optics import (
    Acquisition,
    Particle,
    Scene,
    acquire,
    fit_gain,
    optical_depth,
    transmission,
)


@dataclass(frozen=True)
class Spot:
    """One round particle alone in the middle of a field, as the camera sees it.

    Attributes
    ----------
    diameter : float
        [nm]
    pixel_size : float
        [nm]
    acquisition : Acquisition
        With `upper`, the particle gets its `upper_blur`.
    upper : bool
        On the upper membrane.
    """

    diameter: float
    pixel_size: float
    acquisition: Acquisition
    upper: bool = False

    @property
    def size(self) -> int:
        """Pixels on a side of the field: six diameters, with room for the blur."""
        lower, upper = self.acquisition.blurs
        width = 6 * self.diameter + 6 * (upper if self.upper else lower)
        return max(int(np.ceil(width / self.pixel_size)), 64)

    def depth(self, x: float = 0.0, y: float = 0.0) -> np.ndarray:
        """Optical depth with the particle shifted from the middle [nm], (N, N)."""
        width = self.size * self.pixel_size
        particle = Particle(width / 2 + x, width / 2 + y, self.diameter, "sphere", np.eye(3))
        return optical_depth(Scene(width, (particle,)), self.size)

    def electrons(self, x: float = 0.0, y: float = 0.0) -> np.ndarray:
        """Mean electrons per pixel [e-/px], (N, N)."""
        bright = transmission(self.depth(x, y), self._acquisition, self.pixel_size, None)
        return bright * self.acquisition.dose * self.pixel_size**2

    @property
    def _acquisition(self) -> Acquisition:
        lower, upper = self.acquisition.blurs
        one = replace(self.acquisition, blur=upper if self.upper else lower)
        return fit_gain(one, self.pixel_size)

    def at_dose(self, dose: float) -> Spot:
        """The same with another dose in the background [e-/nm²]."""
        return replace(self, acquisition=replace(self.acquisition, dose=dose))

    def limit(self) -> float:
        """Least standard error of a coordinate [nm], the Cramér–Rao bound.

        Σ (∂μ/∂x)² / ((1 + s²) μ) is the information that Poisson electrons of mean μ per pixel,
        each with a signal of relative spread s, hold on x. Sharing between pixels changes signal
        and noise alike and takes no information away; read noise and unevenness are left out.
        """
        step = 0.1 * self.pixel_size
        slope = (self.electrons(step) - self.electrons(-step)) / (2 * step)
        noise = (1 + self.acquisition.camera.spread**2) * self.electrons()
        return float(1 / np.sqrt(np.sum(slope.astype(float) ** 2 / noise)))

    def trials(self, number: int, rng: np.random.Generator) -> np.ndarray:
        """Errors of the located coordinates in simulated frames [nm], (number found, 2).

        Every frame has the particle at a random place within a pixel. Frames in which nothing is
        found count as lost: the result is then shorter.
        """
        found = []
        for _ in range(number):
            place = self.pixel_size * rng.uniform(-0.5, 0.5, 2)
            image = acquire(self.depth(*place), self._acquisition, self.pixel_size, rng)
            try:
                spots = locate(image, self.diameter / self.pixel_size)
            except InputError:  # too noisy
                continue
            true = (self.size - 1) / 2 + place / self.pixel_size
            error = spots.positions - true
            found.append(error[np.hypot(*error.T).argmin()] * self.pixel_size)
        return np.array(found).reshape(-1, 2)


@dataclass(frozen=True)
class Design:
    """Angles of a tilt series: `number` of them, evenly from -`largest` to `largest` [°]."""

    largest: float
    number: int

    @property
    def angles(self) -> np.ndarray:
        """[°], (number,)."""
        return np.linspace(-self.largest, self.largest, self.number)

    def error(
        self,
        distance: float,
        localisation: float,
        *,
        particles: int = 1,
        angle_error: float = 0.0,
        scale_error: float = 0.0,
    ) -> float:
        """Standard error of a distance that this design gives [nm].

        Three parts are added in quadrature: the localisation of Q and of R, in every frame and
        for every pair; the stage missing each angle by itself, which moves all particles alike by
        t cos θ δθ; and the calibration of the pixel size, which scales the result.

        Parameters
        ----------
        distance : float
            t [nm].
        localisation : float
            Standard error of one coordinate of one particle [nm].
        particles : int
            On each membrane.
        angle_error : float
            Standard deviation of an angle [°].
        scale_error : float
            Relative standard error of the pixel size.

        Returns
        -------
        float
        """
        located = distance_limit(self.angles, np.sqrt(2 / particles) * localisation)
        missed = abs(distance) * distance_limit(self.angles, np.deg2rad(angle_error))
        return float(np.sqrt(located**2 + missed**2 + (scale_error * distance) ** 2))

    def rehearse(
        self,
        number: int,
        sigma: float,
        rng: np.random.Generator,
        *,
        distance: float = 500.0,
        offset: float = 700.0,
    ) -> tuple[float, float]:
        """Fit simulated series of this design, to check what `error` and the intervals promise.

        Parameters
        ----------
        number : int
            Of series.
        sigma : float
            Standard deviation of a relative position p(θ) [nm].
        rng : numpy.random.Generator
        distance, offset : float
            Planted t and p(0) [nm].

        Returns
        -------
        deviation : float
            Standard deviation of the fitted distances [nm].
        covered : float
            Share of the 95 % intervals that hold the planted distance.
        """
        theta = np.deg2rad(self.angles)
        noise = sigma * rng.standard_normal((number, len(theta)))
        series = offset * np.cos(theta) + distance * np.sin(theta) + noise
        fits = [fit_displacement(self.angles, one) for one in series]
        covered = [fit.interval[0] < distance < fit.interval[1] for fit in fits]
        return float(np.std([fit.distance for fit in fits])), float(np.mean(covered))
