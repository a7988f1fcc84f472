"""Execute the notebooks whose inputs changed, then render the book into ``_build/html``.

Usage: ``python book/build.py [--profile smoke|laptop|paper] [--only NAME] [--force]``

A notebook is ``notebooks/NAME.py`` (jupytext py:percent) plus one line in ``book/_toc.yml``. It
runs again when something it depends on changed: its code cells, the modules of `lctem_core` that
it imports, its parameters in ``book/profiles/PROFILE.yaml``, or the files it declares in its header
(paths from the repository's root, wildcards allowed)::

    # ---
    # jupyter:
    #   lctem:
    #     reads: [book/results/*.json]
    # ---

Its prose, captions and cell tags are merged with the recorded outputs without running it. A cell
that shows a picture starts with its label, caption (Markdown) and text alternative::

    # %% tags=["hide-input"]
    #| name: fig-dose
    #| caption: Dose of wet (red) and dry (blue) images.
    #| alt: >
    #|   Two histograms that do not overlap; the dry doses lie two decades higher.
    figures.dose_histogram(wet, dry)

With the tag ``needs-data`` it may show nothing where a real file can be neither found nor fetched.
Any page refers to it by ``{numref}`fig-dose```. A number is recorded by
``glue("psnr", float(x), display=False)`` and shown on any page by
``{glue:text}`notebooks/02_training.ipynb::psnr:.2f```.
"""

from __future__ import annotations

import argparse
import ast
import hashlib
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any

import jupytext
import nbformat
import pages
import yaml
from memory import PeakMemory
from nbformat import NotebookNode
from pages import BuildError

from lctem_core import files as core
from lctem_core.files import replacing, workspace
from lctem_core.io.published import data_dir

ROOT = Path(__file__).resolve().parents[1]
EXECUTION_TAGS = {"parameters", "raises-exception", "skip-execution"}
#: Tag of a figure's cell that shows nothing where a real file is neither there nor to be fetched.
NEEDS_DATA = "needs-data"
REAL_FILES = ("sample.tif", "list_dataset.txt")
#: Files of the core that read shipped weights, and the published files of the authors.
USES_WEIGHTS = "networks/cards.py"
USES_PUBLISHED = "lctem_core/io/published.py"
#: The file of the core that reads the paper's values, and those.
USES_PAPER, PAPER = "lctem_core/paper.py", "lctem_core/paper_values.yaml"


# The book's contents -----------------------------------------------------------------------------


def toc_pages(root: Path) -> list[str]:
    """Document names of the book in reading order, the root first."""

    def walk(node: Any) -> Iterator[str]:
        if isinstance(node, dict):
            yield from (node[key] for key in ("root", "file") if key in node)
            for value in node.values():
                yield from walk(value)
        elif isinstance(node, list):
            for value in node:
                yield from walk(value)

    return list(walk(yaml.safe_load((root / "book/_toc.yml").read_text("utf8"))))


def toc_notebooks(root: Path) -> list[str]:
    """Names of the notebooks in the book, in reading order."""
    prefix = "notebooks/"
    return [page.removeprefix(prefix) for page in toc_pages(root) if page.startswith(prefix)]


def read_source(path: Path) -> NotebookNode:
    """Read a py:percent notebook; figure options become cell metadata, cell ids are stable."""
    if not path.exists():
        raise BuildError(f"book/_toc.yml lists {path.stem}, but {path} does not exist.")
    notebook = jupytext.read(path, fmt="py:percent")
    notebook.metadata["kernelspec"] = {
        "name": "python3",
        "display_name": "Python 3",
        "language": "python",
    }
    notebook.metadata["language_info"] = {"name": "python", "pygments_lexer": "ipython3"}
    for number, cell in enumerate(notebook.cells):
        cell["id"] = f"cell-{number}"
        if cell.cell_type == "code":
            _lift_figure_options(cell, f"{path.name}, cell {number + 1}")
    return notebook


