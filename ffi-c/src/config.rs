//! The behaviour of a connection: limits, leniencies and switches by name.

use core::mem::offset_of;

use switchover::{Config, Lenient, Limits};

use crate::error::{BindingError, Done};

/// The behaviour of a connection: limits, leniencies and switches.
///
/// Let swo_config_init fill it, change what is to be different, give it to swo_conn_new or
/// swo_conn_init; it is copied there.
///
/// Later versions append fields, and nothing else changes. A struct of a program that was compiled
/// for an older version leaves what it does not have at the default. One for a newer version is
/// taken as long as all that this library does not know is 0; else it is SWO_STRUCT_TOO_NEW.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct swo_config {
    /// `sizeof(swo_config)` as the program was compiled; swo_config_init sets it.
    pub struct_size: usize,
    /// The limit for a request line or status line without its CRLF.
    ///
    /// RFC 9112, section 3 recommends 8,000 at least.
    pub start_line: u32,
    /// A method. The longest one registered has 17 bytes; a longer one is noise.
    pub method: u32,
    /// A field line without its CRLF: room for the cookies that browsers send.
    pub field_line: u32,
    /// The number of field lines of a head, and again of a trailer section.
    ///
    /// Real requests have about 20.
    pub fields: u32,
    /// A whole head with its CRLFs; the common servers take between 8 and 64 KiB.
    pub head: u32,
    /// Empty lines before a request line; RFC 9112, section 2.2 asks for one.
    pub empty_lines: u32,
    /// A chunk's line without its CRLF: 16 hex digits and a short extension.
    pub chunk_line: u32,
    /// The limit for all chunk extensions of one message.
    ///
    /// Real programs do not use them, attackers do.
    pub chunk_extensions: u32,
    /// A trailer section with its CRLFs: a checksum and some metadata.
    pub trailers: u32,
    /// Informational responses before one final response.
    pub informational: u32,
    /// Content that swo_skip_content reads and drops before it closes instead.
    pub drain: u64,
    /// The bytes that wait in the buffer before swo_receive refuses more.
    ///
    /// Raised to what one head needs.
    pub buffered: u32,
    /// Protocols in one offer.
    pub offers: u32,
    /// Content that `h2c` takes along: at most what HTTP/2's first window takes.
    pub h2c_content: u64,
    /// The size of a request head that `h2c` takes along.
    ///
    /// Counted as HTTP/2 counts it (RFC 9113, section 6.5.2): at most what your HTTP/2 engine takes
    /// as a list of fields.
    pub h2c_head: u32,
    /// Not 0: the transport is TLS.
    ///
    /// Without it a request for an `https` target is refused (RFC 9110, section 7.4).
    pub secure: u32,
    /// Not 0: a server takes the HTTP/2 preface as a switch.
    ///
    /// Only as the connection's first bytes (RFC 9113, section 3.4).
    pub http2_preface: u32,
    /// Not 0: an `h2c` offer without `HTTP2-Settings` is an offer like any other.
    ///
    /// It may be made and accepted (BuildKit). RFC 7540, section 3.2.1 forbids such an upgrade.
    pub bare_h2c: u32,
    /// Not 0: a client takes a 101 whose `Connection` does not list `upgrade`.
    ///
    /// As of cupsd 2.4. Risk: a response that an intermediary passed on without understanding it is
    /// taken for a switch.
    pub switch_without_connection: u32,
    /// Not 0: a client takes a 101 without any `Upgrade` for its first offer.
    ///
    /// As of Jetty 9.4. Risk: the two sides may mean different protocols where several were
    /// offered.
    pub switch_without_upgrade: u32,
    /// Not 0: a client takes a 101 that lists several versions of one protocol.
    ///
    /// As of cupsd 2.4, of a protocol that was offered. Risk: which one it is, the next protocol
    /// must find out.
    pub switch_to_alternatives: u32,
    /// Not 0: a client takes a 101 in HTTP/1.0 (aiohttp, Deno).
    ///
    /// Risk: an intermediary between may go on in HTTP.
    pub switch_in_http10: u32,
    // The first version ends here. What follows was appended: it must leave no padding at the end,
    // for what a compiler puts into padding would be read as the next field.
    /// Not 0: a client takes a status line without the space before the reason.
    ///
    /// Such as `HTTP/1.1 200` of small devices and servers written by hand. Risk: small, as such a
    /// line means nothing else.
    pub status_without_space: u32,
    /// Not 0: field lines that contradict themselves are corrected, not refused.
    ///
    /// For programs whose field lines are not their own; swo_trace says what was done
    /// (SWO_TRACE_STEP_TIDIED).
    pub tidy: u32,
    /// Not 0: a server takes an LF without the CR before it as the end of a line.
    ///
    /// In a request's head, as people and old clients send it (RFC 9112, section 2.2). Never a CR
    /// alone, never in the lines of chunks or in trailers. Risk: beside a proxy that reads such a
    /// line as part of the one before, a field that the proxy did not see.
    pub lone_lf: u32,
    /// Not 0: a client takes an LF without the CR before it as the end of a line.
    ///
    /// In a response's head and trailers (CGI scripts, servers written by hand); never a CR alone,
    /// never in the lines of chunks. Risk: a proxy between may read such a line otherwise.
    pub response_lone_lf: u32,
    /// Not 0: a client takes spaces and tabs at the end of a chunk's line.
    ///
    /// Some servers pad the size. Risk: small, as they can mean nothing else.
    pub space_after_chunk_size: u32,
    /// Not 0: a client takes control bytes in field values and in the reason.
    ///
    /// Some sites put binary data into cookies; never NUL, LF, VT, FF, CR. Risk: a program that
    /// prints or forwards the value has to be careful.
    pub controls_in_values: u32,
    /// Not 0: a client takes `Content-Length` beside `Transfer-Encoding`.
    ///
    /// The response is framed by the latter. Risk: a proxy between that goes by the length sees
    /// another end.
    pub both_framings: u32,
    /// Not 0: a client takes a response in HTTP/1.0 with a `Transfer-Encoding`.
    ///
    /// Risk: a proxy between that knows HTTP/1.0 alone sees another end.
    pub coding_in_http10: u32,
    /// Not 0: a client takes a status line whose major version is not 1.
    ///
    /// One above counts as HTTP/1.1, 0 as HTTP/1.0. Risk: small.
    pub any_version: u32,
    /// 0, for an option of a later version.
    pub reserved: u32,
    /// The limit for the content of a request, without its framing.
    ///
    /// More is SWO_ERROR_CONTENT_TOO_LARGE, which a server answers with 413. A length that says
    /// more is refused with the head, a chunk with its size. What swo_skip_content drops is bounded
    /// by `drain` alone. The engine keeps no content, so there is no limit at first: set what one
    /// request may send.
    pub content: u64,
}

