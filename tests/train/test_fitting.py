"""Training on a small simulated store: learns, is reproducible, goes on after a kill."""

import logging
import multiprocessing
import time
import warnings
from datetime import timedelta

import numpy as np
import pytest
import torch
from torch.utils.data import DataLoader, TensorDataset

from lctem_core.errors import InputError
from lctem_core.evaluate import metrics
from lctem_core.networks.weights import load
from lctem_core.train import dataset, fitting, pairs, store
from lctem_core.train.callbacks import read_log
from lctem_core.train.config import Config
from lctem_core.train.fitting import Refinement, fit, settle
from lctem_core.train.loaders import PairsData

SMALL = {
    "shuffle": 4, "depth": 3, "crop": 64, "batch": 8, "epochs": 3, "rate": 3e-3,
    "schedule": "cosine", "mosaic": 0.3, "validate_every": 1, "workers": 0, "validation": 0.2,
}  # fmt: skip


@pytest.fixture(scope="module")
def prepared(tmp_path_factory):
    folder = tmp_path_factory.mktemp("data")
    dataset.write_dataset(folder / "images", 32, size=192, workers=1, progress=False)
    return store.prepare(
        folder / "images", folder / "images" / dataset.LIST, folder / "store", size=128,
        progress=False,
    )  # fmt: skip


def state(weights):
    return load(weights)[0].state_dict()


def noted(monkeypatch):
    """Of every step of training from now on: the rate and what identifies the batch."""
    seen, trained = [], Refinement.training_step

    def step(self, batch, number):
        rate = self.trainer.optimizers[0].param_groups[0]["lr"]
        seen.append((rate, float(batch[0].double().sum())))
        return trained(self, batch, number)

    monkeypatch.setattr(Refinement, "training_step", step)
    return seen


@pytest.fixture(scope="module")
def whole(prepared, tmp_path_factory):
    """Weights of a run that was never interrupted, and its steps."""
    folder = tmp_path_factory.mktemp("whole")
    with pytest.MonkeyPatch.context() as patch:
        steps = noted(patch)
        return fit(prepared, folder, Config.of(SMALL), progress=False), steps


