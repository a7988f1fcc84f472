import pickle

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.lib.stride_tricks import sliding_window_view
from skimage.metrics import peak_signal_noise_ratio, structural_similarity

from lctem_core.errors import InputError
from lctem_core.evaluate import metrics
from lctem_core.evaluate.metrics import loss_by_name, psnr, scores, ssim, ssim_public_code
from lctem_core.io.frames import read
from lctem_core.refine.preprocess import reduce, rescale


def reference(x, y, window):
    return structural_similarity(
        x.astype(np.float64), y.astype(np.float64), win_size=window, gaussian_weights=False,
        use_sample_covariance=False, data_range=1,
    )  # fmt: skip


def public_code(x, y, window):
    """The public code's SSIM, written out window by window in float64."""
    windows = [sliding_window_view(image.astype(np.float64), (window, window)) for image in (x, y)]
    mx, my = (one.mean((2, 3)) for one in windows)
    margin = window // 2
    dx, dy = (image[margin:-margin, margin:-margin] - mean for image, mean in ((x, mx), (y, my)))
    sx, sy, sxy = (
        sliding_window_view(product, (window, window)).mean((2, 3))
        for product in (dx * dx, dy * dy, dx * dy)
    )
    mx, my = (mean[margin:-margin, margin:-margin] for mean in (mx, my))
    c1, c2 = 0.01**2, 0.03**2
    ratio = (2 * mx * my + c1) * (2 * sxy + c2) / ((mx**2 + my**2 + c1) * (sx + sy + c2))
    return ratio.mean()


def noise(shape=(96, 80), seed=0):
    rng = np.random.default_rng(seed)
    truth = 0.5 + 0.4 * np.sin(np.arange(shape[1]) / 9) * np.ones(shape)
    noisy = np.clip(truth + rng.normal(0, 0.1, shape), 0, 1)
    return noisy.astype(np.float32), truth.astype(np.float32)


def batch(*images):
    return torch.from_numpy(np.stack(images).astype(np.float32))[:, None]


# Structural similarity -------------------------------------------------------------------------


@pytest.mark.parametrize("window", [3, 11, 39])
@pytest.mark.parametrize("level", [0.0, 0.5])
def test_ssim_equals_scikit_image(window, level):
    x, y = noise()
    x, y = x * (1 - level) + level, y * (1 - level) + level
    expected = reference(x, y, window)
    assert ssim(x, y, window) == pytest.approx(expected, abs=1e-6)
    assert ssim(batch(x), batch(y), window).item() == pytest.approx(expected, abs=1e-5)


@pytest.mark.parametrize("window", [3, 11, 39])
def test_ssim_of_real_frames(real_data, window):
    first, second = (
        rescale(reduce(read(real_data(f"gatan_tiff/val_000{i}.tif")).counts, 256)) for i in (1, 2)
    )
    expected = reference(first, second, window)
    assert ssim(first, second, window) == pytest.approx(expected, abs=1e-6)
    assert ssim(batch(first), batch(second), window).item() == pytest.approx(expected, abs=1e-5)


@pytest.mark.parametrize("window", [3, 11, 39])
@pytest.mark.parametrize("spread", [0.0, 1e-4, 1e-3])
def test_nearly_flat_bright_images_lose_no_digits(window, spread):
    # In float32, E[x²] - E[x]² of such an image is all rounding.
    x, y = (0.97 + spread * np.random.default_rng(i).random((64, 64)) for i in (1, 2))
    x, y = x.astype(np.float32), y.astype(np.float32)
    got = ssim(batch(x), batch(y), window).item()
    assert got == pytest.approx(reference(x, y, window), abs=1e-5)


values = st.floats(0, 1, width=32)


@st.composite
def image_pairs(draw):
    window = draw(st.sampled_from([3, 5, 7, 11]))
    shape = tuple(draw(st.integers(window, 24)) for _ in range(2))
    return window, *(draw(arrays(np.float32, shape, elements=values)) for _ in range(2))


@given(image_pairs())
@settings(max_examples=150, deadline=None)
def test_ssim_for_any_shape_and_values(drawn):
    window, x, y = drawn
    expected = reference(x, y, window)
    assert ssim(x, y, window) == pytest.approx(expected, abs=1e-6)
    assert ssim(batch(x), batch(y), window).item() == pytest.approx(expected, abs=1e-5)
    assert ssim(y, x, window) == pytest.approx(ssim(x, y, window), abs=1e-9)
    assert ssim(x, x, window) == pytest.approx(1.0, abs=1e-9)


@pytest.mark.parametrize("window", [3, 5, 11])
def test_ssim_of_the_public_code(window):
    x, y = noise((41, 53))
    expected = public_code(x, y, window)
    assert ssim_public_code(x, y, window) == pytest.approx(expected, abs=1e-9)
    tensors = (torch.from_numpy(image)[None, None] for image in (x, y))
    assert ssim_public_code(*tensors, window).item() == pytest.approx(expected, abs=1e-5)
    assert abs(ssim(x, y, window) - expected) > 1e-3  # it is another measure


