"""Numbers as texts: what is a share, what is better when it is smaller."""

import re
from typing import NamedTuple

_SHARES = re.compile(
    r"accuracy|\bshare\b|\brate\b|\bprecision\b|\brecall\b|\bf1\b", re.IGNORECASE
)
_SMALLER_IS_BETTER = re.compile(
    r"negative log-likelihood|\bnll\b|\bloss\b|\berrors?\b|\bkl\b|divergence"
    r"|cross-entropy|misclassified",
    re.IGNORECASE,
)
MINUS = "\N{MINUS SIGN}"
_UNITS = {"nat": "nats", "decibel": "dB"}


class Metric(NamedTuple):
    """A metric's name and unit; the unit is empty for shares and plain numbers."""

    name: str
    unit: str = ""

    @classmethod
    def parse(cls, name: str, unit: str = "") -> "Metric":
        """Take the unit out of a name such as "PSNR in dB".

        Examples
        --------
        >>> Metric.parse("PSNR in dB") == Metric.parse("PSNR", "dB")
        True
        """
        head, _, tail = name.strip().rpartition(" in ")
        if head and not unit:
            name, unit = head, tail
        elif head and tail == unit:
            name = head
        return cls(name.strip(), _UNITS.get(unit.strip(), unit.strip()))

    @property
    def key(self) -> tuple[str, str]:
        """What two spellings of one metric have in common."""
        return (" ".join(self.name.casefold().split()), self.unit.casefold())

    @property
    def is_share(self) -> bool:
        """Whether values are shares in [0, 1], shown in per cent."""
        return not self.unit and _SHARES.search(self.name) is not None

    @property
    def smaller_is_better(self) -> bool:
        """Whether a smaller value is the better one."""
        return _SMALLER_IS_BETTER.search(self.name) is not None

    def _plain(self, value: float) -> str:
        # with a unit, such as nats, all figures get the same decimals
        return f"{value:.2f} {self.unit}" if self.unit else _number(value)

    def text(self, value: float) -> str:
        """Return a value with its unit.

        Examples
        --------
        >>> Metric("accuracy").text(0.98473), Metric("PSNR", "dB").text(15.916)
        ('98.47 %', '15.92 dB')
        """
        if self.is_share:
            return f"{100 * value:.2f} %"
        return self._plain(value)

    def span(self, low: float, high: float) -> str:
        """Return an interval, with its unit once.

        Examples
        --------
        >>> Metric("accuracy").span(0.9821, 0.9869)
        '98.21 to 98.69 %'
        """
        if self.is_share:
            return f"{100 * low:.2f} to {100 * high:.2f} %"
        least = self._plain(low).removesuffix(self.unit).strip()
        return f"{least} to {self._plain(high)}"

    def distance(self, difference: float) -> str:
        """Return how far two values are apart, without a sign.

        Examples
        --------
        >>> Metric("accuracy").distance(-0.0016)
        '0.16 points'
        """
        size = abs(difference)
        if self.is_share:
            return f"{100 * size:.2f} points"
        return self._plain(size)

    def signed(self, difference: float) -> str:
        """Return a difference with its sign.

        Examples
        --------
        >>> Metric("accuracy").signed(-0.0016)
        '−0.16 points'
        """
        sign = MINUS if difference < 0 else "+"
        return f"{sign}{self.distance(difference)}"


def _number(value: float) -> str:
    size = abs(value)
    if value == 0 or size >= 1e6 or size < 1e-3:
        return f"{value:.3g}"
    return f"{value:.2f}" if size >= 10 else f"{value:.3f}"


def same_place(text: str) -> str:
    """Return what two spellings of where a figure was measured have in common.

    Examples
    --------
    >>> same_place("MNIST train (50000)") == same_place("MNIST  Train")
    True
    """
    bare = re.sub(r"\([^)]*\)", " ", text.casefold())
    return " ".join(bare.replace("%", " % ").replace(",", " ").split())
