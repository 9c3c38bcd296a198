"""Files that were damaged, or made to run code: each is refused, and none runs."""

import io
import json
import os
import pickle
import struct
import sys
import zipfile

import keras
import numpy as np
import pytest
from saved_estimators import X, answers, fitted
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from kerasweep import PixelScaler, load, save


class Evil:
    """Makes a folder when it is unpickled."""

    def __init__(self, path):
        self.path = str(path)

    def __reduce__(self):
        return os.mkdir, (self.path,)


@pytest.fixture(scope="module")
def originals(tmp_path_factory):
    folder = tmp_path_factory.mktemp("originals")
    net = fitted("dense")
    save(net, folder / "drawn")
    assert net[-1].model_.layers  # from now on the model is what is saved
    save(net, folder / "network")
    save(make_pipeline(PixelScaler(16), StandardScaler()).fit(X), folder / "scaler")
    return {p.name: p.read_bytes() for p in folder.iterdir()}


@pytest.fixture
def proof(tmp_path):
    """A path; whatever exists there was made by a file's code."""
    path = tmp_path / "ran"
    yield path
    assert not path.exists()


@pytest.fixture
def crafted(originals, tmp_path):
    """Rewrite a saved file: its document by a function, its parts by name."""

    def make(kind, edit=None, parts=(), compression=zipfile.ZIP_STORED):
        with zipfile.ZipFile(io.BytesIO(originals[kind])) as archive:
            members = {name: archive.read(name) for name in archive.namelist()}
        if edit is not None:
            document = json.loads(members["kerasweep.json"])
            edit(document)
            members["kerasweep.json"] = json.dumps(document).encode()
        members.update(parts)
        with zipfile.ZipFile(tmp_path / "file", "w", compression) as archive:
            for name, content in members.items():
                archive.writestr(name, content)
        return tmp_path / "file"

    return make


def refused(path, reason):
    with pytest.raises(ValueError, match=reason) as error:
        load(path)
    text = str(error.value)
    assert text.startswith(f"File {str(path)!r} must be one that kerasweep.save wrote")
    assert "\n" not in text


def making(proof):
    """Return a lambda that makes a folder when it is called."""
    return eval(f"lambda x: __import__('os').mkdir({str(proof)!r}) or x")


def network_of(document):
    steps = document["estimator"]["parameters"]["steps"]
    return steps[-1]["items"][1]["fitted"]["_network"]["model"]


def layers_of(document):
    return network_of(document)["config"]["config"]["layers"]


def test_what_is_not_tampered_with_loads(crafted):
    load(crafted("network", edit=lambda document: None))


def test_a_pickle_in_an_array(crafted, proof):
    content = io.BytesIO()
    np.lib.format.write_array(content, np.array([Evil(proof)]), allow_pickle=True)
    with open(proof.with_name("other"), "wb") as file:  # it would run
        file.write(content.getvalue())
    np.load(proof.with_name("other"), allow_pickle=True)
    proof.rmdir()
    path = crafted("scaler", parts={"arrays/0.npy": content.getvalue()})
    refused(path, "Python objects in array 0: a pickle")


def test_a_pickle_for_a_file(proof, tmp_path):
    (tmp_path / "file").write_bytes(pickle.dumps(Evil(proof)))
    refused(tmp_path / "file", "not a zip file")


@pytest.mark.parametrize(
    "module", ["keras.layers", "keras.src.layers.core.lambda_layer"]
)
def test_a_lambda_layer(crafted, proof, module):
    layer = keras.layers.Lambda(making(proof))
    config = {**keras.saving.serialize_keras_object(layer), "module": module}

    def put_in(document):
        layers_of(document).insert(1, config)

    refused(crafted("network", put_in), "Lambda")


def test_a_lambda_behind_a_setting_of_a_layer(crafted, proof):
    layer = keras.layers.Lambda(making(proof))
    function = keras.saving.serialize_keras_object(layer)["config"]["function"]

    def put_in(document):
        layers_of(document)[1]["config"]["activation"] = function

    refused(crafted("network", put_in), "__lambda__")


