"""One cell of the hostile kit's table: a host under one attack, with its checks."""

import contextlib
import os
import re
import resource
import signal
import socket
import struct
import subprocess
import tempfile
import threading
import time
from pathlib import Path

import reader
import tls

WAIT = 20
"""The seconds in which what a check awaits must happen, unless it sets others."""
ROUNDS = 3
MORE_ROUNDS = 6
"""The number of rounds after which memory must have ceased to grow.

Three are enough if memory did not grow in the third. A garbage collector may fill its heap until
then. A short attack takes more rounds for that: see `SHORT`.
"""
SHORT = 20
"""The seconds from its beginning in which an attack may exceed `MORE_ROUNDS`.

It is repeated while memory grows; the growth since the first round must stay below `PEAK`.
"""
GROWTH = 1 << 20
"""The limit in bytes for the growth of memory from one round to the next."""
PEAK = 48 << 20
"""The limit in bytes for the memory that an attack takes while it lasts."""
KEPT = 4
"""The number of descriptors, or of tasks, that a host may keep after one round.

Descriptors wake a runtime's threads, for instance. Deno opens two of its own half a second after it starts.
"""
WAIT_BEFORE_KEPT = 2
"""The seconds after which remaining descriptors or tasks count as kept."""
UNHANDLED = re.compile(
    rb"panicked at|[Uu]nhandled|Uncaught|UNHANDLED|never retrieved|was never awaited|Fatal error|ResourceWarning"
    rb"|Fatal Python|AddressSanitizer|Exception in callback|exception was never|kj/.*failed"
)


class NotApplicable(Exception):  # noqa: N818  (it is no error)
    """The error for an attack that does not apply to this host."""


def check(condition, *what):
    if not condition:
        raise AssertionError(" ".join(str(part)[:600] for part in what))


def wait_until(condition, *what, seconds=WAIT):
    end = time.monotonic() + seconds
    while not condition():
        check(time.monotonic() < end, *(part() if callable(part) else part for part in what))
        time.sleep(0.02)


class Process:
    """A running program, with measurements of its memory, time and descriptors."""

    def __init__(self, command, **more):
        self.log = tempfile.TemporaryFile()  # noqa: SIM115  (lives as long as this)
        self.process = subprocess.Popen(
            [str(word) for word in command], stdout=subprocess.PIPE, stderr=self.log, start_new_session=True, **more
        )
        self.pid = self.process.pid

    def says(self, pattern):
        """Reads lines of the program's output until one matches; returns the match.

        A line `pid NUMBER` before it sets the process id; other lines are ignored.
        """
        while line := self.process.stdout.readline():
            if found := re.search(rb"^pid (\d+)", line):
                self.pid = int(found.group(1))
            if found := re.search(pattern, line):
                return found
        raise AssertionError(f"it has ended: {self.logged()[-600:]!r}")

    def port(self):
        """Returns the port from the line of output that announces it."""
        return int(self.says(rb"listening on \D*(?:[\d.]+:)?(\d+)\s").group(1))

    def logged(self):
        size = os.fstat(self.log.fileno()).st_size
        return os.pread(self.log.fileno(), size, 0)

    def memory(self):
        """Returns the anonymous resident memory of the process, in bytes."""
        text = Path(f"/proc/{self.pid}/status").read_text()
        return int(re.search(r"RssAnon:\s+(\d+) kB", text).group(1)) * 1024

    def descriptors(self):
        return len(os.listdir(f"/proc/{self.pid}/fd"))

    def open_files(self):
        """Returns what the process's open descriptors refer to, as one sorted text."""
        found = []
        for link in Path(f"/proc/{self.pid}/fd").iterdir():
            with contextlib.suppress(FileNotFoundError):
                found.append(os.readlink(link))
        return " ".join(sorted(found))

    def seconds(self):
        """Returns the processor time used so far, in seconds."""
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def limit_descriptors(self, soft):
        _, hard = resource.prlimit(self.pid, resource.RLIMIT_NOFILE)
        resource.prlimit(self.pid, resource.RLIMIT_NOFILE, (soft if soft else hard, hard))

    def is_running(self):
        return self.process.poll() is None and Path(f"/proc/{self.pid}").exists()

    def stop(self, sign=signal.SIGTERM):
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.process.pid, sign)
        try:
            return self.process.wait(WAIT)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
            raise AssertionError(f"it has not ended {WAIT} seconds after {sign.name}") from None


