"""Access to the `extensions` of httpcore's requests and responses."""

from __future__ import annotations

from typing import Any, Literal, cast

from httpcore import Request, Response


def extensions_of(message: Request | Response) -> dict[str, Any]:
    """Returns the `extensions` of a request or response, with their type."""
    return cast("dict[str, Any]", message.extensions)  # pyright: ignore[reportUnknownMemberType]


def extension(request: Request, name: str) -> Any:
    """Returns the extension of that name of a request; None if it has none."""
    return extensions_of(request).get(name)


def timeout(request: Request, kind: Literal["connect", "read", "write"]) -> float | None:
    """Returns the seconds that a request allows for an operation; None for no limit."""
    timeouts = extension(request, "timeout")
    return timeouts.get(kind) if timeouts else None
