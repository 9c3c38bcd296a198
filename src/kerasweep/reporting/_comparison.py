"""Our figures beside published ones, like with like."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from kerasweep.reporting._values import MINUS, Metric, same_place

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Published:
    """A published figure, and how ours compares with it.

    Attributes
    ----------
    text : str
        The figure with its unit.
    value : float
    model, training, source : str
        What was trained, how, and where it was published.
    difference : str
        Ours minus theirs.
    verdict : {"better", "level", "worse"}
        What ours is.
    inside : bool or None
        Whether the published figure lies inside our interval; None without one.
    """

    text: str
    value: float
    model: str
    training: str
    source: str
    difference: str
    verdict: str
    inside: bool | None


@dataclass(frozen=True)
class Comparison:
    """One figure of ours, with the published ones that it can be compared with.

    Attributes
    ----------
    name : str
        The metric and where it was measured.
    text : str
        Our figure with its unit.
    interval : str
        What the interval is and its bounds; empty without one.
    model, training : str
        What was trained, and how.
    n : str
        Rows or replicates behind the figure.
    published : list of Published
        Of the same metric, measured on the same rows.
    scale : dict of str to list of float
        Positions in per cent for a drawing: `ours`, `interval`, `published`.
    is_headline : bool
        Whether the experiment calls it the one to show.
    """

    name: str
    text: str
    interval: str
    model: str
    training: str
    n: str
    published: list[Published]
    scale: dict[str, list[float]] = field(default_factory=dict)
    is_headline: bool = False

    @property
    def n_worse(self) -> int:
        """Published figures that ours does not reach."""
        return sum(p.verdict == "worse" for p in self.published)

    def shortfalls(self) -> list[str]:
        """Return a sentence for each published figure that ours does not reach."""
        return [self._shortfall(p) for p in self.published if p.verdict == "worse"]

    def _shortfall(self, published: Published) -> str:
        apart = published.difference.lstrip("+" + MINUS)
        way = "above" if published.difference.startswith("+") else "below"
        if published.inside is None:
            rest = "no interval was recorded"
        else:
            where = "inside" if published.inside else "outside"
            rest = f"that lies {where} our {self.interval}"
        return (
            f"Our {self.text} is {apart} {way} the {published.text} of "
            f"{published.source}; {rest}."
        )


def compare(
    results: Sequence[Mapping[str, Any]], references: "pd.DataFrame | None"
) -> list[Comparison]:
    """Put published figures beside ours.

    A published figure is compared with ours where the metric is the same word ("mean
    accuracy" is not "accuracy") and both were measured on the same rows.

    Parameters
    ----------
    results : list of dict
        As :meth:`kerasweep.experiments.record.ExperimentRecord.result` keeps them.
    references : DataFrame or None
        Of one experiment, from :func:`kerasweep.datasets.load_reference_results`.

    Returns
    -------
    comparisons : list of Comparison
        One for each of the results, in their order.
    """
    rows = _rows(references)
    return [_compared(result, rows) for result in results]


def left_over(
    results: Sequence[Mapping[str, Any]], references: "pd.DataFrame | None"
) -> list[dict[str, str]]:
    """Return the published figures that none of ours can be compared with."""
    kinds = {_kind(r["metric"], r.get("unit", ""), r["measured_on"]) for r in results}
    rows = _rows(references)
    return [
        {
            "name": f"{Metric.parse(row.metric).name} on {row.measured_on}",
            "text": _text(row),
            "model": row.model,
            "training": row.training,
            "source": row.source,
        }
        for row in rows
        if _is_missing(row.value) or _kind(row.metric, "", row.measured_on) not in kinds
    ]


def _rows(references: "pd.DataFrame | None") -> list[Any]:
    return [] if references is None else list(references.itertuples(index=False))


def _text(row: Any) -> str:
    if _is_missing(row.value):
        return "not stated"
    return Metric.parse(row.metric).text(row.value)


def _kind(metric: str, unit: str, measured_on: str) -> tuple[Any, ...]:
    return (*Metric.parse(metric, unit).key, same_place(measured_on))


def _is_missing(value: float) -> bool:
    return value != value


def _compared(result: Mapping[str, Any], rows: list[Any]) -> Comparison:
    metric = Metric.parse(result["metric"], result.get("unit", ""))
    value, low, high = result["value"], result.get("low"), result.get("high")
    kind = _kind(result["metric"], result.get("unit", ""), result["measured_on"])
    like = [
        row
        for row in rows
        if _kind(row.metric, "", row.measured_on) == kind and not _is_missing(row.value)
    ]
    like.sort(key=lambda row: row.value, reverse=not metric.smaller_is_better)
    interval, bounds = "", tuple[Any, ...]()
    if low is not None and high is not None:
        bounds = (low, high)
        interval = f"{result.get('interval') or 'interval'}, {metric.span(low, high)}"
    return Comparison(
        name=f"{metric.name} on {result['measured_on']}",
        text=metric.text(value),
        interval=interval,
        model=result.get("model", ""),
        training=result.get("training", ""),
        n="" if result.get("n") is None else f"{result['n']:,}",
        published=[_beside(metric, value, low, high, row) for row in like],
        scale=_scale(value, bounds, [r.value for r in like]),
        is_headline=bool(result.get("headline")),
    )


def _beside(
    metric: Metric, value: float, low: float | None, high: float | None, row: Any
) -> Published:
    difference = value - row.value
    # What is printed the same is level: 98.19 % against 0.9819.
    if metric.text(value) == metric.text(row.value):
        difference, verdict = 0.0, "level"
    else:
        verdict = "worse" if (difference < 0) != metric.smaller_is_better else "better"
    inside = None if low is None or high is None else low <= row.value <= high
    return Published(
        text=metric.text(row.value),
        value=float(row.value),
        model=row.model,
        training=row.training,
        source=row.source,
        difference=metric.signed(difference) if difference else "none",
        verdict=verdict,
        inside=inside,
    )


def _scale(
    value: float, interval: tuple[Any, ...], published: list[float]
) -> dict[str, list[float]]:
    if not published:
        return {}
    values = [value, *interval, *published]
    least, most = min(values), max(values)
    width = (most - least) or 1.0

    def place(v: float) -> float:
        return round(6 + 88 * (v - least) / width, 2)

    return {
        "ours": [place(value)],
        "interval": [place(v) for v in interval],
        "published": [place(v) for v in published],
    }
