# ---
# jupyter:
#   jupytext:
#     formats: py:percent
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Audit of times, rates and doses
#
# **Question.** Do the times, rates and doses that {cite:t}`katsuno2024` print agree with each other, with the operations
# of the network and with known physics?
#
# **Answer.** Table 2 and the doses of the in situ test do. The 50 minutes of training do not: 2,000 epochs would take at
# least {glue:text}`training_minutes_at_peak:.0f` minutes at the card's peak in single precision. The usual dose rate of
# 10,000 e⁻/nm²/s is {glue:text}`audit_gray_ratio:.0f` times the 10⁷ Gy/s that are printed for an ordinary observation. Of
# {glue:text}`n_findings` claims, {glue:text}`n_reproduces` reproduce,
# {glue:text}`n_corrected` reproduce with a corrected relation, {glue:text}`n_cannot_both` cannot
# hold together with another statement, and {glue:text}`n_unchecked` cannot be checked here.
#
# **How far to trust it.** The operations are counted on the network, and the card's peaks are its maker's. No
# graphics card was used here. A disagreement says that two statements exclude each other, not which of them
# is wrong.
#
# This is the second part of the audit that starts in {doc}`07_audit_data`, which explains the verdicts.
#
# ```{glue:md} audit_overview
# :format: myst
# ```

# %% tags=["hide-input"]
import numpy as np
from IPython.display import Markdown
from myst_nb import glue

from lctem_core import figures, paper
from lctem_core.cell import dose
from lctem_core.evaluate.timing import operations
from lctem_core.figures import percent
from lctem_core.networks.unet import parameter_count, unet
from lctem_core.paper import CANNOT_BOTH, REPRODUCES, UNCHECKED, judged

figures.use_style()

# %% tags=["parameters"]
voltage = float(paper.values()["microscope.voltage"])  # of the doses [kV]

# %%
printed = paper.values()
findings = paper.Audit()

# %% [markdown]
# (audit-encoders)=
# ## Encoders and losses
#
# Table 1 compares five encoders and three losses by one training each.

# %%
trained = {
    id.removeprefix("table1.").removesuffix(".psnr"): value
    for id, value in printed.items()
    if id.startswith("table1.") and id.endswith(".psnr")
}
del trained["original"]
best, worst = max(trained, key=trained.get), min(trained, key=trained.get)
all_ssim = {printed[f"table1.{name}.ssim"] for name in trained}
psnr_range = trained[best] - trained[worst]
print(
    f"{len(trained)} trainings, range {psnr_range:.2f} dB: {worst} … {best}"
)
print("SSIM:", all_ssim)

# %% tags=["hide-input"]
findings.add(
    "audit-encoders",
    "No significant change with encoder or loss",
    paper=f"PSNR {trained[worst]:.2f} to {trained[best]:.2f} dB, SSIM {', '.join(map(str, all_ssim))} for all: “no significant change”.",
    recomputed=(
        f"the PSNR of the {len(trained)} trainings spans {psnr_range:.2f} dB. Whether that is much "
        "depends on the scatter between equal trainings and between images, and neither is printed. "
        "It takes repeated trainings on the real pairs."
    ),
    verdict=UNCHECKED,
    values=[f"table1.{name}.psnr" for name in trained],
)
Markdown(findings.report("audit-encoders"))

# %% [markdown]
# (audit-minutes)=
# ## Fifty minutes of training
#
# The operations of a training can be counted: PyTorch counts those of one image, forward and backward,
# on the network itself. A multiplication and an addition count as two, as in a graphics card's peak.
# The Quadro RTX 8000 peaks at 16.3 TFLOP/s in single precision (FP32), and at 130.5 TFLOP/s in its
# tensor cores, which take half precision (FP16) {cite}`rtx8000`. The first number is that of 4,608 units
# which multiply and add once per cycle at 1.77 GHz.

# %%
PEAK, TENSOR_PEAK = 16.3e12, 130.5e12  # FLOP/s, FP32 and FP16 tensor cores
WINOGRAD = 4  # fewer multiplications of the fastest usual 3 × 3 convolution

network = unet("resnet18")
forward = operations(network, 512, 512)
both_ways = operations(network, 512, 512, training=True)
n_training = printed["dataset.training_pairs"]
seen = printed["training.epochs"] * n_training
work = seen * both_ways
seconds = 60 * printed["training.minutes"]
needed_rate = work / seconds
at_peak = work / PEAK
glue("training_minutes_at_peak", float(at_peak / 60), display=False)
print(f"parameters: {parameter_count(network) / 1e6:.1f} million")
print(f"forward: {forward / 1e9:.1f} GFLOP per 512 × 512 image")
print(f"forward and backward: {both_ways / forward:.2f} times that")
print(f"training: {work / 1e15:.0f} PFLOP")
print(f"in {seconds / 60:.0f} min: {needed_rate / 1e12:.0f} TFLOP/s")
print(f"at the FP32 peak: {at_peak / 3600:.1f} h")

