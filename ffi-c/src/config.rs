//! The configuration of a connection: limits, leniencies and options.

use core::mem::offset_of;

use switchover::{Config, Lenient, Limits};

use crate::error::{BindingError, Done};

/// The configuration of a connection: limits, leniencies and options.
///
/// Fill it with swo_config_init, change members as needed, and pass it to swo_conn_new or
/// swo_conn_init, which copy it.
///
/// Later versions only append fields. If a program was compiled for an older version, the fields
/// that its struct lacks have their defaults. A struct of a newer version is accepted if all
/// members that this library does not know are 0; else the result is SWO_STRUCT_TOO_NEW.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct swo_config {
    /// The `sizeof(swo_config)` of the compiled program; swo_config_init sets it.
    pub struct_size: usize,
    /// The maximum length of a request line or status line in bytes, without its CRLF.
    ///
    /// RFC 9112, section 3 recommends 8,000 at least.
    pub start_line: u32,
    /// The maximum length of a method in bytes.
    ///
    /// The longest registered method has 17 bytes, so a much longer word is most likely not HTTP.
    pub method: u32,
    /// The maximum length of a field line in bytes, without its CRLF.
    ///
    /// Browsers send long `Cookie` fields, which must fit.
    pub field_line: u32,
    /// The maximum number of field lines of a head, and also of a trailer section.
    ///
    /// Real requests have about 20. With 0 no request with a `Host` is taken.
    pub fields: u32,
    /// The maximum size of a whole head in bytes, with its CRLFs.
    ///
    /// The common servers accept between 8 and 64 KiB. With 0 no request is taken.
    pub head: u32,
    /// The maximum number of empty lines before a request line.
    ///
    /// An idle client accepts as many from the server. RFC 9112, section 2.2 asks a server to
    /// ignore at least one. A limit above 65,535 is none.
    pub empty_lines: u32,
    /// The maximum length of a chunk-size line in bytes, without its CRLF.
    ///
    /// 16 hex digits and a short chunk extension have to fit.
    pub chunk_line: u32,
    /// The maximum size of all chunk extensions of one message together, in bytes.
    ///
    /// Real programs do not use chunk extensions, attackers do.
    pub chunk_extensions: u32,
    /// The maximum size of a trailer section in bytes, with its CRLFs.
    ///
    /// Real trailer sections hold a checksum and some metadata.
    pub trailers: u32,
    /// The maximum number of informational responses before one final response.
    ///
    /// A limit above 65,535 is none.
    pub informational: u32,
    /// The maximum number of bytes that swo_skip_content discards.
    ///
    /// Counted for each message, with the framing of chunks. If more follows, receiving ends and
    /// the connection closes.
    pub drain: u64,
    /// The number of unparsed bytes in the buffer at which swo_receive accepts no more.
    ///
    /// It is raised to what one head or trailer section needs.
    pub buffered: u32,
    /// The maximum number of protocols in one offer.
    ///
    /// A limit above 254 has the effect of 254.
    pub offers: u32,
    /// The maximum content, in bytes, of a request that is upgraded to `h2c`.
    ///
    /// Set at most the initial flow-control window of your HTTP/2 engine. It is compared with
    /// `Content-Length` alone: count chunked content yourself. It does not limit an offer that
    /// `bare_h2c` allows without `HTTP2-Settings`.
    pub h2c_content: u64,
    /// The maximum size, in bytes, of the head of a request that is upgraded to `h2c`.
    ///
    /// Counted as HTTP/2 counts a field section (RFC 9113, section 6.5.2). Set at most what your
    /// HTTP/2 engine accepts as a list of fields. It does not limit an offer that `bare_h2c` allows
    /// without `HTTP2-Settings`.
    pub h2c_head: u32,
    /// Not 0: the transport is TLS.
    ///
    /// If it is 0, and `trusted_gateway` too, a server rejects an `https` target (RFC 9110, section
    /// 7.4).
    pub secure: u32,
    /// Not 0: a server that receives the HTTP/2 preface switches to HTTP/2.
    ///
    /// Only if the preface is the first bytes of the connection (RFC 9113, section 3.4).
    pub http2_preface: u32,
    /// Not 0: an `h2c` offer without `HTTP2-Settings` is allowed, like any other offer.
    ///
    /// A client may send such an offer and a server may accept it, as BuildKit does. RFC 7540,
    /// section 3.2.1 forbids such an upgrade.
    pub bare_h2c: u32,
    /// Not 0: a client accepts a 101 whose `Connection` does not list `upgrade`.
    ///
    /// cupsd 2.4 sends such a 101. Risk: an intermediary may have forwarded the response without
    /// understanding it, and has not switched protocols itself.
    pub switch_without_connection: u32,
    /// Not 0: a client accepts a 101 without `Upgrade` as a switch to its first offer.
    ///
    /// Jetty 9.4 sends such a 101. Risk: the two sides may mean different protocols if several were
    /// offered.
    pub switch_without_upgrade: u32,
    /// Not 0: a client accepts a 101 with several versions of one offered protocol.
    ///
    /// cupsd 2.4 sends such a 101. Risk: the next protocol must find out which version is spoken.
    pub switch_to_alternatives: u32,
    /// Not 0: a client accepts a 101 in HTTP/1.0, as aiohttp and Deno send it.
    ///
    /// Risk: an intermediary between client and server may continue with HTTP.
    pub switch_in_http10: u32,
    // The first version of the struct ends here; the fields below were appended. They must leave no
    // padding at the end: a newer library would read what a compiler puts there as the next field.
    /// Not 0: a client accepts a status line that ends right after the status code.
    ///
    /// Small devices and servers written by hand send `HTTP/1.1 200`. Risk: small, as such a line
    /// means nothing else.
    pub status_without_space: u32,
    /// Not 0: contradictory field lines of your program are corrected, not rejected.
    ///
    /// For programs that send the field lines of somebody else. Ambiguous lines are still rejected,
    /// such as two different lengths. swo_trace records each correction as SWO_TRACE_STEP_TIDIED.
    pub tidy: u32,
    /// Not 0: a server accepts an LF without a CR before it as the end of a line.
    ///
    /// Only in a request's head, as people and old clients send it (RFC 9112, section 2.2). A CR
    /// without an LF is never accepted, nor is an LF without a CR in chunk-size lines or trailers.
    /// Risk: a proxy in front may read such a line as part of the line before, and miss a field
    /// that the server sees.
    pub lone_lf: u32,
    /// Not 0: a client accepts an LF without a CR before it as the end of a line.
    ///
    /// Only in a response's head and trailers, as CGI scripts and servers written by hand send it.
    /// A CR without an LF is never accepted, nor is an LF without a CR in chunk-size lines. Risk: a
    /// proxy between client and server may parse such a line otherwise.
    pub response_lone_lf: u32,
    /// Not 0: a client accepts spaces and tabs at the end of a chunk-size line.
    ///
    /// Some servers pad the size. Risk: small, as the padding can mean nothing else.
    pub space_after_chunk_size: u32,
    /// Not 0: a client accepts control bytes in field values and in the reason phrase.
    ///
    /// Some sites put binary data into cookies. NUL, LF, VT, FF and CR are never accepted. Risk: a
    /// program that prints or forwards the value has to be careful.
    pub controls_in_values: u32,
    /// Not 0: a client accepts `Content-Length` beside `Transfer-Encoding`.
    ///
    /// The response is framed by `Transfer-Encoding`. Risk: a proxy between client and server that
    /// frames it by `Content-Length` sees another end.
    pub both_framings: u32,
    /// Not 0: a client accepts a response in HTTP/1.0 with a `Transfer-Encoding`.
    ///
    /// Risk: a proxy between client and server that knows only HTTP/1.0 sees another end.
    pub coding_in_http10: u32,
    /// Not 0: a client accepts a status line whose major version is not 1.
    ///
    /// A major version above 1 counts as HTTP/1.1, 0 as HTTP/1.0. Risk: small.
    pub any_version: u32,
    /// Not 0: a trusted gateway in front of the server terminates TLS.
    ///
    /// The server then accepts `https` targets without TLS, as RFC 9110, section 7.4 allows. The
    /// connection itself does not count as TLS, so offers such as `h2c` remain possible.
    pub trusted_gateway: u32,
    /// The maximum content of a request in bytes, without its framing.
    ///
    /// More is SWO_ERROR_CONTENT_TOO_LARGE, which a server answers with 413. A `Content-Length`
    /// above the limit is rejected with the head, a chunk with its chunk-size line. Content that
    /// swo_skip_content discards is limited by `drain` alone. The engine stores no content, so the
    /// default is no limit: set the most that one request may send.
    pub content: u64,
    /// Not 0: the names of the library's own fields are written in lower case.
    ///
    /// For programs that write names in lower case, so that a head has one case. Names of your own
    /// fields stay as you give them.
    pub lowercase_names: u32,
    /// Reserved for an option of a later version; must be 0.
    pub reserved: u32,
}

