//! Proxying UDP and IP by upgrade (RFC 9298, RFC 9484), with capsules (RFC 9297).
//!
//! After the 101 both sides send capsules.

use core::ffi::c_char;

use switchover::binding::{capsules_hold, fallible};
use switchover::masque::{self, CapsuleFault, Capsules, Datagram};

use crate::error::{BindingError, Done, swo_result};
use crate::handle::Release;
use crate::handle::memory::FieldList;
use crate::object::{Changed, Handle, swo_capsules};
use crate::out::{Out, Output};
use crate::types::{SWO_NONE, swo_datagram, swo_field, swo_flag, swo_slice};

export! {
    /// Returns whether a message with these field lines announces capsules.
    ///
    /// It does if there is one `Capsule-Protocol` line, with the item `?1` and any parameters.
    /// Anything else counts as absent. Pass the lines of swo_event_fields for the current event.
    /// RFC 9297, section 3.4.
    fn swo_says_capsules(
        fields: *const swo_field, count: usize,
    ) -> swo_flag = says_capsules((fields, count));

    /// Parses the target of a `connect-udp` request.
    ///
    /// For a server: returns the variables `target_host` and `target_port`, to which the client
    /// wants to send datagrams. `host` gets a name or an address, percent-decoded, an IPv6 address
    /// without brackets. It never has more bytes than the target. `port` is 1 to 65535.
    /// `uri_template` is SWO_UDP_TEMPLATE, or the template that the clients are configured with: a
    /// path and query with expressions of the forms `{name}` and `{?name,name}`. Errors:
    /// SWO_NOTHING if the target does not match the template or a variable is not valid; then
    /// respond with a 400. SWO_ERROR_OUTPUT_TOO_SMALL, with the size needed in `written`;
    /// SWO_ERROR_OUT_OF_MEMORY. Next: swo_accept, then swo_capsules_new; or a response that
    /// declines. RFC 9298, sections 2 and 3.1.
    fn swo_udp_target(
        uri_template: *const c_char, target: swo_slice, host: *mut u8, cap: usize,
        written: *mut usize, port: *mut u32,
    ) -> swo_result = udp_target(uri_template, target, (host, cap, written), port);

    /// Parses the target of a `connect-ip` request.
    ///
    /// For a server: returns the variables `target` and `ipproto`, which limit what the client
    /// wants to reach. `host` gets a name, an address or a prefix such as `192.0.2.0/24`, and
    /// nothing for any host. `protocol` is the Internet Protocol number, SWO_NONE for any.
    /// `uri_template` is SWO_IP_TEMPLATE, or the template that the clients are configured with. The
    /// rest, errors included, is as swo_udp_target says. RFC 9484, sections 3 and 4.6.
    fn swo_ip_target(
        uri_template: *const c_char, target: swo_slice, host: *mut u8, cap: usize,
        written: *mut usize, protocol: *mut u32,
    ) -> swo_result = ip_target(uri_template, target, (host, cap, written), protocol);

    /// Makes a reader of DATAGRAM capsules, which skips capsules of other types.
    ///
    /// `longest` is the maximum payload in bytes, and so bounds the memory for an unfinished
    /// datagram: SWO_UDP_PAYLOAD is the maximum of UDP. Errors: SWO_BAD_LENGTH for a length that no
    /// object can have; SWO_ERROR_OUT_OF_MEMORY. Next: swo_capsules_receive with the leftover of
    /// the 101; at the end swo_capsules_free. RFC 9297, section 3.
    fn swo_capsules_new(
        longest: usize, capsules: *mut *mut swo_capsules,
    ) -> swo_result = capsules_new(longest, capsules);

    /// Appends received bytes of the stream of capsules.
    ///
    /// The payload that swo_capsules_next returned becomes invalid. Errors:
    /// SWO_ERROR_OUT_OF_MEMORY. SWO_OVERLAP if `data` lies in the reader's own memory, as such a
    /// payload does: copy it first. Next: swo_capsules_next until SWO_NOTHING.
    fn swo_capsules_receive(capsules: *mut swo_capsules, data: *const u8, len: usize) -> swo_result
        = capsules_receive(capsules, (data, len));

    /// Returns the next datagram of the received capsules.
    ///
    /// Its payload is valid until the next swo_capsules_receive or swo_capsules_free. Errors:
    /// SWO_NOTHING if more bytes are needed. SWO_REFUSED if the stream is malformed, or a datagram
    /// longer than the reader allows; `fault` is then a SWO_CAPSULE_FAULT_*, else SWO_NONE. After
    /// SWO_REFUSED close the transport. RFC 9297, section 3.3.
    fn swo_capsules_next(
        capsules: *mut swo_capsules, datagram: *mut swo_datagram, fault: *mut u32,
    ) -> swo_result = capsules_next(capsules, datagram, fault);

    /// Checks that the stream of capsules has not ended inside a capsule.
    ///
    /// Call it at EOF, once swo_capsules_next returns SWO_NOTHING. Errors: SWO_REFUSED if it ends
    /// inside a capsule, if datagrams are unread, or after an earlier fault; `fault` is then a
    /// SWO_CAPSULE_FAULT_*, else SWO_NONE. RFC 9297, section 3.3.
    fn swo_capsules_finish(capsules: *const swo_capsules, fault: *mut u32) -> swo_result
        = capsules_finish(capsules, fault);

    /// Frees a reader of capsules. NULL is allowed.
    fn swo_capsules_free(capsules: *mut swo_capsules) -> swo_result = capsules_free((capsules, ()));

    /// Encodes a datagram as a DATAGRAM capsule.
    ///
    /// Errors: SWO_BAD_NUMBER if the context is 2 to the 62 or more; SWO_ERROR_OUTPUT_TOO_SMALL,
    /// with the size needed in `written`. Next: send the bytes after the 101. RFC 9297, section
    /// 3.5.
    fn swo_datagram_write(
        datagram: *const swo_datagram, out: *mut u8, cap: usize, written: *mut usize,
    ) -> swo_result = datagram_write(datagram, (out, cap, written));
}

