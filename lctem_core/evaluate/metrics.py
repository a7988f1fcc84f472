"""How alike two images are: structural similarity, PSNR, and the losses made of them.

Images are in [0, 1]; tensors are (N, 1, H, W). The structural similarity (SSIM) of two windows is

    (2 μx μy + c1) (2 σxy + c2) / ((μx² + μy² + c1) (σx² + σy² + c2)),  c1 = 0.01², c2 = 0.03²

with means μ, variances σ² and covariance σxy over the window; an image's is the mean over all
windows that lie inside it (Wang et al., IEEE Trans. Image Process. 13, 600 (2004), with a uniform
window).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial
from typing import Any, TypeVar

import numpy as np
import torch
import torch.nn.functional as F

from lctem_core.errors import InputError

Images = TypeVar("Images", np.ndarray, torch.Tensor)
Loss = Callable[[torch.Tensor, torch.Tensor], torch.Tensor]

C1, C2 = 0.01**2, 0.03**2
# Area averaging and float32 leave values just outside [0, 1].
_SLACK = 1e-5


def ssim(x: Images, y: Images, window: int = 11) -> float | torch.Tensor:
    """Mean structural similarity with a uniform window.

    Equals scikit-image's ``structural_similarity(x, y, win_size=window, gaussian_weights=False,
    use_sample_covariance=False, data_range=1)``.

    Parameters
    ----------
    x, y : Tensor, (N, 1, H, W), or ndarray, (H, W)
        In [0, 1].
    window : int
        Side of the window [px], odd.

    Returns
    -------
    Tensor or float
        Mean over windows and images: a differentiable scalar tensor for tensors, else a float.

    Raises
    ------
    InputError
        For different shapes, values outside [0, 1], or a window that is even, below 3 or larger
        than the image.
    """
    return _mean(_ssim_each, x, y, window)


def ssim_public_code(x: Images, y: Images, window: int = 11) -> float | torch.Tensor:
    """Mean structural similarity as the public code of the paper computes it.

    There, every pixel has the mean of its own surroundings subtracted before squares are averaged
    over the window; the textbook subtracts the mean of the one window from all its pixels. Hence
    the variances leave out what varies more slowly than the window.

    Parameters
    ----------
    x, y : Tensor, (N, 1, H, W), or ndarray, (H, W)
        In [0, 1]; each side at least ``2 * window - 1``.
    window : int
        Side of the window [px], odd.

    Returns
    -------
    Tensor or float
        As `ssim`.
    """
    return _mean(_public_each, x, y, window)


def psnr(x: Images, y: Images, data_range: float | None = None) -> float | torch.Tensor:
    """Peak signal-to-noise ratio, ``10 log10(data_range² / mean((x - y)²))`` [dB].

    Parameters
    ----------
    x, y : Tensor, (N, 1, H, W), or ndarray, (H, W)
        Images.
    data_range : float, optional
        Greatest minus least possible value; may be left out for floats in [0, 1].

    Returns
    -------
    Tensor or float
        Mean over the images of a batch; infinite for equal images.

    Raises
    ------
    InputError
        For different shapes, or values that do not tell their range.
    """
    a, b = _batch(x, y)
    if data_range is None:
        _refuse_to_guess(x, y)
        data_range = 1.0
    elif not data_range > 0:
        raise InputError("a data range above 0", str(data_range), "Give the greatest difference.")
    return _as_given(_psnr_each(a, b, data_range).mean(), x)


def scores(x: Images, y: Images, window: int = 11) -> dict[str, Images]:
    """PSNR [dB] and SSIM of every image.

    Parameters
    ----------
    x, y : Tensor or ndarray, (N, 1, H, W), (N, H, W) or (H, W)
        In [0, 1].
    window : int
        Side of the window of the SSIM [px], odd.

    Returns
    -------
    dict
        ``psnr`` and ``ssim``, (N,) each, of the type given.
    """
    a, b = _batch(x, y)
    _refuse_to_guess(x, y)
    _check_window(window, a)
    with torch.no_grad():
        values = {"psnr": _psnr_each(a, b, 1.0), "ssim": _ssim_each(a, b, window)}
    if isinstance(x, torch.Tensor):
        return values
    return {name: value.numpy() for name, value in values.items()}


def in_contrast(
    x: torch.Tensor, truth: torch.Tensor, least: float = 0.05
) -> tuple[torch.Tensor, torch.Tensor]:
    """Both images in units of the truth's contrast: its darkest place becomes 0, its brightest 1.

    Noisy frames are stretched by their percentiles, so that the contrast of the truth within them
    is anything from 1 to a few hundredths. A loss in these units weighs a faint frame like a clear
    one.

    Parameters
    ----------
    x, truth : Tensor, (N, 1, H, W)
        Sides divisible by 4.
    least : float
        Least contrast: the truth of an empty field has none.

    Returns
    -------
    x, truth : Tensor, (N, 1, H, W)
    """
    pooled = F.avg_pool2d(truth.detach(), 4)
    low, high = (f(pooled, dim=(1, 2, 3), keepdim=True) for f in (torch.amin, torch.amax))
    contrast = (high - low).clamp_min(least)
    return (x - low) / contrast, (truth - low) / contrast


def loss_by_name(name: str, window: int = 11) -> Loss:
    """Loss function of two tensors (N, 1, H, W) in [0, 1].

    Parameters
    ----------
    name : str
        ``ssim`` (1 - SSIM), ``l1`` (mean absolute difference), ``l2`` (mean squared difference),
        ``psnr`` (1 - PSNR / 50 dB, image by image, so that a clear frame counts as much as a noisy
        one), ``ssim+l1`` or ``ssim+psnr`` (sums).
    window : int
        Side of the window of the SSIM [px], odd.

    Returns
    -------
    callable
        (refined, truth) -> scalar tensor. It does not look at the range of the values.

    Raises
    ------
    InputError
        For another name or an even window.
    """
    if name not in _LOSSES:
        raise InputError(f"a loss of {', '.join(_LOSSES)}", repr(name), "Use one of these names.")
    _check_window(window)
    return partial(_loss, name, window)


def _loss(name: str, window: int, x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    a, b = _batch(x, y)
    if "ssim" in name:
        _check_window(window, a)
    return _LOSSES[name](a, b, window)


_LOSSES: dict[str, Callable[[torch.Tensor, torch.Tensor, int], torch.Tensor]] = {
    "ssim": lambda x, y, window: 1 - _ssim_each(x, y, window).mean(),
    "l1": lambda x, y, window: F.l1_loss(x, y),
    "l2": lambda x, y, window: F.mse_loss(x, y),
    "psnr": lambda x, y, window: _psnr_loss(x, y),
    "ssim+psnr": lambda x, y, window: 1 - _ssim_each(x, y, window).mean() + _psnr_loss(x, y),
    "ssim+l1": lambda x, y, window: 1 - _ssim_each(x, y, window).mean() + F.l1_loss(x, y),
}


def _ssim_each(x: torch.Tensor, y: torch.Tensor, window: int) -> torch.Tensor:
    """SSIM of every image, (N, 1, H, W) -> (N,)."""
    means = _WindowMeans.apply
    # E[x²] - E[x]² loses digits where the mean is large against the spread. Taking the image's own
    # mean off first changes neither variance nor covariance; hence it needs no gradient.
    x0, y0 = (image.detach().mean((1, 2, 3), keepdim=True) for image in (x, y))
    dx, dy = x - x0, y - y0
    mx, my = means(dx, window), means(dy, window)
    xx = means(dx * dx, window) - mx * mx
    yy = means(dy * dy, window) - my * my
    xy = means(dx * dy, window) - mx * my
    return _similarity(mx + x0, my + y0, xx, yy, xy)


def _public_each(x: torch.Tensor, y: torch.Tensor, window: int) -> torch.Tensor:
    """SSIM of the public code of every image, (N, 1, H, W) -> (N,)."""
    means = _WindowMeans.apply
    margin = (window - 1) // 2
    inside = np.s_[..., margin:-margin, margin:-margin]
    mx, my = means(x, window), means(y, window)
    dx, dy = x[inside] - mx, y[inside] - my
    xx, yy, xy = means(dx * dx, window), means(dy * dy, window), means(dx * dy, window)
    return _similarity(mx[inside], my[inside], xx, yy, xy)


def _similarity(
    mx: torch.Tensor, my: torch.Tensor, xx: torch.Tensor, yy: torch.Tensor, xy: torch.Tensor
) -> torch.Tensor:
    """SSIM from means, variances and covariance, averaged over the windows of each image."""
    ratio = (2 * mx * my + C1) * (2 * xy + C2) / ((mx * mx + my * my + C1) * (xx + yy + C2))
    return ratio.mean((1, 2, 3))


class _WindowMeans(torch.autograd.Function):
    """Means over all windows that lie inside, (N, 1, H, W) -> (N, 1, H - w + 1, W - w + 1).

    Several times faster on a CPU than average pooling, whose cost and backward pass dominated the
    training of small networks.
    """

    @staticmethod
    def forward(context: Any, x: torch.Tensor, window: int) -> torch.Tensor:
        context.window = window
        return _sums(_sums(x, window, -2), window, -1) / window**2

    @staticmethod
    def backward(context: Any, gradient: torch.Tensor) -> tuple[torch.Tensor, None]:
        # A pixel gets the gradients of the windows it lies in: windows over the padded gradient.
        margin = context.window - 1
        padded = F.pad(gradient, (margin,) * 4)
        return _WindowMeans.apply(padded, context.window), None


def _sums(x: torch.Tensor, window: int, dim: int) -> torch.Tensor:
    """Sums over `window` neighbours from sums over 1, 2, 4, … as the window has binary digits."""
    length = x.shape[dim] - window + 1
    total, begin, width = None, 0, 1
    while True:
        if window & width:
            part = x.narrow(dim, begin, length)
            total = part.clone() if total is None else total.add_(part)
            begin += width
        if 2 * width > window:
            return total
        count = x.shape[dim] - width
        x = x.narrow(dim, 0, count) + x.narrow(dim, width, count)
        width *= 2


def _psnr_each(x: torch.Tensor, y: torch.Tensor, data_range: float) -> torch.Tensor:
    return 10 * torch.log10(data_range**2 / (x - y).square().mean((1, 2, 3)))


def _psnr_loss(x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    # Ends at 50 dB: a perfect image would have an infinite one.
    return 1 + 0.2 * torch.log10((x - y).square().mean((1, 2, 3)) + 1e-5).mean()


def _mean(
    each: Callable[[torch.Tensor, torch.Tensor, int], torch.Tensor],
    x: Images,
    y: Images,
    window: int,
) -> float | torch.Tensor:
    a, b = _batch(x, y)
    _refuse_to_guess(x, y)
    _check_window(window, a, public=each is _public_each)
    return _as_given(each(a, b, window).mean(), x)


def _batch(x: Images, y: Images) -> tuple[torch.Tensor, torch.Tensor]:
    """Both as floating tensors (N, 1, H, W), after a look at their shapes."""
    if tuple(x.shape) != tuple(y.shape):
        raise InputError(
            "two images of one shape",
            f"{tuple(x.shape)} and {tuple(y.shape)}",
            "Crop or reduce one.",
        )
    shape = tuple(x.shape)
    if not (len(shape) in (2, 3) or (len(shape) == 4 and shape[1] == 1)) or 0 in shape:
        raise InputError("images (H, W), (N, H, W) or (N, 1, H, W)", str(shape), "Reshape them.")
    return tuple(_floating(image).reshape(-1, 1, *shape[-2:]) for image in (x, y))


def _floating(image: Images) -> torch.Tensor:
    if not isinstance(image, torch.Tensor):
        return torch.from_numpy(np.array(image, np.float64))
    # Half precision has too few digits for variances.
    return image if image.dtype == torch.float64 else image.float()


def _refuse_to_guess(*images: Images) -> None:
    for image in images:
        whole = "int" in str(image.dtype) or "bool" in str(image.dtype)
        if isinstance(image, torch.Tensor):
            image = image.detach()
        least, greatest = float(image.min()), float(image.max())
        if math.isnan(least + greatest):
            raise InputError(
                "finite images", f"{image.dtype} with NaN or infinite values",
                "A network that returns these has diverged: lower its learning rate.",
            )  # fmt: skip
        if whole or least < -_SLACK or greatest > 1 + _SLACK:
            raise InputError(
                "floating-point images in [0, 1]",
                f"{image.dtype} from {least:g} to {greatest:g}",
                "Divide both by the same range first; psnr also takes a data_range.",
            )


def _check_window(window: int, x: torch.Tensor | None = None, public: bool = False) -> None:
    if window < 3 or window % 2 != 1:
        raise InputError("an odd window of 3 pixels or more", str(window), "11 is usual.")
    need = 2 * window - 1 if public else window
    if x is not None and min(x.shape[-2:]) < need:
        raise InputError(
            f"images of at least {need} × {need} pixels for a window of {window}",
            f"{x.shape[-2]} × {x.shape[-1]}", "Use a smaller window.",
        )  # fmt: skip


def _as_given(value: torch.Tensor, like: Images) -> float | torch.Tensor:
    return value if isinstance(like, torch.Tensor) else float(value)
