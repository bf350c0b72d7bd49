//! WebSocket subprotocols and compression (RFC 6455, section 4; RFC 7692).

use core::fmt::{self, Write};
use core::mem::MaybeUninit;

use bytes::BufMut;
use switchover::binding;
use switchover::websocket::{self, Deflate};
use switchover::{Connection, Order};

use crate::error::{BindingError, Done, swo_result};
use crate::event::{head, kept};
use crate::object::swo_conn;
use crate::out::{Array, Out, Output};
use crate::send::names;
use crate::small_list::SmallList;
use crate::types::{swo_deflate, swo_slice};

export! {
    /// Encodes a nonce as the value of `Sec-WebSocket-Key`.
    ///
    /// For a client: 16 random bytes, new for each connection. The value has 24 bytes. Errors:
    /// SWO_BAD_LENGTH if `len` is not 16; SWO_ERROR_OUTPUT_TOO_SMALL, with the size needed in
    /// `written`. Next: swo_send_request with this field, `Sec-WebSocket-Version: 13`, and
    /// `websocket` as the offer. RFC 6455, section 4.1.
    fn swo_websocket_key(
        nonce: *const u8, len: usize, out: *mut u8, cap: usize, written: *mut usize,
    ) -> swo_result = websocket_key((nonce, len), (out, cap, written));

    /// Selects a subprotocol for an offered `websocket`.
    ///
    /// For a server; one that client and server both support.
    ///
    /// `by` is SWO_ORDER_*: whose order decides. `chosen` is an entry of `preferences`, and valid
    /// as long as that. Errors: SWO_NOTHING if nothing matches or no request is current.
    /// SWO_BAD_ENUM. SWO_ERROR_INVALID_PROTOCOL if a preference is not UTF-8. Next: swo_accept with
    /// it as the value of `Sec-WebSocket-Protocol`; without that field no subprotocol is used.
    /// RFC 6455, section 4.2.2.
    fn swo_select_subprotocol(
        conn: *const swo_conn, preferences: *const swo_slice, count: usize, by: u32,
        chosen: *mut swo_slice,
    ) -> swo_result = select_subprotocol(conn, (preferences, count), by, chosen);

    /// Returns the subprotocols of a request that offers `websocket`.
    ///
    /// For a server: in the client's order; `count` is 0 if the client named none. Valid until the
    /// next inbound call. Errors: SWO_NOTHING if no request is current; SWO_ARRAY_TOO_SMALL, with
    /// the count needed in `count`. Next: swo_accept with one of them as the value of
    /// `Sec-WebSocket-Protocol`, or swo_select_subprotocol. RFC 6455, section 4.2.1.
    fn swo_websocket_subprotocols(
        conn: *const swo_conn, subprotocols: *mut swo_slice, cap: usize, count: *mut usize,
    ) -> swo_result = subprotocols(conn, (subprotocols, cap, count));

    /// Negotiates the `permessage-deflate` parameters of an offered `websocket`.
    ///
    /// For a server; `own` are the parameters that the server allows. Errors: SWO_NOTHING if no
    /// offered variant can be accepted, or no request is current. Next: swo_deflate_write with
    /// `agreed`, and swo_accept with the result as the value of `Sec-WebSocket-Extensions`; without
    /// that field nothing is compressed. RFC 7692, section 7.1.
    fn swo_select_deflate(
        conn: *const swo_conn, own: *const swo_deflate, agreed: *mut swo_deflate,
    ) -> swo_result = select_deflate(conn, own, agreed);

    /// Returns the `permessage-deflate` parameters that the server's 101 agreed to.
    ///
    /// For a client, while SWO_EVENT_KIND_SWITCHED is the current event; the engine has already
    /// compared them with the offer. Errors: SWO_NOTHING if nothing is compressed. RFC 7692,
    /// section 7.1.
    fn swo_agreed_deflate(
        conn: *const swo_conn, agreed: *mut swo_deflate,
    ) -> swo_result = agreed_deflate(conn, agreed);

    /// Encodes `permessage-deflate` as the value of `Sec-WebSocket-Extensions`.
    ///
    /// For a server's agreement or a client's offer. Errors: SWO_ERROR_OUTPUT_TOO_SMALL, with the
    /// size needed in `written`; 160 bytes are always enough. RFC 7692, section 7.
    fn swo_deflate_write(
        deflate: *const swo_deflate, out: *mut u8, cap: usize, written: *mut usize,
    ) -> swo_result = deflate_write(deflate, (out, cap, written));
}

