import argparse

import pytest

from kerasweep.console import ExperimentParser


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        ("count", "3", 3),
        ("count_or_all", "all", None),
        ("count_or_all", "5000", 5000),
        ("seed", "0", 0),
        ("jobs", "-1", -1),
        ("jobs", "auto", None),
        ("fleet", "0", 0),
        ("fleet", "auto", None),
        ("positive", "1e-3", 0.001),
        ("share", "1", 1.0),
        ("counts", "500, 300", (500, 300)),
        ("factors", "1e-6,0", (1e-6, 0.0)),
        ("optional", "", None),
        ("optional", "digit", "digit"),
    ],
)
def test_an_option_is_read(kind, text, value):
    assert getattr(ExperimentParser, kind)(text) == value


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("count", "0"),
        ("count", "2.5"),
        ("count_or_all", "none"),
        ("seed", "-1"),
        ("seed", str(2**31)),
        ("jobs", "0"),
        ("fleet", "-1"),
        ("positive", "0"),
        ("positive", "inf"),
        ("share", "1.1"),
        ("counts", "500,,300"),
        ("counts", "500,-1"),
        ("factors", "-1e-6"),
        ("factors", "nan"),
        ("factors", "1e-6,x"),
        ("factors", "1e-6,0.000001"),
    ],
)
def test_a_wrong_option_is_refused_with_what_came(kind, text):
    with pytest.raises(
        argparse.ArgumentTypeError, match=r"must be .* Got '.*' instead"
    ):
        getattr(ExperimentParser, kind)(text)


def test_a_folder_below_a_file_is_refused(tmp_path):
    (tmp_path / "file").touch()
    assert ExperimentParser.folder(str(tmp_path / "new" / "deep")).name == "deep"
    with pytest.raises(argparse.ArgumentTypeError, match="can be written"):
        ExperimentParser.folder(str(tmp_path / "file" / "below"))


def test_an_error_is_one_line_and_exit_code_2(capsys):
    parser = ExperimentParser("Try.")
    parser.add("train_size", "all", parser.count_or_all, "rows")
    with pytest.raises(SystemExit) as stop:
        parser.parse_args(["--train-size", "none"])
    assert stop.value.code == 2
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert "--train-size: must be a whole number" in error


def test_quick_makes_small_what_was_left_at_its_default():
    p = ExperimentParser("An experiment.")
    p.add("epochs", "40", p.count, "passes")
    p.add("hidden", "500,300", p.counts, "units")
    p.add_quick(epochs="2", hidden="16")
    args = p.parse_args(["--quick", "1", "--epochs", "7", "--hidden", "500,300"])
    assert args.quick is True and args.epochs == 7 and args.hidden == (16,)
    assert p.parse_args([]).epochs == 40
    assert "epochs=2, hidden=16" in " ".join(p.format_help().split())


def test_quick_is_0_or_1(capsys):
    p = ExperimentParser("An experiment.")
    p.add_quick()
    with pytest.raises(SystemExit) as stopped:
        p.parse_args(["--quick", "yes"])
    assert stopped.value.code == 2
    assert "must be 0 or 1. Got 'yes'" in capsys.readouterr().err


def test_names_are_separated_by_commas_and_may_be_none():
    assert ExperimentParser.names("a, b,") == ("a", "b")
    assert ExperimentParser.names("") == ()
