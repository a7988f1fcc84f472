# ---
# jupyter:
#   jupytext:
#     formats: py:percent
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
#   lctem:
#     reads: [book/results/timing/*.json]
# ---

# %% [markdown]
# # How long does a frame take?
#
# The paper's Table 2 gives the time of one image on four processors. Here the same network, and the
# fast ones that come with this package, are timed on the machine that built this page, in several
# runtimes: programs that execute a network. Then the whole way of a frame, from the camera's 16-bit
# counts to grey levels on a screen.
#
# *How it is timed.* A call goes from an array in the computer's memory to an array in its memory; on
# a GPU, both transfers are part of it. All networks and runtimes take turns, frame by frame, so that a change
# of the machine's speed hits them alike; in its turn, a short call is made twice and the second counts,
# as in a stream of frames. The first two turns are not counted. Tables give the median.
# Where other programs run at the same time, everything is slower, and PyTorch more than the others;
# so beside *this run* stand recorded ones, made with nothing else running: one on a processor with AVX-512 and
# bfloat16, one on a processor without. Both are rented machines, whose speed, above all with small networks, is not the
# same from hour to hour.

# %% tags=["hide-input"]
import json
from pathlib import Path

import numpy as np
import torch
from myst_nb import glue

from lctem_core import figures, paper
from lctem_core.evaluate.benchmark import STAGES, measure
from lctem_core.refine.agreement import LEAST_PSNR, MOST_LOSS, agreement
from lctem_core.refine.runtimes import NAMES, trial_frame

figures.use_style()
ROOT = next(
    p for p in (Path.cwd(), *Path.cwd().parents) if (p / "book").is_dir()
)

# %% tags=["parameters"]
sizes = [256, 512, 1024]  # sides of the frames in pixels
networks = [
    "paper",
    "faithful",
    "temporal",
    "dry-look",
]  # the paper's and the shipped
runtime_names = []  # runtimes; empty: all that suit this machine
largest_side = {}  # largest side by network in pixels
repeats = 20  # turns per size
budget = 20.0  # seconds per size after which no further turn begins
camera_size = 2048  # side of the camera's frame in pixels
path_repeats = 100  # frames from the camera to the display
loss_frames = 40  # simulated frames on which the loss is measured
shown_record = "epyc-avx512-2-cores"  # recorded run to show in full

# %% tags=["remove-output"]
here = measure(
    sizes, networks=networks, names=runtime_names, largest=largest_side, repeats=repeats,
    budget=budget, camera=camera_size, path_repeats=path_repeats, loss_frames=loss_frames,
)  # fmt: skip
records = {
    path.stem: json.loads(path.read_text("utf8"))
    for path in sorted((ROOT / "book/results/timing").glob("*.json"))
}
recorded = records[shown_record]

# %% [markdown]
# ## The machine

# %% tags=["hide-input"]
RUNS = {"this run": here, **records}


def facts(run):
    """Machine of a run, in words."""
    machine = run["machine"]
    versions = machine["versions"]
    return [
        machine["processor"],
        f"{machine['cores']} / {machine['threads']}",
        ", ".join(machine["instructions"]) or "not known",
        machine["gpu"] or "none",
        f"{max(run['peak']) / 1e9:.0f}",
        f"{versions['torch']} / {versions['openvino']} / {versions['onnxruntime']}",
        f"{run['provenance']['date']}, {run['provenance']['commit']}",
    ]


figures.table(
    ["", *RUNS],
    [
        list(row)
        for row in zip(
            [
                "processor",
                "cores / threads used",
                "instruction sets",
                "GPU",
                "peak, float32 [GFLOP/s]",
                "PyTorch / OpenVINO / ONNX Runtime",
                "date, commit",
            ],
            *(facts(run) for run in RUNS.values()),
            strict=True,
        )
    ],
)

# %% [markdown]
# The peak is that of a matrix product of 2,048 × 2,048 numbers, of PyTorch or NumPy, whichever is faster: about
# the most that the processor gives in practice. Runtimes that were not timed in this run, and why:

# %% tags=["hide-input"]
figures.table(
    ["runtime", "what it is", "why not"],
    [[name, NAMES[name], reason] for name, reason in here["unsuited"].items()]
    or [["–", "all were timed", ""]],
)