fn websocket_key(nonce: &[u8], out: Output<'_>) -> Done {
    let nonce = nonce.try_into().map_err(|_| BindingError::BadLength)?;
    out.copy(&binding::websocket_key(nonce))
}

fn select_subprotocol(
    conn: &Connection,
    preferences: SmallList<&[u8]>,
    by: u32,
    out: Out<'_, swo_slice>,
) -> Done {
    let (by, preferences) =
        (Order::from_number(by).ok_or(BindingError::BadEnum)?, names(&preferences)?);
    out.set(
        websocket::select_subprotocol(&kept(conn)?, &preferences, by)
            .ok_or(BindingError::Nothing)?
            .as_bytes()
            .into(),
    )
}

fn subprotocols(conn: &Connection, out: Array<'_, swo_slice>) -> Done {
    let request = kept(conn)?;
    let count = websocket::subprotocols(&request).count();
    out.fill_counted(count, websocket::subprotocols(&request).map(str::as_bytes))
}

fn select_deflate(conn: &Connection, own: &swo_deflate, out: Out<'_, swo_deflate>) -> Done {
    out.set(
        websocket::select_deflate(&kept(conn)?, &own.into()).ok_or(BindingError::Nothing)?.into(),
    )
}

fn agreed_deflate(conn: &Connection, out: Out<'_, swo_deflate>) -> Done {
    out.set(Deflate::of(&head(conn)?).ok_or(BindingError::Nothing)?.into())
}

fn deflate_write(deflate: &swo_deflate, out: Output<'_>) -> Done {
    let (deflate, mut len) = (Deflate::from(deflate), Length(0));
    _ = write!(len, "{deflate}");
    out.put(len.0, |space| _ = write!(Text(space), "{deflate}"))
}

/// Converts the number of bits of a window.
///
/// 0 is `None`. A number above 255 becomes 255, which no window can have either.
fn window(bits: u32) -> Option<u8> {
    (bits != 0).then(|| u8::try_from(bits).unwrap_or(u8::MAX))
}

impl From<&swo_deflate> for Deflate {
    fn from(deflate: &swo_deflate) -> Self {
        Self {
            server_no_context_takeover: deflate.server_no_context_takeover != 0,
            client_no_context_takeover: deflate.client_no_context_takeover != 0,
            server_max_window_bits: window(deflate.server_max_window_bits),
            client_max_window_bits: window(deflate.client_max_window_bits),
        }
    }
}

impl From<Deflate> for swo_deflate {
    fn from(deflate: Deflate) -> Self {
        Self {
            server_no_context_takeover: u32::from(deflate.server_no_context_takeover),
            client_no_context_takeover: u32::from(deflate.client_no_context_takeover),
            server_max_window_bits: deflate.server_max_window_bits.map_or(0, u32::from),
            client_max_window_bits: deflate.client_max_window_bits.map_or(0, u32::from),
        }
    }
}

/// A writer that only counts the bytes of the text written to it.
struct Length(usize);

impl Write for Length {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.0 += text.len();
        Ok(())
    }
}

/// A writer of text into the caller's memory, which must have room for it.
struct Text<'a, 's>(&'a mut &'s mut [MaybeUninit<u8>]);

impl Write for Text<'_, '_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.0.put_slice(text.as_bytes());
        Ok(())
    }
}