const _: () = assert!(
    size_of::<swo_config>() == offset_of!(swo_config, content) + size_of::<u64>(),
    "no padding after the last field: append two fields of 32 bits, or one of 64"
);

impl swo_config {
    /// Checks that swo_config_init has filled the struct.
    ///
    /// The first bounds of one that it has not seen are all 0. One that sets what is reserved knows
    /// more than this library.
    pub(crate) fn was_filled(self) -> Done<Self> {
        let bounds = [self.start_line, self.method, self.field_line, self.fields, self.head];
        match (bounds, self.reserved) {
            ([0, 0, 0, 0, 0], _) => Err(BindingError::StructTooOld.into()),
            (_, 1..) => Err(BindingError::StructTooNew.into()),
            _ => Ok(self),
        }
    }

    /// The size of the struct in its first version, on this target.
    ///
    /// It ends with that field. Every program has at least that; fields that are appended must not
    /// change it.
    const OLDEST: usize = offset_of!(Self, switch_in_http10) + size_of::<u32>();

    /// Checks that a struct of any version may have this size.
    pub(crate) fn size(given: usize) -> Done<usize> {
        match given {
            0..Self::OLDEST => Err(BindingError::StructTooOld.into()),
            Self::OLDEST..=4096 => Ok(given),
            _ => Err(BindingError::StructTooNew.into()),
        }
    }
}

impl From<Config> for swo_config {
    fn from(Config { limits, lenient, secure, http2_preface, bare_h2c, tidy }: Config) -> Self {
        Self {
            struct_size: size_of::<Self>(),
            start_line: limits.start_line,
            method: limits.method,
            field_line: limits.field_line,
            fields: limits.fields,
            head: limits.head,
            empty_lines: limits.empty_lines,
            chunk_line: limits.chunk_line,
            chunk_extensions: limits.chunk_extensions,
            trailers: limits.trailers,
            informational: limits.informational,
            drain: limits.drain,
            buffered: limits.buffered,
            offers: limits.offers,
            h2c_content: limits.h2c_content,
            h2c_head: limits.h2c_head,
            secure: u32::from(secure),
            http2_preface: u32::from(http2_preface),
            bare_h2c: u32::from(bare_h2c),
            switch_without_connection: u32::from(lenient.switch_without_connection),
            switch_without_upgrade: u32::from(lenient.switch_without_upgrade),
            switch_to_alternatives: u32::from(lenient.switch_to_alternatives),
            switch_in_http10: u32::from(lenient.switch_in_http10),
            status_without_space: u32::from(lenient.status_without_space),
            tidy: u32::from(tidy),
            lone_lf: u32::from(lenient.lone_lf),
            response_lone_lf: u32::from(lenient.response_lone_lf),
            space_after_chunk_size: u32::from(lenient.space_after_chunk_size),
            controls_in_values: u32::from(lenient.controls_in_values),
            both_framings: u32::from(lenient.both_framings),
            coding_in_http10: u32::from(lenient.coding_in_http10),
            any_version: u32::from(lenient.any_version),
            reserved: 0,
            content: limits.content,
        }
    }
}

impl From<swo_config> for Config {
    fn from(config: swo_config) -> Self {
        // Without `..`, so that a bound or flag that the engine gets does not compile before it is
        // here.
        Self {
            limits: Limits {
                start_line: config.start_line,
                method: config.method,
                field_line: config.field_line,
                fields: config.fields,
                head: config.head,
                empty_lines: config.empty_lines,
                chunk_line: config.chunk_line,
                chunk_extensions: config.chunk_extensions,
                trailers: config.trailers,
                informational: config.informational,
                drain: config.drain,
                content: config.content,
                buffered: config.buffered,
                offers: config.offers,
                h2c_head: config.h2c_head,
                h2c_content: config.h2c_content,
            },
            lenient: Lenient {
                switch_without_connection: config.switch_without_connection != 0,
                switch_without_upgrade: config.switch_without_upgrade != 0,
                switch_to_alternatives: config.switch_to_alternatives != 0,
                switch_in_http10: config.switch_in_http10 != 0,
                status_without_space: config.status_without_space != 0,
                lone_lf: config.lone_lf != 0,
                response_lone_lf: config.response_lone_lf != 0,
                space_after_chunk_size: config.space_after_chunk_size != 0,
                controls_in_values: config.controls_in_values != 0,
                both_framings: config.both_framings != 0,
                coding_in_http10: config.coding_in_http10 != 0,
                any_version: config.any_version != 0,
            },
            secure: config.secure != 0,
            http2_preface: config.http2_preface != 0,
            bare_h2c: config.bare_h2c != 0,
            tidy: config.tidy != 0,
        }
    }
}
