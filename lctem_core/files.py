"""Files that appear whole or not at all, folders begun for one purpose, and the source hash."""

from __future__ import annotations

import ast
import hashlib
import json
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Any

from lctem_core.errors import InputError

#: Folder of the package.
PACKAGE = Path(__file__).resolve().parent


@contextmanager
def replacing(path: str | Path) -> Iterator[Path]:
    """Yield a temporary path beside `path` and rename it onto `path` on success.

    A reader never meets a half-written file, and a failed or killed run leaves an earlier
    file at `path` untouched. The suffix is kept, because writers choose a format by it.

    Parameters
    ----------
    path : str or Path
        Where the finished file will stand. Missing parent folders are made.

    Yields
    ------
    Path
        Where to write.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.stem}.{os.getpid()}.part{path.suffix}")
    try:
        yield temporary
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def cache_dir() -> Path:
    """Folder for what is made or measured once on this computer; ``LCTEM_CACHE`` names another."""
    import platformdirs

    return Path(os.environ.get("LCTEM_CACHE") or platformdirs.user_cache_dir("lctem"))


def claim(note: str | Path, wanted: dict[str, Any], *, empty: bool = False) -> None:
    """Note in a folder what is made there, or check that the same was begun before.

    Parameters
    ----------
    note : str or Path
        JSON file in the folder, which is made if absent.
    wanted : dict
        Arguments; JSON values, or dictionaries of them.
    empty : bool
        A folder without the note must hold no files but hidden ones.

    Raises
    ------
    InputError
        If the folder was begun with other arguments, or is not empty although it should be.
    """
    note = Path(note)
    wanted = json.loads(json.dumps(wanted))
    if note.exists():
        changed = differences(json.loads(note.read_text("utf8")), wanted)
        if changed:
            earlier = ", ".join(f"{name} {before}" for name, (before, _) in changed.items())
            raise InputError(
                f"the arguments that {note.parent} was begun with ({earlier})",
                f"other values of {', '.join(changed)}",
                "Choose another folder, or delete this one.",
            )
        return
    folder = note.parent
    if empty and folder.exists() and any(path.name[0] != "." for path in folder.iterdir()):
        raise InputError("an empty or new folder", f"{folder} with files", "Choose another folder.")
    with replacing(note) as temporary:
        temporary.write_text(json.dumps(wanted, indent=1), "utf8")


def differences(earlier: dict[str, Any], wanted: dict[str, Any]) -> dict[str, tuple[Any, Any]]:
    """Values that differ, by name in alphabetical order: (earlier, wanted).

    Parameters
    ----------
    earlier, wanted : dict
        JSON values, or dictionaries of them, which are compared value by value. Names that only
        `earlier` has do not count: they are of an older version.
    """
    found: dict[str, tuple[Any, Any]] = {}
    for name, value in wanted.items():
        before = earlier.get(name)
        if isinstance(value, dict):
            found |= differences(before if isinstance(before, dict) else {}, value)
        elif before != value:
            found[name] = (before, value)
    return dict(sorted(found.items()))


# The source hash ---------------------------------------------------------------------------------


def sources(file: str | Path, package: Path = PACKAGE) -> set[Path]:
    """Files of the package that a file uses, directly or through other files of it.

    Parameters
    ----------
    file : str or Path
        A Python file, inside the package or outside; it does not count itself.
    package : Path
        Folder of the package.

    Returns
    -------
    set of Path

    Raises
    ------
    ModuleNotFoundError
        For an import of the package that is no file of it: a hash would go blind without a word.
    """
    file = Path(file)
    seen: set[tuple[Path, bool]] = set()
    todo = [(file, True)]
    while todo:
        path, lazily = step = todo.pop()
        if step in seen:
            continue
        seen.add(step)
        for module, name in imports(path, package.name, lazily):
            todo += resolved(module, name, path, package)
    return {path for path, _ in seen} - {file}


def source_hash(files: Iterable[Path], package: Path = PACKAGE) -> str:
    """Hash of files of the package: of their code, without comments, docstrings and layout.

    Parameters
    ----------
    files : iterable of Path
    package : Path
        Paths count as they are below this folder.

    Returns
    -------
    str
        Eight hexadecimal digits.
    """
    found = hashlib.sha256()
    for path in sorted(files):
        found.update(path.relative_to(package).as_posix().encode() + b"\0")
        found.update((code(path) if path.suffix == ".py" else path.read_text("utf8")).encode())
    return found.hexdigest()[:8]


@lru_cache(maxsize=512)
def _parsed(path: Path, changed: int) -> ast.Module:
    return ast.parse(path.read_text("utf8"), str(path))


def _tree(path: Path) -> ast.Module:
    return _parsed(path, path.stat().st_mtime_ns)


def code(path: Path) -> str:
    """Code of a Python file without comments, docstrings and layout."""
    tree = ast.parse(path.read_text("utf8"), str(path))
    for node in ast.walk(tree):
        kinds = ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef
        if isinstance(node, kinds) and ast.get_docstring(node, clean=False) is not None:
            node.body = node.body[1:] or [ast.Pass()]
    return ast.unparse(tree)


def imports(file: Path, package: str, lazily: bool) -> Iterator[tuple[str, str | None]]:
    """Imports of the package in a file as (module, name); inside functions only if `lazily`."""
    todo: list[ast.AST] = [_tree(file)]
    while todo:
        node = todo.pop()
        if isinstance(node, ast.If) and ast.unparse(node.test).endswith("TYPE_CHECKING"):
            continue  # never imported
        if lazily or not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            todo.extend(ast.iter_child_nodes(node))
        if isinstance(node, ast.Import):
            found = [(alias.name, None) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            if node.level:
                raise ImportError(f"{file}: import {package} by its whole name, not relatively")
            found = [(node.module or "", alias.name) for alias in node.names]
        else:
            continue
        yield from ((m, n) for m, n in found if m.split(".")[0] == package)


def resolved(
    module: str, name: str | None, importer: Path, package: Path
) -> Iterator[tuple[Path, bool]]:
    """Files that an import runs, and whether their functions' imports count as well."""
    folder = package
    for part in module.split(".")[1:]:
        yield folder / "__init__.py", False
        folder = folder / part
    if folder.with_suffix(".py").is_file() and folder != package:
        yield folder.with_suffix(".py"), True
        return
    init = folder / "__init__.py"
    if not init.is_file():
        raise ModuleNotFoundError(f"{importer} imports {module}, which is no file in {package}")
    yield init, False
    if name is None:
        yield init, True
    elif (folder / f"{name}.py").is_file():
        yield folder / f"{name}.py", True
    elif (folder / name / "__init__.py").is_file():
        yield folder / name / "__init__.py", True
    else:
        yield from _exported(name, init, importer, package)