class Peer:
    """A socket to a server, for malformed or abusive clients.

    With a `context` it is one over TLS.
    """

    def __init__(self, address, wait=WAIT, context=None):
        if isinstance(address, Path):
            raw = socket.socket(socket.AF_UNIX)
            raw.settimeout(wait)
            raw.connect(str(address))
        else:
            raw = socket.create_connection(("127.0.0.1", address), timeout=wait)
            raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket = tls.TlsSocket(raw, context) if context else raw
        self.sender = None

    def begin(self):
        """Completes the handshake of TLS, if there is one."""
        if isinstance(self.socket, tls.TlsSocket):
            self.socket.handshake()

    def send(self, data):
        """Sends the data; returns false if that fails or takes too long.

        A server may stop reading once it has sent an error response.
        """
        try:
            self.socket.sendall(data)
        except OSError:
            return False
        return True

    def send_beside(self, data):
        """Sends the data in another thread, so that the response can be read meanwhile.

        Data of an earlier call is sent before: on a busy machine its thread may begin late.
        """
        before, self.sender = self.sender, threading.Thread(target=lambda: self._send_after(before, data), daemon=True)
        self.sender.start()

    def _send_after(self, before, data):
        if before:
            before.join()
        self.send(data)

    def read_beside(self):
        """Reads and discards all that comes, in another thread."""

        def read():
            with contextlib.suppress(OSError):
                while self.socket.recv(1 << 18):
                    pass

        threading.Thread(target=read, daemon=True).start()

    def leave(self):
        """Ends both directions, so that the threads that use the socket end."""
        with contextlib.suppress(OSError):
            self.socket.shutdown(socket.SHUT_RDWR)

    def send_what_fits(self, data, lull=0.3):
        """Sends the data until all is sent, none fits for `lull` seconds, or it fails.

        Returns the number of bytes sent.
        """
        view, sent = memoryview(data), 0
        self.socket.settimeout(lull)
        with contextlib.suppress(OSError):
            while sent < len(view):
                sent += self.socket.send(view[sent : sent + 65536])
        self.socket.settimeout(WAIT)
        return sent

    def end(self):
        with contextlib.suppress(OSError):
            self.socket.shutdown(socket.SHUT_WR)

    def close(self):
        self.socket.close()

    def reset(self):
        with contextlib.suppress(OSError):
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.socket.close()

    def rest(self, enough=None):
        """Reads until the end of the stream, or until `enough(data)` is true.

        Returns the bytes, and how the stream ended: by `fin` or `reset`, or not yet (`open`).
        """
        data = b""
        while not (enough and enough(data)):
            try:
                piece = self.socket.recv(1 << 18)
            except ConnectionError:
                return data, "reset"
            except TimeoutError:
                wait = self.socket.gettimeout()
                raise AssertionError(f"nothing more came for {wait} s, after {data[-200:]!r}") from None
            if not piece:
                return data, "fin"
            data += piece
        return data, "open"

    def answers(self, *methods):
        """Reads the responses to requests with these methods, as far as they arrive.

        Returns them with the remaining bytes. One that switches is the last.
        """

        def enough(data):
            found, _ = reader.responses(data, methods, False)
            final = [answer for answer in found if answer.status >= 200]
            return (len(final) == len(methods) and final[-1].is_whole) or (found and found[-1].switches)

        data, how = self.rest(enough)
        return reader.responses(data, methods, how == "fin")


class Target:
    """A server or client under attack.

    `host` describes it, `process` is its program, and `peers` are its connections with the attacker. Its `state()`
    returns the number of its tasks and of its descriptors.
    """

    def __init__(self, host, scale):
        self.host, self.scale = host, scale
        self.peers = []
        self.memory = self.most = 0
        self.more_events = 0
        """The number of lines that the host may log in a round, beside one for each peer."""
        self.kept = KEPT
        """The number of descriptors, or of tasks, that the host may still keep."""

    def settles(self):
        """Waits until the tasks and descriptors of one run of the attack are released.

        After `WAIT_BEFORE_KEPT` seconds, up to `KEPT` more of either are accepted, but in one round only. The idle
        connections of a host with a pool are accepted in every round, as there are no more than `Host.pooled`.
        """
        now = before = self.before
        pooled = self.host.pooled
        patient_until = time.monotonic() + WAIT_BEFORE_KEPT

        def more():
            (tasks, descriptors), (tasks_before, descriptors_before) = now, before
            return max(tasks - tasks_before, descriptors - descriptors_before - pooled)

        def is_back():
            nonlocal now
            now = self.state()
            return more() <= (self.kept if time.monotonic() > patient_until else 0)

        wait_until(is_back, lambda: f"tasks and descriptors: {now} instead of {before}: {self.process.open_files()}")
        if more() > 0:
            self.kept = 0
        # With a pool the state of before stays, so that what is kept cannot grow from round to round.
        if not pooled:
            self.before = now

    def between(self):
        """Checks that the process runs, serves others, and takes little memory.

        It may take `PEAK` bytes more than before the attack.
        """
        check(self.process.is_running(), "it has ended:", self.process.logged()[-600:])
        self.serves_another()
        more = self.process.memory() - self.memory
        self.most = max(self.most, more)
        check(more <= PEAK, f"it has taken {more >> 10} kB")

    def let_go(self):
        for peer in self.peers:
            peer.close()
        self.peers.clear()

    def stop(self):
        self.let_go()
        return self.process.stop()


