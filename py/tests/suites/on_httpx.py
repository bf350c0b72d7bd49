"""A plugin of pytest that puts switchover's transports in the place of httpx's."""

import importlib

import switchover.httpx

for name in ("HTTPTransport", "AsyncHTTPTransport"):
    ours = getattr(switchover.httpx, name)
    for path in ("httpx", "httpx._client", "httpx._api"):
        module = importlib.import_module(path)
        if name in vars(module):
            setattr(module, name, ours)
