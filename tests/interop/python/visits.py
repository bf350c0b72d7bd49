"""A headless browser that opens a WebSocket for each request.

The request is `/visit?URL`, and the browser keeps the WebSocket to URL open until that request ends.

    visits.py COMMAND...    starts the browser's command, with {page} and {profile} replaced; prints `listening PORT`

The browser is started once; its page waits for URLs.
"""

import queue
import subprocess
import sys
import tempfile
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import unquote

PAGE = b"""<!doctype html><title>waits for URLs</title><script>
const sockets = new Map();
const events = new EventSource("/events");
events.addEventListener("open-it", ({ data: url }) => {
  const socket = new WebSocket(url);
  sockets.set(url, socket);
  socket.addEventListener("open", () => socket.send("hello"));
});
events.addEventListener("close-it", ({ data: url }) => sockets.get(url).close());
</script>"""
WAIT = 60
to_page = queue.Queue()
is_ready = threading.Event()


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        path, _, query = self.path.partition("?")
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream" if path == "/events" else "text/html")
        self.end_headers()
        if path == "/events":
            is_ready.set()
            while True:
                self.wfile.write("event: {}\ndata: {}\n\n".format(*to_page.get()).encode())
                self.wfile.flush()
        elif path == "/visit":
            is_ready.wait(WAIT)
            url = unquote(query)
            to_page.put(("open-it", url))
            self.connection.settimeout(WAIT)
            self.connection.recv(1)  # until it has gone
            to_page.put(("close-it", url))
        else:
            self.wfile.write(PAGE)

    def log_message(self, *_):
        pass


with tempfile.TemporaryDirectory() as profile, ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
    page = f"http://127.0.0.1:{server.server_address[1]}/"
    command = [word.format(page=page, profile=profile) for word in sys.argv[1:]]
    threading.Thread(target=server.serve_forever, daemon=True).start()
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as browser:
        try:
            if not is_ready.wait(WAIT):
                sys.exit("the browser does not show the page")
            print(f"listening {server.server_address[1]}", flush=True)
            sys.stdin.read()
        finally:
            browser.terminate()
            browser.wait()
