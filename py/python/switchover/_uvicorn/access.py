"""The access log, as uvicorn writes it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from uvicorn.protocols.utils import get_client_addr, get_path_with_query_string

if TYPE_CHECKING:
    import logging


def log_access(logger: logging.Logger, scope: Any, status: int) -> None:
    """Logs a request with the status of its response."""
    client, path = get_client_addr(scope), get_path_with_query_string(scope)
    logger.info('%s - "%s %s HTTP/%s" %d', client, scope["method"], path, scope["http_version"], status)
