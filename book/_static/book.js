// Small helps that the pages do without: nothing is hidden where scripts do not run.
document.addEventListener("DOMContentLoaded", () => {
  // Tables that become one card per row on a phone need the heading beside each value.
  for (const table of document.querySelectorAll(".results-table, .status-table")) {
    const labels = [...table.querySelectorAll("thead th")].map((cell) => cell.textContent.trim());
    for (const row of table.tBodies[0].rows) {
      [...row.cells].forEach((cell, i) => cell.setAttribute("data-label", labels[i]));
    }
    table.classList.add("stacked");
  }

  // Buttons that show the rows of one verdict.
  const results = document.querySelector(".results-table");
  if (results) {
    const rows = [...results.tBodies[0].rows];
    const verdict = (row) => row.querySelector(".verdict").textContent;
    const bar = document.createElement("div");
    bar.className = "results-filter";
    bar.setAttribute("role", "group");
    bar.setAttribute("aria-label", "Show values by verdict");
    const audited = (row) => row.querySelector(".audit") !== null;
    const names = ["all", "agrees", "differs", "not comparable", "not run", "no counterpart"];
    for (const name of [...names, "in the audit"]) {
      const wanted = (row) => (name === "in the audit" ? audited(row) : verdict(row) === name);
      const chosen = rows.filter((row) => name === "all" || wanted(row));
      if (!chosen.length) continue;
      const button = document.createElement("button");
      button.type = "button";
      button.textContent = `${name} (${chosen.length})`;
      button.dataset.verdict = name;
      button.dataset.count = chosen.length;
      button.setAttribute("aria-pressed", name === "all");
      button.addEventListener("click", () => {
        rows.forEach((row) => (row.hidden = !chosen.includes(row)));
        for (const other of bar.children) other.setAttribute("aria-pressed", other === button);
      });
      bar.append(button);
    }
    (results.closest(".pst-scrollable-table-container") ?? results).before(bar);
  }

  // Sphinx gives the bibliography roles that ARIA has withdrawn.
  for (const item of document.querySelectorAll(".citation-list, .citation-list > .citation")) {
    item.removeAttribute("role");
  }

  // What scrolls sideways in its own box can be reached and scrolled with the keyboard.
  const boxes = "pre, .pst-scrollable-table-container, .output.text_html, div.math";
  const focusable = () => {
    for (const box of document.querySelectorAll(boxes)) {
      if (box.scrollWidth > box.clientWidth) box.tabIndex = 0;
    }
  };
  focusable();
  window.addEventListener("load", focusable);
  window.addEventListener("resize", focusable);
});
