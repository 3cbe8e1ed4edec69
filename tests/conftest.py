"""Tests never touch the user's cache."""

import pytest


def pytest_addoption(parser):
    parser.addoption("--fuzz-cases", type=int, default=60, help="cases of each seeded test (default: 60)")
    parser.addoption("--fuzz-seed", type=int, default=0, help="seed of the first of these cases (default: 0)")


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
