"""The registry of third-party programs to audit.

They are servers, clients and intermediaries. Each entry says how the program is started, and which arguments
`switchboard audit` then gets.
"""

from collections.abc import Callable
from dataclasses import dataclass

SERVER, CLIENT, PROXY = "servers", "clients", "intermediaries"
ROLES = [SERVER, CLIENT, PROXY]
PEERS = []


@dataclass(frozen=True)
class Peer:
    """A program in one role.

    `start` is a context manager that yields the arguments of the audit.
    """

    name: str
    role: str
    start: Callable
    # The program whose version is printed, if that differs from `name`.
    program: str

    def __str__(self):
        return f"{self.name} ({self.role[:-1].replace('intermediarie', 'intermediary')})"


def peer(name, role, start, program=None):
    PEERS.append(Peer(name, role, start, program or name))
