"""The native module, and a plain error where it cannot be loaded.

It has state of the process, so only one interpreter can import it.
"""

try:
    from . import _switchover as native
except ImportError as error:
    if "subinterpreter" not in str(error):
        raise
    message = "switchover is imported by one interpreter of a process: use processes or threads, not sub-interpreters"
    raise ImportError(message, name="switchover") from error

__all__ = ["native"]