# %% [markdown]
# ## Table 2
#
# Milliseconds per frame. The first four rows are the paper's, with its ResNet-18 network. In ours,
# *paper* is the same network, with random weights (the time does not depend on them); the others are the
# shipped ones, of which *faithful* is the default and *temporal* takes an adaptive mean of the last ten frames
# (see {doc}`06_in_situ`); *float32* is the precision of the paper, *int8* has convolutions in 8-bit integers.
# In brackets, quartiles.

# %% tags=["hide-input"]
values = paper.values()
PAPER = {
    "i7_9700": "Intel i7-9700 (CPU)",
    "gtx_1650": "GeForce GTX 1650",
    "rtx_a2000": "RTX A2000",
    "quadro_rtx_8000": "Quadro RTX 8000",
}
SIDES = [256, 512, 1024]


def paper_times(key):
    """The paper's three times of a processor [ms]."""
    return [values[f"table2.{key}.{side}"] for side in SIDES]


def found(run, network, runtime, size):
    """Row of a run, or None."""
    for row in run["times"]:
        if (row["network"], row["runtime"], row["size"]) == (
            network,
            runtime,
            size,
        ):
            return row
    return None


def median(run, network, runtime, size):
    """Median [ms], or not a number."""
    row = found(run, network, runtime, size)
    return row["median"] if row else np.nan


def milliseconds(value):
    """Three digits that count."""
    return f"{value:.0f}" if value >= 100 else f"{value:.3g}"


def cells(run, network, runtime, sides, spread=True):
    """Times as text."""
    texts = []
    for side in sides:
        row = found(run, network, runtime, side)
        if row is None:
            texts.append("–")
            continue
        text = milliseconds(row["median"])
        if spread:
            text += (
                f" ({milliseconds(row['q25'])}–{milliseconds(row['q75'])})"
            )
        texts.append(text)
    return texts


def combinations(run):
    """Networks and runtimes of a run, in order."""
    return list(
        dict.fromkeys((r["network"], r["runtime"]) for r in run["times"])
    )


def our_table(run, sides):
    """All networks and runtimes of a run."""
    return [
        [f"{network}, {runtime}", *cells(run, network, runtime, sides)]
        for network, runtime in combinations(run)
    ]


figures.table(
    ["the paper", *(f"{side:,} × {side:,}" for side in SIDES)],
    [
        [name, *(f"{value:g}" for value in paper_times(key))]
        for key, name in PAPER.items()
    ],
)

# %% tags=["hide-input"]
measured = sorted({row["size"] for row in here["times"]})
figures.table(
    ["this run", *(f"{side:,} × {side:,}" for side in measured)],
    our_table(here, measured),
)

# %% [markdown]
# And {glue:text}`shown_record`, with larger frames. *paper* ends at 1,024², where a frame takes up to
# {glue:text}`longest_paper` s.

# %% tags=["hide-input"]
glue("shown_record", shown_record, display=False)
longest = max(
    row["median"] for row in recorded["times"] if row["network"] == "paper"
)
glue("longest_paper", f"{longest / 1000:.1f}", display=False)
sides_recorded = sorted({row["size"] for row in recorded["times"]})
figures.table(
    [shown_record, *(f"{side:,}²" for side in sides_recorded)],
    [
        [
            f"{network}, {runtime}",
            *cells(recorded, network, runtime, sides_recorded, spread=False),
        ]
        for network, runtime in combinations(recorded)
    ],
)

# %% [markdown]
# ## Against the paper's network in PyTorch
#
# How many times faster each is at 512 × 512 pixels than the paper's network executed by PyTorch, operation
# by operation, in float32, in the same run. We aimed at 3.5 for the same network, 40 for the default
# fast network, and 10 ms (95th percentile) for the whole way from a 2,048 × 2,048 camera frame.


# %% tags=["hide-input"]
def ratio(run, network, runtime, size=None):
    """Speed in units of the paper's network in eager float32."""
    size = size or reference_side(run)
    return median(run, "paper", "torch", size) / median(
        run, network, runtime, size
    )


def reference_side(run):
    """512, or where it was not timed the largest side."""
    timed = {row["size"] for row in run["times"]}
    return 512 if 512 in timed else max(timed)


def passes(run, network, runtime):
    """Whether it agrees with float32 well enough for `auto` to take it."""
    numbers = run["agreement"].get(network, {}).get(runtime)
    return (
        not numbers
        or numbers["psnr"] is None
        or numbers["psnr"] >= LEAST_PSNR
    )


