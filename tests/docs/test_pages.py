"""All code on the pages and in the README works as it stands.

The blocks of a page run in their order in one namespace, in an empty folder with an
MLflow store of its own.
"""

import importlib
import os
import re
import shlex
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest
import yaml
from sybil import Document, Sybil
from sybil.parsers.markdown import CodeBlockParser, PythonCodeBlockParser

ROOT = Path(__file__).parents[2]
PAGES = sorted((ROOT / "docs").glob("*.md"))
#: What these lines need, beside what the tests of other pages do.
SERVER_PORT = "5001"
NOT_RUN_HERE = {
    "README.md": "has MNIST, and a test of its own",
    "gpu.md": "is for a process of its own",
}

#: What makes a page's run shorter and shows nothing of this package.
REPLACED = {"tutorial.md": [("max_iter=300", "max_iter=10")]}
NEEDS = {"scaling.md": "distributed"}
#: Starts a cluster, or trains many own models; the fast tests of distributed and of
#: estimators have these, too.
SLOW = {"scaling.md", "own_networks.md", "own_parts.md", "targets_and_defaults.md"}
SLOW |= {"own_data.md", "tables.md"}


def shell_lines(path):
    """Return the commands of a page, continued lines joined."""
    parser = CodeBlockParser("sh", lambda example: None)
    document = Document.parse(str(path), parser)
    text = "\n".join(str(example.parsed) for example in document)
    joined = text.replace("\\\n", " ")
    lines = [line.partition(" #")[0].strip() for line in joined.splitlines()]
    return [line for line in lines if line and not line.startswith("#")]


ALL_LINES = [
    pytest.param(line, id=f"{path.name}: {line}")
    for path in [ROOT / "README.md", ROOT / "benchmarks" / "README.md", *PAGES]
    for line in shell_lines(path)
]


def run_page(path, replacing=(), shell=lambda line: None):
    """Run the Python of a page, and hand its shell lines to a function, in order."""
    text = path.read_text()
    for old, new in replacing:
        assert old in text
        text = text.replace(old, new)

    def run_shell(example):
        for line in str(example.parsed).splitlines():
            shell(line)

    document = Document(text, str(path))
    for parser in (PythonCodeBlockParser(), CodeBlockParser("sh", run_shell)):
        for region in parser(document):
            document.add(region)
    document.namespace["__name__"] = "__main__"  # pickled by value, as in a script
    n_blocks = 0
    for example in document:
        example.evaluate()
        n_blocks += 1
    return n_blocks


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize(
    "path",
    [
        pytest.param(p, marks=pytest.mark.slow if p.name in SLOW else (), id=p.name)
        for p in PAGES
        if p.name not in NOT_RUN_HERE
    ],
)
def test_page(path, fresh_folder, serve, free_port, monkeypatch):
    pytest.importorskip(NEEDS.get(path.name, "kerasweep"))
    monkeypatch.setenv("MPLBACKEND", "Agg")
    # A page that forbids pickles forbids them for itself alone.
    monkeypatch.setenv("MLFLOW_ALLOW_PICKLE_DESERIALIZATION", "true")

    def shell(line):
        words = shlex.split(line)
        if words[:3] == ["mlflow", "models", "serve"]:
            serve(words[3:])

    replacing = REPLACED.get(path.name, [])
    if SERVER_PORT in path.read_text():
        replacing = [*replacing, (SERVER_PORT, str(free_port))]
    run_page(path, replacing, shell)


def test_readme(fresh_folder, monkeypatch):
    """With a few rows of MNIST in place of all."""
    import kerasweep

    X, y = kerasweep.load_mnist(return_X_y=True)
    monkeypatch.setattr(
        kerasweep, "load_mnist", lambda return_X_y: (X[:10_300], y[:10_300])
    )
    assert run_page(ROOT / "README.md") > 1
    import mlflow

    runs = mlflow.search_runs(experiment_names=["l2-sweep"])
    assert len(runs) == 1 + 4 * 2 + 1  # the search, its candidates, the refit


