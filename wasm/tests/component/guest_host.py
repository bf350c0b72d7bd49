"""Runs a guest that was composed with the engine, in wasmtime.

`guest_host.py FILE` checks what the example answers, also after so many requests that a guest which frees nothing has
no handle left. `guest_host.py FILE INPUT` prints what a guest returns for a file.
"""

import sys
from pathlib import Path

from wasmtime import Engine, Store, WasiConfig
from wasmtime.component import Component, Linker

PLAIN = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"
OFFER = b"GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: bar, foo/2\r\n\r\n"
WANTED = {
    PLAIN: b"HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\nContent-Length: 9\r\n\r\nno foo/2\n",
    PLAIN + OFFER: b"HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\nContent-Length: 9\r\n\r\nno foo/2\n"
    b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: foo/2\r\nConnection: Upgrade\r\n\r\nhello in foo/2\n",
    b"nonsense\r\n\r\n": b"HTTP/1.1 400 Bad Request\r\nContent-Length: 48\r\nConnection: close\r\n\r\n"
    b"the method is not a token (error 101) at byte 8\n",
}
# A store of wasmtime has 100,000 handles, and each request takes one at least.
MANY = 34_000


def main(file: str, *given: str) -> None:
    engine = Engine()
    store, linker = Store(engine), Linker(engine)
    store.set_wasi(WasiConfig())
    linker.add_wasip2()
    serve = linker.instantiate(store, Component.from_file(engine, file)).get_func(store, "serve")
    assert serve is not None
    for name in given:
        sys.stdout.buffer.write(bytes(serve(store, Path(name).read_bytes())))
    for received, wanted in () if given else [*WANTED.items()] * MANY:
        sent = bytes(serve(store, received))
        serve.post_return(store)
        assert sent == wanted, (received, sent)


main(*sys.argv[1:])
