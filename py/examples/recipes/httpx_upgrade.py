"""A client on httpx that offers a protocol of your own, foo/2.

Usage: `python httpx_upgrade.py PORT [LINE...]`, with a server such as `python own_protocol.py serve PORT`.

Lines of foo/2 come back in upper case. A server that declines gives an answer in HTTP.
"""

import sys

import httpx
from switchover.httpx import HTTPTransport

LONGEST = 65_536
OFFER = {"Connection": "Upgrade", "Upgrade": "foo/2"}


def main(port: int, lines: list[str]) -> None:
    """Prints the lines that come back in foo/2, or the status if the server declines."""
    with (
        httpx.Client(transport=HTTPTransport()) as client,
        client.stream("GET", f"http://127.0.0.1:{port}/foo", headers=OFFER) as response,
    ):
        if response.status_code != 101:
            why = response.extensions.get("why")
            print(response.status_code, why.text if why else "")
            return
        stream = response.extensions["network_stream"]
        for line in lines:
            stream.write(line.encode() + b"\n", timeout=60)
            answer = b""
            while not answer.endswith(b"\n"):
                data = stream.read(LONGEST, timeout=60)
                answer += data
                if not data or len(answer) > LONGEST:
                    raise SystemExit("the answer is cut or too long")
            print(answer.decode(errors="replace"), end="")
        stream.write(b"QUIT\n", timeout=60)


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2:])
