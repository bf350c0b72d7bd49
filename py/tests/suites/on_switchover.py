"""A plugin of pytest that makes `import h11` import `switchover.h11`."""

import sys

import pytest
import switchover.h11

assert "h11" not in sys.modules, "something has imported h11 before"
sys.modules["h11"] = switchover.h11


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Checks at the end that h11 still is `switchover.h11`."""
    assert sys.modules["h11"] is switchover.h11, session