def best(run, network, exact=True):
    """Fastest runtime of a network; exact: True, in float32; None, that `auto` may take; False, any."""
    names = [
        runtime
        for of_network, runtime in combinations(run)
        if of_network == network
        and not (exact and runtime.endswith(("int8", "bf16", "half")))
        and (exact is False or passes(run, network, runtime))
        # `auto` never takes 8-bit integers, whatever their agreement.
        and not (exact is None and runtime.endswith("int8"))
    ]
    return max(names, key=lambda name: ratio(run, network, name))


def verdict(value, goal):
    """Met or not."""
    return "met" if value >= goal else "not met"


rows = []
for label, run in RUNS.items():
    for network, goal in (("paper", 3.5), ("faithful", 40)):
        for exact, kind in (
            (True, "float32 alone"),
            (None, "that auto may take"),
            (False, "any precision"),
        ):
            name = best(run, network, exact)
            value = ratio(run, network, name)
            rows.append(
                [label, network, kind, name, f"{value:.2f}", f"{goal:g}", verdict(value, goal)]
            )  # fmt: skip
    value = ratio(run, "faithful", "torch")
    rows.append(
        [label, "faithful", "PyTorch as it is", "torch", f"{value:.2f}", "30", verdict(value, 30)]
    )  # fmt: skip
figures.table(
    ["run", "network", "", "fastest runtime", "ratio", "aim", ""], rows
)

# %% tags=["hide-input"]
side = reference_side(recorded)
glue("any_paper", best(recorded, "paper", exact=False), display=False)
glue("pass_paper", best(recorded, "paper", exact=None), display=False)
glue("any_fast", best(recorded, "faithful", exact=False), display=False)
glue(
    "ratio_eager", float(ratio(recorded, "faithful", "torch")), display=False
)
for name, network, runtime in (
    ("ratio_paper_f32", "paper", best(recorded, "paper")),
    ("ratio_paper_pass", "paper", best(recorded, "paper", exact=None)),
    ("ratio_paper_any", "paper", best(recorded, "paper", exact=False)),
    ("ratio_fast_f32", "faithful", best(recorded, "faithful")),
    ("ratio_fast_any", "faithful", best(recorded, "faithful", exact=False)),
):
    glue(name, float(ratio(recorded, network, runtime)), display=False)
    glue(
        f"ms_{name[6:]}",
        float(median(recorded, network, runtime, side)),
        display=False,
    )
glue(
    "ms_eager", float(median(recorded, "paper", "torch", side)), display=False
)
exact_runtimes = [
    median(recorded, name, best(recorded, name), side)
    for name in ("temporal", "faithful")
]
glue(
    "ratio_temporal",
    float(exact_runtimes[0] / exact_runtimes[1]),
    display=False,
)


cost = recorded.get("loss of the paper's network", {})
for name, runtime in (
    ("paper_int8", "openvino-int8"),
    ("paper_bf16", "openvino-bf16"),
):
    known = runtime in cost
    glue(
        name,
        f"{-cost[runtime]['loss']:+.2f}" if known else "not measured",
        display=False,
    )


def timed(network, runtime, size):
    """Median of this run [ms], or that there is none."""
    now = median(here, network, runtime, size)
    return float(now) if np.isfinite(now) else "not run at this size"


glue("ms_paper_256", timed("paper", "torch", 256), display=False)
glue("ms_paper_512", timed("paper", "torch", 512), display=False)
glue("ms_paper_1024", timed("paper", "torch", 1024), display=False)
default = best(here, "faithful")
glue("ms_default_512", timed("faithful", default, 512), display=False)
work = {
    name: value * 512**2 / 1e9
    for name, value in recorded["operations shortened"].items()
}
glue(
    "gflop_paper_full",
    float(recorded["operations"]["paper"] * 512**2 / 1e9),
    display=False,
)
glue("gflop_paper", float(work["paper"]), display=False)
glue("gflop_fast", float(work["faithful"]), display=False)
glue("work_ratio", float(work["paper"] / work["faithful"]), display=False)
glue("peak", max(recorded["peak"]) / 1e9, display=False)
glue(
    "least_paper", 1e12 * work["paper"] / max(recorded["peak"]), display=False
)
glue(
    "least_fast",
    1e12 * work["faithful"] / max(recorded["peak"]),
    display=False,
)
glue("most_paper", float(median(recorded, "paper", "torch", side) / (1e12 * work["paper"] / max(recorded["peak"]))), display=False)  # fmt: skip
glue("most_fast", float(median(recorded, "paper", "torch", side) / (1e12 * work["faithful"] / max(recorded["peak"]))), display=False)  # fmt: skip