def test_ssim_of_a_batch_is_the_mean_of_its_images():
    x, y = noise()
    both = ssim(batch(x, y), batch(y, y)).item()
    assert both == pytest.approx((ssim(x, y) + 1) / 2, abs=1e-6)


@pytest.mark.parametrize("length", [11, 16, 39, 40, 97])
@pytest.mark.parametrize("window", [3, 4, 5, 8, 11])
def test_sums_over_windows(length, window):
    x = torch.rand(2, length, dtype=torch.float64)
    expected = x.unfold(1, window, 1).sum(-1)
    torch.testing.assert_close(metrics._sums(x, window, 1), expected)
    assert metrics._sums(x, length, 1).shape == (2, 1)


# PSNR and scores -------------------------------------------------------------------------------


def test_psnr_equals_scikit_image():
    x, y = noise()
    expected = peak_signal_noise_ratio(y, x, data_range=1)
    assert psnr(x, y) == pytest.approx(expected, abs=1e-6)
    assert psnr(batch(x), batch(y)).item() == pytest.approx(expected, abs=1e-4)
    counts = [(image * 4000).astype(np.uint16) for image in (x, y)]
    expected = peak_signal_noise_ratio(counts[1], counts[0], data_range=4000)
    assert psnr(*counts, data_range=4000) == pytest.approx(expected, abs=1e-6)
    assert psnr(x, x) == float("inf")


@pytest.mark.parametrize("kind", ["tensor", "array", "stack"])
def test_scores_of_every_image(kind):
    x, y = noise()
    first, second = np.stack([x, y * 0.9])[:, None], np.stack([y, y])[:, None]
    if kind == "stack":
        first, second = first[:, 0], second[:, 0]
    if kind == "tensor":
        first, second = torch.from_numpy(first).requires_grad_(), torch.from_numpy(second)
    found = scores(first, second)
    assert set(found) == {"psnr", "ssim"}
    for name, function in (("psnr", psnr), ("ssim", ssim)):
        assert isinstance(found[name], torch.Tensor if kind == "tensor" else np.ndarray)
        expected = [function(x, y), function((y * 0.9).astype(np.float32), y)]
        np.testing.assert_allclose(np.asarray(found[name]), expected, rtol=1e-4)
    one = scores(x, y)
    assert one["ssim"].shape == (1,)


# Losses ----------------------------------------------------------------------------------------


def test_losses():
    x, y = (batch(image) for image in noise())
    values = {name: loss_by_name(name)(x, y).item() for name in ("ssim", "l1", "l2", "ssim+l1")}
    assert values["ssim"] == pytest.approx(1 - ssim(x, y).item())
    assert values["l1"] == pytest.approx((x - y).abs().mean().item())
    assert values["l2"] == pytest.approx((x - y).square().mean().item())
    assert values["ssim+l1"] == pytest.approx(values["ssim"] + values["l1"])
    assert loss_by_name("ssim", 3)(x, y).item() == pytest.approx(1 - ssim(x, y, 3).item())
    assert loss_by_name("l1", 39)(x[..., :8, :8], y[..., :8, :8]).shape == ()
    assert pickle.loads(pickle.dumps(loss_by_name("ssim")))(x, y).item() == values["ssim"]


@pytest.mark.parametrize("name", ["ssim", "l1", "l2", "ssim+l1"])
@pytest.mark.parametrize("window", [3, 11])
@pytest.mark.parametrize("value", [0.0, 0.5, 1.0, None])
def test_gradients_are_finite(name, window, value):
    shape = (2, 1, 24, 20)
    x = torch.rand(shape) if value is None else torch.full(shape, value)
    for y in (torch.rand(shape), torch.full(shape, 1.0), x.clone()):
        x = x.detach().requires_grad_()
        loss_by_name(name, window)(x, y).backward()
        assert torch.isfinite(x.grad).all()


@pytest.mark.parametrize("function", [ssim, ssim_public_code])
def test_gradients_are_right(function):
    torch.manual_seed(0)
    x, y = torch.rand(2, 2, 1, 9, 8, dtype=torch.float64)
    x.requires_grad_()
    assert torch.autograd.gradcheck(lambda a: function(a, y, 3), (x,))
    assert torch.autograd.gradcheck(lambda a: function(y, a, 3), (x,))


def test_half_precision_is_computed_in_single():
    x, y = (batch(image).to(torch.bfloat16) for image in noise())
    expected = ssim(x.float(), y.float()).item()
    assert ssim(x, y).item() == expected
    with torch.autocast("cpu", dtype=torch.bfloat16):
        assert loss_by_name("ssim")(x, y.float()).item() == pytest.approx(1 - expected, abs=1e-6)