def _lift_figure_options(cell: NotebookNode, where: str) -> None:
    """Move leading ``#|`` lines into the metadata that myst-nb reads."""
    lines = cell.source.splitlines()
    count = next((i for i, line in enumerate(lines) if not line.startswith("#|")), len(lines))
    if not count:
        return
    try:
        options = yaml.safe_load("\n".join(line[2:] for line in lines[:count]))
    except yaml.YAMLError as error:
        raise BuildError(
            f"{where}: the #| lines are not YAML; a text with a colon needs `>`, see the head of "
            f"book/build.py. {error}"
        ) from error
    if not isinstance(options, dict) or set(options) != {"name", "caption", "alt"}:
        raise BuildError(f"{where}: the #| lines must give name, caption and alt, no more.")
    cell.source = "\n".join(lines[count:])
    texts = {key: " ".join(str(value).split()) for key, value in options.items()}
    cell.metadata["mystnb"] = {
        "figure": {"name": texts["name"], "caption": texts["caption"]},
        "image": {"alt": texts["alt"]},
    }


def declared_parameters(notebook: NotebookNode) -> dict[str, Any]:
    """Names assigned in the cell tagged ``parameters``, each with its line of source."""
    cells = [c for c in notebook.cells if "parameters" in c.metadata.get("tags", [])]
    source = "\n".join(cell.source for cell in cells)
    lines = source.splitlines()
    declared = {}
    for node in ast.parse(source).body:
        targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
        for target in targets:
            if isinstance(target, ast.Name):
                declared[target.id] = lines[node.end_lineno - 1]
    return declared


def read_profile(root: Path, profile: str) -> dict[str, dict[str, Any]]:
    """Parameters by notebook; a name that no notebook or parameters cell knows is an error."""
    path = root / "book/profiles" / f"{profile}.yaml"
    if not path.exists():
        known = ", ".join(sorted(p.stem for p in path.parent.glob("*.yaml")))
        raise BuildError(f"Unknown profile {profile!r}. Use one of: {known}.")
    parameters = yaml.safe_load(path.read_text("utf8")) or {}
    notebooks = toc_notebooks(root)
    for name, values in parameters.items():
        if name not in notebooks:
            raise BuildError(
                f"{path.name} has parameters for {name!r}, which is no notebook of the book. "
                f"Notebooks: {', '.join(notebooks)}."
            )
        declared = declared_parameters(read_source(root / "notebooks" / f"{name}.py"))
        if unknown := set(values or {}) - set(declared):
            raise BuildError(
                f"{path.name} sets {', '.join(sorted(unknown))} for {name}, whose parameters cell "
                f"has only: {', '.join(declared) or 'nothing'}."
            )
    return {name: parameters.get(name) or {} for name in notebooks}


# What a run depends on ---------------------------------------------------------------------------


def core_files(root: Path, source: Path) -> set[Path]:
    """Files of `lctem_core` that `source` uses, directly or through other modules of it."""
    package = root / "lctem_core"
    try:
        files = core.sources(source, package)
    except ImportError as error:
        raise BuildError(str(error)) from error
    if package / USES_WEIGHTS in files:
        files |= {path for path in (package / "weights").glob("*") if path.is_file()}
    return files


def declared_reads(root: Path, name: str, notebook: NotebookNode) -> set[Path]:
    """Files that the notebook's header declares under ``lctem: reads``."""
    files: set[Path] = set()
    for pattern in notebook.metadata.get("lctem", {}).get("reads", []):
        found = {path for path in root.glob(pattern) if path.is_file()}
        if not found and "*" not in pattern:
            raise BuildError(f"{name} declares that it reads {pattern}, which does not exist.")
        files |= found
    return files


