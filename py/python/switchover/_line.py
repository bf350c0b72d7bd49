"""The probe's transport: a socket, with or without TLS.

TLS starts with the connection, or after a switch to it.
"""

from __future__ import annotations

import contextlib
import os
import socket
import ssl
import sys
import threading

from ._transcript import Transcript

READ_SIZE = 65536


class Line:
    """A connection to a server, which sends and receives bytes.

    The certificate is not checked: a probe asks what a server does, not who it is.
    """

    def __init__(self, address: str, timeout: float) -> None:
        host, _, port = address.rpartition(":")
        if not (port.isascii() and port.isdigit() and int(port) < 65536):
            raise OSError("invalid port value")
        self._host = host.strip("[]")
        try:
            self._socket = socket.create_connection((self._host, int(port)), timeout)
        except (socket.gaierror, UnicodeError) as error:
            why = error.strerror if isinstance(error, socket.gaierror) else error
            raise OSError(f"failed to lookup address information: {why}") from error
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._tls: ssl.SSLObject | None = None
        self._sealed, self._to_send = ssl.MemoryBIO(), ssl.MemoryBIO()
        # Only one thread at a time may use the TLS object. At most one thread sends, so encrypted bytes leave in order.
        self._turn = threading.Lock()
        self._has_ended = False

    def start_tls(self, leftover: bytes = b"") -> None:
        """Starts TLS on the socket; `leftover` are bytes of TLS that were received before.

        Returns once the handshake is complete.
        """
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        self._sealed.write(leftover)
        tls = context.wrap_bio(self._sealed, self._to_send, server_hostname=self._host)
        while True:
            try:
                tls.do_handshake()
                break
            except ssl.SSLWantReadError:
                self._socket.sendall(self._to_send.read())
                self._sealed.write(self._piece())
        self._socket.sendall(self._to_send.read())
        self._tls = tls

    def _piece(self) -> bytes:
        try:
            if piece := self._socket.recv(READ_SIZE):
                return piece
        except TimeoutError as error:
            raise OSError("the server does not go on with the TLS handshake") from error
        raise OSError("the server ended the TLS handshake")

    @property
    def is_secure(self) -> bool:
        """Returns whether TLS is in use."""
        return self._tls is not None

    def send(self, data: bytes) -> None:
        """Sends bytes, after all that were sent before."""
        if self._tls is not None:
            with self._turn:
                self._tls.write(data)
                data = self._to_send.read()
        self._socket.sendall(data)

    def finish(self) -> None:
        """Half-closes the connection, over TLS after a closure alert."""
        if self._tls is not None:
            # `unwrap` raises as the server has not sent its closure alert yet.
            with self._turn, contextlib.suppress(ssl.SSLError):
                self._tls.unwrap()
            self._socket.sendall(self._to_send.read())
        self._socket.shutdown(socket.SHUT_WR)

    def receive(self) -> bytes:
        """Receives bytes from the server; empty at EOF.

        Raises TimeoutError if nothing arrives in time, EOFError if the stream is truncated or its TLS is broken.
        """
        if self._tls is not None and (opened := self._open(b"")):
            return opened  # it came along with the handshake
        while not self._has_ended:
            try:
                piece = self._socket.recv(READ_SIZE)
            except ConnectionError as error:
                raise EOFError(str(error)) from error
            if self._tls is None:
                return piece
            if not piece:
                # RFC 9112, 9.8: an EOF without a closure alert is a truncation.
                raise EOFError("the server ended TLS without a word")
            if opened := self._open(piece):
                return opened
        return b""

    def _open(self, piece: bytes) -> bytes:
        """Adds received bytes to TLS and returns all that can be decrypted.

        Bytes that remain in TLS would be reported as an error when `finish` ends the sending side.
        """
        opened = b""
        with self._turn:
            self._sealed.write(piece)
            try:
                while self._tls and (data := self._tls.read(READ_SIZE)):
                    opened += data
                self._has_ended = True
            except ssl.SSLWantReadError:
                pass
            except ssl.SSLZeroReturnError:
                self._has_ended = True
            except ssl.SSLError as error:
                raise EOFError(str(error)) from error
        return opened

    def pipe(self, leftover: bytes, transcript: Transcript) -> None:
        """Copies standard input to the server and received bytes to standard output.

        Writes `leftover` to standard output first. Returns when the server ends its side.
        """
        show(leftover)
        self._socket.settimeout(None)
        threading.Thread(target=self._feed, args=(transcript,), daemon=True).start()
        try:
            while data := self.receive():
                transcript.spoke(came=len(data))
                show(data)
        except EOFError:
            pass  # most protocols end so

    def _feed(self, transcript: Transcript) -> None:
        with contextlib.suppress(OSError):  # the server has ended
            while data := typed():
                transcript.spoke(went=len(data))
                self.send(data)
            self.finish()

    def close(self) -> None:
        """Closes the socket."""
        self._socket.close()


def typed() -> bytes:
    """Reads standard input; empty at EOF, and if it cannot be read."""
    try:
        return os.read(0, READ_SIZE)
    except OSError:
        return b""


def show(data: bytes) -> None:
    """Writes bytes of content or of the new protocol to standard output."""
    sys.stdout.buffer.write(data)
    sys.stdout.buffer.flush()
