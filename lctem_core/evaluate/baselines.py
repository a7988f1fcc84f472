"""What a microscopist would do without a trained network, and the scale to compare it in.

Each method takes an image (H, W) of any real type and returns float32 in the same scale. How much
noise there is they estimate from the image itself, as they would have to in use.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import cv2
import numpy as np
from scipy import ndimage

from lctem_core.errors import InputError
from lctem_core.evaluate import metrics
from lctem_core.io.frames import check_image
from lctem_core.refine.preprocess import Stretch

#: Side of the blocks from which the noise is estimated, and how far its correlation may reach [px].
BLOCK, REACH = 32, 4


def gaussian(image: np.ndarray, sigma: float = 2.0) -> np.ndarray:
    """Gaussian filter of standard deviation `sigma` [px]."""
    image = _checked(image)
    if not sigma > 0:
        raise InputError("a width above 0 pixels", str(sigma), "2 is usual.")
    return cv2.GaussianBlur(image, (0, 0), sigma)


def median(image: np.ndarray, size: int = 5) -> np.ndarray:
    """Median over `size` × `size` pixels, `size` odd."""
    image = _checked(image)
    if size < 1 or size % 2 != 1:
        raise InputError("an odd number of pixels", str(size), "5 is usual.")
    return ndimage.median_filter(image, size, mode="mirror")


def non_local_means(image: np.ndarray, strength: float = 0.8) -> np.ndarray:
    """Non-local means (Buades et al. 2005), patches of 5 pixels searched within 6.

    Parameters
    ----------
    image : ndarray, (H, W)
    strength : float
        Width of the weights over the noise's standard deviation; 0.8 is what scikit-image
        recommends for its fast mode with known noise.

    Returns
    -------
    ndarray, (H, W), float32
    """
    from skimage.restoration import denoise_nl_means

    image = _checked(image)
    sigma = noise_sigma(image)
    return denoise_nl_means(
        image, h=strength * sigma, sigma=sigma, patch_size=5, patch_distance=6, fast_mode=True
    ).astype(np.float32)


def bm3d(image: np.ndarray, profile: str = "np", correlated: bool = True) -> np.ndarray:
    """BM3D (Dabov et al. 2007) in its authors' implementation for correlated noise.

    It assumes Gaussian noise of one power spectrum everywhere, here that of `noise_psd`. Noise of
    counted electrons is weaker within dark particles; that BM3D does not know.

    Parameters
    ----------
    image : ndarray, (H, W)
    profile : str
        ``np``, the authors' normal profile, or ``lc``, their low-complexity one: about three times
        faster.
    correlated : bool
        Use the spectrum; otherwise white noise of the same variance.

    Returns
    -------
    ndarray, (H, W), float32

    Notes
    -----
    The package `bm3d` is not free software: its licence allows non-commercial use only. Nothing
    else here needs it.
    """
    try:
        import bm3d as package
    except ImportError as error:
        raise InputError(
            "the package bm3d", "none installed", "pip install bm3d; its licence: non-commercial."
        ) from error
    profiles = {"np": package.BM3DProfile, "lc": package.BM3DProfileLC}
    if profile not in profiles:
        raise InputError("a profile np or lc", repr(profile), "lc is the faster one.")
    image = _checked(image)
    # Its block matching compares with thresholds for images in [0, 1].
    stretch = Stretch.between(image, clip=(-np.inf, np.inf), checked=True)
    scaled = stretch.apply(image).astype(float)
    noise = noise_psd(scaled)
    level = noise if correlated else float(np.sqrt(noise.mean() / noise.size))
    with _trapz():
        clean = package.bm3d(scaled, level, profiles[profile]())
    return stretch.undo(clean).astype(np.float32)


@contextmanager
def _trapz() -> Iterator[None]:
    """Give NumPy its `trapz` back for a while: bm4d 4.2.5 calls it, NumPy 2.4 has it no more."""
    if hasattr(np, "trapz"):
        yield
        return
    np.trapz = np.trapezoid  # noqa: NPY201
    try:
        yield
    finally:
        del np.trapz  # noqa: NPY201


#: Methods by name, each image -> image of the same shape and scale.
BASELINES: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "Gaussian": gaussian,
    "median": median,
    "non-local means": non_local_means,
    "BM3D": bm3d,
}


def noise_psd(image: np.ndarray) -> np.ndarray:
    """Power spectrum of the noise, estimated from one image with something in it.

    The image is cut into overlapping blocks, and of every frequency the median power over the
    blocks is taken: blocks with an edge in them are fewer than those without. The median of an
    exponential distribution, which the power of noise has, is ln 2 of its mean. Slow brightness
    changes fill the two lowest frequencies, which get the value of the next ones. Correlation
    beyond four pixels, as of row noise, is cut off.

    Parameters
    ----------
    image : ndarray, (H, W)
        At least 64 × 64 pixels.

    Returns
    -------
    ndarray, (H, W)
        Expected squared modulus of the noise's discrete Fourier transform [image units²]; its mean
        over H W is the variance.
    """
    image = _checked(image)
    taper = np.hanning(BLOCK + 2)[1:-1]
    window = np.outer(taper, taper)
    window /= np.sqrt((window**2).sum())
    blocks = np.lib.stride_tricks.sliding_window_view(image, (BLOCK, BLOCK))
    blocks = blocks[:: BLOCK // 2, :: BLOCK // 2].reshape(-1, BLOCK, BLOCK)
    blocks = blocks - blocks.mean(axis=(1, 2), keepdims=True)
    power = np.median(np.abs(np.fft.fft2(blocks * window)) ** 2, axis=0) / np.log(2)
    index = np.abs(np.fft.fftfreq(BLOCK, 1 / BLOCK))
    radius = np.maximum(*np.meshgrid(index, index))
    power[radius <= 2] = np.median(power[radius == 3])
    covariance = np.fft.ifft2(power).real
    near = np.r_[0 : REACH + 1, -REACH:0]
    wide = np.zeros(image.shape)
    wide[np.ix_(near, near)] = covariance[np.ix_(near, near)]
    spectrum = np.fft.fft2(wide).real * image.size
    return np.maximum(spectrum, 1e-3 * covariance[0, 0] * image.size)


def noise_sigma(image: np.ndarray) -> float:
    """Standard deviation of the noise [image units], whether or not it is correlated."""
    return float(np.sqrt(noise_psd(image).mean() / np.size(image)))


def fitted(image: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """Image, scaled and shifted to be nearest to its truth in the sense of least squares.

    A filter does not know the grey scale of the truth, which would count against it.

    Parameters
    ----------
    image, truth : ndarray, (H, W)

    Returns
    -------
    ndarray, (H, W), float32
        In the truth's scale; its mean everywhere if the image is constant.
    """
    # In double precision: the variance of a strongly blurred image is small.
    x, y = (np.asarray(one, float) for one in (image, truth))
    if x.shape != y.shape:
        raise InputError("two images of one shape", f"{x.shape} and {y.shape}", "Crop one.")
    centred = x - x.mean()
    power = np.mean(centred**2)
    slope = np.mean(centred * (y - y.mean())) / power if power else 0.0
    return (slope * centred + y.mean()).astype(np.float32)


def contrast_scores(image: np.ndarray, truth: np.ndarray, window: int = 11) -> dict[str, float]:
    """PSNR and SSIM of an image that was fitted to its truth, in units of the truth's contrast.

    Parameters
    ----------
    image, truth : ndarray, (H, W)
        In any scales.
    window : int
        Side of the window of the SSIM [px], odd.

    Returns
    -------
    dict of float
        ``psnr`` [dB], the data range being the greatest less the least value of the truth; ``ssim``
        with the truth stretched to [0, 1] and the fitted image clipped to it.

    Raises
    ------
    InputError
        For different shapes, or a truth that is constant and has no contrast.
    """
    x, y = _in_contrast(image, truth)
    return {
        "psnr": float(metrics.psnr(x, y, data_range=1.0)),
        "ssim": float(metrics.ssim(np.clip(x, 0, 1), np.clip(y, 0, 1), window)),
    }


def contrast_psnr(image: np.ndarray, truth: np.ndarray) -> float:
    """The PSNR of `contrast_scores` alone [dB], which takes a tenth of the time."""
    return float(metrics.psnr(*_in_contrast(image, truth), data_range=1.0))


def _in_contrast(image: np.ndarray, truth: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    low, high = float(np.min(truth)), float(np.max(truth))
    if not low < high:
        raise InputError(
            "a truth that varies", f"the value {low} everywhere", "Leave empty fields out."
        )
    scale = high - low
    return tuple((one.astype(np.float64) - low) / scale for one in (fitted(image, truth), truth))


def _checked(image: np.ndarray) -> np.ndarray:
    return np.ascontiguousarray(check_image(image), np.float32)
