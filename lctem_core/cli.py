"""The ``lctem`` command: thin commands over the core."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer
import yaml

from lctem_core.errors import InputError

app = typer.Typer(
    help="Refine low-dose liquid-cell TEM images, and train the networks that do it.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="markdown",
)

# The modules that a command needs are imported inside it: PyTorch takes seconds to load, and
# `lctem --help` or a mistyped path should not wait for it.


@app.command()
def refine(
    source: Annotated[Path, typer.Argument(metavar="IN", help="Frame: TIFF, PNG, DM3 or DM4.")],
    target: Annotated[Path, typer.Argument(metavar="OUT", help="Refined frame: .tif or .tiff.")],
    size: Annotated[
        int, typer.Option(help="Longer side of the result in pixels; larger frames are reduced.")
    ] = 512,
    weights: Annotated[
        str | None, typer.Option(help="Shipped weights by name, or a .safetensors file.")
    ] = None,
    device: Annotated[
        str | None, typer.Option(help="cpu or cuda; by default a GPU if there is one.")
    ] = None,
) -> None:
    """Refine one frame: camera counts in, float32 TIFF between 0 (dark) and 1 (background) out."""
    from lctem_core import frames
    from lctem_core.refine import DEFAULT, Refiner

    if target.suffix.lower() not in (".tif", ".tiff"):
        raise InputError("an output name that ends in .tif", str(target), "Change the name.")
    frame = frames.read(source)
    if frame.counts.ndim != 2:
        raise InputError(
            "a single frame",
            f"{source.name} with {len(frame.counts)} frames",
            "Save the frame you want as a TIFF of its own.",
        )
    refined = Refiner.load(weights or DEFAULT, device=device)(frame.counts, size)
    reduction = max(frame.counts.shape) / max(refined.shape)
    pixel_size = frame.pixel_size and frame.pixel_size * reduction
    frames.write_tiff(target, refined, pixel_size=pixel_size)
    typer.echo(f"{target}: {refined.shape[0]} × {refined.shape[1]} pixels, float32 in [0, 1]")


@app.command()
def simulate(
    folder: Annotated[Path, typer.Argument(metavar="OUT", help="New folder for the data set.")],
    pairs: Annotated[int, typer.Option(help="Number of dry/wet pairs.")] = 100,
    seed: Annotated[int, typer.Option(help="The same seed gives the same images.")] = 0,
    recipe: Annotated[
        str,
        typer.Option(
            help="paper: 100 nm gold; wide: many shapes, sizes, backgrounds; mixed: both."
        ),
    ] = "paper",
    size: Annotated[int, typer.Option(help="Pixels on a side of the simulated camera.")] = 1024,
    workers: Annotated[int | None, typer.Option(help="Processes; default one per core.")] = None,
) -> None:
    """Simulate a data set in the paper's layout: 16-bit TIFFs and list_dataset.txt."""
    from lctem_core.dataset import LIST, write_dataset

    written = write_dataset(folder, pairs, seed=seed, recipe=recipe, size=size, workers=workers)
    typer.echo(f"{len(written)} pairs in {folder / LIST}")


@app.command()
def prepare(
    source: Annotated[Path, typer.Argument(metavar="SRC", help="Folder with the TIFFs.")],
    store: Annotated[
        Path | None, typer.Argument(metavar="STORE", help="Store to write; default SRC/store.")
    ] = None,
    listed: Annotated[
        Path | None, typer.Option("--list", help="Pair list; default SRC/list_dataset.txt.")
    ] = None,
    size: Annotated[int, typer.Option(help="Side of the prepared images in pixels.")] = 512,
    low: Annotated[float, typer.Option(help="Percentile that becomes 0.")] = 0.1,
    high: Annotated[float, typer.Option(help="Percentile that becomes 1.")] = 99.9,
    least_contrast: Annotated[
        float,
        typer.Option(
            help="Least contrast of a truth image; keeps empty fields from being "
            "stretched into noise. 0 as in the paper."
        ),
    ] = 0.0,
) -> None:
    """Cut out, reduce and rescale every pair once, for training. Goes on where it was killed."""
    from lctem_core import store as prepared
    from lctem_core.dataset import describe

    listed = listed or source / "list_dataset.txt"
    store = store or source / "store"
    facts = {"data": describe(source)}
    written = prepared.prepare(
        source, listed, store, size=size, low=low, high=high, least_contrast=least_contrast,
        facts=facts,
    )  # fmt: skip
    typer.echo(f"{len(written)} pairs of {size} × {size} pixels in {store}")


@app.command()
def train(
    store: Annotated[Path, typer.Argument(metavar="STORE", help="Store made by lctem prepare.")],
    run: Annotated[
        Path, typer.Argument(metavar="RUN", help="Folder of the run; goes on if begun.")
    ],
    config: Annotated[
        Path | None,
        typer.Option(help="YAML file of training parameters; without it the paper's protocol."),
    ] = None,
    set_: Annotated[
        list[str] | None,
        typer.Option("--set", help="One parameter, e.g. --set encoder=resnet34; repeatable."),
    ] = None,
    devices: Annotated[str, typer.Option(help="Number of GPUs, or auto for all.")] = "1",
) -> None:
    """Train a network on a prepared store; writes weights.safetensors with its card."""
    from lctem_core.config import Config
    from lctem_core.store import Store
    from lctem_core.train import fit

    values = (config and yaml.safe_load(config.read_text("utf8"))) or {}
    for item in set_ or []:
        name, equals, value = item.partition("=")
        if not equals:
            raise InputError("--set NAME=VALUE", repr(item), "Put an equals sign between them.")
        values[name.strip()] = yaml.safe_load(value)
    if not (devices == "auto" or (devices.isdigit() and int(devices))):
        raise InputError("a number of GPUs, or auto", repr(devices), "1 is usual.")
    number = int(devices) if devices.isdigit() else devices
    weights = fit(Store.open(store), run, Config.of(values), devices=number)
    typer.echo(f"weights in {weights}")


@app.command()
def dose(
    electrons: Annotated[float | None, typer.Option("--dose", help="Dose [e-/nm²].")] = None,
    rate: Annotated[float | None, typer.Option(help="Dose rate [e-/nm²/s].")] = None,
    exposure: Annotated[
        float | None, typer.Option(help="Exposure [s]; gives the dose from the rate or back.")
    ] = None,
    pixel_size: Annotated[float | None, typer.Option(help="Pixel size [nm].")] = None,
    voltage: Annotated[float, typer.Option(help="Acceleration voltage [kV].")] = 200.0,
) -> None:
    """Convert a dose or dose rate: electrons per area and per pixel, and gray in water."""
    from lctem_core.dose import in_all_units

    for name, value, unit in in_all_units(
        voltage, dose=electrons, rate=rate, exposure=exposure, pixel_size=pixel_size
    ):
        typer.echo(f"{name:<9}  {value:.4g} {unit}")


def main() -> None:
    """Run the command; a correctable error is one clear line and exit code 2."""
    try:
        app()
    except (InputError, OSError) as error:
        typer.secho(f"lctem: {error}", err=True, fg="red", bold=True)
        sys.exit(2)


if __name__ == "__main__":
    main()
