"""From electrons to camera counts."""

from __future__ import annotations

from dataclasses import dataclass, field

import cv2
import numpy as np

#: Above this mean number of electrons per pixel the sum of their signals is drawn from a normal
#: distribution of the same mean and variance; the skewness it drops is below 0.3.
NORMAL_FROM = 60.0


def three_tap(sharing: float) -> np.ndarray:
    """Kernel of a pixel that gives the share `sharing` of its signal to either neighbour.

    Its modulation transfer function is MTF(f) = 1 - 2 a (1 - cos 2πf), a = `sharing`.

    Parameters
    ----------
    sharing : float
        Share per neighbour and axis, 0 to 0.25.

    Returns
    -------
    ndarray, (3,)
    """
    return np.array([sharing, 1 - 2 * sharing, sharing])


def gaussian_kernel(sigma: float) -> np.ndarray:
    """Kernel (K,) of a camera or an interpolation that blurs by a Gaussian of `sigma` [px]."""
    taps = 2 * max(1, int(np.ceil(3 * sigma))) + 1
    return cv2.getGaussianKernel(taps, sigma)[:, 0]


def kernel_from_mtf(frequency: np.ndarray, mtf: np.ndarray, taps: int = 7) -> np.ndarray:
    """Symmetric kernel whose transfer function fits a measured one, with sum 1.

    Least squares on MTF(f) = k_0 + 2 Σ_j k_j cos(2πfj).

    Parameters
    ----------
    frequency : ndarray, (F,)
        Spatial frequencies [cycles per pixel], 0 to 0.5.
    mtf : ndarray, (F,)
        Measured modulation transfer.
    taps : int
        Odd length of the kernel.

    Returns
    -------
    ndarray, (taps,)
    """
    order = np.arange(taps // 2 + 1)
    design = np.cos(2 * np.pi * np.outer(np.r_[0, frequency], order)) * np.where(order, 2, 1)
    # The first row, MTF(0) = 1, is weighted to hold: a camera does not lose signal to sharing.
    weight = np.r_[1e3, np.ones(len(frequency))]
    half, *_ = np.linalg.lstsq(design * weight[:, None], np.r_[1.0, mtf] * weight, rcond=None)
    kernel = np.r_[half[:0:-1], half]
    return kernel / kernel.sum()


@dataclass(frozen=True)
class Camera:
    """A scintillator camera behind a liquid cell.

    The chain is: Poisson electrons, spread of the light per electron, sharing between neighbours
    (modulation transfer), pixel and column gain error, gain, offset, read noise, hot pixels,
    clipping, rounding (Larsen et al. 2023; Yao et al. 2020).

    Attributes
    ----------
    gain : float
        Counts per electron.
    spread : float
        Coefficient of variation of the signal of one electron.
    kernel : ndarray, (K,)
        Sharing between neighbours, applied along both axes.
    offset : float
        Counts without electrons; may be negative where the dark reference was taken too high.
    read_noise : float
        Standard deviation of the read-out [counts].
    row_noise : float
        Standard deviation of the offset of a row [counts].
    pixel_gain_error, column_gain_error : float
        Relative standard deviation of what the gain reference left, in the frame as stored: a
        camera of 4,096 pixels with 1.5 % per pixel and 0.5 % per column has 0.2 % and 0.2 % after
        averaging 8 × 8 of them.
    hot_pixels : float
        Share of pixels that read several times too high.
    maximum : int
        Largest count.
    pattern_seed : int
        Seed of the gain errors and hot pixels, which stay the same from frame to frame.
    """

    gain: float = 1.0
    spread: float = 0.7
    kernel: np.ndarray = field(default_factory=lambda: three_tap(0.075))
    offset: float = 0.0
    read_noise: float = 0.5
    row_noise: float = 0.0
    pixel_gain_error: float = 0.002
    column_gain_error: float = 0.002
    hot_pixels: float = 2e-5
    maximum: int = 65535
    pattern_seed: int = 0

    def expose(self, electrons: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """One frame.

        Parameters
        ----------
        electrons : ndarray, (H, W)
            Mean number of electrons per pixel [e-/px].
        rng : numpy.random.Generator

        Returns
        -------
        ndarray, (H, W), uint16
            Counts.
        """
        signal = _deposit(electrons, self.spread, rng)
        signal = cv2.sepFilter2D(
            signal, -1, self.kernel, self.kernel, borderType=cv2.BORDER_REFLECT_101
        )
        signal *= self._pattern(electrons.shape) * np.float32(self.gain)
        signal += np.float32(self.offset)
        if self.read_noise:
            signal += self.read_noise * rng.standard_normal(signal.shape, np.float32)
        if self.row_noise:
            signal += self.row_noise * rng.standard_normal((signal.shape[0], 1), np.float32)
        return np.clip(np.rint(signal), 0, self.maximum).astype(np.uint16)

    def _pattern(self, shape: tuple[int, int]) -> np.ndarray:
        rng = np.random.default_rng(self.pattern_seed)
        pattern = 1 + self.pixel_gain_error * rng.standard_normal(shape, np.float32)
        pattern += self.column_gain_error * rng.standard_normal((1, shape[1]), np.float32)
        hot = rng.integers(0, pattern.size, rng.poisson(self.hot_pixels * pattern.size))
        pattern.flat[hot] *= rng.uniform(2, 5, hot.size).astype(np.float32)
        return pattern


def _deposit(electrons: np.ndarray, spread: float, rng: np.random.Generator) -> np.ndarray:
    """Signal per pixel [electrons' mean signal]: Poisson number, gamma-distributed signal each."""
    if electrons.min() < NORMAL_FROM:
        number = rng.poisson(electrons)
        if not spread:
            return number.astype(np.float32)
        # n gamma variables of shape k add up to one of shape n k.
        k = 1 / spread**2
        return rng.standard_gamma(number.astype(np.float32) * np.float32(k), dtype=np.float32) / k
    mean = np.asarray(electrons, np.float32)
    noise = rng.standard_normal(mean.shape, np.float32)
    return mean + np.sqrt(mean * np.float32(1 + spread**2)) * noise
