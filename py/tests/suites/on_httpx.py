"""A plugin of pytest that puts our transports in the place of httpx's."""

import httpx
import switchover.httpx

for name in ("HTTPTransport", "AsyncHTTPTransport"):
    ours = getattr(switchover.httpx, name)
    for module in (httpx, httpx._client, httpx._api):
        if name in vars(module):
            setattr(module, name, ours)
