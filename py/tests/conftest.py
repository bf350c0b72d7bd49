"""Fixtures that several files of tests share."""

import pytest


@pytest.fixture(params=["asyncio", "trio"])
def anyio_backend(request: pytest.FixtureRequest) -> str:
    """Everything here runs under both."""
    if request.param == "trio":
        pytest.importorskip("trio", reason="trio is not installed")
    return str(request.param)