const _: () = assert!(
    size_of::<swo_config>() == offset_of!(swo_config, reserved) + size_of::<u32>(),
    "no padding after the last field: append two fields of 32 bits, or one of 64"
);

impl swo_config {
    /// Checks that swo_config_init has filled the struct.
    ///
    /// In a struct of zeros that it has not filled, the first five limits are all 0. If `reserved`
    /// is set, the struct is of a newer version than this library.
    pub(crate) fn was_filled(self) -> Done<Self> {
        let bounds = [self.start_line, self.method, self.field_line, self.fields, self.head];
        match (bounds, self.reserved) {
            ([0, 0, 0, 0, 0], _) => Err(BindingError::StructTooOld.into()),
            (_, 1..) => Err(BindingError::StructTooNew.into()),
            _ => Ok(self),
        }
    }

    /// The size of the struct's first version in bytes, on this target.
    ///
    /// `switch_in_http10` is the last field of the first version. Every program's struct has at
    /// least that size; fields that are appended must not change it.
    const OLDEST: usize = offset_of!(Self, switch_in_http10) + size_of::<u32>();

    /// Checks that a caller's `struct_size` is within `OLDEST..=4096`; returns it.
    ///
    /// The struct of a newer version may be longer than ours.
    pub(crate) fn size(given: usize) -> Done<usize> {
        match given {
            0..Self::OLDEST => Err(BindingError::StructTooOld.into()),
            Self::OLDEST..=4096 => Ok(given),
            _ => Err(BindingError::StructTooNew.into()),
        }
    }
}

impl From<Config> for swo_config {
    fn from(config: Config) -> Self {
        let Config {
            limits,
            lenient,
            secure,
            trusted_gateway,
            http2_preface,
            bare_h2c,
            tidy,
            lowercase_names,
        } = config;
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
            trusted_gateway: u32::from(trusted_gateway),
            content: limits.content,
            lowercase_names: u32::from(lowercase_names),
            reserved: 0,
        }
    }
}

impl From<swo_config> for Config {
    fn from(config: swo_config) -> Self {
        // Without `..`, so that a limit or option that is added to the engine does not compile
        // until this struct has it too.
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
            trusted_gateway: config.trusted_gateway != 0,
            http2_preface: config.http2_preface != 0,
            bare_h2c: config.bare_h2c != 0,
            tidy: config.tidy != 0,
            lowercase_names: config.lowercase_names != 0,
        }
    }
}