# %% [markdown]
# On {glue:text}`shown_record` the paper's network takes {glue:text}`ms_eager:.0f` ms in PyTorch,
# {glue:text}`ms_paper_f32:.0f` ms in the fastest float32 runtime ({glue:text}`ratio_paper_f32:.1f` times
# faster), {glue:text}`ms_paper_pass:.0f` ms in {glue:text}`pass_paper`, the fastest that passes the check and that `auto` may take
# ({glue:text}`ratio_paper_pass:.1f`), and {glue:text}`ms_paper_any:.0f` ms in {glue:text}`any_paper`
# ({glue:text}`ratio_paper_any:.1f`). With
# weights that saw every frame once ({doc}`04_networks`) its PSNR on simulated frames changes by
# {glue:text}`paper_int8` dB in 8-bit integers and by {glue:text}`paper_bf16` in bfloat16: a network so little trained does not
# tell what either costs a good one. In turn,
# the default network {glue:text}`ms_fast_f32:.1f` ms in float32 ({glue:text}`ratio_fast_f32:.0f`) and
# {glue:text}`ms_fast_any:.1f` ms in {glue:text}`any_fast` ({glue:text}`ratio_fast_any:.0f`); in PyTorch itself it
# is {glue:text}`ratio_eager:.0f` times faster. The temporal network
# takes {glue:text}`ratio_temporal:.2f` times as long as the default one, each in its fastest float32
# runtime; at most 1.5 was the aim. That is the network alone; {doc}`06_in_situ` has the time with the adaptive mean that it takes.
#
# *The same network with fewer operations.* The paper's decoder repeats every pixel 2 × 2 times and then convolves
# with 3 × 3 weights, so it multiplies equal numbers again and again. Both steps together are one transposed
# convolution of 4 × 4 weights with stride 2, which is four products per pixel and channel instead of nine, and the
# same answer up to rounding (`lctem_core.networks.shortened`). Of the {glue:text}`gflop_paper_full:.1f` billion operations for
# a frame of 512 × 512 pixels it leaves {glue:text}`gflop_paper:.1f`. All runtimes on a CPU but `torch`,
# the reference, execute it so. The shipped fast networks enlarge after their convolutions and gain nothing, the dry look's gains
# as the paper's does.
#
# *Why float32 ends there.* The default network needs {glue:text}`gflop_fast:.2f` billion operations,
# {glue:text}`work_ratio:.0f` times fewer. At the peak of {glue:text}`peak:.0f` GFLOP/s that is
# {glue:text}`least_paper:.0f` and {glue:text}`least_fast:.1f` ms, {glue:text}`most_paper:.1f` and
# {glue:text}`most_fast:.0f` times faster than what we compare with: about what a float32 runtime can reach that
# computes its convolutions directly. Instructions for bfloat16 (AVX-512 BF16, AMX) multiply twice as many numbers at once,
# those for 8-bit integers four times as many; without them, as in the record of a processor with AVX2 alone, only float32 and
# 8-bit integers are left. No GPU was timed: none of these machines has one.

# %% [markdown]
# ## Is 1,024² four times 512²?
#
# The paper: “When GPUs were used, the conversion time for the 1,024 × 1,024 image was four times longer
# than that for the 512 × 512 image. This result is reasonable because the image data is four times
# larger.” Its own table gives less for two of its three GPUs. A call has a part that does not depend on
# the size; the smaller the frame, the larger its share.

# %% tags=["hide-input"]
rows = []
for key, name in PAPER.items():
    first, second, third = paper_times(key)
    rows.append(
        [f"paper: {name}", f"{second / first:.1f}", f"{third / second:.1f}"]
    )
for label, run in RUNS.items():
    for network in ("paper", "faithful"):
        for runtime in dict.fromkeys(("torch", best(run, network))):
            times = [median(run, network, runtime, s) for s in SIDES]
            pair = [times[1] / times[0], times[2] / times[1]]
            texts = [f"{x:.1f}" if np.isfinite(x) else "–" for x in pair]
            rows.append([f"{label}: {network}, {runtime}", *texts])
