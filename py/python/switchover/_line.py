"""The probe's transport: a socket, and TLS above it.

From the start or from a moment on.
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
    """Bytes to and from a server.

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
        # TLS is one thread's at a time. One thread at most sends, so that what is sealed goes out in its order.
        self._turn = threading.Lock()
        self._has_ended = False

    def start_tls(self, leftover: bytes = b"") -> None:
        """Puts TLS above the socket; some of its bytes may have come already.

        Returns once its handshake is over.
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
        """Tells whether there is TLS."""
        return self._tls is not None

    def send(self, data: bytes) -> None:
        """Sends these bytes, after all others."""
        if self._tls is not None:
            with self._turn:
                self._tls.write(data)
                data = self._to_send.read()
        self._socket.sendall(data)

    def finish(self) -> None:
        """Ends our direction, after all bytes."""
        if self._tls is not None:
            # The server has not ended its own direction yet.
            with self._turn, contextlib.suppress(ssl.SSLError):
                self._tls.unwrap()
            self._socket.sendall(self._to_send.read())
        self._socket.shutdown(socket.SHUT_WR)

    def receive(self) -> bytes:
        """Receives bytes; empty at the end.

        TimeoutError where nothing comes; EOFError where the end is a cut.
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
                # RFC 9112, 9.8: an end without a word is a cut.
                raise EOFError("the server ended TLS without a word")
            if opened := self._open(piece):
                return opened
        return b""

    def _open(self, piece: bytes) -> bytes:
        """Returns all that is in TLS by now.

        What waited there would be taken for a mistake when our direction ends.
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
        """Copies standard input and output until the server ends.

        Standard input goes out, what comes goes to standard output.
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
        """Gives the socket back."""
        self._socket.close()


def typed() -> bytes:
    """Reads standard input; empty at its end, and if it cannot be read."""
    try:
        return os.read(0, READ_SIZE)
    except OSError:
        return b""


def show(data: bytes) -> None:
    """Content and the new protocol are for standard output."""
    sys.stdout.buffer.write(data)
    sys.stdout.buffer.flush()
