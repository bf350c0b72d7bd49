"""The code that the correct peers here share, such as for sockets and h11."""

import base64
import contextlib
import hashlib
import socket
import threading

import h11

GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"


def accept_of(key):
    """Returns the Sec-WebSocket-Accept for a key (RFC 6455, section 4.2.2)."""
    return base64.b64encode(hashlib.sha1(key + GUID).digest())


def next_event(http, receive, send=None):
    """Returns h11's next event; sends a 100 by `send` if the peer waits for one."""
    while (event := http.next_event()) is h11.NEED_DATA:
        if send and http.they_are_waiting_for_100_continue:
            send(http.send(h11.InformationalResponse(status_code=100, headers=[])))
        http.receive_data(receive())
    return event


def end(stream):
    """Half-closes a socket and reads on for a moment: a reset could lose sent bytes."""
    with contextlib.suppress(OSError):
        stream.shutdown(socket.SHUT_WR)
        stream.settimeout(0.2)
        while stream.recv(4096):
            pass


def listen(port=0):
    """Listens on a port, and prints it."""
    listener = socket.create_server(("127.0.0.1", port), backlog=64)
    print(f"listening on 127.0.0.1:{listener.getsockname()[1]}", flush=True)
    return listener


def in_thread(function):
    threading.Thread(target=function, daemon=True).start()
