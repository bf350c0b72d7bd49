//! Functions that return `OutOfMemory` where their twins for Rust end the program.

use alloc::vec::Vec;

use crate::beside::bridge;
#[cfg(feature = "h2c")]
use crate::beside::h2c::Splice;
use crate::beside::masque::{Capsules, IpTarget, UdpTarget};
use crate::connection::{Connection, Prepared};
use crate::error::Error;
#[cfg(feature = "h2c")]
use crate::error::Ineligible;
use crate::limits::Config;
use crate::machine::Role;
#[cfg(feature = "h2c")]
use crate::upgrade::Request;
use crate::upgrade::http2::{self, FieldLine, OverHttp2, collect};
use crate::wire::message::{RequestHead, ResponseHead};
use crate::wire::source::FieldSource;

/// Checks and encodes a response like [`Prepared::with_config`].
///
/// Unlike `with_config`, it reports every lack of memory as an error.
///
/// # Errors
///
/// Those of `with_config`, and `OutOfMemory`.
pub fn prepared(
    response: &ResponseHead<'_>,
    content: &[u8],
    config: Config,
) -> Result<Prepared, Error> {
    let model = Connection::try_with_config(Role::Server, config)?;
    Prepared::try_own(response, content, model)
}

/// Creates a splice like [`Splice::new`]; the inner result is that of `new`.
///
/// # Errors
///
/// `OutOfMemory`.
#[cfg(feature = "h2c")]
pub fn splice(
    request: &Request<'_>,
    content: &[u8],
    trailers: &dyn FieldSource,
) -> Result<Result<Splice, Ineligible>, Error> {
    Splice::try_new(request, content, trailers).map_err(Error::local)
}

/// Processes bytes that the client sent, like [`Splice::client_sent`].
///
/// # Errors
///
/// `OutOfMemory`; nothing has changed.
#[cfg(feature = "h2c")]
pub fn client_sent(splice: &mut Splice, bytes: &[u8]) -> Result<(), Error> {
    splice.try_client_sent(bytes).map_err(Error::local)
}

/// Records the end of the client's bytes like [`Splice::client_ended`].
///
/// # Errors
///
/// `OutOfMemory`; nothing has changed.
#[cfg(feature = "h2c")]
pub fn client_ended(splice: &mut Splice) -> Result<(), Error> {
    splice.try_client_ended().map_err(Error::local)
}

/// Processes bytes that the HTTP/2 engine wrote, like [`Splice::engine_sent`].
///
/// # Errors
///
/// `OutOfMemory`; nothing has changed.
#[cfg(feature = "h2c")]
pub fn engine_sent(splice: &mut Splice, bytes: &[u8]) -> Result<(), Error> {
    splice.try_engine_sent(bytes).map_err(Error::local)
}

/// Parses the target of a `connect-udp` request like [`UdpTarget::parse`].
///
/// # Errors
///
/// `OutOfMemory`.
pub fn udp_target(template: &str, target: &str) -> Result<Option<UdpTarget>, Error> {
    UdpTarget::try_parse(template, target).map_err(Error::local)
}

/// Parses the target of a `connect-ip` request like [`IpTarget::parse`].
///
/// # Errors
///
/// `OutOfMemory`.
pub fn ip_target(template: &str, target: &str) -> Result<Option<IpTarget>, Error> {
    IpTarget::try_parse(template, target).map_err(Error::local)
}

/// Appends bytes of a stream of capsules like [`Capsules::receive`].
///
/// # Errors
///
/// `OutOfMemory`; nothing is appended.
pub fn receive_capsules(capsules: &mut Capsules, bytes: &[u8]) -> Result<(), Error> {
    capsules.try_receive(bytes).map_err(Error::local)
}

/// Converts HTTP/1.1 fields like [`http2_fields`](crate::bridge::http2_fields).
///
/// # Errors
///
/// `OutOfMemory`.
pub fn http2_fields(fields: &dyn FieldSource) -> Result<Vec<FieldLine>, Error> {
    collect(|each| http2::each_field(fields, each)).map_err(Error::local)
}

/// Converts a request like [`http2_request`](crate::bridge::http2_request).
///
/// # Errors
///
/// `OutOfMemory`.
pub fn http2_request(request: &RequestHead<'_>, secure: bool) -> Result<Vec<FieldLine>, Error> {
    collect(|each| http2::each_of_request(request, secure, each)).map_err(Error::local)
}

/// Converts an offer like [`extended_connect`](crate::bridge::extended_connect).
///
/// The offer is an HTTP/1.1 request; the result is an HTTP/2 request.
///
/// # Errors
///
/// `OutOfMemory`.
pub fn extended_connect(
    request: &RequestHead<'_>,
    protocol: &str,
    secure: bool,
) -> Result<Vec<FieldLine>, Error> {
    collect(|each| bridge::each_of_connect(request, protocol, secure, each)).map_err(Error::local)
}

/// Converts field lines like [`http1_fields`](crate::bridge::http1_fields).
///
/// They are those of an HTTP/2 request. The inner result is that of `http1_fields`.
///
/// # Errors
///
/// `OutOfMemory`.
pub fn http1_fields(
    authority: &str,
    fields: &dyn FieldSource,
    websocket_key: Option<&str>,
) -> Result<Result<Vec<FieldLine>, OverHttp2>, Error> {
    bridge::try_http1_fields(authority, fields, websocket_key).map_err(Error::local)
}
