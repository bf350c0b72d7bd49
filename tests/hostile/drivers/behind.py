"""Starts a server and an intermediary before it; runs both until SIGTERM.

Usage: `behind.py SERVER COMMAND...`. COMMAND starts the intermediary, and gets the server's address as last argument.
"""

import re
import signal
import subprocess
import sys

server, *command = sys.argv[1:]
with subprocess.Popen([server], stdout=subprocess.PIPE, text=True) as behind:
    port = re.search(r"(\d+)\s*$", behind.stdout.readline()).group(1)
    with subprocess.Popen([*command, f"127.0.0.1:{port}"]) as between:
        print("pid", between.pid, flush=True)
        signal.signal(signal.SIGTERM, lambda *_: between.send_signal(signal.SIGINT))
        status = between.wait()
    behind.send_signal(signal.SIGINT)
sys.exit(abs(status))