fn says_capsules(fields: FieldList<'_>) -> Done<bool> {
    Ok(masque::says_capsules(&fields))
}

/// Returns the template and the target as UTF-8.
///
/// `None` if one of them is not UTF-8, for such a target matches no template.
fn texts<'a>(template: &'a [u8], target: &'a [u8]) -> Option<(&'a str, &'a str)> {
    Some((str::from_utf8(template).ok()?, str::from_utf8(target).ok()?))
}

fn udp_target(template: &[u8], target: &[u8], host: Output<'_>, port: Out<'_, u32>) -> Done {
    let (template, target) = texts(template, target).ok_or(BindingError::Nothing)?;
    let parsed = fallible::udp_target(template, target)?.ok_or(BindingError::Nothing)?;
    host.copy(parsed.host.as_bytes())?;
    port.set(u32::from(parsed.port))
}

fn ip_target(template: &[u8], target: &[u8], host: Output<'_>, protocol: Out<'_, u32>) -> Done {
    let (template, target) = texts(template, target).ok_or(BindingError::Nothing)?;
    let parsed = fallible::ip_target(template, target)?.ok_or(BindingError::Nothing)?;
    host.copy(parsed.target.unwrap_or_default().as_bytes())?;
    protocol.set(parsed.protocol.map_or(SWO_NONE, u32::from))
}

fn capsules_new(longest: usize, out: Out<'_, *mut swo_capsules>) -> Done {
    let longest =
        isize::try_from(longest).map(isize::cast_unsigned).map_err(|_| BindingError::BadLength)?;
    out.set(swo_capsules::new(Capsules::new(longest))?)
}

fn capsules_receive(mut capsules: Changed<'_, Capsules>, bytes: &[u8]) -> Done {
    if capsules_hold(&capsules, bytes) {
        return Err(BindingError::Overlap.into());
    }
    Ok(fallible::receive_capsules(&mut capsules, bytes)?)
}

fn capsules_next(
    mut capsules: Changed<'_, Capsules>,
    datagram: Out<'_, swo_datagram>,
    fault: Out<'_, u32>,
) -> Done {
    let next = fault.reason(capsules.next_datagram().map_err(CapsuleFault::number))?;
    datagram.set(next.ok_or(BindingError::Nothing)?.into())
}

fn capsules_finish(capsules: &Capsules, fault: Out<'_, u32>) -> Done {
    fault.reason(capsules.finish().map_err(CapsuleFault::number))
}

fn capsules_free(capsules: Release<swo_capsules>) -> Done {
    capsules.free()
}

/// The greatest context ID of a datagram, plus one.
///
/// Context IDs are integers of QUIC, which have 62 bits (RFC 9000, section 16).
const CONTEXTS: u64 = 1 << 62;

fn datagram_write(datagram: Datagram<'_>, out: Output<'_>) -> Done {
    if datagram.context >= CONTEXTS {
        return Err(BindingError::BadNumber.into());
    }
    out.put(datagram.written_len(), |space| datagram.write(space))
}