class Server(Target):
    """A server under attack."""

    def __init__(self, host, scale):
        super().__init__(host, scale)
        self.context = tls.of_client() if host.tls else None
        self.process = Process(host.command, stdin=subprocess.PIPE, env=host.environment())
        port = self.process.port()
        self.address = host.unix or port
        for _ in range(20):
            self.serves_another()
        self.before = self.state()

    def peer(self, wait=WAIT):
        return Peer(self.address, wait, self.context)

    def connect(self, data=b""):
        peer = self.peer()
        self.peers.append(peer)
        peer.send(data)
        return peer

    @contextlib.contextmanager
    def paused(self):
        """Stops the server's process while the `with` block runs."""
        os.kill(self.process.pid, signal.SIGSTOP)
        try:
            yield
        finally:
            os.kill(self.process.pid, signal.SIGCONT)

    def request(self, path=None, method="GET", fields="", content=b""):
        """Returns the bytes of a request; the default path is the host's `plain`."""
        length = f"Content-Length: {len(content)}\r\n" if content else ""
        path = self.host.plain if path is None else path
        return f"{method} {path} HTTP/1.1\r\nHost: a\r\n{fields}{length}\r\n".encode() + content

    def serves_another(self, wait=WAIT):
        """Checks that another client gets a response during the attack."""
        peer = self.peer(wait)
        try:
            peer.send(self.request())
            (answer, *_), _ = peer.answers("GET")
            check(answer.is_whole and answer.status == 200, "another client got", answer)
        except ValueError:
            raise AssertionError("another client got nothing") from None
        finally:
            peer.close()

    def needs(self, path):
        """Raises `NotApplicable` if the host has no handler for this path."""
        if path not in self.host.lies:
            raise NotApplicable(f"its handlers cannot do {path}")

    def reset_all(self):
        for peer in self.peers:
            peer.reset()

    def tasks(self):
        """Returns the number of the server's tasks, after a garbage collection.

        It is 0 for a host that does not count them.
        """
        if not self.host.counts:
            return 0
        peer = self.peer()
        try:
            peer.send(self.request("/self", fields="Connection: close\r\n"))
            (answer, *_), _ = peer.answers("GET")
            return int(answer.content)
        finally:
            peer.close()

    def state(self):
        tasks = self.tasks()
        # The server has to close the connection that asked, and gets no turn before this process waits.
        time.sleep(0.02)
        return tasks, self.process.descriptors()


def attacked(target, attack):
    """Runs an attack in several rounds; checks the target after each step and round.

    An attack that does not repeat has one round. After one that ends the process itself, only the log is judged.
    """
    memory, logged = [], len(target.process.logged())
    if getattr(attack, "is_last", False):
        for _ in attack(target):
            pass
        judge_log(target.process.logged()[logged:], 100)
        return
    target.memory, target.most = target.process.memory(), 0
    begun = time.monotonic()
    while len(memory) < ROUNDS or (
        memory[-1] - memory[-2] > GROWTH
        and (len(memory) < MORE_ROUNDS or (time.monotonic() < begun + SHORT and memory[-1] < memory[0] + PEAK))
    ):
        events = 1
        for _ in attack(target):
            events = max(events, len(target.peers))
            target.between()
        events = max(events, len(target.peers)) + target.more_events
        target.more_events = 0
        target.let_go()
        target.between()
        target.settles()
        memory.append(target.process.memory())
        log = target.process.logged()
        judge_log(log[logged:], events)
        logged = len(log)
        if not getattr(attack, "repeats", True):
            return
    growth = memory[-1] - memory[-2]
    check(growth <= GROWTH, f"memory grew in each of {len(memory)} rounds:", [f"{size >> 10} kB" for size in memory])


def judge_log(log, events):
    check(not UNHANDLED.search(log), "the log:", log[-600:])
    lines = log.count(b"\n")
    check(lines <= events, f"{lines} lines in the log for {events} events:", log[:600])
