"""The command line of one person, with a lab or without."""

import pytest

from tests.kernel.command.cli import USERS, cli


@pytest.fixture(params=USERS, ids=lambda person: person.name)
def lab(request):
    """A lab of two hosts, of whoever runs the tests and of an ordinary user."""
    with cli(request.param) as it:
        it("up", "two-hosts")
        yield it


@pytest.fixture(scope="module")
def shared():
    """A lab of two hosts, for tests that leave it as it is."""
    with cli(USERS[0]) as it:
        it("up", "two-hosts")
        yield it


@pytest.fixture
def own():
    """Nothing yet."""
    with cli(USERS[0]) as it:
        yield it
