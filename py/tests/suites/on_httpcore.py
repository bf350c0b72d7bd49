"""A plugin of pytest that puts switchover's classes in the place of httpcore's."""

import importlib

import httpcore
import switchover.httpcore

PLACES = {
    "HTTP11Connection": ("_sync.connection", "_sync.http_proxy", "_sync.socks_proxy"),
    "AsyncHTTP11Connection": ("_async.connection", "_async.http_proxy", "_async.socks_proxy"),
    "ConnectionPool": (),
    "AsyncConnectionPool": (),
}

for name, modules in PLACES.items():
    ours = getattr(switchover.httpcore, name)
    for module in (httpcore, *(importlib.import_module(f"httpcore.{path}") for path in modules)):
        module.__dict__[name] = ours
