"""The report: rows, their limits, and the page that they stand on."""

import dataclasses
import statistics
from typing import Optional

BEGIN, END = "<!-- table: written by tools/bench --write -->", "<!-- end of the table -->"


@dataclasses.dataclass
class Row:
    """One line. The limit is the most that `ratio` may be where there is one, else `dklb`."""

    work: str
    dklb: float
    unit: str = ""  # s, MB, /s, or nothing for a count; of dklb and floor
    floor: Optional[float] = None
    ratio: Optional[float] = None
    limit: Optional[float] = None
    problem: str = ""

    @property
    def held(self):
        """Whether it was measured and is within its limit."""
        judged = self.dklb if self.ratio is None else self.ratio
        return not self.problem and (self.limit is None or judged <= self.limit)

    def cells(self):
        """The texts of its columns."""
        if self.problem:
            return [self.work, self.problem, "", "", "", "**missed**"]
        limit = ""
        if self.limit is not None:
            limit = f"<= {self.limit:g} {self.unit if self.ratio is None else ''}".strip()
        return [self.work, readable(self.dklb, self.unit), readable(self.floor, self.unit),
                readable(self.ratio), limit, "" if self.held else "**missed**"]


def median_row(work, dklb, floor, unit="s", limit=None):
    """Medians of pairs, and of the pairs' ratios: a machine that is slow for a while is slow for
    both of a pair."""
    ratio = statistics.median(one / max(other, 1e-3) for one, other in zip(dklb, floor))
    return Row(work, statistics.median(dklb), unit, statistics.median(floor), ratio, limit)


def readable(value, unit=""):
    """The first digits and the unit; milliseconds where seconds would be small; "" for None."""
    if value is None:
        return ""
    if unit == "s" and abs(value) < 1:
        value, unit = value * 1000, "ms"
    whole = abs(value - round(value)) < 1e-6 or abs(value) >= 100
    digits = 0 if whole else 1 if abs(value) >= 10 else 2
    return f"{value:.{digits}f} {unit}".strip()


def markdown(rows, floor="floor"):
    """The table; a missed limit is marked. Limits hold for the floor, not for another dklb."""
    if floor != "floor":
        rows = [dataclasses.replace(row, limit=None) for row in rows]
    lines = [f"| work | dklb | {floor} | ratio | limit | |", "|---|---|---|---|---|---|"]
    lines += ["| " + " | ".join(row.cells()) + " |" for row in rows]
    return "\n".join(lines) + "\n"


def write_page(page, heading, rows):
    """Puts the table between the page's markers, below a line about the run."""
    text = page.read_text(encoding="utf-8")
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    page.write_text(f"{before}{BEGIN}\n{heading}\n\n{markdown(rows)}{END}{after}",
                    encoding="utf-8")
