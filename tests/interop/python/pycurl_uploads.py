"""Uploads with `pycurl`, in the request that upgrades to h2c and after it.

The upgrading request has 60 kB. Another has 200 kB, and then two have 120 kB each at the same time.
"""

import io
import sys

import pycurl

WAIT = 15
URL = sys.argv[1]


def data_of(length):
    return bytes(at % 251 for at in range(length))


def request(path, content):
    """Returns a handle for a request, and the buffer for its response."""
    answer = io.BytesIO()
    handle = pycurl.Curl()
    handle.setopt(pycurl.URL, URL + path)
    handle.setopt(pycurl.NOPROXY, "*")
    handle.setopt(pycurl.HTTP_VERSION, pycurl.CURL_HTTP_VERSION_2)
    handle.setopt(pycurl.HTTPHEADER, ["Expect:"])
    handle.setopt(pycurl.POST, 1)
    handle.setopt(pycurl.POSTFIELDSIZE, len(content))
    handle.setopt(pycurl.READDATA, io.BytesIO(content))
    handle.setopt(pycurl.WRITEDATA, answer)
    handle.setopt(pycurl.TIMEOUT, WAIT)
    handle.setopt(pycurl.PIPEWAIT, 1)
    return handle, answer


def perform(multi, *requests):
    """Performs all requests at once, on the open connection if there is one."""
    for handle, _ in requests:
        multi.add_handle(handle)
    running = len(requests)
    while running:
        while True:
            status, running = multi.perform()
            if status != pycurl.E_CALL_MULTI_PERFORM:
                break
        multi.select(1.0)
    _, done, failed = multi.info_read()
    assert not failed, failed
    assert len(done) == len(requests)
    for handle, _ in requests:
        assert handle.getinfo(pycurl.INFO_HTTP_VERSION) == pycurl.CURL_HTTP_VERSION_2_0
        multi.remove_handle(handle)


multi = pycurl.CurlMulti()
upgraded = request("/h2c", bytes(60_000))
perform(multi, upgraded)
assert upgraded[1].getvalue() == b"POST /h2c stream 1, 60000 bytes\n", upgraded[1].getvalue()
for lengths in [[200_000], [120_000, 120_000]]:
    uploads = [request("/echo", data_of(length)) for length in lengths]
    perform(multi, *uploads)
    for (handle, answer), length in zip(uploads, lengths, strict=True):
        assert answer.getvalue() == data_of(length), len(answer.getvalue())
        assert handle.getinfo(pycurl.NUM_CONNECTS) == 0, "a connection of its own"