def _exported(name: str, init: Path, importer: Path, package: Path) -> Iterator[tuple[Path, bool]]:
    """Where a package's ``__init__`` has a name from; it may import it when first asked."""
    sources = [(m, n) for m, n in imports(init, package.name, True) if n == name]
    if sources:
        for module, _ in sources:
            yield from resolved(module, name, init, package)
        return
    tables = [node for node in ast.walk(_tree(init)) if isinstance(node, ast.Dict)]
    listed = {
        key.value: value.value
        for table in tables
        for key, value in zip(table.keys, table.values, strict=True)
        if isinstance(key, ast.Constant) and isinstance(value, ast.Constant)
    }
    if name in listed:
        yield from resolved(listed[name], name, init, package)
    elif f"{name} =" not in init.read_text("utf8"):
        raise ModuleNotFoundError(f"{importer} imports {name}, which {init} does not have")


def workspace(*parts: str) -> Path:
    """Folder for a notebook's data sets and training runs, which can be made again.

    The path holds a hash of the core's source: what an older simulator or training wrote is
    never taken for the present one's.

    Parameters
    ----------
    *parts : str
        Names of subfolders.

    Returns
    -------
    Path
        Below the folder that ``LCTEM_WORKSPACE`` names, by default
        ``_build/work`` in the source tree.
    """
    files = {path for path in PACKAGE.rglob("*.py") if path.name not in ("cli.py", "figures.py")}
    root = os.environ.get("LCTEM_WORKSPACE") or PACKAGE.parent / "_build" / "work"
    return Path(root, source_hash(files), *parts)
