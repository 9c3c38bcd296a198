"""MLproject, the scripts' options and their use must not drift apart."""

import os
import re

import pytest
import yaml

from kerasweep.experiments.mlproject import mlproject_text
from kerasweep.experiments.scripts import find_scripts

SCRIPTS = [
    "baseline",
    "conv",
    "conv_sweep",
    "denoise",
    "generate",
    "promote",
    "regularize",
    "report",
    "reproduce",
    "sweep",
    "table",
]


@pytest.fixture(scope="module")
def entry_points(project_root):
    return yaml.safe_load((project_root / "MLproject").read_text())["entry_points"]


def test_main_is_the_sweep(entry_points):
    assert entry_points["main"] == entry_points["sweep"]
    assert set(entry_points) == {"main", *SCRIPTS}


def test_mlproject_is_what_the_scripts_say(project_root):
    written = mlproject_text(find_scripts())
    assert (project_root / "MLproject").read_text() == written, (
        "run `python -m kerasweep.experiments.mlproject`"
    )


@pytest.mark.parametrize("name", SCRIPTS)
def test_mlproject_and_script_have_the_same_parameters(name, entry_points, load_script):
    point = entry_points[name]
    declared = {p: about["default"] for p, about in point["parameters"].items()}
    options = load_script(name).main.settings.options()
    assert declared == {option: about.default for option, about in options.items()}
    typed = point["command"].format_map({p: f"<{p}>" for p in declared}).split()
    assert typed[:2] == ["python", f"pipelines/{name}.py"]
    assert typed[2:] == [
        text for p in declared for text in ("--" + p.replace("_", "-"), f"<{p}>")
    ]


@pytest.mark.parametrize("name", SCRIPTS)
def test_each_parameter_is_used_and_explained(name, project_root, load_script):
    package = project_root / "src" / "kerasweep" / "experiments"
    paths = [project_root / "pipelines" / f"{name}.py", *package.glob("*.py")]
    code = "\n".join(path.read_text() for path in paths)
    options = load_script(name).main.settings.options()
    presets = [p for o in options.values() for p in (o.presets or {}).values()]
    of_presets = {key for preset in presets for key in preset}
    for option, about in options.items():
        assert about.help
        if (about.parameter or option) not in of_presets:
            assert re.search(
                rf'settings\.{option}\b|vars\(self\)\["{option}"', code
            ) or (re.search(rf'getattr\((self\.)?(settings|self), "{option}"', code)), (
                option
            )


@pytest.mark.parametrize("name", SCRIPTS)
def test_a_recipe_is_short(name, project_root):
    """What a script does, below its settings; what is long belongs to the package."""
    text = (project_root / "pipelines" / f"{name}.py").read_text()
    recipe = text[text.index("\ndef run(") :]
    assert len(recipe.splitlines()) <= 80


@pytest.mark.parametrize("name", SCRIPTS)
def test_script_runs_its_own_checkout(name, project_root, ready_python, tmp_path):
    """Whatever package the environment holds: `mlflow run` shares environments."""
    installed = tmp_path / "kerasweep"
    installed.mkdir()
    (installed / "__init__.py").write_text("raise ImportError('another checkout')")
    done = ready_python.run(
        [project_root / "pipelines" / f"{name}.py", "--help"],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(tmp_path)},
    )
    assert done.returncode == 0, done.stderr
