"""A home for each test."""

from collections.abc import Iterator

import pytest

from tests.e2e.home import Home
from tuilab.kernel import sandbox

REASON = sandbox.unavailable()


@pytest.fixture
def home() -> Iterator[Home]:
    if REASON is not None:
        pytest.skip(str(REASON))
    home = Home()
    try:
        yield home
    finally:
        home.close()
