"""Helpers for all cases: the switchboard, other programs, raw sockets, timeouts.

Every wait has a limit.
"""

import contextlib
import os
import re
import signal
import socket
import struct
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
WAIT = 60  # seconds for one thing to happen
SLOW_START = 80  # for a browser, or something that has to be built
LIMIT = 240  # and for a whole case, without what it installs
LARGE = bytes(range(256)) * 4096  # 1 MiB in which every byte occurs
LINES = b"".join(b"line %06d with some text on it\n" % number for number in range(32_768))  # over 1 MiB of lines


class Skip(Exception):  # noqa: N818  (it is no error)
    """The exception for a case that cannot run on this machine."""


@contextlib.contextmanager
def time_limit(seconds=LIMIT):
    """Raises an error if the block takes longer than the limit.

    An enclosing limit is suspended meanwhile.
    """

    def ring(*_):
        raise AssertionError(f"took more than {seconds} seconds")

    handler = signal.signal(signal.SIGALRM, ring)
    left = signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(left)
        signal.signal(signal.SIGALRM, handler)


@dataclass(frozen=True)
class Case:
    """A test case: the program, the protocol, the direction, and the function to run."""

    program: str
    protocol: str
    direction: str
    large: bool
    function: Callable

    @property
    def name(self):
        return self.function.__name__.replace("_", " ")


TO_US, FROM_US, THROUGH, THROUGH_US, READ = "to us", "from us", "through", "through us", "read"
DIRECTIONS = [TO_US, FROM_US, THROUGH, THROUGH_US, READ]
CASES = []


def case(program, protocol, direction=TO_US, large=False):
    """Registers a case: a function that gets a running switchboard.

    Large cases are not part of the quick run.
    """

    def register(function):
        CASES.append(Case(program, protocol, direction, large, function))
        return function

    return register


def check(condition, *what):
    if not condition:
        raise AssertionError(" ".join(str(part)[:2000] for part in what))


def same(got, wanted, what="bytes"):
    """Checks that two sequences are equal; the message has the first difference."""
    if got != wanted:
        shorter = min(len(got), len(wanted))
        at = next((i for i, (a, b) in enumerate(zip(got, wanted, strict=False)) if a != b), shorter)
        raise AssertionError(
            f"{what}: {len(got)} bytes instead of {len(wanted)}, first difference at {at}: "
            f"{got[at : at + 40]!r} instead of {wanted[at : at + 40]!r}"
        )


def needs(program, how):
    """Returns the name of a program; skips the case unless the command `how` succeeds.

    The name is the first word of `how`.
    """
    try:
        subprocess.run(how, check=True, capture_output=True, timeout=WAIT)
    except (OSError, subprocess.SubprocessError) as error:
        raise Skip(f"no {program}") from error
    return how[0]


class Example:
    """A running server program of this project, which prints its port."""

    def __init__(self, program, *arguments):
        self.start([program, "--port", "0", *arguments])

    def start(self, command, **more):
        self.log = tempfile.NamedTemporaryFile(prefix="example-", suffix=".log")  # noqa: SIM115  (lives as long as this)
        self.process = subprocess.Popen(command, stdout=self.log, stderr=subprocess.STDOUT, **more)
        found = wait_for(self.read, rb"listening on (?:(https?)://127\.0\.0\.1:)?(\d+)\n")
        self.port = int(found.group(2))
        self.url = f"{(found.group(1) or b'http').decode()}://127.0.0.1:{self.port}"

    def read(self):
        return Path(self.log.name).read_bytes()

    def descriptors(self):
        return len(os.listdir(f"/proc/{self.process.pid}/fd"))

    def stop(self, sign=signal.SIGINT):
        if self.process.poll() is None:
            self.process.send_signal(sign)
        try:
            return self.process.wait(WAIT)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()


class Switchboard(Example):
    """A running switchboard, with the transcripts of its connections."""

    program = None

    def __init__(self, *arguments):
        super().__init__(Switchboard.program, "--trace", *arguments)


def beside(name):
    """Returns the path of the switchboard, or of an example built with it."""
    board = Path(Switchboard.program)
    return board if name == board.name else board.parent / "examples" / name


def between(name, backend, *arguments):
    """Starts the `gateway` or the `bridge` in front of a port."""
    return Example(beside(name), "--backend", f"127.0.0.1:{backend}", *arguments)