def run_key(
    root: Path, name: str, notebook: NotebookNode, profile: str, parameters: dict[str, Any]
) -> dict[str, str]:
    """What the outputs depend on, each with a hash; a run is current while this is unchanged."""
    code = [
        [cell.source, sorted(EXECUTION_TAGS.intersection(cell.metadata.get("tags", [])))]
        for cell in notebook.cells
        if cell.cell_type == "code"
    ]
    facts = {"profile": profile, "parameters": parameters, "code cells": code}
    key = {what: _sha256(json.dumps(fact, sort_keys=True)) for what, fact in facts.items()}
    files = core_files(root, root / "notebooks" / f"{name}.py")
    for path in sorted(files | declared_reads(root, name, notebook)):
        content = path.read_bytes()
        if path.suffix == ".py":  # a comment or a docstring changes no output
            content = core.code(path)
        key[path.relative_to(root).as_posix()] = _sha256(content)
    if USES_PUBLISHED in key:
        there = [name for name in REAL_FILES if (data_dir() / name).exists()]
        key["real files that are there"] = _sha256(json.dumps(there))
    if USES_PAPER in key:  # the values, not what is said about them
        printed = {entry["id"]: entry["value"] for entry in pages.read_values(root / PAPER)}
        key["the paper's values"] = _sha256(json.dumps(printed))
    return key


def _sha256(content: str | bytes) -> str:
    return hashlib.sha256(content.encode() if isinstance(content, str) else content).hexdigest()


# Executing ---------------------------------------------------------------------------------------


def execute(
    root: Path, name: str, notebook: NotebookNode, profile: str, parameters: dict[str, Any]
) -> dict[str, Any]:
    """Run a notebook and record outputs and circumstances under ``_build/runs/PROFILE``."""
    # papermill and the kernel take seconds to import; an unchanged book needs neither.
    import papermill
    from nbclient.exceptions import DeadKernelError

    key = run_key(root, name, notebook, profile, parameters)
    run = root / "_build/runs" / profile / f"{name}.ipynb"
    run.parent.mkdir(parents=True, exist_ok=True)
    failed = run.with_suffix(".failed.ipynb")
    # This interpreter's own kernel, drawing into the notebook, whatever the user's set-up says.
    os.environ["JUPYTER_PREFER_ENV_PATH"] = "1"
    os.environ["MPLBACKEND"] = "module://matplotlib_inline.backend_inline"
    # Settings and a list of fonts of the book's own: those of the user may be of another
    # environment, whose fonts are missing here. A notebook that made the list would say so.
    own = root / "_build" / "matplotlib"
    os.environ["MPLCONFIGDIR"] = str(own)
    if not any(own.glob("fontlist-*.json")):
        own.mkdir(parents=True, exist_ok=True)
        subprocess.run([sys.executable, "-c", "import matplotlib.font_manager"], check=True)
    start = time.perf_counter()
    try:
        with PeakMemory() as memory:
            papermill.execute_notebook(
                nbformat.from_dict(notebook),
                str(failed),
                parameters=parameters,
                kernel_name="python3",
                cwd=str(root),
                progress_bar=sys.stderr.isatty(),
                # Not its advice on encrypting what never leaves this machine.
                extra_arguments=["--IPKernelApp.log_level=ERROR"],
            )
    except papermill.PapermillExecutionError as error:
        raise BuildError(
            f"{name} failed in cell In [{error.exec_count}]:\n\n{error.source}\n{error}\n"
            f"The notebook up to there: {failed}"
        ) from error
    except DeadKernelError as error:
        raise BuildError(
            f"{name}: the kernel died, most often for lack of memory. "
            f"The notebook up to there: {failed}"
        ) from error
    seconds = time.perf_counter() - start
    os.replace(failed, run)
    record = {
        "notebook": name,
        "key": key,
        **pages.circumstances(
            profile=profile, parameters=parameters, seconds=round(seconds, 1), memory=memory.bytes
        ),
    }
    with replacing(run.with_suffix(".json")) as part:
        part.write_text(json.dumps(record, indent=1), "utf8")
    return record


