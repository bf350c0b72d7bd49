"""Fixtures that several test files share."""

import pytest


@pytest.fixture(params=["asyncio", "trio"])
def anyio_backend(request: pytest.FixtureRequest) -> str:
    """Runs each test under asyncio, and under trio if it is installed."""
    if request.param == "trio":
        pytest.importorskip("trio", reason="trio is not installed")
    return str(request.param)
