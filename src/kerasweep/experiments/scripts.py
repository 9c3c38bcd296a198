"""The experiments' scripts: where they are, what they are told, and how one is run."""

import ast
import importlib.util
import sys
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType

from kerasweep.experiments.command import Command


def find_scripts() -> dict[str, Path]:
    """Return the scripts by their names, in alphabetical order.

    A wheel carries them in the package, a checkout beside ``src``.
    """
    package = Path(__file__).resolve().parents[1]
    folders = [package / "pipelines"]
    if package.parent.name == "src":
        folders.append(package.parents[1] / "pipelines")
    for folder in folders:
        if folder.is_dir():
            paths = sorted(folder.glob("[!_]*.py"))
            return {path.stem: path for path in paths}
    return {}


def summary(script: Path) -> str:
    """Return the first line of a script's docstring; the script is not run."""
    doc = ast.get_docstring(ast.parse(script.read_text(encoding="utf-8"))) or ""
    return doc.partition("\n")[0]


def load_command(script: Path) -> Command:
    """Import a script, and return its command line, which is not run.

    Raises
    ------
    ValueError
        If the script has no ``main = Command(...)``.
    """
    spec = importlib.util.spec_from_file_location(f"kerasweep_{script.stem}", script)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    before = list(sys.path)
    sys.path.insert(0, str(script.parent))  # its neighbours import each other
    try:
        spec.loader.exec_module(module)
    finally:
        sys.path[:] = before
    main = getattr(module, "main", None)
    if not isinstance(main, Command):
        raise ValueError(f"{script} must have `main = Command(settings, run)`.")
    return main


def run_script(script: Path, arguments: Sequence[str]) -> None:
    """Run a script in this process, as ``python SCRIPT ARGUMENTS`` would.

    Raises
    ------
    SystemExit
        As the script ends.
    """
    sys.argv = [f"kerasweep {script.stem}", *arguments]  # named so in its messages
    sys.path.insert(0, str(script.parent))
    module = ModuleType("__main__")
    module.__file__ = str(script)
    sys.modules["__main__"] = module  # where pickle looks for what the script defines
    exec(compile(script.read_bytes(), str(script), "exec"), module.__dict__)
