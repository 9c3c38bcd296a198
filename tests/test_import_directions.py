"""A folder imports only from those above it in the README's list."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "src" / "kerasweep"
LISTED = re.findall(r"^  (\w+)/ ", (ROOT / "README.md").read_text(), re.MULTILINE)


def test_the_readme_lists_every_folder():
    folders = {path.parent.name for path in PACKAGE.glob("*/__init__.py")}
    assert set(LISTED) == folders


@pytest.mark.parametrize("folder", LISTED)
def test_imports_go_one_way(folder):
    above = LISTED[: LISTED.index(folder) + 1]
    for path in (PACKAGE / folder).rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if not isinstance(node, ast.ImportFrom) or node.module is None:
                continue
            root, *parts = node.module.split(".")
            if root != "kerasweep":
                continue
            names = parts[:1] or [alias.name for alias in node.names]
            outside = {name for name in names if name in LISTED} - set(above)
            assert not outside, f"{path.relative_to(ROOT)} imports {outside}"
