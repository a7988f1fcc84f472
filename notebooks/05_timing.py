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
# **The question.** The paper's Table 2 gives the time of one image on four processors. How long do the same network,
# and the fast ones that come with this package, take on a processor, and the whole way of a frame from the camera's
# 16-bit counts to grey levels on a screen?
#
# **The answer.** On two cores of the recorded {glue:text}`shown_record`, a frame of 512 × 512 pixels takes the
# paper's network {glue:text}`ms_eager:.0f` ms in PyTorch and the default network {glue:text}`ms_fast_f32:.1f` ms in
# {glue:text}`f32_fast`, both in float32: {glue:text}`ratio_fast_f32:.0f` times less. From a camera's frame of
# 2,048 × 2,048 pixels to grey levels, 95 % of the frames take {glue:text}`path_f32:.1f` ms or less.
#
# **How far to trust that.** The recorded machines are rented, and their speed, above all with small networks, is not the same from hour to
# hour. *This run* is of the machine that built this page, which may have had other things to do. No GPU was timed.
#
# *How it is timed.* A call goes from an array in the computer's memory to an array in its memory; on
# a GPU, both transfers are part of it. All networks and runtimes (programs that execute a network) take turns, frame by
# frame, so that a change of the machine's speed hits them alike; in its turn, a short call is made twice and the second counts,
# as in a stream of frames. The first two turns are not counted. Tables give the median.
# Where other programs run at the same time, everything is slower, and PyTorch more than the others;
# so beside *this run* stand recorded ones, made with nothing else running: one on a processor with AVX-512 and
# bfloat16, one on a processor without.

# %% tags=["hide-input"]
from pathlib import Path

import numpy as np
import torch
from myst_nb import glue

from lctem_core import figures, paper
from lctem_core.evaluate.benchmark import STAGES
from lctem_core.evaluate.timed import ANY, AUTO, FLOAT32, TimedRun
from lctem_core.refine.agreement import LEAST_PSNR, MOST_LOSS, agreement
from lctem_core.refine.runtimes import NAMES, trial_frame

figures.use_style()
ROOT = next(
    p for p in (Path.cwd(), *Path.cwd().parents) if (p / "book").is_dir()
)

# %% tags=["parameters"]
sizes = [256, 512]  # sides of the frames in pixels, for all runtimes
eager_sizes = [1024]  # larger ones, timed in PyTorch as it is alone
networks = ["paper", "faithful"]  # also: temporal, dry-look
runtime_names = []  # runtimes; empty: all that suit this machine
largest_side = {}  # largest side by network in pixels
repeats = 10  # turns per size
budget = 3.0  # seconds per size after which no further turn begins
camera_size = 2048  # side of the camera's frame in pixels
path_repeats = 30  # frames from the camera to the display
loss_frames = 10  # simulated frames on which the loss is measured
shown_record = "epyc-avx512-2-cores"  # recorded run to show in full

# %% tags=["remove-output"]
here = TimedRun.of_this_machine(
    sizes, eager_sizes=eager_sizes, networks=networks, names=runtime_names, largest=largest_side,
    repeats=repeats, budget=budget, camera=camera_size, path_repeats=path_repeats,
    loss_frames=loss_frames,
)  # fmt: skip
records = TimedRun.read(ROOT / "book/results/timing")
recorded = records[shown_record]

# %% [markdown]
# ## The machine

# %% tags=["hide-input"]
RUNS = {"this run": here, **records}
facts = {label: run.machine() for label, run in RUNS.items()}
figures.table(
    ["", *RUNS],
    [
        [name, *(of_run[name] for of_run in facts.values())]
        for name in facts["this run"]
    ],
)

# %% [markdown]
# The peak is that of a matrix product of 2,048 × 2,048 numbers, of PyTorch or NumPy, whichever is faster: about
# the most that the processor gives in practice. Runtimes that were not timed in this run, and why:

# %% tags=["hide-input"]
why = [
    [name, NAMES[name], reason]
    for name, reason in here.content["unsuited"].items()
]
figures.table(
    ["runtime", "what it is", "why not"], why or [["–", "all were timed", ""]]
)

