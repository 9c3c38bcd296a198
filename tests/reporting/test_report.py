from html.parser import HTMLParser

import pytest
from report_toys import PIXEL, Toy, record, result

from kerasweep.reporting import select_experiments, write_report
from kerasweep.reporting._sections import newest


class Page(HTMLParser):
    """What of a page can be checked without a browser."""

    VOID = ("meta", "link", "img", "br", "rect")

    def __init__(self, text):
        super().__init__()
        self.headings, self.images, self.ids, self.links = [], [], [], []
        self.tags, self.open = set(), []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        self.tags.add(tag)
        if tag not in self.VOID:
            self.open.append(tag)
        if tag in ("h1", "h2", "h3", "h4"):
            self.headings.append(int(tag[1]))
        if tag == "img":
            self.images.append(attrs)
        if tag == "a":
            self.links.append(attrs["href"])
        if "id" in attrs:
            self.ids.append(attrs["id"])

    def handle_startendtag(self, tag, attrs):
        self.tags.add(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


@pytest.fixture(scope="module")
def toys():
    return [
        Toy("sweep", record(results=[result(0.9831)])),
        Toy("conv", record("conv", dataset="digits", results=[result(0.99)]), files={}),
        Toy("extra", record("unheard-of", results=[result(0.5)])),
    ]


@pytest.fixture(scope="module")
def written(toys, tmp_path_factory):
    html, markdown = write_report(toys, tmp_path_factory.mktemp("report"))
    return html, markdown


def test_the_page_is_sound_and_needs_no_other_file(written):
    text = written[0].read_text(encoding="utf-8")
    page = Page(text)
    assert page.open == []
    assert page.headings[0] == 1 and page.headings.count(1) == 1
    steps = zip(page.headings, page.headings[1:], strict=False)
    assert all(below - above <= 1 for above, below in steps)
    assert len(set(page.ids)) == len(page.ids)
    inner = {link[1:] for link in page.links if link.startswith("#")}
    assert inner <= set(page.ids)
    assert page.images and all(i["alt"] == 'Curves "of" <it>' for i in page.images)
    assert all(i["src"].startswith("data:image/png;base64,") for i in page.images)
    assert page.images[0]["width"] == "1"
    assert "script" not in page.tags and "<it>" not in text
    assert "prefers-color-scheme: dark" in text


def test_both_versions_say_the_same(written):
    for path in written:
        text = path.read_text(encoding="utf-8").replace("\xa0", " ")
        assert "0.16 points below the 98.47 % of Hinton" in text
        assert "lies inside our 95 % Wilson interval, 98.01 to 98.61 %" in text
        assert "course report E" in text  # of another kind
        assert "curves.png is no longer among" in text
        assert "sweep-0" in text or "http://h/#/1" in text
        assert "secret" not in text and "postgresql://me@db/runs" in text


def test_published_figures_stand_beside_mnist_alone(tmp_path):
    toy = Toy("conv", record("conv", dataset="digits", results=[result(0.5)]))
    for path in write_report([toy], tmp_path):
        text = path.read_text(encoding="utf-8")
        assert "LeNet" not in text and "behind a published" not in text


def test_pictures_lie_beside_the_markdown(written):
    text = written[1].read_text(encoding="utf-8")
    (picture,) = written[1].parent.glob("pictures/sweep-*.png")
    assert picture.read_bytes() == PIXEL
    assert f"](pictures/{picture.name})" in text
    assert "a\\|b" in text and "| --- | ---: |" in text


def test_what_else_is_in_the_folder_is_left_alone(tmp_path, toys):
    (tmp_path / "pictures").mkdir()
    own = tmp_path / "pictures" / "own.png"
    own.write_bytes(b"mine")
    write_report(toys, tmp_path)
    assert own.read_bytes() == b"mine"


def test_the_newest_of_each_experiment_preset_and_data_set_is_kept():
    old, new = Toy("sweep", record(), start=1.0), Toy("sweep", record(), start=2.0)
    quick = Toy("sweep", record(quick="True"), start=3.0)
    strong = Toy("sweep", record(preset="strong"), start=1.0)
    digits = Toy("sweep", record(dataset="digits", quick="True"), start=1.0)
    wide = Toy("baseline", record("wide"), start=1.0)
    kept = newest([old, quick, new, strong, digits, wide])
    assert kept == [wide, new, strong, digits]


def test_a_selection_is_by_script_or_experiment_and_data_set(toys):
    def chosen(**names):
        return select_experiments(toys, store="here", **names)

    assert chosen() == toys
    assert chosen(experiments=["CONV", "unheard-of"]) == toys[1:]
    assert chosen(datasets=["mnist"]) == [toys[0], toys[2]]
    with pytest.raises(ValueError, match=r"There are: conv on digits, extra on MNIST"):
        chosen(experiments=["conv"], datasets=["mnist"])
    with pytest.raises(ValueError, match="no finished experiment in here"):
        select_experiments([], store="here")


def test_overview_shows_the_chosen_figure(tmp_path):
    chosen = result(0.9127, metric="precision", headline=True)
    toy = Toy("sweep", record(results=[chosen, result(0.9831)]))
    html, markdown = write_report([toy], tmp_path)
    for file in (html, markdown):
        text = file.read_text(encoding="utf-8")
        assert text.index("91.27") < text.index("98.31")
