"""The ``lctem`` command: thin commands over the core."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from lctem_core.errors import InputError, needs

app = typer.Typer(
    help="Refine low-dose liquid-cell TEM images, and train the networks that do it.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="markdown",
)

# The modules that a command needs are imported inside it: `lctem --help` or a mistyped path should
# not wait for them, and PyTorch is an optional dependency.


@app.command()
def refine(
    source: Annotated[Path, typer.Argument(metavar="IN", help="Frame: TIFF, PNG, DM3 or DM4.")],
    target: Annotated[Path, typer.Argument(metavar="OUT", help="Refined frame: .tif or .tiff.")],
    size: Annotated[
        int, typer.Option(help="Longer side of the result in pixels; larger frames are reduced.")
    ] = 512,
    look: Annotated[
        str,
        typer.Option(
            help="faithful: the frame's own counts without noise; dry: particles as without water."
        ),
    ] = "faithful",
    weights: Annotated[
        str | None,
        typer.Option(help="Shipped weights by name, a .safetensors file, or the authors' .pth."),
    ] = None,
    device: Annotated[
        str | None, typer.Option(help="cpu or cuda; by default a GPU if there is one.")
    ] = None,
    runtime: Annotated[
        str, typer.Option(help="onnxruntime, openvino, torch, …; auto takes the fastest exact one.")
    ] = "auto",
) -> None:
    """Refine one frame: the result is a float32 TIFF in the frame's own counts, without noise."""
    from lctem_core.io import frames
    from lctem_core.refine.refiner import Refiner

    if target.suffix.lower() not in (".tif", ".tiff"):
        raise InputError("an output name that ends in .tif", str(target), "Change the name.")
    frame = frames.read(source)
    if frame.counts.ndim != 2:
        raise InputError(
            "a single frame",
            f"{source.name} with {len(frame.counts)} frames",
            "Save the frame you want as a TIFF of its own.",
        )
    refiner = Refiner.load(weights, look=look, device=device, runtime=runtime)
    refined = refiner(frame.counts, size)
    reduction = max(frame.counts.shape) / max(refined.shape)
    pixel_size = frame.pixel_size and frame.pixel_size * reduction
    frames.write_tiff(target, refined, pixel_size=pixel_size)
    scale = "in [0, 1]" if refiner.look == "dry" else "in the frame's counts"
    typer.echo(f"{target}: {refined.shape[0]} × {refined.shape[1]} pixels, float32 {scale}")


@app.command()
def info(
    source: Annotated[Path, typer.Argument(metavar="FILE", help="TIFF, PNG, DM3, DM4 or zarr.")],
) -> None:
    """Print what a file holds: frames, their size and type, and the calibration found in it."""
    from lctem_core.io.recording import opened

    with opened(source) as found:
        frames, height, width = found.counts.shape
        told = {
            "frames": f"{frames} of {height} × {width} pixels, {found.counts.dtype}",
            "pixel size": found.pixel_size and f"{found.pixel_size:.4g} nm",
            "exposure": found.exposure and f"{found.exposure:.4g} s",
            "electrons per count": found.electrons_per_count
            and f"{found.electrons_per_count:.4g} e-, from {found.offset:.4g} counts on",
        }
    for what, value in told.items():
        typer.echo(f"{what:<20} {value or 'not in the file'}")


@app.command()
def runtimes(
    look: Annotated[str, typer.Option(help="faithful or dry.")] = "faithful",
    weights: Annotated[
        str | None, typer.Option(help="Shipped weights by name, or a .safetensors file.")
    ] = None,
    measure: Annotated[
        bool, typer.Option("--measure", help="Measure again, whatever is remembered.")
    ] = False,
) -> None:
    """Print how fast this machine is in each runtime, and which one is taken.

    The choice is measured once for each machine, network and version of the runtimes, and kept in
    the user's cache.
    """
    from lctem_core.networks.model import Model
    from lctem_core.refine import choice
    from lctem_core.refine.refiner import LOOKS
    from lctem_core.refine.runtimes import NAMES, device_of, obstacle

    if look not in LOOKS:
        raise InputError(f"a look of {', '.join(LOOKS)}", repr(look), "Use one of these names.")
    device = device_of(None, "auto")
    chosen = choice.choose(Model.load(weights or LOOKS[look]), device, measure=measure)
    trials = {trial.name: trial for trial in chosen.trials}
    for name, what in NAMES.items():
        trial = trials.get(name)
        if name == chosen.name:
            told = "taken"
        elif trial and not trial.refused:
            told = "not faster by a tenth"
        else:
            told = (trial and trial.refused) or obstacle(name, device) or "only if named"
        taken = f"{1e3 * trial.seconds:7.1f} ms" if trial and trial.seconds else " " * 10
        typer.echo(f"{name:<20} {taken}  {told} ({what})")
    if not trials:
        typer.echo("Nothing was measured: there is only one candidate here.")


