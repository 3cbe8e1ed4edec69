"""Generated parts of a Markdown page: between markers stand the tables and claims of studies, never written by hand.

`<!-- table aspirin-rmd17-headline -->` … `<!-- end -->` holds the table of that name, `<!-- claims aspirin -->` … the
claims of a study.
"""

import re
from collections.abc import Sequence
from pathlib import Path

from experiments.report.study import StudyResult
from span_theorem.errors import InputError
from span_theorem.output import write_text
from span_theorem.reading import read_text

MARKED = re.compile(r"(<!-- (table|claims) ([^ ]+) -->\n)(.*?)(<!-- end -->)", re.DOTALL)


def generated(text: str, studies: Sequence[StudyResult]) -> str:
    """The page with its marked parts made from studies.

    Raises:
        InputError: a marker that names no table or study.
    """
    parts = {("table", table.name): table.markdown() for study in studies for table in study.tables}
    for study in studies:
        parts["claims", study.name] = "\n".join(
            f"- {claim.words()}{' **Does not hold.**' * (claim.holds is False)}" for claim in study.claims
        )

    def fill(match: re.Match[str]) -> str:
        key = match[2], match[3]
        if key not in parts:
            raise InputError(f"the page asks for {match[2]} {match[3]}, which no study here has")
        return f"{match[1]}{parts[key]}\n{match[5]}"

    return MARKED.sub(fill, text)


def rewrite(page: Path, studies: Sequence[StudyResult]) -> None:
    """Write a page anew with its marked parts.

    Raises:
        InputError: the page cannot be read or written, or see :func:`generated`.
    """
    write_text(page, generated(read_text(page, "a Markdown page"), studies))
