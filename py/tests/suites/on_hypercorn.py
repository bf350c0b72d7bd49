"""A plugin of pytest that puts switchover's class in the place of hypercorn's."""

from typing import Any

import hypercorn.protocol
import hypercorn.protocol.h11
import pytest
import switchover._hypercorn.protocol
import switchover.hypercorn


def replaceable(*arguments: Any) -> Any:
    """Returns a new `HTTPStream`, a class that hypercorn's tests replace by another."""
    return hypercorn.protocol.h11.__dict__["HTTPStream"](*arguments)


switchover.hypercorn.install()
hypercorn.protocol.h11.__dict__["H11Protocol"] = switchover.hypercorn.Protocol
switchover._hypercorn.protocol.__dict__["HTTPStream"] = replaceable


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Checks at the end that switchover's class still is in the place of hypercorn's."""
    assert hypercorn.protocol.__dict__["H11Protocol"] is switchover.hypercorn.Protocol, session