@app.command()
def export(
    target: Annotated[Path | None, typer.Argument(metavar="OUT", help="New file, .onnx.")] = None,
    size: Annotated[int, typer.Option(help="Height and width of the frames in pixels.")] = 512,
    look: Annotated[str, typer.Option(help="faithful or dry.")] = "faithful",
    weights: Annotated[
        str | None, typer.Option(help="Shipped weights by name, or a .safetensors file.")
    ] = None,
    beside: Annotated[
        bool,
        typer.Option(
            "--beside", help="In place of OUT: beside the weights, any size, for this package."
        ),
    ] = False,
) -> None:
    """Write a network as an ONNX model for other programs, with a card that says how to feed it."""
    from lctem_core.refine.export import export as write
    from lctem_core.refine.export import export_beside

    if beside == (target is not None):
        raise InputError("a name OUT, or --beside", "both" if beside else "neither", "Give one.")
    if beside:
        if weights is None:
            raise InputError("--weights with --beside", "none", "Name the weights.")
        typer.echo(f"{export_beside(weights)}: any height and width, and a note in the card")
        return
    card = write(target, weights, look=look, size=size)
    shape = " × ".join(str(side) for side in card["input"]["shape"])
    typer.echo(f"{target}: {shape}, float32, ONNX operators {card['opset']}")
    typer.echo(f"largest difference from PyTorch {card['agreement']['largest_difference']:.1g}")


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
    with needs("analysis", "simulating"):
        from lctem_core.train.dataset import LIST, write_dataset

    written = write_dataset(folder, pairs, seed=seed, recipe=recipe, size=size, workers=workers)
    typer.echo(f"{len(written)} pairs in {folder / LIST}")


