import math

import pandas as pd
import pytest
from report_toys import result

from kerasweep.datasets import load_reference_results
from kerasweep.reporting import compare
from kerasweep.reporting._comparison import left_over


def references(*rows):
    columns = ["metric", "measured_on", "value"]
    frame = pd.DataFrame(rows, columns=columns)
    return frame.assign(experiment="x", model="m", training="t", source="somebody")


def test_only_the_same_metric_on_the_same_rows_is_compared():
    table = references(
        ("accuracy", "MNIST test", 0.97),
        ("mean accuracy", "MNIST test", 0.99),
        ("accuracy", "MNIST train (50000)", 0.99),
        ("accuracy", "MNIST test", math.nan),
    )
    (comparison,) = compare([result(0.98)], table)
    assert [p.value for p in comparison.published] == [0.97]
    others = left_over([result(0.98)], table)
    assert [o["text"] for o in others] == ["99.00 %", "99.00 %", "not stated"]


def test_spellings_of_rows_and_units_are_the_same_kind():
    table = references(
        ("PSNR in dB", "MNIST test at 40 %", 15.92),
        ("accuracy", "MNIST validation (10000)", 0.985),
    )
    ours = [
        result(18.2, metric="PSNR", unit="dB", on="MNIST test at 40%", half=None),
        result(0.986, on="MNIST validation"),
    ]
    assert [len(c.published) for c in compare(ours, table)] == [1, 1]
    assert compare(ours, table)[0].published[0].difference == "+2.28 dB"


@pytest.mark.parametrize(
    ("half", "ending"),
    [
        (0.003, "that lies inside our 95 % Wilson interval, 98.01 to 98.61 %."),
        (0.001, "that lies outside our 95 % Wilson interval, 98.21 to 98.41 %."),
        (None, "no interval was recorded."),
    ],
)
def test_a_shortfall_says_by_how_much_and_whether_it_is_within_the_interval(
    half, ending
):
    table = references(("accuracy", "MNIST test", 0.9847))
    (comparison,) = compare([result(0.9831, half=half)], table)
    assert comparison.shortfalls() == [
        "accuracy on MNIST test: our 98.31 % is 0.16 points below the 98.47 % of "
        f"somebody; {ending}"
    ]


def test_a_smaller_likelihood_in_nats_is_better():
    table = references(("negative log-likelihood in nats", "MNIST test", 86.76))
    ours = {"metric": "negative log-likelihood", "unit": "nats", "half": None}
    worse, better = compare([result(95.0, **ours), result(80.0, **ours)], table)
    assert "8.24 nats above the 86.76 nats" in worse.shortfalls()[0]
    assert better.published[0].verdict == "better" and not better.shortfalls()


def test_what_prints_the_same_is_level():
    table = references(("accuracy", "MNIST test", 0.9847))
    (comparison,) = compare([result(0.984699)], table)
    assert comparison.published[0].verdict == "level"
    assert not comparison.shortfalls()


def test_the_best_published_figure_comes_first_and_the_drawing_holds_all():
    table = load_reference_results("conv")
    (comparison,) = compare([result(0.9912)], table)
    values = [p.value for p in comparison.published]
    assert values == sorted(values, reverse=True) and values[0] == 0.9987
    places = [*comparison.scale["published"], *comparison.scale["interval"]]
    assert min(places) == 6 and max(places) == 94


def test_without_references_figures_stand_alone():
    (comparison,) = compare([result(0.9)], None)
    assert comparison.text == "90.00 %" and not comparison.published
    assert left_over([result(0.9)], None) == []
