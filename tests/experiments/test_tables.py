import pandas as pd

from kerasweep.datasets import load_reference_results
from kerasweep.experiments.tables import print_table, reference_lines, write_table


def test_a_table_is_written_as_csv_and_markdown(tmp_path):
    frame = pd.DataFrame({"L2": [1e-6, 1e-3], "mean": [0.5, 0.25]})
    csv, markdown = write_table(frame, tmp_path / "table")
    pd.testing.assert_frame_equal(pd.read_csv(csv), frame)
    assert markdown.read_text().splitlines()[0].split("|")[1].strip() == "L2"


def test_a_table_is_printed_whole(capsys):
    print_table(pd.DataFrame({"L2 factor": ["1e-06"], "n": [3]}), "Scores")
    text = capsys.readouterr().out
    assert "Scores" in text and "L2 factor" in text and "1e-06" in text


def test_each_published_figure_is_a_line_with_its_source():
    lines = reference_lines(load_reference_results("sweep"))
    assert any(line.startswith("0.9847") and "Hinton" in line for line in lines)
