"""A client of h2c with `pycurl` and a new libcurl.

It sends two GETs on one connection, and two POSTs on another, all over h2c.
"""

import sys
from io import BytesIO

import pycurl


def ask(handle, url, content=None):
    got = BytesIO()
    handle.setopt(pycurl.URL, url)
    handle.setopt(pycurl.WRITEFUNCTION, got.write)
    if content is not None:
        handle.setopt(pycurl.POSTFIELDS, content)
    handle.perform()
    assert handle.getinfo(pycurl.INFO_HTTP_VERSION) == pycurl.CURL_HTTP_VERSION_2_0, "not HTTP/2"
    return got.getvalue(), handle.getinfo(pycurl.NUM_CONNECTS)


def fresh():
    handle = pycurl.Curl()
    handle.setopt(pycurl.HTTP_VERSION, pycurl.CURL_HTTP_VERSION_2_0)
    handle.setopt(pycurl.NOPROXY, "*")
    handle.setopt(pycurl.TIMEOUT, 15)
    return handle


url = sys.argv[1] + "/h2c"
handle = fresh()
assert ask(handle, url) == (b"GET /h2c stream 1, 0 bytes\n", 1)
assert ask(handle, url) == (b"GET /h2c stream 3, 0 bytes\n", 0)
handle = fresh()
assert ask(handle, url, b"x" * 60_000) == (b"POST /h2c stream 1, 60000 bytes\n", 1)
large = bytes(range(256)) * 800
assert ask(handle, sys.argv[1] + "/echo", large) == (large, 0)
