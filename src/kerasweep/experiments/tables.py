"""Results on the terminal and in files."""

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd


def print_table(frame: "pd.DataFrame", title: str) -> None:
    """Print a table of texts."""
    from rich.console import Console
    from rich.table import Table

    table = Table()
    for name in frame.columns:
        table.add_column(str(name), justify="right")
    for row in frame.itertuples(index=False):
        table.add_row(*map(str, row))
    console = Console()
    if not console.is_terminal:
        console = Console(width=100)
    console.print(title, style="bold", markup=False)  # a table would wrap its title
    console.print(table)


def write_table(frame: "pd.DataFrame", stem: Path) -> list[Path]:
    """Write a table as CSV and as Markdown."""
    paths = [stem.with_suffix(".csv"), stem.with_suffix(".md")]
    frame.to_csv(paths[0], index=False)
    paths[1].write_text(frame.to_markdown(index=False) + "\n")
    return paths


def reference_lines(references: "pd.DataFrame") -> list[str]:
    """Return published figures as lines of text."""
    return [
        f"{row.value:.4f}  {row.metric}, {row.model}, {row.training} ({row.source})"
        for row in references.dropna(subset="value").itertuples()
    ]