scaling = median(recorded, "paper", "torch", 1024) / median(
    recorded, "paper", "torch", 512
)
glue("scaling_1024_512", float(scaling), display=False)
figures.table(["time for", "512² / 256²", "1,024² / 512²"], rows)

# %% tags=["hide-input"]
#| name: fig-time-per-pixel
#| caption: Time per million pixels against the frame's side. Grey, the paper's four processors with its network (Table 2); colours, recorded on two processor cores. A flat line means that the time is proportional to the number of pixels.
#| alt: Lines on logarithmic axes. The paper's processors fall from 256 to 1024 pixels. On this machine the paper's network is flat in OpenVINO and rises in PyTorch; the fast one lies far lower, in PyTorch among the GPUs' lines and in OpenVINO at the lowest of them or below it.
figure, (plot,) = figures.columns_of(1)
for key, name in PAPER.items():
    times = [
        t * 1e6 / s**2 for t, s in zip(paper_times(key), SIDES, strict=True)
    ]
    plot.plot(SIDES, times, color="0.6", marker="o", ms=3, lw=1.2)
    plot.annotate(
        name, (SIDES[0], times[0]), xytext=(-6, 0), fontsize=8, color="0.35",
        textcoords="offset points", ha="right", va="center",
    )  # fmt: skip
lines = [
    ("paper", "torch", figures.RED, "-"),
    ("paper", best(recorded, "paper"), figures.ORANGE, "-"),
    ("faithful", "torch", figures.SKY, "-"),
    ("faithful", best(recorded, "faithful"), figures.BLUE, "-"),
    ("faithful", best(recorded, "faithful", exact=False), figures.BLUE, "--"),
]
for network, runtime, colour, style in lines:
    points = [
        (s, median(recorded, network, runtime, s) * 1e6 / s**2)
        for s in sides_recorded
        if found(recorded, network, runtime, s)
    ]
    plot.plot(
        *zip(*points, strict=True), color=colour, ls=style, marker="o", ms=4
    )
    plot.annotate(
        f"{network}, {runtime}", points[-1], xytext=(6, 0), fontsize=8, color=colour,
        textcoords="offset points", va="center",
    )  # fmt: skip
plot.set(xscale="log", yscale="log", xlim=(95, 14000), xlabel="side of the frame [px]",
         ylabel="time per million pixels [ms]")  # fmt: skip
plot.set_xticks(sides_recorded, [f"{s:,}" for s in sides_recorded])
plot.minorticks_off()
figure

# %% [markdown]
# On {glue:text}`shown_record`, the paper's network in PyTorch takes {glue:text}`scaling_1024_512:.1f` times as
# long for 1,024² as for 512². Ratios above four, a fixed part does not explain. In PyTorch the activations of a large frame no
# longer fit into the processor's cache; we did not check whether that is all of it.
#
# ## How much of the processor is used?
#
# Operations of the convolutions that are executed per second, as a share of the peak.

# %% tags=["hide-input"]
rows = []
for network, runtime in combinations(recorded):
    texts = []
    for s in sides_recorded:
        row = found(recorded, network, runtime, s)
        if row is None:
            texts.append("–")
            continue
        executed = recorded[
            "operations" if runtime == "torch" else "operations shortened"
        ]
        rate = executed[network] * s**2 / (row["median"] * 1e-3)
        texts.append(f"{100 * rate / max(recorded['peak']):.0f} %")
    rows.append([f"{network}, {runtime}", *texts])
figures.table([shown_record, *(f"{s:,}²" for s in sides_recorded)], rows)

# %% [markdown]
# The peak is that of float32. More is possible: of bfloat16 and of 8-bit integers a processor multiplies more at once, and
# where it is rented its speed changes between the product and the frames.
#
# ## From the camera to the display
#
# A camera frame of 16-bit counts becomes 8-bit grey levels: it is checked, reduced to 512 × 512
# pixels by area averaging, stretched between its percentiles, refined by the default network, scaled back to counts, and drawn
# between its own percentiles. The percentiles are taken after the reduction, from the pixels beyond a
# bound on either side, which gives the same numbers as sorting all of them.

