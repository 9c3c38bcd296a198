"""The notebook runs, and what it shows can be looked at."""

import re
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient
from nbconvert import HTMLExporter

NOTEBOOK = Path(__file__).parents[2] / "examples" / "quickstart.ipynb"

pytestmark = [
    pytest.mark.slow,
    # the kernel's own transport, on this machine alone
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]


@pytest.fixture(scope="module")
def executed(tmp_path_factory):
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    folder = tmp_path_factory.mktemp("notebook")
    resources = {"metadata": {"path": str(folder)}}
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("MPLBACKEND", raising=False)  # the kernel draws into the page
        return NotebookClient(notebook, timeout=300, resources=resources).execute()


def outputs(notebook, kind):
    """Return the outputs of all cells that have this MIME type."""
    return [
        output["data"][kind]
        for cell in notebook.cells
        for output in cell.get("outputs", [])
        if kind in output.get("data", {})
    ]


def test_it_is_committed_without_outputs():
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    assert not any(cell.get("outputs") for cell in notebook.cells)


def test_page_has_diagrams_and_pictures(executed):
    page, _ = HTMLExporter().from_notebook_node(executed)
    assert page.count('id="sk-container-id-') == 2
    assert len(outputs(executed, "image/png")) == 3
    assert page.count("data:image/png;base64") >= 3
    diagram = outputs(executed, "text/html")[0]
    for name in ("PixelScaler", "DenseClassifier", "hidden_layer_sizes"):
        assert name in diagram


def test_progress_is_one_text_that_changed_in_its_place(executed):
    texts = [o for o in outputs(executed, "text/plain") if "fits" in o]
    assert len(texts) == 1
    assert re.fullmatch(r"9 of 9 fits done in (\d+ min )?\d+ s", texts[0])


def test_nothing_writes_control_characters(executed):
    streams = [
        output["text"]
        for cell in executed.cells
        for output in cell.get("outputs", [])
        if output["output_type"] == "stream"
    ]
    assert not re.search(r"[\x00-\x08\x0b-\x1f]", "".join(streams))
    assert sum(text.count("\n") for text in streams) < 30