def wait_for(read, pattern, seconds=WAIT):
    """Polls `read` until its result matches the pattern; returns the match."""
    for _ in range(seconds * 50):
        if found := re.search(pattern, read()):
            return found
        threading.Event().wait(0.02)
    raise AssertionError(f"{pattern!r} did not come: {read()[-400:]!r}")


def run(*command, stdin=b"", expect=0, within=WAIT):
    """Runs a program to its end; returns its output and its error output.

    It fails if the exit code is not `expect`, unless that is None.
    """
    done = subprocess.run([str(part) for part in command], input=stdin, capture_output=True, timeout=within)
    if expect is not None and done.returncode != expect:
        output = f"{done.stdout[-400:]!r} {done.stderr[-800:]!r}"
        raise AssertionError(f"{command[0]} ended with {done.returncode}: {output}")
    return done.stdout, done.stderr


def probe(*arguments, stdin=b"", expect=0):
    return run(Switchboard.program, "probe", *arguments, stdin=stdin, expect=expect)


@contextlib.contextmanager
def server(*command):
    """Runs another program's server while the block runs, and yields its URL.

    The server prints `listening PORT`.
    """
    with tempfile.NamedTemporaryFile() as log:
        process = subprocess.Popen([str(part) for part in command], stdout=log, stderr=subprocess.STDOUT)
        try:
            port = wait_for(Path(log.name).read_bytes, rb"listening (\d+)\n").group(1).decode()
            yield f"http://127.0.0.1:{port}"
        finally:
            process.kill()
            process.wait()


class Raw:
    """A plain socket to a server, for bytes that no library would send."""

    def __init__(self, port, data=b""):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=WAIT)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.got = b""
        self.socket.sendall(data)

    def until(self, ending):
        """Reads up to and including `ending`."""
        while ending not in self.got:
            piece = self.socket.recv(65536)
            check(piece, "the connection ended before", ending, "came:", self.got)
            self.got += piece
        head, _, self.got = self.got.partition(ending)
        return head + ending

    def rest(self):
        """Reads to the end of the connection; returns all bytes after those of `until`."""
        while piece := self.socket.recv(65536):
            self.got += piece
        self.socket.close()
        return self.got

    def read_slowly(self):
        """Reads to the end of the connection with pauses; returns all bytes since `until`.

        A reset counts as an end, too.
        """
        with contextlib.suppress(ConnectionResetError):
            while piece := self.socket.recv(16384):
                self.got += piece
                time.sleep(0.005)
        self.socket.close()
        return self.got

    def send_beside(self, data, ends=True):
        """Sends in another thread, then ends our direction if `ends` is set.

        Large payloads then travel in both directions at once.
        """

        def work():
            with contextlib.suppress(OSError):  # what did not arrive shows in what comes back
                self.socket.sendall(data)
                if ends:
                    self.socket.shutdown(socket.SHUT_WR)

        threading.Thread(target=work, daemon=True).start()


@contextlib.contextmanager
def scripted(*scripts):
    """Runs a server that runs one script per connection, and yields its URL.

    A script is a function of the accepted socket.
    """
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(WAIT)
        failures = []

        def work():
            try:
                for script in scripts:
                    connection, _ = listener.accept()
                    with connection:
                        connection.settimeout(WAIT)
                        script(connection)
            except Exception as error:  # told to the case, which runs in another thread
                failures.append(error)

        thread = threading.Thread(target=work, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        thread.join(WAIT)
        check(not failures, "the scripted server:", *failures)


def resets(connection):
    """Makes the socket reset its connection when it is closed."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def read_head(connection):
    """Reads a request head.

    Bytes after the head would be read with it, unless the client waits for its response.
    """
    head = b""
    while b"\r\n\r\n" not in head:
        piece = connection.recv(65536)
        check(piece, "the client ended before its head did")
        head += piece
    return head


def as_read(data):
    """Normalises a head for comparison; the bytes after it are unchanged.

    Field names are case-insensitive, and lines of different names have no order (RFC 9110, sections 5.1 and 5.3).
    """
    head, end, rest = data.partition(b"\r\n\r\n")
    first, *lines = head.split(b"\r\n")
    lines = [b":".join([line.split(b":")[0].lower(), *line.split(b":")[1:]]) for line in lines]
    return b"\r\n".join([first, *sorted(lines, key=lambda line: line.split(b":")[0])]) + end + rest


@contextlib.contextmanager
def closed_port():
    """Yields a port on which nothing listens, and reserves it."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        yield held.getsockname()[1]


def port_of(url):
    return int(url.rpartition(":")[2])
