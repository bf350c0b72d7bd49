"""The error for an import of a module that is private to h11."""

from __future__ import annotations

from typing import NoReturn


def refuse(module: str) -> NoReturn:
    """Raises an ImportError that names some programs that need h11 itself."""
    name = module.rpartition(".")[2]
    raise ImportError(
        f"switchover.h11 has no {name}: that module is private to h11. Programs that import it, such as niquests and "
        "mitmproxy, need h11 itself, in a process where `h11` is no other name of switchover.h11",
        name=module,
    )