@app.command()
def examples(
    store: Annotated[Path, typer.Argument(metavar="STORE", help="New folder for the examples.")],
    number: Annotated[int, typer.Option(help="Number of frames.")] = 100,
    seed: Annotated[int, typer.Option(help="The same seed gives the same images.")] = 0,
    recipe: Annotated[str, typer.Option(help="paper, wide, mixed, broad or broader.")] = "broad",
    size: Annotated[int, typer.Option(help="Pixels on a side.")] = 512,
    clips: Annotated[
        bool,
        typer.Option("--clips", help="Ten frames of a moving scene each, for a temporal network."),
    ] = False,
    workers: Annotated[int | None, typer.Option(help="Processes; default one per core.")] = None,
) -> None:
    """Simulate training frames straight into a store, with both kinds of truth."""
    if clips:
        with needs("analysis", "simulating"):
            from lctem_core.train.generate import write_clips

        written = write_clips(store, number, seed=seed, recipe=recipe, size=size, workers=workers)
        typer.echo(f"{len(written)} clips of {size} × {size} pixels in {store}")
        return
    with needs("analysis", "simulating"):
        from lctem_core.train.generate import write_examples

    written = write_examples(store, number, seed=seed, recipe=recipe, size=size, workers=workers)
    typer.echo(f"{len(written)} examples of {size} × {size} pixels in {store}")


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
    """Cut out, reduce and rescale every pair once, for training. A killed run continues."""
    pass
    from lctem_core.train.dataset import describe
    from lctem_core.train.store import prepare as prepare_store

    listed = listed or source / "list_dataset.txt"
    store = store or source / "store"
    facts = {"data": describe(source)}
    written = prepare_store(
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
    """Train a network on a prepared store. It writes weights.safetensors with a card."""
    import yaml

    with needs("train", "training"):
        from lctem_core.train.config import Config, read_parameters
        from lctem_core.train.fitting import fit
        from lctem_core.train.store import Store

    values = read_parameters(config) if config else {}
    for item in set_ or []:
        name, equals, value = item.partition("=")
        if not equals:
            raise InputError("--set NAME=VALUE", repr(item), "Put an equals sign between them.")
        values[name.strip()] = yaml.safe_load(value)
    if not (devices == "auto" or (devices.isdigit() and int(devices))):
        raise InputError("a number of GPUs, or auto", repr(devices), "1 is usual.")
    number = int(devices) if devices.isdigit() else devices
    config = Config.of(values)
    weights = fit(Store.open(store, config.target), run, config, devices=number)
    typer.echo(f"weights in {weights}")


@app.command()
def replay(
    source: Annotated[
        Path | None, typer.Argument(metavar="RECORDING", help="Stack: TIFF, DM3, DM4 or zarr.")
    ] = None,
    simulate_: Annotated[
        bool, typer.Option("--simulate", help="Play a simulated camera instead.")
    ] = False,
    fps: Annotated[
        float, typer.Option(help="Frames per second; 0 plays as fast as it goes.")
    ] = 100.0,
    seconds: Annotated[
        float | None, typer.Option(help="Stop after this time; simulated camera: 60.")
    ] = None,
    integrate: Annotated[
        str, typer.Option(help="none, sum, registered, exponential, adaptive or temporal.")
    ] = "none",
    n: Annotated[int, typer.Option("--n", help="Frames to integrate.")] = 10,
    size: Annotated[int, typer.Option(help="Longer side of the refined frames in pixels.")] = 512,
    out: Annotated[
        Path | None,
        typer.Option(help="Record every refined frame: .tif, .zarr (counts) or .mp4 (grey)."),
    ] = None,
    look: Annotated[str, typer.Option(help="faithful or dry.")] = "faithful",
    weights: Annotated[
        str | None, typer.Option(help="Shipped weights by name, or a .safetensors file.")
    ] = None,
    runtime: Annotated[
        str, typer.Option(help="auto: the fastest on this machine; or a name of one.")
    ] = "auto",
    camera: Annotated[int, typer.Option(help="Pixels on a side of the simulated camera.")] = 2048,
) -> None:
    """Refine a recording as it would be live, and print what happened to every frame.

    Frames come at the camera's rate. Without --out, frames that arrive while another is refined are
    skipped, except for the newest, as a display needs it. With --out, every frame is refined and
    recorded, and the recording waits for it.
    """
    if (source is None) != simulate_:
        raise InputError(
            "a recording, or --simulate", "both" if simulate_ else "neither", "Give one of them."
        )
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    from lctem_core.live.replay import run

    seen = run(
        source, fps=fps or None, seconds=seconds or (60.0 if simulate_ else None),
        integrate=integrate, n=n, size=size, out=out, look=look, weights=weights,
        runtime=runtime, camera=camera,
    )  # fmt: skip
    table = Table("what", "value", title="Replay", title_justify="left")
    table.columns[1].justify = "right"
    for name, value in seen.as_dict().items():
        table.add_row(escape(name), f"{value:,.2f}" if isinstance(value, float) else f"{value}")
    Console().print(table)
    for name, sink in seen.sinks.items():
        if sink.problem:
            raise InputError(f"{name} to take every frame", sink.problem, "See above.")
    if not seen.refined:
        raise InputError("frames that can be refined", seen.problem or "none", "Check the file.")
    if seen.interrupted:
        raise typer.Exit(130)


@app.command()
def thickness(
    files: Annotated[
        list[Path],
        typer.Argument(metavar="TILT_FILES", help="One stack, or one file per angle, in order."),
    ],
    angles: Annotated[
        str, typer.Option(help="Stage angles in degrees, one per frame, e.g. --angles=-5,0,5.")
    ],
    pixel_size: Annotated[
        float | None, typer.Option(help="Pixel size in nm; by default what the files say.")
    ] = None,
    diameter: Annotated[float, typer.Option(help="Diameter of the particles in nm.")] = 100.0,
    side: Annotated[
        str, typer.Option(help="Where the particles are: inside the cell, or outside a film.")
    ] = "inside",
    reference: Annotated[
        str | None,
        typer.Option(help="X,Y of reference particle Q, in pixels, in the frame nearest to 0°."),
    ] = None,
    axis: Annotated[
        float | None,
        typer.Option(help="Direction of the tilt axis in the image, degrees from x towards y."),
    ] = None,
) -> None:
    """Liquid thickness from a tilt series with particles on both membranes."""
    with needs("analysis", "measuring a thickness"):
        from lctem_core.cell.thickness import measure, read_series

    images, pixel_size = read_series(files, pixel_size)
    found = measure(
        images, _numbers(angles, "--angles"), pixel_size, diameter,
        side=side, reference=_pair(reference), axis=axis,
    )  # fmt: skip
    tracks, middle = found.tracks, int(abs(found.fits[0].angles).argmin())
    x, y = tracks.positions[tracks.reference, middle]
    typer.echo(
        f"{len(tracks.opposite)} particles in all {len(images)} frames; "
        f"reference Q at x = {x:.0f}, y = {y:.0f} px"
    )
    typer.echo(f"{'x [px]':>8} {'y [px]':>8} {'h′ [nm]':>9} {'± [nm]':>7} {'residuals [nm]':>15}")
    for place, fit in zip(tracks.positions[tracks.opposite, middle], found.fits, strict=True):
        error = (fit.interval[1] - fit.interval[0]) / 2
        typer.echo(
            f"{place[0]:8.1f} {place[1]:8.1f} {fit.distance:9.1f} {error:7.1f} {fit.sigma:15.2f}"
        )
    half = (found.interval[1] - found.interval[0]) / 2
    typer.echo(f"distance of the particles' centres h′ = {found.distance:.0f} ± {half:.0f} nm")
    typer.echo(f"liquid thickness h = {found.thickness:.0f} ± {half:.0f} nm (95 %)")
    if len(images) in (3, 4):
        typer.echo("So few angles hardly show their own error; five or more narrow the interval.")


def _numbers(text: str, option: str) -> list[float]:
    try:
        return [float(part) for part in text.replace(",", " ").split()]
    except ValueError:
        raise InputError(
            f"numbers separated by commas after {option}", repr(text), f"Example: {option}=-5,0,5"
        ) from None


def _pair(text: str | None) -> tuple[float, float] | None:
    if text is None:
        return None
    numbers = _numbers(text, "--reference")
    if len(numbers) != 2:
        raise InputError("--reference=X,Y", repr(text), "Give two numbers, in pixels.")
    return numbers[0], numbers[1]


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
    with needs("analysis", "converting a dose"):
        from lctem_core.cell.dose import in_all_units

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
