"""The native part of `switchover`, which re-exports its public names."""

from collections.abc import Callable
from typing import Any, final

from _typeshed import ReadableBuffer

from . import (
    IP_TEMPLATE as IP_TEMPLATE,
    UDP_PAYLOAD as UDP_PAYLOAD,
    UDP_TEMPLATE as UDP_TEMPLATE,
    Awaiting as Awaiting,
    Blame as Blame,
    CapsuleFault as CapsuleFault,
    Capsules as Capsules,
    ClientVersion as ClientVersion,
    Closing as Closing,
    Config as Config,
    Connection as Connection,
    Content as Content,
    ContentKind as ContentKind,
    Data as Data,
    Datagram as Datagram,
    Deflate as Deflate,
    End as End,
    EndOfMessage as EndOfMessage,
    ErrorKind as ErrorKind,
    Event,
    EventKind as EventKind,
    Expect as Expect,
    Headers as Headers,
    HeadersLike,
    Ineligible as Ineligible,
    Informational as Informational,
    IpTarget as IpTarget,
    NeedData,
    NoOffer as NoOffer,
    Offer as Offer,
    Order as Order,
    OverHttp2 as OverHttp2,
    Owes as Owes,
    Paused as Paused,
    PausedReason as PausedReason,
    Phase as Phase,
    Prepared as Prepared,
    Protocol as Protocol,
    Request as Request,
    Response as Response,
    Role as Role,
    Rx as Rx,
    Selection as Selection,
    Splice as Splice,
    Stage as Stage,
    State as State,
    Switched as Switched,
    SwitchedBy as SwitchedBy,
    TextLike,
    Trace as Trace,
    TraceStep as TraceStep,
    Tx as Tx,
    UdpTarget as UdpTarget,
    UpgradeState as UpgradeState,
    Why as Why,
    __version__ as __version__,
    _h11 as _h11,
    agreed_deflate as agreed_deflate,
    check_http2 as check_http2,
    http1_fields as http1_fields,
    ip_target as ip_target,
    may_forward as may_forward,
    says_capsules as says_capsules,
    udp_target as udp_target,
    websocket_key as websocket_key,
)

@final
class Events:
    """The iterator that `Connection.events` returns."""

    def __iter__(self) -> Events: ...
    def __next__(self) -> Event: ...

# For `switchover.uvicorn`.
def _answer(
    connection: Connection,
    head: tuple[int, HeadersLike, HeadersLike] | None,
    content: ReadableBuffer,
    ends: bool,
    write: Callable[[bytes], object],
    /,
) -> bool: ...
def _next_scope(
    connection: Connection, base: dict[str, Any], data: ReadableBuffer | None = None, /
) -> tuple[dict[str, Any], bool] | Event | NeedData | Paused: ...
def _noted(headers: HeadersLike) -> tuple[bool, bool]: ...
def _scope(request: Request, base: dict[str, Any]) -> dict[str, Any]: ...

# For `switchover.httpcore`.
def _propose(connection: Connection, method: TextLike, target: TextLike, headers: HeadersLike, /) -> bytes: ...

# For `python -m switchover` and tests.
_SECRETS: list[str]

def _features() -> list[str]: ...
def _panic(connection: Connection) -> None: ...
def _scan_paths() -> list[str]: ...

__all__ = [
    "IP_TEMPLATE",
    "UDP_PAYLOAD",
    "UDP_TEMPLATE",
    "_SECRETS",
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
    "EventKind",
    "Events",
    "Expect",
    "Headers",
    "Ineligible",
    "Informational",
    "IpTarget",
    "NoOffer",
    "Offer",
    "Order",
    "OverHttp2",
    "Owes",
    "Paused",
    "PausedReason",
    "Phase",
    "Prepared",
    "Protocol",
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
    "Trace",
    "TraceStep",
    "Tx",
    "UdpTarget",
    "UpgradeState",
    "Why",
    "__version__",
    "_answer",
    "_features",
    "_h11",
    "_next_scope",
    "_noted",
    "_panic",
    "_propose",
    "_scan_paths",
    "_scope",
    "agreed_deflate",
    "check_http2",
    "http1_fields",
    "ip_target",
    "may_forward",
    "says_capsules",
    "udp_target",
    "websocket_key",
]
