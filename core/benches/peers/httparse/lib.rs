//! httparse behind the C interface of `../peer.h`.
//!
//! # Safety
//! The benches hand over slices that live through the call, which is all the interface asks.

use std::mem::MaybeUninit;
use std::slice;

use httparse::{EMPTY_HEADER, Header, Request, Response, Status};

const FIELDS: usize = 128;

/// A message to parse: the Rust form of `struct message` in `peers/peer.h`.
#[repr(C)]
#[derive(Debug)]
pub struct Message {
    bytes: *const u8,
    len: usize,
}

impl Message {
    /// Returns the bytes of the message.
    ///
    /// # Safety
    /// They must live as long as the message is borrowed.
    unsafe fn bytes(&self) -> &[u8] {
        // SAFETY: the bench made it from a slice that outlives the call.
        unsafe { slice::from_raw_parts(self.bytes, self.len) }
    }
}

/// Parses the requests, and returns the number of fields in all of them.
///
/// # Safety
/// `messages` must point to `count` messages whose bytes live through the call.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn peer_requests(messages: *const Message, count: usize) -> usize {
    // SAFETY: as the interface says.
    let messages = unsafe { slice::from_raw_parts(messages, count) };
    // SAFETY: as the interface says.
    messages.iter().map(|message| request(unsafe { message.bytes() }, |_| 0)).sum()
}

/// Parses and checks the requests; returns the number of fields in all of them.
///
/// # Safety
/// `messages` must point to `count` messages whose bytes live through the call.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn peer_requests_with_meaning(
    messages: *const Message,
    count: usize,
) -> usize {
    // SAFETY: as the interface says.
    let messages = unsafe { slice::from_raw_parts(messages, count) };
    // SAFETY: as the interface says.
    messages.iter().map(|message| request(unsafe { message.bytes() }, meaning)).sum()
}

/// Parses the responses, and returns the number of fields in all of them.
///
/// # Safety
/// `messages` must point to `count` messages whose bytes live through the call.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn peer_responses(messages: *const Message, count: usize) -> usize {
    // SAFETY: as the interface says.
    let messages = unsafe { slice::from_raw_parts(messages, count) };
    messages
        .iter()
        .map(|message| {
            let mut fields = [EMPTY_HEADER; 16];
            let mut response = Response::new(&mut fields);
            // SAFETY: as the interface says.
            match response.parse(unsafe { message.bytes() }) {
                Ok(Status::Complete(_)) => response.headers.len(),
                _ => 0,
            }
        })
        .sum()
}

/// Parses a request after each of its bytes, and returns the number of fields.
///
/// # Safety
/// `message` must point to a message whose bytes live through the call.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn peer_byte_by_byte(message: *const Message) -> usize {
    // SAFETY: as the interface says.
    let bytes = unsafe { (*message).bytes() };
    (1..=bytes.len()).map(|end| request(&bytes[..end], |_| 0)).sum()
}

/// Returns the number of fields of a request; 0 if it is invalid or incomplete.
///
/// `extra` is further work on the request; its result is added.
#[inline(always)]
fn request(bytes: &[u8], extra: impl Fn(&Request<'_, '_>) -> usize) -> usize {
    let mut fields = [const { MaybeUninit::<Header<'_>>::uninit() }; FIELDS];
    let mut request = Request::new(&mut []);
    match request.parse_with_uninit_headers(bytes, &mut fields) {
        Ok(Status::Complete(_)) => request.headers.len() + extra(&request),
        _ => 0,
    }
}

/// Returns 1 if the Host fields or the framing are wrong, and 0 otherwise.
///
/// A server must check this before it serves, so the benchmark includes it, as a simple loop over
/// the fields. A 0 does not change the number of fields to which the result is added.
fn meaning(request: &Request<'_, '_>) -> usize {
    let (mut hosts, mut length, mut chunked, mut codings) = (0, None, false, false);
    let (mut close, mut keep_alive, mut upgrade, mut offers, mut expects) =
        (false, false, false, 0, false);
    for field in request.headers.iter() {
        let is = |name: &str| field.name.eq_ignore_ascii_case(name);
        if is("host") {
            hosts += 1;
        } else if is("content-length") {
            let Some(number) =
                std::str::from_utf8(field.value).ok().and_then(|text| text.parse::<u64>().ok())
            else {
                return 1;
            };
            if length.is_some_and(|before| before != number) {
                return 1;
            }
            length = Some(number);
        } else if is("transfer-encoding") {
            codings = true;
            for coding in list(field.value) {
                chunked = coding.eq_ignore_ascii_case(b"chunked");
            }
        } else if is("connection") {
            for option in list(field.value) {
                close |= option.eq_ignore_ascii_case(b"close");
                keep_alive |= option.eq_ignore_ascii_case(b"keep-alive");
                upgrade |= option.eq_ignore_ascii_case(b"upgrade");
            }
        } else if is("upgrade") {
            offers += list(field.value).count();
        } else if is("expect") {
            expects |= field.value.eq_ignore_ascii_case(b"100-continue");
        }
    }
    let minor = request.version.unwrap_or(0);
    let persist = !close && (minor == 1 || keep_alive);
    let is_wrong = hosts != 1 || (codings && (length.is_some() || !chunked));
    std::hint::black_box((persist, upgrade && offers > 0, expects, length));
    usize::from(is_wrong)
}

fn list(value: &[u8]) -> impl Iterator<Item = &[u8]> {
    value.split(|&byte| byte == b',').map(<[u8]>::trim_ascii).filter(|member| !member.is_empty())
}