def test_a_training_step_improves_every_loss():
    x, y = (batch(image) for image in noise())
    for name in ("ssim", "l1", "l2", "ssim+l1"):
        image = x.clone().requires_grad_()
        loss = loss_by_name(name)(image, y)
        loss.backward()
        with torch.no_grad():
            step = image - 1e-3 * image.grad / image.grad.abs().max()
        assert loss_by_name(name)(step, y) < loss


# What is refused -------------------------------------------------------------------------------


def test_unknown_loss_and_bad_windows():
    message = r"a loss of ssim, l1, l2, psnr, ssim\+psnr, ssim\+l1; got 'dice'"
    with pytest.raises(InputError, match=message):
        loss_by_name("dice")
    for window in (1, 4, 0, -3):
        with pytest.raises(InputError, match=f"an odd window of 3 pixels or more; got {window}"):
            loss_by_name("ssim", window)
    x, y = noise((32, 30))
    message = "at least 39 × 39 pixels for a window of 39; got 32 × 30. Use a smaller"
    for call in (ssim, scores):
        with pytest.raises(InputError, match=message):
            call(x, y, 39)
    with pytest.raises(InputError, match=message):
        loss_by_name("ssim", 39)(batch(x), batch(y))
    with pytest.raises(InputError, match="at least 37 × 37 pixels for a window of 19; got 32"):
        ssim_public_code(x, y, 19)


@pytest.mark.parametrize("function", [ssim, ssim_public_code, psnr, scores, loss_by_name("l2")])
def test_shapes_must_agree(function):
    x = torch.rand(2, 1, 32, 32)
    with pytest.raises(InputError, match=r"one shape; got \(2, 1, 32, 32\) and \(1, 1, 32, 32\)"):
        function(x, x[:1])
    with pytest.raises(InputError, match=r"\(N, 1, H, W\); got \(2, 3, 32, 32\)"):
        function(torch.rand(2, 3, 32, 32), torch.rand(2, 3, 32, 32))


@pytest.mark.parametrize("function", [ssim, ssim_public_code, psnr, scores])
@pytest.mark.parametrize(
    ("image", "message"),
    [
        (
            np.ones((32, 32), np.uint16),
            r"floating-point images in \[0, 1\]; got uint16 from 1 to 1",
        ),
        (torch.ones(32, 32, dtype=torch.int32), r"in \[0, 1\]; got torch.int32"),
        (np.full((32, 32), 1.01), r"got float64 from 1\.01 to 1\.01\. Divide both"),
        (np.full((32, 32), -0.01), r"got float64 from -0\.01"),
        (np.full((32, 32), np.nan), "finite images; got float64 with NaN"),
        (torch.full((32, 32), torch.nan), "finite images; got .*has diverged: lower its learning"),
    ],
)
def test_the_range_is_not_guessed(function, image, message):
    with pytest.raises(InputError, match=message):
        function(image, image)


def test_rounding_beyond_the_range_is_tolerated():
    x = np.array([[0.0, 1.000001]] * 16, np.float32).repeat(8, 1)
    assert ssim(x, x) == pytest.approx(1)


def test_bad_data_range():
    with pytest.raises(InputError, match="a data range above 0; got 0"):
        psnr(*noise(), data_range=0)


@given(scale=st.floats(0.2, 5), offset=st.floats(-3, 3), seed=st.integers(0, 99))
def test_contrast_units_do_not_depend_on_the_scale(scale, offset, seed):
    rng = np.random.default_rng(seed)
    x, truth = (torch.from_numpy(rng.random((2, 1, 32, 32))) for _ in range(2))
    one = metrics.in_contrast(x, truth, least=1e-6)
    two = metrics.in_contrast(scale * x + offset, scale * truth + offset, least=1e-6)
    for a, b in zip(one, two, strict=True):
        torch.testing.assert_close(a, b, rtol=1e-6, atol=1e-6)


def test_an_empty_field_has_the_least_contrast():
    flat = torch.full((1, 1, 32, 32), 0.4)
    x, truth = metrics.in_contrast(flat + 0.01, flat, least=0.05)
    assert float(x.mean()) == pytest.approx(0.2, abs=1e-4)
    assert float(truth.abs().max()) < 1e-4


def test_the_psnr_loss_is_linear_in_decibels():
    truth = torch.rand(2, 1, 64, 64, generator=torch.Generator().manual_seed(0))
    noise = torch.randn(2, 1, 64, 64, generator=torch.Generator().manual_seed(1))
    loss = loss_by_name("psnr")
    for size in (0.3, 0.1, 0.03):
        decibels = float(psnr(truth + size * noise, truth, data_range=1.0))
        assert float(loss(truth + size * noise, truth)) == pytest.approx(
            1 - decibels / 50, abs=0.01
        )
    # Each image counts by its own decibels: a faint error in one is not drowned by the other's.
    mixed = torch.cat([truth[:1] + 0.3 * noise[:1], truth[1:] + 0.03 * noise[1:]])
    assert float(loss(mixed, truth)) == pytest.approx(
        0.5 * float(loss(truth + 0.3 * noise, truth) + loss(truth + 0.03 * noise, truth)), abs=0.01
    )
