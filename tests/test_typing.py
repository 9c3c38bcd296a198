"""What a user's type checker sees of the installed package."""

import ast
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from kerasweep import _FOLDER_OF, training

PACKAGE = Path(training.__file__).parents[1]
USER = """
from kerasweep import DenseClassifier, SweepDisplay, fleet, load_mnist
from kerasweep.experiments import readers
from kerasweep.training import train

net = DenseClassifier((500, 300), l2=1e-4)
reveal_type(net)
reveal_type(fleet)
reveal_type(readers.count("3"))
reveal_type(train)
SweepDisplay.no_such_method
DenseClassifier(no_such_parameter=1)
"""


@pytest.fixture(scope="module")
def said(tmp_path_factory):
    """What mypy says of a user's file, with the package copied as a wheel puts it."""
    pytest.importorskip("mypy")
    folder = tmp_path_factory.mktemp("user")
    create = [sys.executable, "-m", "venv", "--without-pip", "--symlinks", "venv"]
    subprocess.run(create, cwd=folder, check=True)
    python = folder / "venv" / "bin" / "python"
    where = "import sysconfig; print(sysconfig.get_path('purelib'))"
    done = subprocess.run([python, "-c", where], capture_output=True, text=True)
    site = Path(done.stdout.strip())
    ignored = shutil.ignore_patterns("data", "__pycache__")
    shutil.copytree(PACKAGE, site / "kerasweep", ignore=ignored)
    (folder / "user.py").write_text(USER)
    (folder / "mypy.ini").write_text("[mypy]\nignore_missing_imports = true\n")
    command = [sys.executable, "-m", "mypy", "--python-executable", str(python)]
    done = subprocess.run(
        [*command, "user.py"], cwd=folder, capture_output=True, text=True
    )
    return done.stdout


@pytest.mark.slow
@pytest.mark.parametrize(
    "expected",
    [
        'Revealed type is "kerasweep.estimators._dense_classifier.DenseClassifier"',
        "def (size: int | None =) -> contextlib._GeneratorContextManager",
        'Revealed type is "int"',
        "kerasweep.training.engine._job.TrainingResult",
        '"type[SweepDisplay]" has no attribute "no_such_method"',
        'Unexpected keyword argument "no_such_parameter" for "DenseClassifier"',
    ],
)
def test_a_users_file_is_checked_against_our_types(expected, said):
    plain = said.replace("builtins.", "")
    assert expected in plain, said


@pytest.mark.parametrize(
    ("path", "names"),
    [
        (PACKAGE / "__init__.py", _FOLDER_OF),
        (PACKAGE / "training" / "__init__.py", training._MODULE_OF),
    ],
)
def test_type_checkers_import_what_users_import(path, names):
    """The names that are imported on first use stand twice: for each kind of reader."""
    (block,) = [
        node
        for node in ast.parse(path.read_text()).body
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
    ]
    package = ".".join(["kerasweep", *path.parent.relative_to(PACKAGE).parts])
    assert {
        alias.name: node.module.removeprefix(f"{package}.")
        for node in block.body
        for alias in node.names
    } == dict(names)
