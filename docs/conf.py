"""Sphinx' configuration: ``sphinx-build -W --keep-going docs build/docs``."""

import os
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE.parent / "src"), str(HERE)]

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
# The examples' runs go to a store that is thrown away with this folder.
_scratch = tempfile.TemporaryDirectory(prefix="kerasweep-docs-")
os.environ["MLFLOW_TRACKING_URI"] = f"sqlite:///{_scratch.name}/mlflow.db"

import reference_pages

import kerasweep

project = "kerasweep"
author = "The kerasweep developers"
release = kerasweep.__version__
version = release

extensions = [
    "myst_parser",
    "numpydoc",
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx.ext.mathjax",
    "sphinx_copybutton",
    "sphinx_design",
    "sphinx_gallery.gen_gallery",
]
exclude_patterns = ["_build", "**/GALLERY_HEADER.rst"]
templates_path = ["_templates"]
default_role = "literal"

myst_enable_extensions = ["colon_fence", "deflist"]
myst_heading_anchors = 3
copybutton_exclude = ".linenos, .gp, .go"

autosummary_generate = True
autodoc_typehints = "none"  # numpydoc's Parameters sections say more
numpydoc_show_class_members = False  # the class template lists them
python_maximum_signature_line_length = 88

sphinx_gallery_conf = {
    "examples_dirs": str(HERE.parent / "examples"),
    "gallery_dirs": "gallery",
    "abort_on_example_error": True,
    "download_all_examples": False,
    "show_memory": False,
    "show_signature": False,
    "within_subsection_order": "ExampleTitleSortKey",
    "doc_module": ("kerasweep",),
    "backreferences_dir": None,
    "min_reported_time": 0,
}

html_theme = "pydata_sphinx_theme"
html_title = f"kerasweep {release}"
html_static_path = ["_static"]
html_css_files = ["kerasweep.css"]
html_show_sourcelink = False
html_context = {"default_mode": "auto"}
html_theme_options = {
    "navigation_with_keys": True,
    "show_prev_next": True,
    "secondary_sidebar_items": ["page-toc"],
    "footer_start": ["copyright"],
    "footer_end": ["theme-version"],
}
html_sidebars = {"tutorial": [], "changes": []}
copyright = "The kerasweep developers, BSD 3-Clause"


def setup(app):
    """Write the reference pages before they are read."""
    app.connect("config-inited", lambda *_: reference_pages.write(HERE / "reference"))
    app.connect("autodoc-skip-member", reference_pages.skip_members)
    # behind numpydoc, which rewrites the whole docstring
    app.connect(
        "autodoc-process-docstring", reference_pages.add_inherited, priority=900
    )
