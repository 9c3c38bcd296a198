"""A script's options, read without the libraries that its experiment needs."""

import ast
from pathlib import Path
from typing import Any


def check_options(script: Path) -> None:
    """Answer ``--help`` and wrong options at once; else do nothing.

    A script imports scikit-learn and more, which takes seconds, before it reads its
    options. Here its function ``parser`` alone is defined, with what that needs.

    Parameters
    ----------
    script : Path
        The options are in ``sys.argv``.

    Raises
    ------
    SystemExit
        If help was asked for (code 0) or an option is wrong (2).
    """
    try:
        parser = load_parser(script)
    except Exception:  # whatever it is, the whole script says it better
        return
    parser.parse_args()


def load_parser(script: Path) -> Any:
    """Run as much of a script as its function ``parser`` needs, and call that.

    Parameters
    ----------
    script : Path

    Returns
    -------
    parser : ArgumentParser
    """
    tree = ast.parse(script.read_text(encoding="utf-8"), str(script))
    of_name: dict[str, ast.stmt] = {}
    for statement in _single_imports(tree.body):
        of_name.update(dict.fromkeys(_bound(statement), statement))
    needed: list[ast.stmt] = tree.body[: ast.get_docstring(tree) is not None]
    names = ["parser"]
    while names:
        found = of_name.get(names.pop())
        if found is not None and found not in needed:
            needed.append(found)
            nodes = ast.walk(found)
            names += [node.id for node in nodes if isinstance(node, ast.Name)]
    needed.sort(key=lambda statement: (statement.lineno, statement.col_offset))
    module: dict[str, Any] = {"__file__": str(script), "__name__": script.stem}
    code = ast.Module(body=needed, type_ignores=[])
    exec(compile(code, str(script), "exec"), module)
    return module["parser"]()


def _single_imports(statements: list[ast.stmt]) -> list[ast.stmt]:
    """Split ``from a import b, c``, of which one name may be light, the other not."""
    split: list[ast.stmt] = []
    for statement in statements:
        if isinstance(statement, ast.ImportFrom):
            for alias in statement.names:
                one = ast.ImportFrom(statement.module, [alias], statement.level)
                split.append(ast.copy_location(one, alias))
        else:
            split.append(statement)
    return split


def _bound(statement: ast.stmt) -> list[str]:
    """Return the names that a statement at the top of a module gives a value."""
    if isinstance(statement, ast.FunctionDef | ast.ClassDef):
        return [statement.name]
    if isinstance(statement, ast.Import | ast.ImportFrom):
        return [a.asname or a.name.partition(".")[0] for a in statement.names]
    nodes = ast.walk(statement)
    return [
        node.id
        for node in nodes
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
    ]
