"""TLS for an attacker: a connection each of whose directions can end alone.

The sockets of Python's own `ssl` end both at once.
"""

import contextlib
import socket
import ssl
import subprocess
import threading

PIECE = 1 << 14


def certified(folder):
    """Returns the folder with a key and a certificate for 127.0.0.1; makes them once."""
    key, certificate = folder / "key", folder / "certificate"
    if not certificate.exists():
        folder.mkdir(parents=True, exist_ok=True)
        made = ["req", "-x509", "-nodes", "-days", "3650", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"]
        named = ["-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"]
        usage = ["-addext", "basicConstraints=critical,CA:FALSE"]
        files = ["-keyout", key, "-out", certificate]
        subprocess.run(["openssl", *made, *named, *usage, *files], check=True, capture_output=True)
    return folder


def of_client():
    """Returns the context of a client that trusts any server."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context


def of_server(folder):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "certificate", folder / "key")
    return context


class TlsSocket:
    """A TLS connection over a socket, with the methods that the attackers use.

    One thread may send while another one receives. The handshake is made by the first of either. A stream that ends
    without a closure alert (RFC 8446, section 6.1) has been cut, and counts as reset.
    """

    def __init__(self, raw, context, *, is_server=False):
        self.raw = raw
        self.incoming, self.outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.tls = context.wrap_bio(self.incoming, self.outgoing, server_side=is_server)
        self.lock, self.sending, self.starting = threading.Lock(), threading.Lock(), threading.Lock()
        self.left = b""
        """Records that are encrypted and not yet sent."""

    def __getattr__(self, name):
        return getattr(self.raw, name)

    def handshake(self):
        """Completes the handshake, if it is not complete yet."""
        with self.starting:
            if self.tls.version() is None:
                self.until_done(self.tls.do_handshake)

    def until_done(self, step):
        """Repeats a step of TLS until it needs no more bytes; returns its outcome."""
        while True:
            try:
                with self.lock:
                    return step()
            except ssl.SSLWantReadError:
                self.try_to_flush()
                self.feed(self.receive())
            except ssl.SSLZeroReturnError:
                return b""
            except ssl.SSLError as error:
                raise ConnectionResetError(str(error)) from error
            finally:
                self.try_to_flush()

    def receive(self):
        data = self.raw.recv(1 << 18)
        if not data:
            raise ConnectionResetError("the stream ended without a closure alert")
        return data

    def feed(self, data):
        with self.lock:
            self.incoming.write(data)

    def try_to_flush(self):
        """Sends what TLS has to send; a failure does not hide what was received."""
        with contextlib.suppress(OSError):
            self.flush()

    def flush(self):
        with self.sending:
            with self.lock:
                self.left += self.outgoing.read()
            while self.left:
                self.left = self.left[self.raw.send(self.left) :]

    def send(self, data):
        self.handshake()
        self.flush()
        with self.lock:
            sent = self.tls.write(data[:PIECE])
        self.flush()
        return sent

    def sendall(self, data):
        view = memoryview(data)
        while view:
            view = view[self.send(view) :]

    def recv(self, size):
        self.handshake()
        return self.until_done(lambda: self.tls.read(size))

    def shutdown(self, how):
        """Ends our direction with a closure alert, or both directions without one.

        `SHUT_WR` sends the alert and a FIN. After `SHUT_RDWR` the peer sees a stream that was cut.
        """
        if how == socket.SHUT_WR:
            self.handshake()
            with self.lock, contextlib.suppress(ssl.SSLError):
                # It raises where the peer has not ended its direction yet.
                self.tls.unwrap()
            self.flush()
        self.raw.shutdown(how)