def test_training_beats_the_noisy_images(prepared, tmp_path):
    config = Config.of(SMALL | {"epochs": 12, "loss": "ssim+l1"})
    weights = fit(prepared, tmp_path, config, progress=False, facts={"data": "a test's"})
    _, card = load(weights)
    validation = PairsData(prepared, config).validation
    untreated = np.mean([metrics.psnr(prepared.noisy(i), prepared.truth(i)) for i in validation])
    assert card["metrics"]["val_psnr"] > untreated + 3
    assert card["data"] == "a test's"
    assert card["provenance"]["seconds"] > 0
    assert card["crops_seen"] == 12 * (card["pairs"]["training"] // 8) * 8
    curves = read_log(tmp_path)
    assert len(curves["epoch"]) == 12
    assert curves["train_loss"][-1] < curves["train_loss"][0]
    assert len(list((tmp_path / "look").glob("*.png"))) == 12


def test_beginning_from_imagenet_where_a_run_begins_only(prepared, tmp_path, monkeypatch):
    filled = []

    def fill(network, encoder):
        filled.append(encoder)
        with torch.no_grad():
            network.unet.encoder.conv1.weight.zero_()

    monkeypatch.setattr(fitting, "begin_from_imagenet", fill)
    config = Config.of(SMALL | {"initial": "imagenet", "epochs": 1, "rate": 1e-7})
    weights = fit(prepared, tmp_path, config, progress=False)
    assert filled == ["resnet18"]
    first = load(weights)[0].unet.encoder.conv1.weight
    assert first.abs().max() < 1e-5  # from where it was told to begin
    weights.unlink()
    fit(prepared, tmp_path, config, progress=False)  # goes on from the checkpoint
    assert filled == ["resnet18"]


def test_a_run_leaves_the_process_as_it_was(prepared, tmp_path, monkeypatch):
    """Also one that fails; and its own settings are there while it runs."""
    logger = logging.getLogger("lightning.pytorch")

    def settings():
        return (torch.get_float32_matmul_precision(), logger.level, warnings.filters[:],
                torch.backends.cudnn.benchmark)  # fmt: skip

    def step(self, batch, number):
        inside.extend(settings()[:2])
        raise KeyError("of this test")

    inside, before = [], settings()
    monkeypatch.setattr(Refinement, "training_step", step)
    with pytest.raises(KeyError, match="of this test"):
        fit(prepared, tmp_path, Config.of(SMALL), progress=False)
    assert inside == ["high", logging.WARNING]
    assert settings() == before


def _train(path, folder, config):
    fit(store.Store.open(path), folder, config, progress=False)


def test_a_killed_run_goes_on(prepared, whole, tmp_path):
    config = Config.of(SMALL)
    process = multiprocessing.get_context("spawn").Process(
        target=_train, args=(prepared.path, tmp_path / "killed", config)
    )
    process.start()
    last = tmp_path / "killed" / "last.ckpt"
    deadline = time.monotonic() + 120
    while not last.exists() and process.is_alive() and time.monotonic() < deadline:
        time.sleep(0.01)
    process.kill()
    process.join()
    assert last.exists()
    assert not (tmp_path / "killed" / "weights.safetensors").exists()
    weights = fit(prepared, tmp_path / "killed", config, progress=False)
    assert list(read_log(tmp_path / "killed")["epoch"]) == [0, 1, 2]
    resumed = state(weights)
    for key, value in state(whole[0]).items():
        torch.testing.assert_close(resumed[key], value, rtol=1e-3, atol=1e-5)


def test_settled_statistics_are_those_of_all_batches():
    torch.manual_seed(0)
    layer = torch.nn.BatchNorm2d(2)
    images = torch.randn(12, 2, 8, 8) * 3 + 5
    loader = DataLoader(TensorDataset(images, images), batch_size=4)
    settle(layer, loader, 100, progress=False)
    assert not layer.training
    assert layer.momentum == 0.1
    torch.testing.assert_close(layer.running_mean, images.mean(dim=(0, 2, 3)))
    variances = torch.stack([part.var(dim=(0, 2, 3)) for part in images.split(4)])
    torch.testing.assert_close(layer.running_var, variances.mean(dim=0))


def test_settling_changes_statistics_and_no_weight(prepared, whole, tmp_path):
    """And the same seed gives identical weights: but for the settling, the run is the same."""
    weights = fit(prepared, tmp_path, Config.of(SMALL | {"settled": 3}), progress=False)
    settled, moving = state(weights), state(whole[0])
    moved = {name for name, value in moving.items() if not torch.equal(value, settled[name])}
    assert any("running_var" in name for name in moved)
    assert all("running" in name or "num_batches" in name for name in moved)


class Killed(Exception):
    """Instead of a kill, after a checkpoint."""


@pytest.fixture(params=["cosine", "plateau"])
def uninterrupted(request, prepared, tmp_path, monkeypatch):
    """Configuration of a run of three epochs of three steps, its weights and its steps."""
    if request.param == "cosine":
        return Config.of(SMALL), *request.getfixturevalue("whole")
    plateau = torch.optim.lr_scheduler.ReduceLROnPlateau
    begun = plateau.__init__

    def impatient(self, optimizer, **options):
        """Halve the rate after every epoch that is not ten times better than the best before."""
        begun(self, optimizer, **options | {"patience": 0, "threshold": 0.9})

    monkeypatch.setattr(plateau, "__init__", impatient)
    config = Config.of(SMALL | {"schedule": "plateau"})
    with pytest.MonkeyPatch.context() as patch:
        steps = noted(patch)
        return config, fit(prepared, tmp_path / "whole", config, progress=False), steps


def test_killed_after_every_checkpoint_is_the_same_as_never(
    prepared, uninterrupted, tmp_path, monkeypatch
):
    config, whole, expected = uninterrupted
    assert len({rate for rate, _ in expected}) > 1
    steps, seconds = noted(monkeypatch), []
    saved = fitting._Renaming.save_checkpoint

    def killed(self, checkpoint, *arguments, **options):
        seconds.append(checkpoint["callbacks"]["Timer"]["time_elapsed"]["train"])
        saved(self, checkpoint, *arguments, **options)
        raise Killed

    monkeypatch.setattr(fitting, "BETWEEN", timedelta(0))
    monkeypatch.setattr(fitting._Renaming, "save_checkpoint", killed)
    for _ in range(9):  # two within each epoch, one after it
        with pytest.raises(Killed):
            fit(prepared, tmp_path / "killed", config, progress=False)
    weights = fit(prepared, tmp_path / "killed", config, progress=False)

    assert steps == expected  # no batch twice, none left out, each at its rate
    resumed = state(weights)
    for key, value in state(whole).items():
        torch.testing.assert_close(resumed[key], value, rtol=0, atol=0)
    curves = read_log(tmp_path / "killed")
    for name, values in read_log(whole.parent).items():
        assert np.isfinite(values).all()
        np.testing.assert_allclose(curves[name], values, rtol=1e-12)
    # The time adds up, too.
    assert seconds == sorted(seconds)
    assert seconds[0] > 0
    assert load(weights)[1]["provenance"]["seconds"] >= round(seconds[-1], 1)


def test_a_finished_run_returns_at_once(prepared, whole, tmp_path, monkeypatch):
    folder = whole[0].parent
    monkeypatch.setattr(fitting, "_trainer", lambda *_: pytest.fail("trained again"))
    assert fit(prepared, folder, Config.of(SMALL), progress=False) == whole[0]
    with pytest.raises(InputError, match="other values of rate"):
        fit(prepared, folder, Config.of(SMALL | {"rate": 1e-4}), progress=False)
    images = prepared.path.parent / "images"
    listed = images / dataset.LIST
    other = store.prepare(images, listed, tmp_path / "b", size=128, low=1.0, progress=False)
    with pytest.raises(InputError, match="other values of low"):
        fit(other, folder, Config.of(SMALL), progress=False)


def test_no_truth_on_both_sides_and_augmentation_only_in_training(prepared):
    data = PairsData(prepared, Config.of(SMALL | {"mosaic": 1.0}))
    shared = pairs.overlap(prepared.pairs, data.training, data.validation)
    assert shared["dry"] == 0
    noisy, truth = next(iter(data.val_dataloader()))
    first = data.validation[0]
    np.testing.assert_array_equal(noisy[0, 0], prepared.noisy(first))
    np.testing.assert_array_equal(truth[0, 0], prepared.truth(first))
    for noisy, truth in data.train_dataloader():
        assert noisy.shape == truth.shape == (8, 1, 64, 64)


def test_draws_do_not_depend_on_the_number_of_workers(prepared):
    batches = []
    for workers in (0, 2):
        data = PairsData(prepared, Config.of(SMALL | {"workers": workers}))
        batches.append([noisy for noisy, _ in data.train_dataloader()])
    for one, two in zip(*batches, strict=True):
        assert torch.equal(one, two)


@pytest.mark.parametrize("loss", ["ssim", "l1", "l2", "ssim+l1"])
@pytest.mark.parametrize("encoder", ["resnet18", "resnet50"])
def test_every_loss_reaches_every_parameter(loss, encoder):
    torch.manual_seed(0)
    module = Refinement(Config.of(SMALL | {"loss": loss, "encoder": encoder}))
    module.loss(module(torch.rand(2, 1, 64, 64)), torch.rand(2, 1, 64, 64)).backward()
    for name, parameter in module.named_parameters():
        assert parameter.grad is not None, name
        assert parameter.grad.isfinite().all(), name
        assert parameter.grad.abs().max() > 0, name


def test_frames_that_the_network_cannot_halve(prepared, tmp_path):
    images = prepared.path.parent / "images"
    other = store.prepare(
        images, images / dataset.LIST, tmp_path / "s", size=100, progress=False
    )  # fmt: skip
    with pytest.raises(InputError, match="divisible by 32"):
        fit(other, tmp_path / "run", Config.of(SMALL), progress=False)


@pytest.mark.skipif(torch.cuda.device_count() > 1, reason="this machine has several GPUs")
def test_more_gpus_than_there_are(prepared, tmp_path):
    with pytest.raises(InputError, match="GPUs"):
        fit(prepared, tmp_path, Config.of(SMALL), devices=2, progress=False)


def test_crop_larger_than_the_frames(prepared, tmp_path):
    with pytest.raises(InputError, match="at most the prepared size 128"):
        fit(prepared, tmp_path, Config.of(SMALL | {"crop": 256}), progress=False)


def test_no_log(tmp_path):
    with pytest.raises(InputError, match="Train first"):
        read_log(tmp_path)