# %% tags=["hide-input"]
rows = []
for label, run in RUNS.items():
    for runtime, stages in run["path"].items():
        numbers = [f"{stages[stage]['median']:.2f}" for stage in STAGES]
        total = stages["total"]
        goal = "met" if total["p95"] <= 10 else "not met"
        rows.append(
            [f"{label}: {runtime}", *numbers, f"{total['median']:.1f}", f"{total['p95']:.1f}", goal]
        )  # fmt: skip
figures.table(["median [ms]", *STAGES, "total", "total, p95", "10 ms"], rows)

# %% tags=["hide-input"]
#| name: fig-path
#| caption: From a camera's frame to grey levels, stage by stage (medians of the recorded run shown in full above; a frame of 2,048 × 2,048 pixels, refined at 512 × 512). Dashed, our aim for the 95th percentile.
#| alt: Horizontal stacked bars, one per runtime. Inference is the longest stage in each, reduction the second; the other stages together take one to two milliseconds.
COLOURS = dict(
    zip(
        STAGES,
        (
            figures.BLACK,
            figures.SKY,
            figures.GREEN,
            figures.BLUE,
            figures.PURPLE,
            figures.ORANGE,
        ),
        strict=True,
    )
)
order = sorted(
    recorded["path"],
    key=lambda name: -recorded["path"][name]["total"]["median"],
)
figure, (plot,) = figures.columns_of(1)
for place, runtime in enumerate(order):
    left = 0.0
    for stage in STAGES:
        width = recorded["path"][runtime][stage]["median"]
        plot.barh(place, width, left=left, height=0.62, color=COLOURS[stage],
                  label=stage if place == 0 else None)  # fmt: skip
        left += width
    total = recorded["path"][runtime]["total"]
    plot.annotate(
        f"{total['median']:.1f} ms, p95 {total['p95']:.1f}", (left, place),
        xytext=(5, 0), textcoords="offset points", va="center", fontsize=9,
        bbox={"color": "white", "pad": 1},
    )  # fmt: skip
plot.axvline(10, color=figures.BLACK, ls="--", lw=1, zorder=0)
plot.set_yticks(range(len(order)), order)
plot.set(xlabel="time [ms]", xlim=(0, 1.25 * plot.get_xlim()[1]))
plot.legend(ncols=len(STAGES), loc="lower center", bbox_to_anchor=(0.45, 1.0), columnspacing=1.0,
            handlelength=1.2)  # fmt: skip
figure

# %% tags=["hide-input"]
path = recorded["path"]
exact = min(
    (n for n in path if not n.endswith(("int8", "bf16", "half"))),
    key=lambda name: path[name]["total"]["p95"],
)
fastest = min(path, key=lambda name: path[name]["total"]["p95"])
glue("path_f32", path[exact]["total"]["p95"], display=False)
glue("path_any", path[fastest]["total"]["p95"], display=False)
glue("path_exact_name", exact, display=False)
glue("path_fastest_name", fastest, display=False)
other = path[fastest]["total"]["median"] - path[fastest]["infer"]["median"]
glue("path_other", float(other), display=False)
glue(
    "path_goal",
    "reaches" if path[fastest]["total"]["p95"] <= 10 else "misses",
    display=False,
)
glue(
    "path_goal_f32",
    "reaches" if path[exact]["total"]["p95"] <= 10 else "misses",
    display=False,
)

# %% [markdown]
# On {glue:text}`shown_record`, of the float32 runtimes {glue:text}`path_exact_name` has the lowest 95th percentile,
# {glue:text}`path_f32:.1f` ms: it {glue:text}`path_goal_f32` the 10 ms. Of all,
# {glue:text}`path_fastest_name` has the lowest, {glue:text}`path_any:.1f` ms: it {glue:text}`path_goal` them.
# All stages but the network together take {glue:text}`path_other:.1f` ms. (Here one runtime is timed after the other, not
# in turns.) The paper's 63 ms from camera to display
# contain about 50 ms for drawing in the microscope's software, which ours do not.
#
# ## What speed costs
#
# Each runtime against PyTorch in float32. *Largest difference* and *PSNR* are of one answer against
# the other, on a simulated frame stretched to 0–1. *Loss* is what matters: by how much the PSNR
# against the truth falls, for the default network on simulated frames of the broad recipe that no training used.