@pytest.mark.parametrize("name", ["TorchModuleWrapper", "TFSMLayer", "StringLookup"])
def test_layers_that_read_what_is_not_in_the_file(crafted, name):
    config = {"class_name": name, "module": "keras.layers", "config": {"name": "x"}}
    refused(crafted("network", lambda d: layers_of(d).append(config)), name)


def test_functions_and_classes_of_other_modules(crafted, proof, tmp_path, monkeypatch):
    (tmp_path / "evil_module.py").write_text(
        f"import os; os.mkdir({str(proof)!r})\nThing = 1\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    config = {"module": "evil_module", "config": {"name": "x"}}

    def as_layer(document, **more):
        layers_of(document).append({**config, "class_name": "Thing", **more})

    def as_class(document):
        document["estimator"]["class"] = "evil_module.Thing"

    def as_function(document):
        layers_of(document)[1]["config"]["activation"] = {
            "class_name": "function",
            "module": "os",
            "config": "system",
            "registered_name": "system",
        }

    refused(crafted("network", as_layer), "evil_module.Thing")
    posing = {"registered_name": "kerasweep>Binarize"}
    refused(crafted("network", lambda d: as_layer(d, **posing)), "evil_module.Thing")
    refused(crafted("network", as_class), "names the class 'evil_module.Thing'")
    refused(crafted("network", as_function), "function 'system'")
    assert "evil_module" not in sys.modules


@pytest.mark.parametrize(
    "name",
    ["sklearn.tree.DecisionTreeClassifier", "builtins.eval", "os.system"],
)
def test_classes_that_are_not_listed(crafted, name):
    def name_it(document):
        document["estimator"]["class"] = name

    refused(crafted("scaler", name_it), f"names the class '{name}'")


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        *(("function", f"numpy.{name}") for name in ("load", "fromfile", "vectorize")),
        *(("function", name) for name in ("os.system", "builtins.eval", "numpy")),
        ("function", "scipy.special.errstate"),
        *(("type", f"numpy.{name}") for name in ("memmap", "ndarray", "vectorize")),
        *(("type", name) for name in ("builtins.type", "os.PathLike", "")),
    ],
)
def test_functions_and_types_that_are_not_listed(crafted, kind, name):
    def name_it(document):
        steps = document["estimator"]["parameters"]["steps"]
        steps[0]["items"][1]["parameters"]["max_value"] = {"kind": kind, "name": name}

    refused(crafted("scaler", name_it), f"names the {kind} '{name}'")


@pytest.mark.parametrize("name", ["transform", "__class__", "_skl_callbacks"])
def test_attributes_that_are_not_learnt(crafted, name):
    def set_it(document):
        document["estimator"]["fitted"][name] = 1

    refused(crafted("scaler", set_it), f"sets '{name}' of Pipeline")


def test_a_cache_of_pickles(crafted):
    def name_it(document):
        document["estimator"]["parameters"]["memory"] = "somewhere"

    refused(crafted("scaler", name_it), "names a cache")


@pytest.mark.parametrize("name", ["../evil.npy", "/evil.npy", "arrays/../../evil"])
def test_paths_out_of_the_file(crafted, name, tmp_path):
    before = set(tmp_path.parent.iterdir())
    refused(crafted("scaler", parts={name: b"evil"}), "which save does not write")
    assert set(tmp_path.parent.iterdir()) == before


def test_compressed_parts(crafted):
    bomb = b"\x00" * (50 << 20)
    path = crafted(
        "scaler", parts={"arrays/0.npy": bomb}, compression=zipfile.ZIP_DEFLATED
    )
    assert path.stat().st_size < 100_000
    refused(path, "compressed parts")


def test_parts_that_lie_over_one_another(crafted):
    path = crafted("scaler")
    content = bytearray(path.read_bytes())
    start, n = content.index(b"PK\x01\x02"), 0
    while content[start : start + 4] == b"PK\x01\x02":  # each claims the whole file
        struct.pack_into("<II", content, start + 20, len(content), len(content))
        lengths = struct.unpack_from("<HHH", content, start + 28)
        start, n = start + 46 + sum(lengths), n + 1
    assert n > 2
    path.write_bytes(content)
    refused(path, "would unpack to")


