"""The check of the packages that the adapters need."""

from __future__ import annotations

from importlib import metadata


def require(project: str, oldest: tuple[int, int], extra: str) -> None:
    """Raises ImportError if the installed version of a package is older than `oldest`.

    `extra` is the extra of switchover to name in the message.
    """
    installed = metadata.version(project)
    if tuple(int(part) for part in installed.split(".")[:2]) < oldest:
        raise ImportError(
            f"switchover.{extra} needs {project} {oldest[0]}.{oldest[1]} or later, and this is {installed}: "
            f"pip install --upgrade 'switchover[{extra}]'"
        )
