"""Tests never touch the user's cache; what was skipped is said at the end, with what would have it run."""

from collections import Counter

import pytest

from tests.rmd17 import ABSENT, RMD17


@pytest.fixture(autouse=True, scope="session")
def _own_cache(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SPAN_THEOREM_CACHE", str(tmp_path_factory.mktemp("cache")))
        yield


def pytest_collection_modifyitems(items):
    for item in items:
        if item.get_closest_marker("rmd17") and not RMD17.is_dir():
            item.add_marker(pytest.mark.skip(reason=ABSENT))


def pytest_terminal_summary(terminalreporter):
    skipped = terminalreporter.stats.get("skipped", [])
    reasons = Counter(report.longrepr[2].removeprefix("Skipped: ") for report in skipped)
    if reasons:
        listed = "; ".join(f"{number} x {reason}" for reason, number in reasons.most_common())
        terminalreporter.write_line(f"skipped {len(skipped)}: {listed}")