def recorded(root: Path, name: str, profile: str) -> tuple[dict[str, Any], NotebookNode] | None:
    """Last successful run of a notebook at a profile: its record and its outputs."""
    run = root / "_build/runs" / profile / f"{name}.ipynb"
    if not run.exists() or not run.with_suffix(".json").exists():
        return None
    record = json.loads(run.with_suffix(".json").read_text("utf8"))
    return record, nbformat.read(run, as_version=4)


def with_outputs(notebook: NotebookNode, executed: NotebookNode) -> NotebookNode | None:
    """Give the source notebook the outputs of a run of the same code cells; None if they differ."""
    ran = [cell for cell in executed.cells if cell.cell_type == "code"]
    injected = [cell for cell in ran if "injected-parameters" in cell.metadata.get("tags", [])]
    ran = [cell for cell in ran if cell not in injected]
    for cell in injected:
        cell.metadata = {"tags": ["injected-parameters"]}
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    if [cell.source for cell in code] != [cell.source for cell in ran]:
        return None
    merged = nbformat.from_dict(notebook)
    merged.cells = []
    outputs = iter(ran)
    for cell in notebook.cells:
        merged.cells.append(cell)
        if cell.cell_type == "code":
            twin = next(outputs)
            cell.outputs, cell.execution_count = twin.outputs, twin.execution_count
            if "parameters" in cell.metadata.get("tags", []):
                merged.cells += injected
    return merged


def require_captions(name: str, notebook: NotebookNode) -> None:
    """Refuse a picture without caption and text alternative, and a caption for several outputs."""
    for number, cell in enumerate(notebook.cells, start=1):
        shown = [
            set(output.data)
            for output in cell.get("outputs", [])
            if "data" in output and not any("papermill.record" in kind for kind in output.data)
        ]
        pictures = [
            kinds
            for kinds in shown
            if "text/html" not in kinds and any(kind.startswith("image/") for kind in kinds)
        ]
        where = f"{name}: cell {number}, which begins\n\n{cell.source[:200]}\n\n"
        captioned = "figure" in cell.metadata.get("mystnb", {})
        if captioned and not shown and NEEDS_DATA in cell.metadata.get("tags", []):
            del cell.metadata["mystnb"]  # the data is not here; the notebook says so above
            continue
        if captioned and len(shown) != 1:
            raise BuildError(
                f"{where}has one caption but shows {len(shown)} outputs. If its last line returns "
                "something, assign that: _ = plot(…)."
            )
        if pictures and not captioned:
            raise BuildError(f"{where}shows a picture but has no #| name, caption and alt.")


def update_notebook(
    root: Path, name: str, profile: str, parameters: dict[str, Any], *, force: bool, may_run: bool
) -> dict[str, Any]:
    """Bring ``book/notebooks/NAME.ipynb`` up to date, running it only if needed."""
    notebook = read_source(root / "notebooks" / f"{name}.py")
    last = recorded(root, name, profile)
    merged = last and with_outputs(notebook, last[1])
    changed = ["it has not run at this profile"]
    if last:
        key = run_key(root, name, notebook, profile, parameters)
        changed = [k for k in key | last[0]["key"] if key.get(k) != last[0]["key"].get(k)]
    if may_run and (force or changed or not merged):
        print(f"{name}: executing ({_reason(changed, force)})", flush=True)
        record = execute(root, name, notebook, profile, parameters)
        executed = recorded(root, name, profile)[1]
        merged = with_outputs(notebook, executed)
        print(
            f"{name}: executed in {record['seconds']:.0f} s, {pages.gigabytes(record)}", flush=True
        )
    elif last:
        record, executed = last
        record["stale"] = bool(changed)
        print(f"{name}: {'NOT CURRENT, as executed before' if changed else 'unchanged'}")
    else:
        raise BuildError(f"{name} has never run at profile {profile}; build without --only first.")
    merged = merged or executed  # an outdated run is shown with the code that made it
    require_captions(name, merged)
    _write_if_changed(root / "book/notebooks" / f"{name}.ipynb", nbformat.writes(merged))
    return record | {"glued": pages.glued(merged)}


