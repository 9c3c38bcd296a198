"""Tables of more than numbers: what columns hold, and what is said of bad ones."""

import datetime
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest

from kerasweep.datasets import load_dataset

N = 40


def people(**changes):
    frame = pd.DataFrame(
        {
            "age": [20.5, np.nan, 40, 33] * (N // 4),
            "town": ["Ulm", "Bonn", None, "Ulm"] * (N // 4),
            "smokes": [True, False] * (N // 2),
            "y": ["sick", "well"] * (N // 2),
        }
    )
    return frame.assign(**changes)


def test_kinds_are_found_and_counted(save):
    dataset = load_dataset(save(people()))
    assert dataset.kinds == {
        "age": "numeric",
        "town": "categorical",
        "smokes": "boolean",
    }
    X = dataset.data
    assert isinstance(X, pd.DataFrame) and dataset.feature_names == list(X)
    assert X["age"].dtype == np.float64 and X["age"].isna().sum() == N / 4
    assert X["town"].cat.categories.tolist() == ["Bonn", "Ulm"]
    assert X["town"].isna().sum() == N / 4
    assert X["smokes"].dtype == bool
    assert dataset.column_table.to_dict("list") == {
        "column": ["age", "town", "smokes"],
        "kind": ["numeric", "categorical", "boolean"],
        "missing": [N // 4, N // 4, 0],
        "distinct": [3, 2, 2],
    }
    assert dataset.notes == []
    assert dataset.target_names.tolist() == ["sick", "well"]


def test_csv_and_parquet_give_the_same_digest(tmp_path):
    people().to_csv(tmp_path / "one.csv", index=False)
    people().to_parquet(tmp_path / "two.parquet")
    one, two = (load_dataset(tmp_path / name) for name in ("one.csv", "two.parquet"))
    assert one.sha256 == two.sha256
    people(town=["Ulm", "Bonn", "missing", "Ulm"] * (N // 4)).to_csv(
        tmp_path / "one.csv", index=False
    )
    assert load_dataset(tmp_path / "one.csv").sha256 != two.sha256


def test_booleans_with_missing_values_are_floats(save):
    smokes = [True, None, False, True] * (N // 4)
    dataset = load_dataset(save(people(smokes=smokes)))
    assert dataset.kinds["smokes"] == "boolean"
    found = dataset.data["smokes"][:4].tolist()
    assert found[0] == 1 and np.isnan(found[1]) and found[2:] == [0, 1]


def test_numbers_alone_stay_an_array_though_nothing_of_them_can_be_learnt(save):
    frame = pd.DataFrame({"id": range(N), "one": 1, "a": range(0, 2 * N, 2)})
    frame["flag"] = [True, False] * (N // 2)
    frame["y"] = [0, 1] * (N // 2)
    dataset = load_dataset(save(frame))
    assert isinstance(dataset.data, np.ndarray) and dataset.data.shape == (N, 4)
    assert dataset.kinds["flag"] == "boolean"
    assert [note.partition(": ")[0] for note in dataset.notes] == [
        "Column 'id' holds another integer in each row, like an identifier",
        "Column 'one' holds one value only",
    ]
    dropped = load_dataset(save(frame), kinds={"id": "drop", "one": "drop"})
    np.testing.assert_array_equal(dropped.data, dataset.data[:, 2:])
    assert dropped.feature_names == ["a", "flag"] and dropped.notes == []
    assert dropped.column_table["kind"].tolist()[:2] == ["left out", "left out"]


@pytest.mark.parametrize(
    ("values", "why"),
    [
        ([f"c{i}" for i in range(N)], "has another text in each row, like an ident"),
        (list(range(N)), "has another integer in each row, like an identifier"),
        ([3] * N, "holds one value only (3)"),
        (["a"] * N, "holds one value only ('a')"),
        ([None] * N, "holds no value"),
    ],
)
def test_what_can_not_be_learnt_from_is_left_out_and_kept_if_asked(save, values, why):
    path = save(people(customer=values))
    dataset = load_dataset(path)
    assert "customer" not in dataset.data and "customer" not in dataset.kinds
    (note,) = dataset.notes
    assert note.startswith(f"Column 'customer' {why}")
    assert dataset.column_table["kind"].tolist()[-1].endswith("(left out)")
    kind = note.rpartition("customer=")[2].removesuffix(" keeps it).")
    kept = load_dataset(path, kinds={"customer": kind})
    assert "customer" in kept.data and kept.notes == []


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("income", np.arange(N) * 7),  # differ, but neither count nor name the rows
        ("year", np.arange(1980, 1980 + N)),
        ("pool", ["yes", None] * (N // 2)),  # that it is missing says something
    ],
)
def test_what_only_resembles_those_is_kept(save, name, values):
    dataset = load_dataset(save(people(**{name: values})))
    assert name in dataset.data and dataset.notes == []


def test_customer_ids_of_any_step_are_identifiers_by_their_name(save):
    dataset = load_dataset(save(people(customer_id=np.arange(N) * 7)))
    assert "customer_id" not in dataset.data


def test_few_rows_prove_no_identifier(save):
    frame = people(code=[f"c{i}" for i in range(N)])[:6]
    assert "code" in load_dataset(save(frame)).data


def test_texts(save):
    rng = np.random.default_rng(0)
    words = np.array("red green soft loud cold warm fast slow".split())
    texts = [" ".join(rng.choice(words, 6)) for _ in range(4 * N)]
    texts[0] = None
    dataset = load_dataset(save(pd.concat([people()] * 4).assign(words=texts)))
    assert dataset.kinds["words"] == "text"
    assert dataset.data["words"].tolist() == ["", *texts[1:]]
    assert dataset.column_table["missing"].tolist()[-1] == 1


@pytest.mark.parametrize("value", ["two", "1,5", "3+"])
def test_a_word_among_numbers_is_refused_with_its_place(save, value):
    path = save(people(rooms=["1", value, "2", "3"] * (N // 4)))
    place = "line 3" if path.suffix == ".csv" else "row 1"
    with pytest.raises(ValueError, match=f"must be numeric. Got '.*' in {place}") as e:
        load_dataset(path)
    assert "kinds: rooms=categorical" in str(e.value)
    with pytest.raises(ValueError, match="must be numeric"):
        load_dataset(path, kinds={"rooms": "numeric"})
    X = load_dataset(path, kinds={"rooms": "categorical"}).data
    assert X["rooms"].cat.categories.tolist() == sorted(["1", value, "2", "3"])


def test_question_marks_among_numbers_are_missing_values(save):
    dataset = load_dataset(save(people(power=["1.5", "?", "2", "-"] * (N // 4))))
    assert dataset.kinds["power"] == "numeric"
    assert dataset.data["power"].isna().sum() == N / 2
    assert dataset.notes[0].startswith(
        f"Column 'power' holds numbers and, in {N // 2} rows, '-' or '?': taken for"
    )


@pytest.mark.parametrize("kind", ["text", "iso", "german", "slashes"])
def test_dates_are_refused_with_the_remedy(save, kind):
    days = pd.date_range("2020-01-01", periods=N)
    form = {"iso": "%Y-%m-%d %H:%M", "german": "%d.%m.%Y", "slashes": "%m/%d/%Y"}
    values = days if kind == "text" else days.strftime(form[kind])
    path = save(people(day=values))
    with pytest.raises(ValueError, match=r"'day' .* Got dates \(.*kinds: day=drop"):
        load_dataset(path)
    assert "day" not in load_dataset(path, kinds={"day": "drop"}).data
    with pytest.raises(ValueError, match=r"Target column 'day' .* Got dates"):
        load_dataset(path, target="day")


@pytest.mark.parametrize(
    "value", [datetime.date(2020, 1, 1), datetime.time(12), datetime.timedelta(1)]
)
def test_date_objects_are_refused(tmp_path, value):
    path = tmp_path / "days.parquet"
    people(day=pd.Series([value] * N, dtype=object)).to_parquet(path)
    with pytest.raises(ValueError, match=r"'day' .* Got dates"):
        load_dataset(path)


def test_lists_are_refused_and_decimals_are_numbers(tmp_path):
    path = tmp_path / "table.parquet"
    people(tags=[["a"], ["b", "c"]] * (N // 2)).to_parquet(path)
    with pytest.raises(ValueError, match=r"'tags' .* numbers, categories or text. Got"):
        load_dataset(path)
    people(price=[Decimal("1.5"), Decimal(2)] * (N // 2)).to_parquet(path)
    assert load_dataset(path).kinds["price"] == "numeric"


def test_numbers_as_categories(save):
    zips = [8001, 8002, None, 8001] * (N // 4)
    dataset = load_dataset(save(people(zip=zips)), kinds={"zip": "categorical"})
    assert dataset.data["zip"].cat.categories.tolist() == ["8001", "8002"]


def test_yes_and_no_as_booleans(save):
    path = save(people(ok=["Yes", "no"] * (N // 2)))
    assert load_dataset(path).kinds["ok"] == "categorical"
    ok = load_dataset(path, kinds={"ok": "boolean"}).data["ok"]
    assert ok.tolist()[:2] == [True, False]
    with pytest.raises(ValueError, match=r"'town' .* yes and no .* Got 'Ulm' in"):
        load_dataset(path, kinds={"town": "boolean"})


def test_bad_kinds_are_refused(save):
    path = save(people())
    with pytest.raises(ValueError, match=r"Got 'twon' instead. Did you mean 'town'\?"):
        load_dataset(path, kinds={"twon": "drop"})
    with pytest.raises(ValueError, match=r"kind of column 'town' must be .* Got 'cat'"):
        load_dataset(path, kinds={"town": "cat"})
    with pytest.raises(ValueError, match=r"target 'y' must be 'numeric' or"):
        load_dataset(path, kinds={"y": "drop"})
    with pytest.raises(ValueError, match="must hold numbers for the kind 'numeric'"):
        load_dataset(path, kinds={"y": "numeric"})
    with pytest.raises(ValueError, match="only columns that are left out"):
        load_dataset(path, kinds=dict.fromkeys(["age", "town", "smokes"], "drop"))


def test_rows_without_a_target_are_left_out_and_counted(save):
    y = ["sick", "well"] * (N // 2)
    y[1] = y[5] = None
    path = save(people(y=y, number=np.arange(N)))
    dataset = load_dataset(path)
    place = "line 3" if path.suffix == ".csv" else "row 1"
    assert dataset.notes[0] == (
        f"2 of {N} rows have no target 'y' (the first: {place}) and are left out."
    )
    assert "'number' has another integer in each row" in dataset.notes[1]
    assert len(dataset.data) == len(dataset.target) == N - 2
    assert dataset.data.index.tolist() == list(range(N - 2))
    with pytest.raises(ValueError, match=r"must hold values. Got missing ones only"):
        load_dataset(save(people(y=np.full(N, np.nan))))


def test_a_word_after_rows_without_a_target_has_its_own_line(tmp_path):
    path = tmp_path / "table.csv"
    path.write_text("a,y\n1,\n2,p\nx,q\n3,p\n")
    with pytest.raises(ValueError, match="Got 'x' in line 4 instead"):
        load_dataset(path)


@pytest.mark.parametrize(
    ("y", "is_quantity", "said"),
    [
        ([0, 1] * (N // 2), False, None),
        ([1.0, 2.0] * (N // 2), False, None),
        ([0.5, 1.5] * (N // 2), True, "only 2 different numbers .* taken for a quant"),
        (np.arange(N) * 3, True, f"{N} different whole numbers .*for a quantity"),
        (np.arange(N) / 3, True, None),
    ],
)
def test_numbers_as_target(save, y, is_quantity, said):
    path = save(people(y=y))
    dataset = load_dataset(path)
    assert (dataset.target_names is None) == is_quantity
    assert len(dataset.notes) == (said is not None)
    for note in dataset.notes:
        assert note.startswith("Target 'y'")
        assert pd.Series([note]).str.contains(said).all()
    assert load_dataset(path, kinds={"y": "numeric"}).target_names is None
    classes = load_dataset(path, kinds={"y": "categorical"})
    assert len(classes.target_names) == len(set(y)) and classes.notes == []


def test_many_frequent_integers_are_classes(save):
    frame = pd.concat([people()] * 5).assign(y=np.arange(5 * N) % 25)
    dataset = load_dataset(save(frame))
    assert len(dataset.target_names) == 25
    assert "taken for classes (kinds: y=numeric" in dataset.notes[0]


def test_names_are_no_target(save):
    path = save(people(name=[f"c{i}" for i in range(N)]))
    with pytest.raises(ValueError, match=r"must hold classes that recur.*another text"):
        load_dataset(path, target="name")
