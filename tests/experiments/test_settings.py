"""What a user types, and what becomes of it."""

from dataclasses import dataclass, fields
from typing import ClassVar

import pytest

from kerasweep.experiments import (
    SETTINGS_TAG,
    Command,
    ExperimentSettings,
    FleetSettings,
    Settings,
    option,
    options as opt,
    readers as read,
)


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        ("count", "3", 3),
        ("count_or_all", "all", None),
        ("count_or_all", "5000", 5000),
        ("seed", "0", 0),
        ("jobs", "-1", -1),
        ("jobs", "auto", None),
        ("fleet_size", "0", 0),
        ("fleet_size", "auto", None),
        ("positive", "1e-3", 0.001),
        ("share", "1", 1.0),
        ("counts", "500, 300", (500, 300)),
        ("factors", "1e-6,0", (1e-6, 0.0)),
        ("optional", "", None),
        ("optional", "digit", "digit"),
    ],
)
def test_an_option_is_read(kind, text, value):
    assert getattr(read, kind)(text) == value


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("count", "0"),
        ("count", "2.5"),
        ("count_or_all", "none"),
        ("seed", "-1"),
        ("seed", str(2**31)),
        ("jobs", "0"),
        ("fleet_size", "-1"),
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
    with pytest.raises(ValueError, match=r"must be .* Got '.*' instead"):
        getattr(read, kind)(text)


def test_a_folder_below_a_file_is_refused(tmp_path):
    (tmp_path / "file").touch()
    assert read.folder(str(tmp_path / "new" / "deep")).name == "deep"
    with pytest.raises(ValueError, match="can be written"):
        read.folder(str(tmp_path / "file" / "below"))


def test_names_are_separated_by_commas_and_may_be_none():
    assert read.names("a, b,") == ("a", "b")
    assert read.names("") == ()


PRESETS = {"weak": {"epochs": 3, "rate": 0.1}, "strong": {"epochs": 9, "decay": 0.5}}


@dataclass(frozen=True)
class Toy(FleetSettings):
    name: ClassVar[str] = "toy"
    epochs: int | None = opt.epochs("auto", quick="2")
    hidden: tuple[int, ...] = opt.hidden("500,300", quick="16")
    preset: str = opt.preset(PRESETS)
    decay: float | None = option("auto", read.auto(read.share), "decay")
    replicates: int = opt.replicates("2")


def run(settings, run):
    raise AssertionError


def test_defaults_are_read_as_a_user_would_type_them():
    toy = Toy()
    assert toy.hidden == (500, 300)
    assert toy.epochs is toy.fleet is toy.target is None
    assert toy.seeds == [0, 1]


def test_quick_makes_small_what_was_left_at_its_default():
    main = Command(Toy, run)
    typed = ["--quick", "1", "--epochs", "7", "--hidden", "500,300"]
    toy = main.read(typed)
    assert toy.quick is True and toy.epochs == 7 and toy.hidden == (16,)
    assert main.read([]).epochs is None
    assert "epochs=2, hidden=16" in Toy.options()["quick"].help


def test_a_preset_is_taken_but_for_what_is_given():
    assert Toy().chosen() == {"epochs": 3, "rate": 0.1}
    strong = Toy(preset="strong", epochs=5)
    assert strong.chosen() == {"epochs": 5, "decay": 0.5}


def test_the_help_page_has_shared_options_around_an_experiments_own():
    names = list(Toy.options())
    assert names[:2] == ["data", "target"] and names[-1] == "quick"
    assert names.index("epochs") < names.index("train_size") < names.index("fleet")
    assert set(names) == {field.name for field in fields(Toy)}


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        (
            ["--train-size", "none"],
            'argument --train-size: must be a whole number of at least 1, or "all". '
            "Got 'none' instead.",
        ),
        (["--quick", "yes"], "argument --quick: must be 0 or 1. Got 'yes' instead."),
        (["--preset", "x"], "must be one of weak, strong. Got 'x' instead."),
        (["--epoch", "3"], "Did you mean"),  # in Click's own words from here on
        (["--hidden"], "'--hidden' requires an argument"),
        (["mnist"], "unexpected extra argument"),
    ],
)
def test_an_error_is_one_line_and_exit_code_2(typed, sentence, capsys):
    with pytest.raises(SystemExit) as stop:
        Command(Toy, run)(typed)
    assert stop.value.code == 2
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert sentence in error
    with pytest.raises(ValueError, match=r"must|No such|requires|unexpected"):
        Command(Toy, run).read(typed)


def test_where_files_go_does_not_make_another_experiment(tmp_path):
    one = Toy(epochs=3).tags()
    assert one == Toy(epochs=3, out=tmp_path, fleet=0, register_as=None).tags()
    assert one[SETTINGS_TAG] != Toy(epochs=4).tags()[SETTINGS_TAG]


def test_the_digest_of_settings_stays_what_it_was():
    """By it `reproduce` finds the runs of versions before this one."""

    @dataclass(frozen=True)
    class Old(ExperimentSettings):
        name: ClassVar[str] = "old"
        hidden: tuple[int, ...] = opt.hidden("64,64")

    assert Old().texts() == {
        "data": "mnist",
        "hidden": "(64, 64)",
        "quick": "False",
        "seed": "0",
        "target": "None",
        "train_size": "None",
    }
    assert Old().tags()[SETTINGS_TAG] == "32322e78d7b93328"


def test_a_command_of_no_experiment_gets_its_settings_alone(capsys):
    @dataclass(frozen=True)
    class Greeting(Settings):
        whom: str = option("you", str, "whom to greet")

    Command(Greeting, lambda settings: print(f"Hello, {settings.whom}"))(
        ["--whom", "a"]
    )
    assert capsys.readouterr().out == "Hello, a\n"
