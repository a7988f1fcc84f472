"""A calculator in the rendered page: from voltage and dose rate to gray and pH."""

from __future__ import annotations

import base64
import io
import json
from typing import Any

import numpy as np

# White in the dark scheme too, as the theme shows outputs on a light ground there.
_PAGE = """<style>
.dose-calculator { background: #fff; border: 1px solid #555; border-radius: .4rem; color: #1a1a1a;
  color-scheme: light; max-width: 40rem; padding: .8rem 1rem; }
.dose-calculator label { display: flex; flex-wrap: wrap; gap: .2rem .8rem; margin: .3rem 0;
  justify-content: space-between; align-items: center; }
.dose-calculator input, .dose-calculator select { background: #fff; border: 1px solid #555;
  border-radius: .2rem; color: inherit; font: inherit; padding: .1rem .4rem; width: 9rem; }
.dose-calculator output { display: block; margin-top: .6rem; font-weight: 600; }
</style>
<div class="dose-calculator" role="group" aria-label="Dose calculator">
<p>Gray in water for one electron per nm²: %(table)s.</p>
<form hidden>
<label>Acceleration voltage <select name="voltage">%(options)s</select></label>
<label>Dose rate [e⁻/nm²/s]
<input name="rate" type="number" min="0" step="any" value="10000"></label>
<label>Exposure [s] <input name="exposure" type="number" min="0" step="any" value="0.01"></label>
<label>Pixel size [nm] <input name="pixel" type="number" min="0" step="any" value="5"></label>
<output aria-live="polite"></output>
</form>
</div>
<script>
(() => {
  const data = %(data)s;
  const box = document.currentScript
    ? document.currentScript.parentElement.querySelector(".dose-calculator")
    : document.querySelector(".dose-calculator");
  const form = box.querySelector("form");
  const raised = (n) =>
    String(n).replace(/[-0-9]/g, (c) => "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"["-0123456789".indexOf(c)]);
  const text = (x) => {
    if (x === 0) return "0";
    if (x >= 0.01 && x < 1e5) return String(Number(x.toPrecision(3)));
    const [mantissa, exponent] = x.toExponential(1).split("e");
    return `${mantissa} × 10${raised(Number(exponent))}`;
  };
  const interpolate = (x, xs, ys) => {
    if (x < xs[0] || x > xs[xs.length - 1]) return null;
    const i = Math.max(1, xs.findIndex((v) => v >= x));
    return ys[i - 1] + ((ys[i] - ys[i - 1]) * (x - xs[i - 1])) / (xs[i] - xs[i - 1]);
  };
  const update = () => {
    const [rate, exposure, pixel] = ["rate", "exposure", "pixel"]
      .map((name) => form.elements[name].valueAsNumber);
    if (![rate, exposure, pixel].every((x) => x >= 0)) {
      form.querySelector("output").textContent = "Give three numbers of at least 0.";
      return;
    }
    const gray = rate * data.gray[form.elements.voltage.value];
    const parts = [
      `Dose ${text(rate * exposure)} e⁻/nm² = ${text(rate * exposure * pixel ** 2)} e⁻/px`
        + ` = ${text(gray * exposure)} Gy.`,
      `Dose rate ${text(gray)} Gy/s.`,
    ];
    const ph = Object.entries(data.ph)
      .map(([name, values]) => [name, interpolate(Math.log10(gray), data.rates, values)])
      .filter(([, value]) => value !== null)
      .map(([name, value]) => `${value.toFixed(1)} ${name}`);
    parts.push(ph.length ? `Steady-state pH of neutral water: ${ph.join(", ")}.`
      : "The pH was not computed for this dose rate.");
    form.querySelector("output").textContent = parts.join(" ");
  };
  form.addEventListener("input", update);
  form.addEventListener("submit", (event) => event.preventDefault());
  form.hidden = false;
  update();
})();
</script>"""


class DoseCalculator:
    """Interactive view for a notebook's last line; shows a plain table where no script runs.

    Parameters
    ----------
    gray : dict of float
        Voltage [kV] to absorbed dose per electron [Gy/(e-/nm²)].
    rates : ndarray, (N,)
        Increasing dose rates [Gy/s] at which the pH is known.
    ph : dict of ndarray, (N,)
        pH in the steady state, by the name of the water.
    """

    def __init__(self, gray: dict[int, float], rates: np.ndarray, ph: dict[str, np.ndarray]):
        self.gray, self.rates, self.ph = gray, rates, ph

    def _repr_mimebundle_(self, **_: Any) -> dict[str, Any]:
        data = {
            "gray": {str(voltage): value for voltage, value in self.gray.items()},
            "rates": np.log10(self.rates).round(4).tolist(),
            "ph": {name: np.round(values, 3).tolist() for name, values in self.ph.items()},
        }
        options = (
            f'<option value="{voltage}"{" selected" * (voltage == 200)}>{voltage} kV</option>'
            for voltage in self.gray
        )
        table = ", ".join(f"{value:,.0f} at {kv} kV" for kv, value in self.gray.items())
        html = _PAGE % {"data": json.dumps(data), "options": "".join(options), "table": table}
        return {"text/html": html, "text/plain": table, "image/png": self._picture()}

    def _picture(self) -> str:
        """The pH against the dose rate in electrons, where HTML cannot be shown."""
        import matplotlib.pyplot as plt

        from lctem_core import figures

        figure, (axes,) = figures.columns_of(1)
        for name, values in self.ph.items():
            for kv, gray in self.gray.items():
                axes.semilogx(self.rates / gray, values, label=f"{name}, {kv} kV")
        axes.set(xlabel="dose rate [e⁻/nm²/s]", ylabel="pH of neutral water in the steady state")
        axes.legend(fontsize=7)
        stream = io.BytesIO()
        figure.savefig(stream, format="png")
        plt.close(figure)
        return base64.b64encode(stream.getvalue()).decode()
