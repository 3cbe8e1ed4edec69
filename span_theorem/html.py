"""A table as HTML, for notebooks and pages; every text is escaped."""

from collections.abc import Collection, Sequence
from html import escape


def table(
    caption: str,
    headings: Sequence[str],
    rows: Sequence[Sequence[str]],
    left: Collection[int] = (),
    ends: Collection[int] = (),
) -> str:
    """A ``table`` element; the look is the page's.

    Args:
        caption: what it shows.
        headings: one a column.
        rows: cells, one for each column.
        left: columns that are aligned left, by class ``l``.
        ends: rows at which a group ends, by class ``end``.

    >>> "<td>1 &lt; 2</td>" in table("", ["l"], [["1 < 2"]])
    True
    """

    def row(cells: Sequence[str], tag: str, end: bool = False) -> str:
        made = (
            f"<{tag}{' scope=col' * (tag == 'th')}{' class=l' * (index in left)}>{escape(cell)}</{tag}>"
            for index, cell in enumerate(cells)
        )
        return f"<tr{' class=end' * end}>{''.join(made)}</tr>"

    body = "\n".join(row(cells, "td", index in ends) for index, cells in enumerate(rows))
    return (
        f"<table><caption>{escape(caption)}</caption><thead>{row(headings, 'th')}</thead>"
        f"<tbody>\n{body}\n</tbody></table>"
    )