# %% [markdown]
# ## Table 2
#
# Milliseconds per frame. The first four rows are the paper's, with its ResNet-18 network. In ours,
# *paper* is the same network, with random weights (the time does not depend on them); the others are the
# shipped ones, of which *faithful* is the default and *temporal*, in the record, takes an adaptive mean of the last ten frames
# (see {doc}`06_in_situ`); *float32* is the precision of the paper, *int8* has convolutions in 8-bit integers.
# In brackets, quartiles.

# %% tags=["hide-input"]
values = paper.values()
SIDES = [256, 512, 1024]
PAPER = {
    name: [values[f"table2.{key}.{side}"] for side in SIDES]
    for key, name in (
        ("i7_9700", "Intel i7-9700 (CPU)"),
        ("gtx_1650", "GeForce GTX 1650"),
        ("rtx_a2000", "RTX A2000"),
        ("quadro_rtx_8000", "Quadro RTX 8000"),
    )
}
figures.table(
    ["the paper", *(f"{side:,} × {side:,}" for side in SIDES)],
    [
        [name, *(f"{value:g}" for value in times)]
        for name, times in PAPER.items()
    ],
)

# %% tags=["hide-input"]
figures.table(
    ["this run", *(f"{side:,} × {side:,}" for side in here.sides)],
    here.table(here.sides),
)

# %% [markdown]
# And {glue:text}`shown_record`, with larger frames. *paper* ends at 1,024², where a frame takes up to
# {glue:text}`longest_paper` s.

# %% tags=["hide-input"]
glue("shown_record", shown_record, display=False)
longest = np.nanmax(
    [
        recorded.median("paper", name, max(SIDES))
        for _, name in recorded.combinations
    ]
)
glue("longest_paper", f"{longest / 1000:.1f}", display=False)
figures.table(
    [shown_record, *(f"{side:,}²" for side in recorded.sides)],
    recorded.table(recorded.sides, spread=False),
)

# %% [markdown]
# ## Against the paper's network in PyTorch
#
# How many times faster each is at 512 × 512 pixels than the paper's network executed by PyTorch, operation
# by operation, in float32, in the same run. We aimed at 3.5 for the same network, 40 for the default
# fast network, and 10 ms (95th percentile) for the whole way from a 2,048 × 2,048 camera frame.

# %% tags=["hide-input"]
rows = []
for label, run in RUNS.items():
    goals = [(n, e, run.best(n, e), aim) for n, aim in (("paper", 3.5), ("faithful", 40))
             for e in (FLOAT32, AUTO, ANY)]  # fmt: skip
    for network, kind, name, aim in [
        *goals,
        ("faithful", "PyTorch as it is", "torch", 30),
    ]:
        value = run.ratio(network, name)
        verdict = "met" if value >= aim else "not met"
        rows.append(
            [label, network, kind, name, f"{value:.2f}", f"{aim:g}", verdict]
        )
figures.table(
    ["run", "network", "", "fastest runtime", "ratio", "aim", ""], rows
)

# %% tags=["hide-input"]
side = recorded.reference_side
glue("any_paper", recorded.best("paper", ANY), display=False)
glue("pass_paper", recorded.best("paper", AUTO), display=False)
glue("any_fast", recorded.best("faithful", ANY), display=False)
glue("f32_fast", recorded.best("faithful"), display=False)
glue("ratio_eager", recorded.ratio("faithful", "torch"), display=False)
for name, network, exact in (
    ("paper_f32", "paper", FLOAT32),
    ("paper_pass", "paper", AUTO),
    ("paper_any", "paper", ANY),
    ("fast_f32", "faithful", FLOAT32),
    ("fast_any", "faithful", ANY),
):
    runtime = recorded.best(network, exact)
    glue(f"ratio_{name}", recorded.ratio(network, runtime), display=False)
    glue(f"ms_{name}", recorded.median(network, runtime, side), display=False)
eager = recorded.median("paper", "torch", side)
glue("ms_eager", eager, display=False)
longer, shorter = (
    recorded.median(name, recorded.best(name), side)
    for name in ("temporal", "faithful")
)
glue("ratio_temporal", longer / shorter, display=False)
cost = recorded.content.get("loss of the paper's network", {})
for name, runtime in (
    ("paper_int8", "openvino-int8"),
    ("paper_bf16", "openvino-bf16"),
):
    known = runtime in cost
    lost = f"{-cost[runtime]['loss']:+.2f}" if known else "not measured"
    glue(name, lost, display=False)
