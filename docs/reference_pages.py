"""The API reference: one page per folder, made from the folders' ``__all__``."""

from importlib import import_module
from inspect import getdoc
from pathlib import Path
from types import FunctionType
from typing import Any

import kerasweep

#: In the order of README's list of folders; the ones behind are found by themselves.
FIRST = (
    *("estimators", "preprocessing", "datasets", "model_selection", "plotting"),
    *("training", "tracking", "serving", "networks", "experiments", "reporting"),
)
_INDEX = """\
# API reference

Names in the first part of each page are imported from `kerasweep` itself; importing it
loads neither Keras nor MLflow.

```{{toctree}}
:maxdepth: 1

{pages}
```
"""
_PAGE = """\
{title}
{underline}

.. currentmodule:: {module}

{doc}
{tables}
"""
_TABLE = """
.. currentmodule:: {module}

{intro}

.. autosummary::
   :toctree: generated
   :nosignatures:

   {names}
"""


def folders() -> dict[str, list[str]]:
    """Return the public names of each folder.

    Returns
    -------
    names : dict of str to list of str
    """
    root = Path(kerasweep.__file__).parent
    found = {path.parent.name for path in root.glob("*/__init__.py")}
    ordered = [f for f in FIRST if f in found] + sorted(found.difference(FIRST))
    public = {}
    for folder in ordered:
        module = import_module(f"kerasweep.{folder}")
        names = [n for n in getattr(module, "__all__", []) if not n.startswith("_")]
        if names:
            public[folder] = names
    return public


def write(target: Path) -> None:
    """Write the pages, leaving alone those that say the same already.

    Parameters
    ----------
    target : Path
        Their folder.
    """
    target.mkdir(exist_ok=True)
    public = folders()
    for folder, names in public.items():
        module = f"kerasweep.{folder}"
        top = sorted(n for n in names if kerasweep._FOLDER_OF.get(n) == folder)
        rest = sorted(set(names) - set(top))
        tables = [
            _TABLE.format(module=where, intro=intro, names="\n   ".join(some))
            for where, intro, some in (
                ("kerasweep", "From ``kerasweep``:", top),
                (module, f"From ``{module}``:", rest),
            )
            if some
        ]
        _write(
            target / f"{folder}.rst",
            _PAGE.format(
                title=module,
                underline="=" * len(module),
                module=module,
                doc=getdoc(import_module(module)) or "",
                tables="".join(tables),
            ),
        )
    _write(target / "index.md", _INDEX.format(pages="\n".join(public)))


def _write(path: Path, text: str) -> None:
    if not path.exists() or path.read_text() != text:
        path.write_text(text)


def skip_members(
    app: Any, what: str, name: str, member: Any, skip: bool, options: Any
) -> bool | None:
    """Leave out of a class' page what it has from scikit-learn or Python.

    Parameters
    ----------
    app, what, name, member, skip, options
        As Sphinx' event gives them.

    Returns
    -------
    skip : bool or None
        None where this has no opinion.
    """
    if what != "class" or skip:
        return None
    function = getattr(member, "fget", None) or getattr(member, "__func__", member)
    module = getattr(function, "__module__", None)
    if isinstance(function, FunctionType) and not str(module).startswith("kerasweep"):
        return True
    if type(member).__name__ == "RequestMethod" or name.startswith("set_fit_request"):
        return True
    return None


def add_inherited(
    app: Any, what: str, name: str, obj: Any, options: Any, lines: list[str]
) -> None:
    """Name, below a class' docstring, the methods that it has from scikit-learn.

    Parameters
    ----------
    app, what, name, obj, options, lines
        As Sphinx' event gives them; the lines are added to.
    """
    if what != "class":
        return
    methods = [
        method
        for method in dir(obj)
        if not method.startswith("_")
        and str(getattr(getattr(obj, method, None), "__module__", "")).startswith(
            "sklearn."
        )
    ]
    if methods:
        names = ", ".join(f"``{method}``" for method in methods)
        lines += ["", f"Methods from scikit-learn: {names}.", ""]
