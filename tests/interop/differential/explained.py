"""The reasons why our servers and others (peers) treat a request differently.

If only the peer accepts a request, the engine's error gives the reason; otherwise the request itself usually does.
"""

import re

H11, HTTPTOOLS, HYPER, NODE = "h11", "httptools", "hyper", "node:http"
ALL, LLHTTP = {H11, HTTPTOOLS, HYPER, NODE}, {HTTPTOOLS, NODE}
METHODS = set(
    b"GET|POST|OPTIONS|PUT|HEAD|DELETE|CONNECT|TRACE|PATCH|LINK|LOCK|COPY|MOVE|BIND|ACL|SEARCH|SOURCE|QUERY|NOTIFY|PURGE".split(
        b"|"
    )
)

# Requests that only a peer accepts: the peers, the kinds of the engine's errors, and the reason.
REFUSED_HERE = [
    (
        ALL,
        {"BARE_LF"},
        "RFC 9112, 2.2: an LF alone may be taken for the end of a line; it is how requests are smuggled",
    ),
    (ALL, {"HOST_MISSING", "HOST_INVALID", "HOST_REPEATED"}, "RFC 9112, 3.2: one Host with a host in it, or 400"),
    (ALL, {"TARGET_FORM", "TARGET_AUTHORITY"}, "RFC 9112, 3.2.1 to 3.2.4: the target has a form that fits the method"),
    ({H11}, {"BAD_FIELD_VALUE", "NUL"}, "RFC 9110, 5.5: no control byte in a value"),
    ({H11}, {"OBS_FOLD"}, "RFC 9112, 5.2: a server refuses a folded line, or puts spaces in its place"),
    (ALL, {"BAD_TARGET", "BAD_VERSION"}, "RFC 9112, 3 and 3.2: single spaces in a request line, and no fragment"),
    (LLHTTP, {"BAD_METHOD"}, "RFC 9112, 2.2: what may stand before a request line is CRLF, not any CR or LF"),
    ({H11}, {"VERSION_UNSUPPORTED"}, "RFC 9110, 15.6.6: major version 1, or 505"),
    (ALL, {"CHUNK_EXTENSION"}, "RFC 9112, 7.1.1: an extension is a token, and a token or a quoted string"),
]


def has_unknown_method(data, here, there, error):
    return any(asked.split(b" ")[0] not in METHODS for asked in here)


def is_refused_later(data, here, there, error):
    return error != "nothing"


def is_last_of_its_connection(data, here, there, error):
    return b"close" in data or b"HTTP/1.0" in data


def offers_a_protocol(data, here, there, error):
    return b"Upgrade:" in data


def has_an_empty_line_before(data, here, there, error):
    return b"\r\n\r\n\r\n" in data


def is_of_old(data, here, there, error):
    return b"HTTP/1.0" in data and b"keep-alive" in data


def has_another_version(data, here, there, error):
    return any(minor not in b"01" for minor in re.findall(rb"HTTP/1\.(\d)", data))


def has_another_scheme(data, here, there, error):
    return b"://" in data and b" http://" not in data


def has_a_tab(data, here, there, error):
    return b"\t" in data


def has_an_odd_host(data, here, there, error):
    return re.search(rb"://[^/ ]*[!$&'()*+,;=]", data)


def has_no_path(data, here, there, error):
    return re.search(rb"://[^/ ]+ HTTP", data)


def expects_something_else(data, here, there, error):
    return any(value != b"100-continue" for value in re.findall(rb"Expect:[ \t]*([^\r]*)", data))


def has_an_authority(data, here, there, error):
    return b"://" in b"".join(there)


# Requests that only our host accepts: the peers, a test of the request, and the clause that allows it.
REFUSED_THERE = [
    (LLHTTP, has_unknown_method, "RFC 9110, 9.1: llhttp knows a list of methods, where any token is one"),
    (
        LLHTTP,
        offers_a_protocol,
        "RFC 9110, 7.8: an offer may be ignored; llhttp stops at it, and loses what stands after",
    ),
    (
        LLHTTP,
        is_last_of_its_connection,
        "RFC 9112, 9.6: what stands after a last request is ignored; here it took the answer",
    ),
    (LLHTTP, is_refused_later, "RFC 9112, 9.3.2: a request is answered although what stands after it is none"),
    (
        LLHTTP | {HYPER},
        has_another_version,
        "RFC 9110, 2.5: a minor version that is not known is read as the highest that is",
    ),
    (LLHTTP | {H11}, has_a_tab, "RFC 9110, 5.6.3: a tab is whitespace, after a value and around the `;` of a chunk"),
    ({HTTPTOOLS}, has_an_odd_host, "RFC 3986, 3.2.2: a host may have sub-delimiters"),
    ({HTTPTOOLS}, has_no_path, "RFC 9110, 4.2.1: the path of a URI may be empty"),
    (LLHTTP, has_another_scheme, "RFC 3986, 3.1: a scheme may have digits"),
    ({H11}, has_an_empty_line_before, "RFC 9112, 2.2: one empty line before a request line should be ignored"),
    ({H11}, is_of_old, "RFC 9112, 9.3: HTTP/1.0 may ask for a connection that persists"),
]
READ_OTHERWISE = [
    (
        {NODE},
        expects_something_else,
        "RFC 9110, 10.1.1: an expectation may be answered with 417, as node:http does, or ignored",
    ),
    ({H11, HTTPTOOLS}, has_an_authority, "ASGI: `raw_path` is a path; those classes put an absolute target into it"),
]
