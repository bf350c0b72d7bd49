"""`websocket-client` as a client: text, 1 MiB of bytes, a ping, an orderly close."""

import os
import sys

import websocket

socket = websocket.create_connection(sys.argv[1], timeout=15)
for sent, send in [("héllo", socket.send), (os.urandom(1 << 20), socket.send_binary), ("", socket.send)]:
    send(sent)
    assert socket.recv() == sent, "bytes differ"
socket.ping(b"there?")
opcode, _ = socket.recv_data(control_frame=True)
assert opcode == websocket.ABNF.OPCODE_PONG, opcode
socket.send_close(1000, b"enough")
opcode, data = socket.recv_data(control_frame=True)
assert (opcode, data) == (websocket.ABNF.OPCODE_CLOSE, b"\x03\xe8enough"), (opcode, data)
socket.shutdown()