def _reason(changed: list[str], force: bool) -> str:
    if force or not changed:
        return "asked for" if force else "its recorded outputs do not fit its code"
    more = f" and {len(changed) - 3} more" if len(changed) > 3 else ""
    return "changed: " + ", ".join(changed[:3]) + more


def _write_if_changed(path: Path, text: str) -> None:
    if not path.exists() or path.read_text("utf8") != text:
        with replacing(path) as part:
            part.write_text(text, "utf8")


# Rendering ---------------------------------------------------------------------------------------


def render(root: Path) -> None:
    """Render ``book/`` into ``_build/html`` unless nothing changed since the last success."""
    html, stamp = root / "_build/html", root / "_build/rendered.sha256"
    inputs = [root / "_config.yml", *sorted(p for p in (root / "book").rglob("*") if p.is_file())]
    inputs = [path for path in inputs if "__pycache__" not in path.parts]
    state = _sha256(
        "\n".join(f"{path.relative_to(root)} {_sha256(path.read_bytes())}" for path in inputs)
        + "".join(version(p) for p in ("jupyter-book", "sphinx-book-theme", "sphinx", "myst-nb"))
    )
    if (html / "index.html").exists() and stamp.exists() and stamp.read_text() == state:
        print("Nothing changed since the book was last rendered.")
        return
    # Into a folder of its own: a failed rendering leaves the last good pages as they were.
    scratch = root / "_build/rendering"
    shutil.rmtree(scratch, ignore_errors=True)
    print("Rendering", flush=True)
    start = time.perf_counter()
    program = Path(sys.executable).with_name("jupyter-book")
    options = ["-W", "-n", "--keep-going", "--all", "-q", "--path-output", str(scratch)]
    done = subprocess.run(
        [str(program), "build", str(root / "book"), *options],
        cwd=root,
        env=os.environ | {"NO_COLOR": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf8",
    )
    if done.returncode:
        raise BuildError(f"{done.stdout}\nThe book was not rendered: a warning is an error.")
    shutil.rmtree(html, ignore_errors=True)
    os.replace(scratch / "_build/html", html)
    shutil.rmtree(scratch)
    stamp.write_text(state)
    print(f"Rendered in {time.perf_counter() - start:.0f} s")


def build(root: Path, profile: str, only: str | None = None, force: bool = False) -> None:
    """Execute what changed, write the results and status tables, render."""
    notebooks = toc_notebooks(root)
    if only and only not in notebooks:
        raise BuildError(f"No notebook {only!r} in the book. Notebooks: {', '.join(notebooks)}.")
    parameters = read_profile(root, profile)
    values = pages.read_values(root / PAPER)
    records = [
        update_notebook(
            root,
            name,
            profile,
            parameters[name],
            force=force and only in (None, name),
            may_run=only in (None, name),
        )
        for name in notebooks
    ]
    _prune_workspaces(root)
    generated = root / "book/_generated"
    _write_if_changed(generated / "results.md", pages.results_page(values, records))
    _write_if_changed(generated / "status.md", pages.status_page(records))
    render(root)


def _prune_workspaces(root: Path) -> None:
    """Remove the notebooks' data that an older state of the core wrote; nothing reads it again."""
    current = workspace()
    if current.parent != root / "_build/work":
        return  # a place of the user's own
    for folder in current.parent.iterdir() if current.parent.exists() else ():
        if folder != current:
            shutil.rmtree(folder)


def main(arguments: list[str] | None = None, root: Path = ROOT) -> int:
    """Command line; returns the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--profile", default="laptop", help="smoke, laptop (default) or paper")
    parser.add_argument("--only", metavar="NAME", help="execute no other notebook than this one")
    parser.add_argument("--force", action="store_true", help="execute even if nothing changed")
    given = parser.parse_args(arguments)
    try:
        build(root, given.profile, given.only, given.force)
    except BuildError as error:
        print(f"\nError: {error}", file=sys.stderr)
        return 1
    print("Open _build/html/index.html")
    return 0


if __name__ == "__main__":
    sys.exit(main())