# %%
sides = (256, 512, 1024)
card = "table2.quadro_rtx_8000"
times = {side: printed[f"{card}.{side}"] / 1e3 for side in sides}  # s
achieved = {
    side: operations(network, side, side) / times[side] for side in sides
}
per_image = seconds / seen
print(f"Table 2: {1e3 * times[512]:.1f} ms per image, forward")
print(f"50 minutes: {1e3 * per_image:.2f} ms per image, forward and backward")

# %% tags=["hide-input"]
#| name: fig-audit-flops
#| caption: Rate of computation of the Quadro RTX 8000 that the printed times imply. Blue, refining single images (Table 2); orange, training 2,000 epochs in 50 minutes. Lines, the card's peaks in single precision and of its half-precision tensor cores. Operations counted on the network; times from the paper.
#| alt: Bar chart on a logarithmic axis. Refining images of 256, 512 and 1024 pixels needs 2.5, 7.2 and 8.9 teraflops per second, below the FP32 peak of 16.3. The training bar at 91 crosses that line and stays below the tensor-core peak of 130.5.
figure, [axes] = figures.columns_of(1)
bars = {f"refining\n{side} × {side}": achieved[side] for side in sides}
bars["training,\n2,000 epochs in 50 min"] = needed_rate
heights = np.array(list(bars.values())) / 1e12
drawn_bars = axes.bar(
    list(bars),
    heights,
    width=0.55,
    color=[figures.BLUE] * 3 + [figures.ORANGE],
)
axes.bar_label(drawn_bars, fmt="%.1f", padding=2)
for peak, name in ((PEAK, "peak FP32"), (TENSOR_PEAK, "peak tensor cores")):
    axes.axhline(peak / 1e12, color=figures.BLACK, ls="--", lw=1)
    axes.text(
        -0.38, peak / 1e12 * 1.05, f"{name}, {peak / 1e12:g}", va="bottom"
    )
axes.set(yscale="log", ylim=(1, 260), ylabel="TFLOP/s")
figure

# %% tags=["hide-input"]
possible = PEAK * seconds / both_ways / n_training
findings.add(
    "audit-minutes",
    "2,000 epochs in 50 minutes",
    paper="“The training took about 50 minutes” for 2,000 epochs of 1,083 images of 512 × 512 pixels on a Quadro RTX 8000.",
    recomputed=(
        f"{forward / 1e9:.1f} GFLOP forward and {both_ways / 1e9:.0f} in all per image make "
        f"{work / 1e15:.0f} PFLOP, {needed_rate / 1e12:.0f} TFLOP/s in 50 minutes against a peak of "
        f"{PEAK / 1e12} in single precision. At that peak they take {at_peak / 3600:.1f} h; with "
        "convolutions that need four times fewer multiplications (Winograd), still "
        f"{at_peak / WINOGRAD / 60:.0f} minutes. Other readings: half precision at "
        f"{percent(needed_rate / TENSOR_PEAK)} of the tensor cores' peak, which the public code does not "
        f"use; or 50 minutes for at most {possible:.0f} epochs."
    ),
    verdict=judged(needed_rate <= PEAK),
    values=["training.minutes", "training.epochs", "dataset.training_pairs"],
)
findings.add(
    "audit-minutes",
    "Training time and Table 2",
    paper="5.9 ms to refine one 512 × 512 image on the same card, transfers included (Table 2).",
    recomputed=(
        f"50 minutes are {1e3 * per_image:.2f} ms per image and pass, forward *and* backward, "
        f"{times[512] / per_image:.1f} times less than Table 2 has for forward alone. Larger batches "
        "use a card better, but Table 2 already reaches "
        f"{percent(achieved[512] / PEAK)} of its peak."
    ),
    verdict=judged(needed_rate <= PEAK),
    values=["training.minutes", "table2.quadro_rtx_8000.512"],
)
findings.add(
    "audit-minutes",
    "Table 2 is within the card's reach",
    paper="4.3, 5.9 and 19.1 ms on the Quadro RTX 8000.",
    recomputed=f"{', '.join(f'{achieved[s] / 1e12:.1f}' for s in sides)} TFLOP/s, all below the peak of {PEAK / 1e12}, and larger for larger images, as expected.",
    verdict=judged(max(achieved.values()) < PEAK),
    values=[f"{card}.{side}" for side in sides],
)
Markdown(findings.report("audit-minutes"))

