"""`httpx` with HTTP/2 enabled as a client: without TLS it uses HTTP/1.1."""

import sys

import httpx

with httpx.Client(http2=True, trust_env=False) as client:
    for _ in range(2):
        response = client.get(sys.argv[1])
        assert response.http_version == "HTTP/1.1", response.http_version
print(response.text)
