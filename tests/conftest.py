"""Tests never touch the user's cache; what was skipped is said at the end, with what would have it run."""

from collections import Counter

import pytest

from tests.rmd17 import ABSENT, RMD17


def pytest_addoption(parser):
    parser.addoption("--fuzz-cases", type=int, default=60, help="cases of each seeded test (default: 60)")
    parser.addoption("--fuzz-seed", type=int, default=0, help="seed of the first of these cases (default: 0)")
    parser.addoption(
        "--slow", action="store_true", help="run the long command blocks of the documentation too"
    )


@pytest.fixture
def fuzz_seeds(request):
    """One seed for each case of a seeded test; a failure names its own."""
    first = request.config.getoption("--fuzz-seed")
    return range(first, first + request.config.getoption("--fuzz-cases"))


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
