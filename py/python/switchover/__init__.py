"""A sans-I/O engine for HTTP/1.1 connections that can switch protocols.

For clients and servers.

One `Connection` per transport connection. Pass received bytes to `receive_data` and get events from `next_event`. To
respond or send a request, call `send_response`, `accept`, `send_request` and others. Send the bytes that they return.
"""

from collections.abc import Iterable, Mapping

from . import _documents
from ._base import NEED_DATA, LocalProtocolError, NeedData, ProfileError, ProtocolError, RemoteProtocolError
from ._native import native
from ._switchover import (
    IP_TEMPLATE,
    UDP_PAYLOAD,
    UDP_TEMPLATE,
    Awaiting,
    Blame,
    CapsuleFault,
    Capsules,
    ClientVersion,
    Closing,
    Config,
    Connection,
    Content,
    ContentKind,
    Data,
    Datagram,
    Deflate,
    End,
    EndOfMessage,
    ErrorKind,
    EventKind,
    Expect,
    Headers,
    Ineligible,
    Informational,
    IpTarget,
    NoOffer,
    Offer,
    Order,
    OverHttp2,
    Owes,
    Paused,
    PausedReason,
    Phase,
    Prepared,
    Protocol,
    Request,
    Response,
    Role,
    Rx,
    Selection,
    Splice,
    Stage,
    State,
    Switched,
    SwitchedBy,
    Trace,
    TraceStep,
    Tx,
    UdpTarget,
    UpgradeState,
    Why,
    agreed_deflate,
    check_http2,
    http1_fields,
    ip_target,
    may_forward,
    says_capsules,
    udp_target,
    websocket_key,
)

__version__ = native.__version__

Event = Request | Informational | Response | Data | EndOfMessage | Switched
TextLike = str | bytes | bytearray
HeadersLike = Headers | Mapping[str, TextLike] | Mapping[bytes, TextLike] | Iterable[tuple[TextLike, TextLike]]
ProtocolsLike = Iterable[TextLike | Protocol]

del Iterable, Mapping, native


def _document() -> None:
    """Adds the engine's documentation to enums and to `Config`, for help()."""

    def listed(texts: dict[str, str]) -> str:
        return "\n".join(f"{name}: {text}" for name, text in texts.items())

    for name, texts in _documents.MEMBERS.items():
        members = globals()[name]
        members.__doc__ = f"{members.__doc__}\n\n{listed(texts)}"
        for member, text in texts.items():
            members[member].__doc__ = text
    Config.__doc__ = f"{Config.__doc__}\n\n{listed(_documents.OPTIONS)}"


_document()

__all__ = [
    "IP_TEMPLATE",
    "NEED_DATA",
    "UDP_PAYLOAD",
    "UDP_TEMPLATE",
    "Awaiting",
    "Blame",
    "CapsuleFault",
    "Capsules",
    "ClientVersion",
    "Closing",
    "Config",
    "Connection",
    "Content",
    "ContentKind",
    "Data",
    "Datagram",
    "Deflate",
    "End",
    "EndOfMessage",
    "ErrorKind",
    "Event",
    "EventKind",
    "Expect",
    "Headers",
    "HeadersLike",
    "Ineligible",
    "Informational",
    "IpTarget",
    "LocalProtocolError",
    "NeedData",
    "NoOffer",
    "Offer",
    "Order",
    "OverHttp2",
    "Owes",
    "Paused",
    "PausedReason",
    "Phase",
    "Prepared",
    "ProfileError",
    "Protocol",
    "ProtocolError",
    "ProtocolsLike",
    "RemoteProtocolError",
    "Request",
    "Response",
    "Role",
    "Rx",
    "Selection",
    "Splice",
    "Stage",
    "State",
    "Switched",
    "SwitchedBy",
    "TextLike",
    "Trace",
    "TraceStep",
    "Tx",
    "UdpTarget",
    "UpgradeState",
    "Why",
    "__version__",
    "agreed_deflate",
    "check_http2",
    "http1_fields",
    "ip_target",
    "may_forward",
    "says_capsules",
    "udp_target",
    "websocket_key",
]