default = here.best("faithful")
for name, network, runtime, size in (
    ("ms_paper_256", "paper", "torch", 256),
    ("ms_paper_512", "paper", "torch", 512),
    ("ms_paper_1024", "paper", "torch", 1024),
    ("ms_default_512", "faithful", default, 512),
):
    now = here.median(network, runtime, size)
    glue(
        name,
        now if np.isfinite(now) else "not run at this size",
        display=False,
    )
full = recorded.operations("paper", 512, shortened=False)
glue("gflop_paper_full", full / 1e9, display=False)
work = {short: recorded.operations(name, 512)
        for short, name in (("paper", "paper"), ("fast", "faithful"))}  # fmt: skip
glue("work_ratio", work["paper"] / work["fast"], display=False)
glue("peak", recorded.peak / 1e9, display=False)
for name, number in work.items():
    least = 1e3 * number / recorded.peak
    glue(f"gflop_{name}", number / 1e9, display=False)
    glue(f"least_{name}", least, display=False)
    glue(f"most_{name}", eager / least, display=False)

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
rows = [
    [f"paper: {name}", f"{second / first:.1f}", f"{third / second:.1f}"]
    for name, (first, second, third) in PAPER.items()
]
for label, run in RUNS.items():
    for network in ("paper", "faithful"):
        for runtime in dict.fromkeys(("torch", run.best(network))):
            first, second, third = (
                run.median(network, runtime, s) for s in SIDES
            )
            pair = [second / first, third / second]
            texts = [f"{x:.1f}" if np.isfinite(x) else "–" for x in pair]
            rows.append([f"{label}: {network}, {runtime}", *texts])
scaling = recorded.median("paper", "torch", 1024) / recorded.median(
    "paper", "torch", 512
)
glue("scaling_1024_512", scaling, display=False)
figures.table(["time for", "512² / 256²", "1,024² / 512²"], rows)

# %% tags=["hide-input"]
#| name: fig-time-per-pixel
#| caption: Time per million pixels against the frame's side. Grey, the paper's four processors with its network (Table 2); colours, recorded on two processor cores. A flat line means that the time is proportional to the number of pixels.
#| alt: Lines on logarithmic axes. The paper's processors fall from 256 to 1024 pixels. On this machine the paper's network is flat in OpenVINO and rises in PyTorch; the fast one lies far lower, in PyTorch among the GPUs' lines and in OpenVINO at the lowest of them or below it.
figure, (plot,) = figures.columns_of(1)
beside = {"fontsize": 8, "textcoords": "offset points", "va": "center"}
for name, times in PAPER.items():
    per_pixel = [t * 1e6 / s**2 for t, s in zip(times, SIDES, strict=True)]
    plot.plot(SIDES, per_pixel, color="0.6", marker="o", ms=3, lw=1.2)
    at = (SIDES[0], per_pixel[0])
    plot.annotate(
        name, at, xytext=(-6, 0), color="0.35", ha="right", **beside
    )
for network, runtime, colour, style in (
    ("paper", "torch", figures.RED, "-"),
    ("paper", recorded.best("paper"), figures.ORANGE, "-"),
    ("faithful", "torch", figures.SKY, "-"),
    ("faithful", recorded.best("faithful"), figures.BLUE, "-"),
    ("faithful", recorded.best("faithful", ANY), figures.BLUE, "--"),
):
    points = [
        (s, recorded.median(network, runtime, s) * 1e6 / s**2)
        for s in recorded.sides
        if recorded.row(network, runtime, s)
    ]
    plot.plot(
        *zip(*points, strict=True), color=colour, ls=style, marker="o", ms=4
    )
    label = f"{network}, {runtime}"
    plot.annotate(label, points[-1], xytext=(6, 0), color=colour, **beside)
plot.set(xscale="log", yscale="log", xlim=(95, 14000), xlabel="side of the frame [px]",
         ylabel="time per million pixels [ms]")  # fmt: skip