# %% tags=["hide-input"]
rows = []
for network, of_network in here["agreement"].items():
    for runtime, numbers in of_network.items():
        psnr = (
            "equal" if numbers["psnr"] is None else f"{numbers['psnr']:.1f}"
        )
        loss = "–"
        if network == "faithful" and runtime in here["loss"]:
            lost = round(here["loss"][runtime]["loss"], 3) + 0.0  # no -0.000
            loss = f"{lost:+.3f}"
        taken = "yes"
        if numbers["psnr"] is not None and numbers["psnr"] < LEAST_PSNR:
            taken = "no"
        rows.append(
            [
                f"{network}, {runtime}",
                f"{numbers['largest']:.1g}",
                psnr,
                loss,
                taken,
            ]
        )
figures.table(
    [
        "this run",
        "largest difference",
        "PSNR [dB]",
        "loss [dB]",
        f"{LEAST_PSNR:.0f} dB or more",
    ],
    rows,
)

# %% tags=["hide-input"]
int8 = recorded["loss"].get("openvino-int8")
glue(
    "int8_loss",
    f"{round(int8['loss'], 2) + 0.0:.2f}" if int8 else "not measured",
    display=False,
)
int8_here = here["loss"].get("openvino-int8")
glue(
    "int8_loss_here",
    f"{round(int8_here['loss'], 2) + 0.0:.2f}"
    if int8_here
    else "not measured",
    display=False,
)
verdict_int8 = "not measured"
if int8_here:
    within = int8_here["loss"] <= MOST_LOSS
    verdict_int8 = "within the limit" if within else "beyond the limit"
glue("int8_verdict", verdict_int8, display=False)
glue("most_loss", f"{MOST_LOSS:g}", display=False)
dry_int8 = recorded["agreement"]["dry-look"].get("openvino-int8")
glue(
    "dry_int8",
    f"{dry_int8['psnr']:.0f}" if dry_int8 else "not measured",
    display=False,
)
verdict_dry = "not measured"
if dry_int8:
    exact_enough = dry_int8["psnr"] >= LEAST_PSNR
    verdict_dry = "enough" if exact_enough else "the Refiner warns"
glue("dry_verdict", verdict_dry, display=False)
glue("least_psnr", LEAST_PSNR, display=False)
usual = here["loss"].get("torch", {}).get("psnr", np.nan)
glue("usual_psnr", float(usual), display=False)
# Independent errors add by their squares.
added = 10 * np.log10(1 + 10 ** ((usual - LEAST_PSNR) / 10))
glue("least_cost", float(added), display=False)
taken = [
    one["psnr"]
    for name, one in here["agreement"].get("faithful", {}).items()
    if one["psnr"] and one["psnr"] >= LEAST_PSNR and not name.endswith("int8")
]
glue("least_taken", float(min(taken, default=np.nan)), display=False)
frame = trial_frame()
rounded = torch.from_numpy(frame.copy()).bfloat16().float().numpy()
glue("rounded_psnr", agreement(rounded, frame).psnr, display=False)

# %% [markdown]
# `Refiner.load()` takes the fastest runtime on the machine whose answer agrees with PyTorch's in
# float32 to {glue:text}`least_psnr:.0f` dB or better: to an image of {glue:text}`usual_psnr:.1f` dB, what the default
# network reaches here, an error of that size would cost {glue:text}`least_cost:.2f` dB if it had nothing to do with the
# image's own. What is taken for that network has {glue:text}`least_taken:.0f` dB or more here, and the last column but
# one has what it really costs.
# In bfloat16 only the U-Net is computed, and what the network does to the frame itself stays in float32: a
# frame rounded to the eight significant bits of a bfloat16 has no more than {glue:text}`rounded_psnr:.0f` dB against itself.
# 8-bit integers have to be asked for (`runtime="openvino-int8"`, which needs the
# package NNCF): their ranges are taken from simulated frames, and for networks with the faithful target their loss is
# measured on others, which takes seconds. Above {glue:text}`most_loss` dB of loss, or below {glue:text}`least_psnr:.0f` dB
# against its own float32 answer, the Refiner warns. In the record they cost the default network
# {glue:text}`int8_loss` dB, in this run {glue:text}`int8_loss_here` ({glue:text}`int8_verdict`). The dry look's network has
# {glue:text}`dry_int8` dB in them ({glue:text}`dry_verdict`).
#
# ## On your machine
#
# Run this notebook: *this run* is then yours. `python book/timings.py NAME` records one as
# `book/results/timing/NAME.json`. For other programs, `lctem export OUT.onnx` writes the network as
# an ONNX model with a card that says how to feed it.
