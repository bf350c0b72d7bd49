"""The audited programs of others: servers, clients and intermediaries.

Each has the way in which it is started, and what `switchboard audit` is then given.
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
    # What its version is asked of, if that is not its name.
    program: str

    def __str__(self):
        return f"{self.name} ({self.role[:-1].replace('intermediarie', 'intermediary')})"


def peer(name, role, start, program=None):
    PEERS.append(Peer(name, role, start, program or name))
