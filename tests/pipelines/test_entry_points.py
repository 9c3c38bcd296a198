"""MLproject, the scripts' options and their use must not drift apart."""

import ast
import os
import re

import pytest
import yaml

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
]


@pytest.fixture(scope="module")
def entry_points(project_root):
    return yaml.safe_load((project_root / "MLproject").read_text())["entry_points"]


def test_main_is_the_sweep(entry_points):
    assert entry_points["main"] == entry_points["sweep"]
    assert set(entry_points) == {"main", *SCRIPTS}


@pytest.mark.parametrize("name", SCRIPTS)
def test_mlproject_and_script_have_the_same_parameters(name, entry_points, load_script):
    declared = {
        parameter: spec["default"]
        for parameter, spec in entry_points[name]["parameters"].items()
    }
    parser = load_script(name).parser()
    assert declared == {
        action.dest: action.default
        for action in parser._actions
        if action.dest != "help"
    }
    passed = re.findall(r"--([\w-]+) \{(\w+)\}", entry_points[name]["command"])
    assert {parameter for _, parameter in passed} == set(declared)
    assert all(option.replace("-", "_") == parameter for option, parameter in passed)


@pytest.mark.parametrize("name", SCRIPTS)
def test_each_parameter_is_used_and_explained(name, project_root, load_script):
    tree = ast.parse((project_root / "pipelines" / f"{name}.py").read_text())
    used = {
        node.attr
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute)
        and isinstance(node.value, ast.Name)
        and node.value.id == "args"
    }
    actions = [a for a in load_script(name).parser()._actions if a.dest != "help"]
    options = {action.dest for action in actions}
    # The parser itself acts on `quick`.
    assert used | (options & {"quick"}) == options
    assert all(action.help for action in actions)


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