# %% [markdown]
# (audit-ratios)=
# ## Times against image size
#
# The text draws three conclusions from Table 2. With a fixed cost per image (transfer, launch), a
# time grows less than the number of pixels.

# %%
processors = {
    "i7_9700": "i7-9700 (CPU)",
    "gtx_1650": "GTX 1650",
    "rtx_a2000": "RTX A2000",
    "quadro_rtx_8000": "Quadro RTX 8000",
}
ratios = {
    p: {
        pair: printed[f"table2.{p}.{pair[0]}"]
        / printed[f"table2.{p}.{pair[1]}"]
        for pair in ((256, 512), (1024, 512))
    }
    for p in processors
}
on_gpus = [ratios[p][1024, 512] for p in list(processors)[1:]]
small = {p: ratios[p][256, 512] for p in processors}
data_ratio = (1024 / 512) ** 2
glue("ratio_1024_512_gpus", float(np.median(on_gpus)), display=False)
glue("data_ratio_1024_512", float(data_ratio), display=False)
glue(
    "ratio_256_512_fastest",
    float(100 * small["quadro_rtx_8000"]),
    display=False,
)

# %% tags=["hide-input"]
#| name: fig-audit-ratios
#| caption: Time per image relative to 512 × 512 pixels, from Table 2. (a) 1,024 × 1,024; the text says four times for GPUs (line). (b) 256 × 256; the text says 70 % for the fastest (line) and below 50 % for the slowest (shaded).
#| alt: Two dot plots over four processors. Left, the ratios are 3.3, 4.2, 3.1 and 3.2 against a line at 4. Right, 44, 39, 60 and 73 per cent against a line at 70 per cent and a shaded region below 50 per cent.
figure, (left, right) = figures.columns_of(2)
places = range(len(processors))
for axes, pair, scale, form in (
    (left, (1024, 512), 1, "{:.1f}"),
    (right, (256, 512), 100, "{:.0f} %"),
):
    values = [scale * ratios[p][pair] for p in processors]
    axes.plot(values, places, "o", color=figures.BLUE, ms=8)
    for value, place in zip(values, places, strict=True):
        axes.annotate(
            form.format(value),
            (value, place),
            textcoords="offset points",
            xytext=(0, 9),
            ha="center",
            bbox={"facecolor": "white", "edgecolor": "none", "pad": 1},
        )
    axes.set(ylim=(len(processors) - 0.5, -0.7), yticks=places)
left.axvline(printed["time.ratio_1024_512"], color=figures.RED, ls="--", lw=1)
left.set(
    yticklabels=processors.values(), xlim=(0, 5), title="(a) 1,024 / 512"
)
left.set(xlabel="time / time for 512 × 512")
right.axvspan(0, 50, color=figures.SKY, alpha=0.25, lw=0)
right.axvline(
    printed["time.ratio_256_512_fastest"], color=figures.RED, ls="--", lw=1
)
right.set(yticklabels=[], xlim=(0, 100), title="(b) 256 / 512")
right.set(xlabel="time / time for 512 × 512 [%]")
figure

# %% tags=["hide-input"]
claimed = printed["time.ratio_1024_512"]
findings.add(
    "audit-ratios",
    "1,024² takes four times as long as 512² on GPUs",
    paper="“four times longer”, “reasonable because the image data is four times larger”.",
    recomputed=f"Table 2 gives {', '.join(f'{r:.1f}' for r in on_gpus)}: four within rounding on one of three GPUs. The data are {data_ratio:g} times larger.",
    verdict=judged(all(round(r) == claimed for r in on_gpus)),
    values=["time.ratio_1024_512", "time.data_ratio"],
)
fastest = 100 * small["quadro_rtx_8000"]
slowest = [100 * small[p] for p in ("i7_9700", "gtx_1650")]
findings.add(
    "audit-ratios",
    "256² takes 70 % of 512² on the fastest, below 50 % on the slowest",
    paper="“only 70 %” for the most powerful processor, “less than 50 %” for the least powerful ones.",
    recomputed=f"Table 2 gives {fastest:.0f} % on the Quadro RTX 8000, and {slowest[0]:.0f} and {slowest[1]:.0f} % on the i7-9700 and the GTX 1650.",
    verdict=judged(
        abs(fastest - printed["time.ratio_256_512_fastest"]) < 5
        and max(slowest) < 50
    ),
    values=[
        "time.ratio_256_512_fastest",
        "time.ratio_256_512_slowest",
        "time.cpu_256",
    ],
)
Markdown(findings.report("audit-ratios"))