@pytest.mark.slow
@pytest.mark.skipif(find_spec("jax") is None, reason="JAX is not installed")
def test_gpu_page_in_a_process_of_its_own(fresh_folder):
    """The page chooses JAX before Keras is imported."""
    code = (
        "import sys; sys.path.insert(0, sys.argv[2])\n"
        "from pathlib import Path\n"
        "from test_pages import run_page\n"
        "run_page(Path(sys.argv[1]))\n"
        "import keras; assert keras.backend.backend() == 'jax'\n"
    )
    page = str(ROOT / "docs" / "gpu.md")
    here = str(Path(__file__).parent)
    done = subprocess.run(
        [sys.executable, "-c", code, page, here],
        env={k: v for k, v in os.environ.items() if k != "KERAS_BACKEND"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr[-3000:]


@pytest.fixture(scope="module")
def entry_points():
    return yaml.safe_load((ROOT / "MLproject").read_text())["entry_points"]


@pytest.mark.parametrize("line", ALL_LINES)
def test_shell_line_names_what_there_is(line, entry_points):
    """Programs, entry points, parameters, modules, files and extras exist."""
    for part in re.split(r"&&|\|", line):
        words = [w for w in shlex.split(part) if not re.match(r"[A-Z_]+=", w)]
        CHECK_OF[words[0]](words, entry_points)


def check_mlflow(words, entry_points):
    if words[1] == "run":
        name = words[words.index("-e") + 1] if "-e" in words else "main"
        if name == "NAME":
            return
        parameters = entry_points[name]["parameters"]
        given = [words[i + 1] for i, word in enumerate(words) if word == "-P"]
        assert {one.partition("=")[0] for one in given} <= set(parameters)
        return
    import click
    from mlflow.cli import cli

    command, rest = cli, words[1:]
    while isinstance(command, click.Group):
        name, *rest = rest
        command = command.get_command(click.Context(command), name)
        assert command is not None, f"mlflow has no command {name}"
    known = {option for p in command.params for option in (*p.opts, *p.secondary_opts)}
    asked = {w.partition("=")[0] for w in rest if w.startswith("-") and w != "-"}
    assert asked <= known


def check_pip(words, entry_points):
    assert words[1] == "install"
    extras = re.findall(r"\.\[(.*?)\]", " ".join(words))
    import tomllib

    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    known = project["optional-dependencies"]
    assert all(one in known for group in extras for one in group.split(","))


def check_python(words, entry_points):
    if words[1] == "-m":
        module = ROOT / (words[2].replace(".", "/") + ".py")
        assert module.exists() or find_spec(words[2].partition(".")[0])
        if module.exists():
            options = {w for w in words[3:] if w.startswith("--")}
            assert all(option in module.read_text() for option in options)
    elif words[1].startswith(("pipelines/", "examples/")):
        assert (ROOT / words[1]).exists()


def check_pytest(words, entry_points):
    _, *rest = words
    for option, plugin in (("-n", "xdist"), ("-m", "pytest")):
        if option in rest:
            assert find_spec(plugin)
            at = rest.index(option)
            del rest[at : at + 2]
    assert all((ROOT / word).exists() for word in rest if word[0] != "-")


def check_sphinx(words, entry_points):
    assert (ROOT / "docs" / "conf.py").exists()
    assert "docs" in words


def check_kerasweep(words, entry_points):
    """The command's own parser reads the line, once there is such a command."""
    from importlib.metadata import entry_points as installed

    (script,) = installed(group="console_scripts", name="kerasweep")
    with pytest.raises(SystemExit) as ended:
        script.load()([*words[1:], "--help"])
    assert ended.value.code == 0


def check_dask(words, entry_points):
    """Dask's own commands know the options."""
    pytest.importorskip("distributed")
    command = importlib.import_module(f"distributed.cli.dask_{words[1]}").main
    known = {option for p in command.params for option in p.opts}
    assert {word for word in words if word.startswith("--")} <= known


def check_nothing(words, entry_points):
    pass


CHECK_OF = {
    "mlflow": check_mlflow,
    "pip": check_pip,
    "python": check_python,
    "pytest": check_pytest,
    "sphinx-build": check_sphinx,
    "kerasweep": check_kerasweep,
    "dask": check_dask,
}


def test_sybil_finds_python_on_the_pages():
    """A page's blocks are seen: none is skipped for its language's name."""
    sybil = Sybil([PythonCodeBlockParser()])
    for path in (ROOT / "README.md", ROOT / "docs" / "tutorial.md"):
        blocks = path.read_text().count("```python")
        assert 0 < blocks <= len(list(sybil.parse(path)))