def test_an_array_that_claims_more_than_it_holds(crafted):
    header = io.BytesIO()
    np.lib.format.write_array_header_1_0(
        header, {"descr": "<f8", "fortran_order": False, "shape": (10**13,)}
    )
    path = crafted("scaler", parts={"arrays/0.npy": header.getvalue() + bytes(64)})
    refused(path, "array 0 of another size")


def test_a_network_that_asks_for_terabytes(crafted):
    def widen(document):
        text = json.dumps(network_of(document)["config"])
        # The layer itself, what follows it, and the shapes that were written down.
        text = text.replace('"units": 8,', f'"units": {10**11},')
        text = text.replace("[null, 8]", f"[null, {10**11}]")
        network_of(document)["config"] = json.loads(text)

    refused(crafted("network", widen), "weights of other shapes")


def drawn_of(document):
    steps = document["estimator"]["parameters"]["steps"]
    return steps[-1]["items"][1]["fitted"]["_network"]


def test_a_drawn_network_that_asks_for_terabytes(crafted):
    def widen(document):
        drawn = drawn_of(document)
        text = json.dumps(drawn["blueprint"])
        changed = text.replace('"items": [8]', f'"items": [{10**11}]')
        assert changed != text
        drawn["blueprint"] = json.loads(changed)

    refused(crafted("drawn", widen), "weights of other shapes")


@pytest.mark.parametrize(
    ("part", "old", "new", "reason"),
    [
        ("network", "dense_network", "encoder_and_decoder", "which is none"),
        ("blueprint", '"adam"', '"mine>adam"', "none of Keras'"),
        ("blueprint", '"relu"', '"os.system"', "none of Keras'"),
        ("blueprint", '"softmax"', "[1]", "for a number"),
    ],
)
def test_a_drawn_network_of_other_words(crafted, part, old, new, reason):
    def edit(document):
        drawn = drawn_of(document)
        text = json.dumps(drawn[part])
        assert old in text
        drawn[part] = json.loads(text.replace(old, new))

    refused(crafted("drawn", edit), reason)


def test_a_drawn_network_with_values_of_another_optimizer(crafted):
    def edit(document):
        drawn_of(document)["slots"] = drawn_of(document)["variables"]

    refused(crafted("drawn", edit), "weights of other shapes")


def test_a_document_that_never_ends(crafted):
    deep = b"[" * 100_000 + b"]" * 100_000
    refused(crafted("scaler", parts={"kerasweep.json": deep}), "recursion")


@pytest.mark.parametrize("found", [0, 2, "1", None])
def test_another_format(crafted, found):
    path = crafted("scaler", lambda d: d.update(format=found))
    refused(path, f"format {found!r}, and this version reads up to 1")


def test_what_is_no_estimator(crafted):
    refused(crafted("scaler", lambda d: d.update(estimator=[1])), "no estimator")
    refused(crafted("scaler", lambda d: d.pop("estimator")), "estimator")


def test_another_scikit_learn_is_told(crafted):
    def age(document):
        document["versions"]["scikit-learn"] = "1.0.2"

    with pytest.warns(UserWarning, match=r"written under scikit-learn 1\.0\.2"):
        load(crafted("scaler", age))


def test_truncated_anywhere(originals, tmp_path):
    whole = originals["network"]
    for length in np.linspace(0, len(whole) - 1, 60).astype(int):
        (tmp_path / "file").write_bytes(whole[:length])
        refused(tmp_path / "file", ".")


def test_a_flipped_bit_is_noticed_or_harmless(originals, tmp_path):
    whole = originals["scaler"]
    (tmp_path / "file").write_bytes(whole)
    expected = answers(load(tmp_path / "file"))["transform"]
    rng = np.random.default_rng(0)
    n_refused = 0
    for bit in rng.choice(8 * len(whole), 500, replace=False):
        flipped = bytearray(whole)
        flipped[bit // 8] ^= 1 << (bit % 8)
        (tmp_path / "file").write_bytes(flipped)
        try:
            loaded = load(tmp_path / "file")
        except ValueError as error:
            assert str(error).startswith("File ")
            n_refused += 1
        else:  # a time or a flag of the zip directory
            np.testing.assert_array_equal(answers(loaded)["transform"], expected)
    assert n_refused > 300
