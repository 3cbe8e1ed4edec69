"""Tables in LaTeX that need the booktabs package and nothing else."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

#: Rows of one float; a longer table goes on in the next, as booktabs alone cannot break one across pages.
ROWS_PER_PAGE = 40

_SPECIAL = {
    "\\": r"\textbackslash{}",
    "{": r"\{",
    "}": r"\}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"$<$",
    ">": r"$>$",
} | {character: f"\\{character}" for character in "&%$#_"}


def escape(text: str) -> str:
    r"""Plain text as LaTeX that prints it.

    >>> escape("100% of Y_lm")
    '100\\% of Y\\_lm'
    """
    return "".join(_SPECIAL.get(character, character) for character in text)


def label(name: str) -> str:
    r"""A name for \label and \input: letters, digits, dot and hyphen.

    >>> label("grid 4 x 4_both")
    'grid-4-x-4-both'
    """
    return re.sub(r"[^A-Za-z0-9.]+", "-", name).strip("-.") or "table"


@dataclass(frozen=True)
class Column:
    """A heading in LaTeX and the alignment (l, r or c) of what stands below it."""

    heading: str
    alignment: str = "r"


@dataclass(frozen=True)
class Table:
    """A booktabs table.

    Attributes:
        name: file stem; ``tab:name`` is the label.
        caption: LaTeX.
        columns: headings and alignments.
        rows: cells in LaTeX, one for each column.
        breaks: indices of the rows before which some space is set.
        small: set in small type with narrow gaps, for a table of many figures.
    """

    name: str
    caption: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[str, ...], ...]
    breaks: frozenset[int] = frozenset()
    small: bool = False

    def render(self, source: str, command: str = "python -m span_theorem tables") -> str:
        """The floats, with a comment that names the file they were made from, and the command."""
        pages = range(0, max(len(self.rows), 1), ROWS_PER_PAGE)
        floats = [self._float(start) for start in pages]
        return "\n".join([f"% made from {source} by: {command}", *floats])

    def _float(self, start: int) -> str:
        rows = self.rows[start : start + ROWS_PER_PAGE]
        caption = self.caption if start == 0 else f"(continued) {self.caption}"
        lines = [
            r"\begin{table}",
            r"\centering",
            rf"\caption{{{caption}}}",
            *([rf"\label{{tab:{self.name}}}"] if start == 0 else []),
            *([r"\scriptsize", r"\setlength{\tabcolsep}{2pt}"] if self.small else []),
            rf"\begin{{tabular}}{{{''.join(column.alignment for column in self.columns)}}}",
            r"\toprule",
            _row([column.heading for column in self.columns]),
            r"\midrule",
        ]
        for index, row in enumerate(rows, start):
            if index in self.breaks and index != start:
                lines.append(r"\addlinespace")
            lines.append(_row(row))
        return "\n".join([*lines, r"\bottomrule", r"\end{tabular}", r"\end{table}", ""])


def heading(columns: Sequence[Column], text: str) -> tuple[str]:
    r"""A row that is one cell across all columns: with names in a column of their own the table is wider than a page.

    >>> heading((Column("$L$"), Column("$d$")), "mace")
    ('\\multicolumn{2}{l}{mace}',)
    """
    return (rf"\multicolumn{{{len(columns)}}}{{l}}{{{text}}}",)


def _row(cells: Sequence[str]) -> str:
    return " & ".join(cells) + r" \\"


def document(names: Sequence[str]) -> str:
    r"""A document that \inputs the files ``names``, for a look at them."""
    inputs = "\n".join(rf"\input{{{name}}}" for name in names)
    return "\n".join(
        [
            r"\documentclass{article}",
            r"\usepackage[margin=1.5cm]{geometry}",
            r"\usepackage{booktabs}",
            r"\begin{document}",
            inputs,
            r"\end{document}",
            "",
        ]
    )
