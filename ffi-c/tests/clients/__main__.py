"""Runs clients with uncommon input against the examples.

clients SERVER PORT [CASE...]    SERVER: epoll, nghttp2, poll, server or wslay, or one of these and `, late`,
                                 `, crowded`, `, many` or `, valgrind`; no case: all cases of the server
"""

import sys
import time

import http1  # noqa: F401
import http2  # noqa: F401
import later  # noqa: F401
import websocket  # noqa: F401
from peer import CASES, Peer

server, Peer.port, *names = sys.argv[1:]
cases = CASES[server.removesuffix(", valgrind")]
if server.endswith(", valgrind"):
    cases = {name: function for name, function in cases.items() if not hasattr(function, "is_heavy")}
for name in names or cases:
    print(name, end=" ", flush=True)
    begin = time.monotonic()
    cases[name]()
    print(f"{time.monotonic() - begin:.1f} s", flush=True)