plot.set_xticks(recorded.sides, [f"{s:,}" for s in recorded.sides])
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
shares = {
    (network, runtime): [
        recorded.used(network, runtime, s) for s in recorded.sides
    ]
    for network, runtime in recorded.combinations
}
figures.table(
    [shown_record, *(f"{s:,}²" for s in recorded.sides)],
    [
        [
            f"{network}, {runtime}",
            *(f"{100 * x:.0f} %" if np.isfinite(x) else "–" for x in own),
        ]
        for (network, runtime), own in shares.items()
    ],
)

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
    for runtime, stages in run.content["path"].items():
        total = stages["total"]
        numbers = [f"{stages[stage]['median']:.2f}" for stage in STAGES]
        verdict = "met" if total["p95"] <= 10 else "not met"
        rows.append(
            [f"{label}: {runtime}", *numbers, f"{total['median']:.1f}", f"{total['p95']:.1f}",
             verdict]
        )  # fmt: skip
figures.table(["median [ms]", *STAGES, "total", "total, p95", "10 ms"], rows)

# %% tags=["hide-input"]
#| name: fig-path
#| caption: From a camera's frame to grey levels, stage by stage (medians of the recorded run shown in full above; a frame of 2,048 × 2,048 pixels, refined at 512 × 512). Dashed, our aim for the 95th percentile.
#| alt: Horizontal stacked bars, one per runtime. Inference is the longest stage in each, reduction the second; the other stages together take one to two milliseconds.
path = recorded.content["path"]
colours = (
    figures.BLACK,
    figures.SKY,
    figures.GREEN,
    figures.BLUE,
    figures.PURPLE,
    figures.ORANGE,
)
order = sorted(path, key=lambda name: -path[name]["total"]["median"])
figure, (plot,) = figures.columns_of(1)
for place, runtime in enumerate(order):
    left = 0.0
    for stage, colour in zip(STAGES, colours, strict=True):
        width = path[runtime][stage]["median"]
        plot.barh(place, width, left=left, height=0.62, color=colour,
                  label=stage if place == 0 else None)  # fmt: skip
        left += width
    total = path[runtime]["total"]
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
exact, fastest = recorded.path_runtime(exact=True), recorded.path_runtime()
for names, runtime in ((("f32", "exact_name", "goal_f32"), exact),
                       (("any", "fastest_name", "goal"), fastest)):  # fmt: skip
    slowest = path[runtime]["total"]["p95"]
    number, name, goal = (f"path_{one}" for one in names)
    glue(number, slowest, display=False)
    glue(name, runtime, display=False)
    glue(goal, "reaches" if slowest <= 10 else "misses", display=False)
other = path[fastest]["total"]["median"] - path[fastest]["infer"]["median"]
glue("path_other", other, display=False)

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
for network, of_network in here.content["agreement"].items():
    for runtime, numbers in of_network.items():
        psnr = (
            "equal" if numbers["psnr"] is None else f"{numbers['psnr']:.1f}"
        )
        loss = "–"
        if network == "faithful" and runtime in here.content["loss"]:
            lost = (
                round(here.content["loss"][runtime]["loss"], 3) + 0.0
            )  # no -0.000
            loss = f"{lost:+.3f}"
        taken = "yes" if here.passes(network, runtime) else "no"
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
unknown = "not measured"
for name, run in (("int8_loss", recorded), ("int8_loss_here", here)):
    int8 = run.content["loss"].get("openvino-int8")
    glue(
        name,
        f"{round(int8['loss'], 2) + 0.0:.2f}" if int8 else unknown,
        display=False,
    )
verdict = unknown  # of this run, the last one
if int8:
    verdict = (
        "within the limit"
        if int8["loss"] <= MOST_LOSS
        else "beyond the limit"
    )
glue("int8_verdict", verdict, display=False)
glue("most_loss", f"{MOST_LOSS:g}", display=False)
int8 = recorded.content["agreement"]["dry-look"].get("openvino-int8")
glue("dry_int8", f"{int8['psnr']:.0f}" if int8 else unknown, display=False)
verdict = unknown
if int8:
    verdict = "enough" if int8["psnr"] >= LEAST_PSNR else "the Refiner warns"
glue("dry_verdict", verdict, display=False)
glue("least_psnr", LEAST_PSNR, display=False)
usual = here.content["loss"].get("torch", {}).get("psnr", np.nan)
glue("usual_psnr", float(usual), display=False)
# Independent errors add by their squares.
added = 10 * np.log10(1 + 10 ** ((usual - LEAST_PSNR) / 10))
glue("least_cost", float(added), display=False)
taken = [
    one["psnr"]
    for name, one in here.content["agreement"].get("faithful", {}).items()
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
