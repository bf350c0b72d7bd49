"""A plugin of pytest: what is imported as h11 is `switchover.h11`."""

import sys

import pytest
import switchover.h11

assert "h11" not in sys.modules, "something has imported h11 before"
sys.modules["h11"] = switchover.h11


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Checks that it still is, at the end."""
    assert sys.modules["h11"] is switchover.h11, session