# %% [markdown]
# (audit-rate)=
# ## The in situ test
#
# A camera frame every 10 ms goes through the network and into the display.

# %%
latency, exposure = printed["insitu.latency"], printed["insitu.exposure"]
rate = 1000 / latency
drawing = latency - printed["table2.rtx_a2000.512"]
camera_rate = 1 / exposure
skipped = camera_rate * latency / 1000
dose_rate_b = printed["figure4.dose_b"] / exposure
integrated = printed["figure4.preceding"] + 1
reduction = printed["insitu.usual_dose_rate"] / dose_rate_b
glue("display_rate_from_latency", float(rate), display=False)
glue("drawing_from_latency", float(drawing), display=False)
glue("camera_rate_from_exposure", float(camera_rate), display=False)
glue("dose_rate_from_dose", float(dose_rate_b), display=False)
glue("integrated_frames", float(integrated), display=False)
glue("dose_reduction_from_rates", f"1/{reduction:.0f}", display=False)
print(f"{latency} ms: {rate:.1f} Hz, one frame in {skipped:.1f}")
print(f"drawing: {drawing:.1f} ms")

# %% tags=["hide-input"]
findings.add(
    "audit-rate",
    "About 10 Hz",
    paper="63 ms from camera to display; images are displayed at about 10 Hz.",
    recomputed=f"one image after the other at 63 ms is {rate:.1f} Hz. The other reading: a cycle has {1000 / printed['insitu.display_rate'] - latency:.0f} ms more that the 63 ms leave out.",
    verdict=judged(abs(rate - printed["insitu.display_rate"]) < 5),
    values=["insitu.latency", "insitu.display_rate"],
)
findings.add(
    "audit-rate",
    "About 50 ms for drawing",
    paper="63 ms with a conversion of 13.3 ms, hence about 50 ms.",
    recomputed=f"{drawing:.1f} ms.",
    verdict=judged(abs(drawing - printed["insitu.drawing"]) < 5),
    values=["insitu.drawing", "insitu.latency", "table2.rtx_a2000.512"],
)
findings.add(
    "audit-rate",
    "“Without almost loss of temporal resolution”",
    paper="summary; the camera recorded 100 frames/s.",
    recomputed=f"one image in {skipped:.0f} to {camera_rate / printed['insitu.display_rate']:.0f} is displayed refined. Against the recording that is a loss; against the unrefined view, whose rate is not printed, it may be none.",
    verdict=UNCHECKED,
    values=["insitu.camera_rate", "insitu.display_rate"],
)
findings.add(
    "audit-rate",
    "Doses of the in situ test",
    paper="1 e⁻/nm² per frame, 100 e⁻/nm²/s, 1/100 of the usual 10,000; ten frames integrated have ten times the dose.",
    recomputed=f"in {exposure} s, {camera_rate:g} frames/s and {dose_rate_b:g} e⁻/nm²/s; 1/{reduction:.0f}; {integrated} frames, ten times if the dose rate is constant.",
    verdict=judged(
        dose_rate_b == printed["figure4.dose_rate_b"]
        and f"1/{reduction:.0f}" == printed["insitu.dose_reduction"]
        and integrated == printed["figure4.integrated_dose_ratio"]
    ),
    values=[
        "insitu.camera_rate",
        "figure4.dose_b",
        "figure4.dose_rate_b",
        "insitu.dose_reduction",
        "figure4.preceding",
        "figure4.integrated_dose_ratio",
    ],
)
least, most = paper.bounds("dataset.dose_wet")
doses = [printed[f"figure4.dose_{x}"] for x in "bcd"]
findings.add(
    "audit-rate",
    "80 e⁻/nm² is a dose of the training data",
    paper="said of Figure 4d alone; wet training images had 1–1,000 e⁻/nm².",
    recomputed=f"of {', '.join(map(str, doses))} e⁻/nm² in Figures 4b–4d, {sum(least <= d <= most for d in doses)} are in that range, so that none of them shows the network outside it. Figure 1a may show few pairs near 1; its numbers are not printed.",
    verdict=judged(least <= doses[-1] <= most),
    values=["figure4.dose_d", "dataset.dose_wet"],
)
Markdown(findings.report("audit-rate"))

