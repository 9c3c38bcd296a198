"""Write MLproject, the entry points of ``mlflow run``, from the scripts' settings.

``python -m kerasweep.experiments.mlproject`` does so in a checkout.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from kerasweep.experiments.scripts import find_scripts, load_command

_MAIN = "sweep"
_NOTE = "# Written by `python -m kerasweep.experiments.mlproject`.\n"


def mlproject_text(scripts: Mapping[str, Path]) -> str:
    """Return MLproject's text."""
    import yaml

    points = {name: entry_point(path) for name, path in scripts.items()}
    content = {
        "name": "kerasweep",
        "conda_env": "conda.yaml",
        "entry_points": {"main": points[_MAIN], **points},
    }
    return _NOTE + yaml.safe_dump(content, sort_keys=False, default_flow_style=None)


def entry_point(script: Path) -> dict[str, Any]:
    """Return a script's parameters, with their defaults, and its command."""
    options = load_command(script).settings.options()
    passed = (f"--{name.replace('_', '-')} {{{name}}}" for name in options)
    return {
        "parameters": {
            name: {"type": "string", "default": about.default}
            for name, about in options.items()
        },
        "command": f"python pipelines/{script.name} {' '.join(passed)}",
    }


def main() -> None:
    """Write the file beside the folder of the scripts."""
    scripts = find_scripts()
    path = scripts[_MAIN].parents[1] / "MLproject"
    if not path.exists():  # a wheel has the scripts, too
        raise SystemExit(f"There is no {path}; MLproject is written in a checkout.")
    path.write_text(mlproject_text(scripts), encoding="utf-8")
    print(path)


if __name__ == "__main__":
    main()
