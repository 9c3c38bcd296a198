"""Damaged and hostile files: one clear sentence, or what the file holds."""

import io
import re
import resource
import struct
import time
import zipfile

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from kerasweep.datasets import _size, load_dataset

FRAME = pd.DataFrame(
    {"a": [1.5, 2.5, 3.25] * 4, "b": range(12), "label": ["p", "q", "r"] * 4}
)
many = settings(
    max_examples=150,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


def parquet(**options):
    buffer = io.BytesIO()
    pq.write_table(pa.Table.from_pandas(FRAME), buffer, **options)
    return buffer.getvalue()


CSV = FRAME.to_csv(index=False).encode()
PLAIN = parquet()
CHECKED = parquet(write_page_checksum=True)


def load_or_refuse(path, content):
    """Load, or check that the refusal is one sentence of our own on this file."""
    path.write_bytes(content)
    try:
        return load_dataset(path)
    except ValueError as error:
        message = str(error)
        assert str(path) in message and "\n" not in message
        raised_in = error.__traceback__
        while raised_in.tb_next is not None:
            raised_in = raised_in.tb_next
        assert "kerasweep" in raised_in.tb_frame.f_code.co_filename
        assert error.__cause__ is None
        return None


def flipped(data, sound):
    content = bytearray(sound)
    for bit in data.draw(st.lists(st.integers(0, 8 * len(sound) - 1), min_size=1)):
        content[bit // 8] ^= 1 << bit % 8
    return bytes(content)


@many
@given(cut=st.integers(0, len(CSV) - 1))
def test_truncated_csv_is_refused_or_read_to_where_it_ends(tmp_path, cut):
    dataset = load_or_refuse(tmp_path / "cut.csv", CSV[:cut])
    if dataset is not None:
        lines = CSV[:cut].count(b"\n")
        n = len(dataset.data)
        assert n in (lines - 1, lines)
        np.testing.assert_array_equal(dataset.data, FRAME[["a", "b"]].to_numpy()[:n])


@many
@given(data=st.data())
def test_flipped_csv_is_refused_or_read_as_it_stands(tmp_path, data):
    content = flipped(data, CSV)
    dataset = load_or_refuse(tmp_path / "flipped.csv", content)
    if dataset is not None:
        assert isinstance(dataset.data, pd.DataFrame) or np.isfinite(dataset.data).all()
        assert len(dataset.data) == len(dataset.target)
        assert dataset.data.shape[1] == len(dataset.feature_names)
        rows = [line for line in content.splitlines() if line]
        left_out = re.match(r"(\d+) of .* have no target", "".join(dataset.notes))
        assert len(dataset.data) == len(rows) - 1 - int(left_out[1] if left_out else 0)


@many
@given(content=st.binary(max_size=200))
def test_any_bytes_as_csv_and_parquet(tmp_path, content):
    load_or_refuse(tmp_path / "any.csv", content)
    assert load_or_refuse(tmp_path / "any.parquet", content) is None


@many
@given(share=st.floats(0, 1, exclude_max=True), sound=st.sampled_from([PLAIN, CHECKED]))
def test_truncated_parquet_is_refused(tmp_path, share, sound):
    content = sound[: int(share * len(sound))]
    assert load_or_refuse(tmp_path / "cut.parquet", content) is None


@many
@given(data=st.data())
def test_flipped_parquet_without_checksums_is_refused_or_well_formed(tmp_path, data):
    dataset = load_or_refuse(tmp_path / "flipped.parquet", flipped(data, PLAIN))
    if dataset is not None:
        assert np.isfinite(dataset.data).all()
        assert len(dataset.data) == len(dataset.target)


def test_no_flipped_bit_of_a_checked_page_is_let_through(tmp_path):
    path = tmp_path / "flipped.parquet"
    path.write_bytes(CHECKED)
    expected = load_dataset(path)
    chunk = pq.read_metadata(path).row_group(0).column(0)
    start = chunk.dictionary_page_offset or chunk.data_page_offset
    refused = 0
    for byte in range(start, start + chunk.total_compressed_size):
        content = bytearray(CHECKED)
        content[byte] ^= 1 << byte % 8
        dataset = load_or_refuse(path, bytes(content))
        refused += dataset is None
        # A flip in what no value depends on, such as a statistic, changes nothing.
        assert dataset is None or dataset.sha256 == expected.sha256
    assert refused > chunk.total_compressed_size / 2


def test_row_beyond_a_very_long_field_is_still_named(tmp_path):
    path = tmp_path / "long.csv"
    path.write_text(f'a,y\n1,"{"p" * 200_000}"\nx,q\n')
    with pytest.raises(ValueError, match="Got 'x' in row 1 instead"):
        load_dataset(path)


# Bombs ------------------------------------------------------------------------------


@pytest.fixture
def little_memory(monkeypatch):
    """Refuse what unpacks to more than 64 MiB; check that it is refused unread."""
    monkeypatch.setattr(_size, "_SIZE_LIMIT", 64 << 20)
    before, start = _most_resident(), time.process_time()
    yield
    assert _most_resident() - before < 32 << 20
    assert time.process_time() - start < 2


def _most_resident():
    return 1024 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def header(shape, dtype="|u1"):
    buffer = io.BytesIO()
    np.lib.format.write_array_header_1_0(
        buffer, {"descr": dtype, "fortran_order": False, "shape": shape}
    )
    return buffer.getvalue()


def archive(path, X):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("X.npy", X)
        file.writestr("y.npy", header((2,)) + b"\0\1")
    return path


@pytest.mark.parametrize(
    "shape", [(2, 1 << 33), (1 << 40, 4), (2, 1 << 25), (1 << 62,)]
)
def test_array_that_claims_more_than_is_there(tmp_path, little_memory, shape):
    path = archive(tmp_path / "claims.npz", header(shape) + b"123")
    claims = f"header claims {np.prod([int(n) for n in shape])} bytes"
    with pytest.raises(ValueError, match=f"'X' of file .* {claims} .* there are 3"):
        load_dataset(path)


def test_array_that_claims_less_than_is_there(tmp_path):
    path = archive(tmp_path / "more.npz", header((2, 1)) + b"123")
    with pytest.raises(ValueError, match="claims 2 bytes of values, but there are 3"):
        load_dataset(path)


def test_archive_that_unpacks_to_too_much(tmp_path, request):
    zeros = bytes(100 << 20)
    path = archive(tmp_path / "zeros.npz", header((100, 1 << 10, 1 << 10)) + zeros)
    assert path.stat().st_size < 200_000
    request.getfixturevalue("little_memory")
    with pytest.raises(ValueError, match=r"at most 0.1 GiB of memory"):
        load_dataset(path)


def test_archive_that_hides_its_size(tmp_path, little_memory):
    path = archive(tmp_path / "hides.npz", header((2, 1 << 19)) + bytes(1 << 20))
    content = bytearray(path.read_bytes())
    entry = content.index(b"PK\x01\x02")  # of X, in the central directory
    content[entry + 24 : entry + 28] = struct.pack("<I", 1000)
    path.write_bytes(bytes(content))
    with pytest.raises(ValueError, match=r"'X' of file .* is damaged"):
        load_dataset(path)


def test_table_of_one_value_many_times(tmp_path, little_memory):
    values = pa.DictionaryArray.from_arrays(
        pa.array(np.zeros(3_000_000, "i1")), pa.array([1.0])
    )
    path = tmp_path / "bomb.parquet"
    pq.write_table(pa.table({"a": values, "y": values}), path, compression="zstd")
    assert path.stat().st_size < 50_000
    with pytest.raises(ValueError, match=r"must unpack to at most 0.1 GiB"):
        load_dataset(path)


# Pickles ----------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", ["|O", [("a", "|O")], [("a", "<f4"), ("b", "|O")]])
@pytest.mark.parametrize("where", ["X", "y"])
def test_pickles_are_never_read(tmp_path, dtype, where):
    mark = tmp_path / "run"
    program = f"cos\nmkdir\n(V{mark}\ntR.".encode()
    path = tmp_path / "pickle.npz"
    with zipfile.ZipFile(path, "w") as file:
        for name in ("X", "y"):
            sound = (
                header((2, 2) if name == "X" else (2,))
                + b"\0\1\2\3"[: 2 + 2 * (name == "X")]
            )
            crafted = header((2, 2), dtype) + program
            file.writestr(f"{name}.npy", crafted if name == where else sound)
    with pytest.raises(ValueError, match=f"'{where}' .*Python objects .a pickle"):
        load_dataset(path)
    assert not mark.exists()


def test_a_bare_pickle_is_no_archive(tmp_path):
    mark, path = tmp_path / "run", tmp_path / "bare.npz"
    path.write_bytes(f"cos\nmkdir\n(V{mark}\ntR.".encode())
    with pytest.raises(ValueError, match="must be a complete NPZ archive"):
        load_dataset(path)
    assert not mark.exists()
