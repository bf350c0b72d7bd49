"""The native module, and a plain error for an interpreter that may not import it.

The module has state of the process, so only one interpreter can import it. Any other import error is raised unchanged.
"""

from types import ModuleType

__all__ = ["native"]


def _load() -> ModuleType:
    """Imports the native module.

    Raises a clear ImportError if another interpreter of the process has imported it.
    """
    try:
        from . import _switchover
    except ImportError as error:
        if "subinterpreter" not in str(error):
            raise
        plain = "switchover is imported by one interpreter of a process: use processes or threads, not sub-interpreters"
        raise ImportError(plain, name="switchover") from error
    return _switchover


native = _load()