# %% [markdown]
# (audit-dose)=
# ## Grays per second
#
# Each electron leaves its energy loss per length in the water; per mass and area that is the
# collisional stopping power $S$. A dose rate $\phi$ [e⁻/m²/s] is $\phi S$ [Gy/s]. For water and 200
# keV, $S$ = {glue:text}`audit_stopping:.3f` MeV cm²/g by Bethe's formula ({doc}`S3_dose`). We take this product and
# nothing else. Some authors multiply it by $1 + t/\lambda$, with the thickness $t$ and the mean free path
# $\lambda$ of the liquid {cite}`fritsch2022`, to account for electrons that scatter more than once; that only makes it
# larger.

# %%
gray = dose.gray_per_electron(voltage)  # Gy of 1 e-/nm²
usual = printed["insitu.usual_dose_rate"]
in_gray = usual * gray
equivalent = printed["dose.rate"] / gray
glue("audit_stopping", dose.stopping_power(voltage), display=False)
glue("audit_gray_ratio", float(in_gray / printed["dose.rate"]), display=False)
print(f"1 e-/nm² = {gray:.3g} Gy")
print(f"{usual:,} e-/nm²/s = {in_gray:.2e} Gy/s")
print(f"{printed['dose.rate']:.0e} Gy/s = {equivalent:.0f} e-/nm²/s")
for thickness in (0.5, 3.0, 7.0):  # µm
    factors = [
        dose.path_factor(1e3 * thickness, length) for length in (430.0, 185.0)
    ]
    print(f"1 + t/λ at {thickness} µm: {factors[0]:.1f} to {factors[1]:.1f}")

# %% tags=["hide-input"]
findings.add(
    "audit-dose",
    "10⁷ Gy/s in ordinary observation",
    paper="about 10⁷ Gy/s; the usual dose rate while searching is about 10,000 e⁻/nm²/s, at 200 kV.",
    recomputed=(
        f"1 e⁻/nm² is {gray / 1e4:.2f} × 10⁴ Gy, so 10,000 e⁻/nm²/s are {in_gray / 1e8:.1f} × 10⁸ "
        f"Gy/s, {in_gray / printed['dose.rate']:.0f} times the printed number. The other reading: "
        f"ordinary observation is not the search, but {equivalent:.0f} e⁻/nm²/s; the test at "
        f"{dose_rate_b:g} e⁻/nm²/s, {gray * dose_rate_b / 1e6:.1f} × 10⁶ Gy/s, would then be half of "
        "it, not a hundredth."
    ),
    verdict=judged(in_gray < 3 * printed["dose.rate"]),
    values=["dose.rate", "insitu.usual_dose_rate", "dose.reduction_orders"],
)
Markdown(findings.report("audit-dose"))

# %% [markdown]
# What these dose rates do to the pH is the subject of {doc}`S3_dose`.

# %% [markdown]
# (audit-letters)=
# ## Letters
#
# Not every slip is a number.

# %% tags=["hide-input"]
findings.add(
    "audit-letters",
    "Panels of Figures 3 and 4",
    paper="text: P images 3h and 3k “equivalent to the T images in Figures 3h and 3k”; caption: T images are (c), (f), (i), (l), …. Text on Figure 4a: PSNR “when Figure 4l is used instead of the S image”; Table 1: PSNR of P with T.",
    recomputed="(h) and (k) cannot be P and T at once; meant are probably (i) and (l). In a PSNR of refined images, Figure 4l can only replace the T image.",
    verdict=CANNOT_BOTH,
)
findings.add(
    "audit-letters",
    "What Figure 4a shows",
    paper="caption: “total dose (filled circles)”; text: “the dose rate per image”.",
    recomputed="the doses named for 4b–4d are doses per frame, in e⁻/nm²; “dose rate per image” can be read as that.",
    verdict=REPRODUCES,
    values=["figure4.dose_b", "figure4.dose_c", "figure4.dose_d"],
)
Markdown(findings.report("audit-letters"))

# %% [markdown]
# ## What stands
#
# Table 2 is consistent with the operations of the network and the peak of the card, and what the text says of
# small images follows from it. The doses, exposures and rates of the in situ test fit each other.
#
# What a reader should not take from the paper: “no significant change” as a ranking of encoders and losses;
# 50 minutes as the cost of 2,000 epochs; and 10⁷ Gy/s for 10,000 e⁻/nm²/s.

# %% tags=["hide-input"]
glue("audit_overview", Markdown(findings.overview()), display=False)
for name, found in findings.glued().items():
    glue(name, found, display=False)
figures.table(
    ["verdict", "claims"], [[v, str(n)] for v, n in findings.counts().items()]
)
