//! The configuration of a connection: limits, accepted deviations, other options.

/// Defines a method that lists a struct's flags, and one that sets a flag by name.
macro_rules! flags {
    ($type:ident, $table:ident, $set:ident: $($flag:ident),+) => {
        impl $type {
            /// Returns the name and value of each flag, in declaration order.
            ///
            /// [`Lenient::set`] or [`Config::set_flag`] accepts these names.
            pub fn $table(&self) -> impl Iterator<Item = (&'static str, bool)> + use<> {
                [$((stringify!($flag), self.$flag)),+].into_iter()
            }

            /// Sets a flag by its name; returns `false` if no flag has that name.
            pub fn $set(&mut self, name: &str, value: bool) -> bool {
                let flag = match name {
                    $(stringify!($flag) => &mut self.$flag,)+
                    _ => return false,
                };
                *flag = value;
                true
            }
        }
    };
}

/// The limits on what a connection receives and buffers.
///
/// Each is a number of bytes unless its comment says otherwise. They hold however the input is
/// split. End a struct literal with `..Limits::DEFAULT`: a later version may add limits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Limits {
    /// The maximum length of a request line or status line, without its CRLF.
    ///
    /// RFC 9112, section 3 recommends at least 8,000. Default 8,192.
    pub start_line: u32,
    /// The maximum length of a request's method.
    ///
    /// The longest registered method has 17 bytes, so a much longer word is most likely not HTTP.
    /// Default 32.
    pub method: u32,
    /// The maximum length of a field line, without its CRLF.
    ///
    /// Large enough for the cookies that browsers send. Default 16,384.
    pub field_line: u32,
    /// The maximum number of field lines in a head, and in a trailer section.
    ///
    /// The two are counted separately. Real requests have about 20. Default 128.
    pub fields: u32,
    /// The maximum size of a whole head, including its CRLFs.
    ///
    /// Common servers accept between 8 and 64 KiB. Default 65,536.
    pub head: u32,
    /// The maximum number of empty lines before a request line.
    ///
    /// An idle client accepts as many from the server. RFC 9112, section 2.2 asks servers to ignore
    /// at least one. A limit above 65,535 is none. Default 4.
    pub empty_lines: u32,
    /// The maximum length of a chunk-size line, without its CRLF.
    ///
    /// Large enough for 16 hex digits and a short chunk extension. Default 1,024.
    pub chunk_line: u32,
    /// The maximum total size of the chunk extensions of one message.
    ///
    /// Real programs do not use chunk extensions, attackers do. Default 4,096.
    pub chunk_extensions: u32,
    /// The maximum size of a trailer section, including its CRLFs.
    ///
    /// Large enough for a checksum and some metadata. Default 8,192.
    pub trailers: u32,
    /// The maximum number of informational (1xx) responses before a final response.
    ///
    /// A server that sends a 102 every ten seconds exceeds it after five minutes (error 504). Raise
    /// it if you wait longer. A limit above 65,535 is none. Default 32.
    pub informational: u32,
    /// The maximum number of bytes that `skip_content` discards from one message.
    ///
    /// The framing of chunks counts, too. If more content follows, receiving ends and the
    /// connection closes. Default 262,144.
    pub drain: u64,
    /// The maximum size of a request's content, without its framing.
    ///
    /// A server responds to more with 413. The head is rejected if its `Content-Length` exceeds the
    /// limit, a chunk if its size exceeds the rest of it. Content that `skip_content` discards is
    /// limited by `drain` alone. The engine stores no content, so at first there is no limit: set
    /// one that suits your server. Default 18,446,744,073,709,551,615.
    pub content: u64,
    /// The number of unread bytes in the buffer at which `receive` accepts no more.
    ///
    /// It is raised to what one head or trailer section needs. The buffer's memory holds at most
    /// half as much again, one head, and the space that one read requests beyond the limit. Default
    /// 131,072.
    pub buffered: u32,
    /// The maximum number of protocols in a received offer.
    ///
    /// An offer of more counts as no offer. A limit above 254 has the effect of 254. Default 32.
    pub offers: u32,
    /// The maximum size of the head of a request that is upgraded to `h2c`.
    ///
    /// The HTTP/2 engine responds to that request. The size is counted as in HTTP/2 (RFC 9113,
    /// section 6.5.2). It does not limit an offer that `bare_h2c` allows without `HTTP2-Settings`.
    /// Set at most what your HTTP/2 engine accepts as a field list. Default 16,384, which common
    /// engines accept.
    pub h2c_head: u32,
    /// The maximum size of the content of a request that is upgraded to `h2c`.
    ///
    /// It is compared with `Content-Length` alone: count chunked content yourself. It does not
    /// limit an offer that `bare_h2c` allows without `HTTP2-Settings`. Set at most the initial
    /// flow-control window of your HTTP/2 engine. Default 65,535.
    pub h2c_content: u64,
}

impl Limits {
    /// The default limits.
    pub const DEFAULT: Self = Self {
        start_line: 8_192,
        method: 32,
        field_line: 16_384,
        fields: 128,
        head: 65_536,
        empty_lines: 4,
        chunk_line: 1_024,
        chunk_extensions: 4_096,
        trailers: 8_192,
        informational: 32,
        drain: 262_144,
        content: u64::MAX,
        buffered: 131_072,
        offers: 32,
        h2c_head: 16_384,
        h2c_content: 65_535,
    };

    /// Returns the name and value of each limit, in declaration order.
    ///
    /// [`set`](Self::set) accepts the same names.
    pub fn table(&self) -> impl Iterator<Item = (&'static str, u64)> + use<> {
        let table = [
            ("start_line", self.start_line as u64),
            ("method", self.method as u64),
            ("field_line", self.field_line as u64),
            ("fields", self.fields as u64),
            ("head", self.head as u64),
            ("empty_lines", self.empty_lines as u64),
            ("chunk_line", self.chunk_line as u64),
            ("chunk_extensions", self.chunk_extensions as u64),
            ("trailers", self.trailers as u64),
            ("informational", self.informational as u64),
            ("drain", self.drain),
            ("content", self.content),
            ("buffered", self.buffered as u64),
            ("offers", self.offers as u64),
            ("h2c_head", self.h2c_head as u64),
            ("h2c_content", self.h2c_content),
        ];
        table.into_iter()
    }

    /// Sets a limit by its name; returns `false` if no limit has that name.
    ///
    /// A value that exceeds the limit's type is reduced to the largest of that type. For bindings,
    /// which have names and not fields.
    pub fn set(&mut self, name: &str, value: u64) -> bool {
        let bound = match name {
            "start_line" => &mut self.start_line,
            "method" => &mut self.method,
            "field_line" => &mut self.field_line,
            "fields" => &mut self.fields,
            "head" => &mut self.head,
            "empty_lines" => &mut self.empty_lines,
            "chunk_line" => &mut self.chunk_line,
            "chunk_extensions" => &mut self.chunk_extensions,
            "trailers" => &mut self.trailers,
            "informational" => &mut self.informational,
            "drain" => {
                self.drain = value;
                return true;
            }
            "content" => {
                self.content = value;
                return true;
            }
            "h2c_content" => {
                self.h2c_content = value;
                return true;
            }
            "buffered" => &mut self.buffered,
            "offers" => &mut self.offers,
            "h2c_head" => &mut self.h2c_head,
            _ => return false,
        };
        *bound = u32::try_from(value).unwrap_or(u32::MAX);
        true
    }

    /// Returns the largest value that the limit of that name can have.
    ///
    /// Returns `None` if no limit has that name. For callers that reject a value which
    /// [`set`](Self::set) would reduce.
    pub fn largest(name: &str) -> Option<u64> {
        let mut limits = Self::DEFAULT;
        limits.set(name, u64::MAX);
        limits.table().find(|(known, _)| *known == name).map(|(_, largest)| largest)
    }

    /// Returns the number of unread bytes at which the buffer is full.
    ///
    /// It is large enough for a whole head or trailer section within the limits, and for the 24
    /// bytes of an HTTP/2 preface.
    pub(crate) fn waiting(&self) -> usize {
        self.buffered.max(self.head.saturating_add(1)).max(self.trailers.saturating_add(1)).max(24)
            as usize
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self::DEFAULT
    }
}

/// Deviations from the protocol that a connection can be told to accept.
///
/// Switch on only those that your peers need; all are off at first. All but `lone_lf` concern
/// clients. None lets a server accept what RFC 9112 forbids it to accept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Lenient {
    /// Acceptance of a 101 whose `Connection` field does not list `upgrade`.
    ///
    /// cupsd 2.4 sends `Keep-Alive` there. Risk: an intermediary may have forwarded the response
    /// without understanding it, and the client treats it as a switch.
    pub switch_without_connection: bool,
    /// Acceptance of a 101 without an `Upgrade` field, as Jetty 9.4 sends it.
    ///
    /// The client assumes that the server accepted its first offer. `Connection` need not list
    /// `upgrade` then. Risk: if several protocols were offered, the two sides may assume different
    /// ones.
    pub switch_without_upgrade: bool,
    /// Acceptance of a 101 that lists several offered versions of one protocol.
    ///
    /// cupsd 2.4 sends `TLS/1.2,TLS/1.1,TLS/1.0` instead of the version it chose. Risk: the new
    /// protocol itself must find out which version is in use. A protocol that was not offered is
    /// still rejected.
    pub switch_to_alternatives: bool,
    /// Acceptance of a 101 in HTTP/1.0.
    ///
    /// aiohttp and Deno send it in response to HTTP/1.0 requests. Risk: HTTP/1.0 has no Upgrade
    /// mechanism, so an intermediary may continue to speak HTTP.
    pub switch_in_http10: bool,
    /// Acceptance of a status line that ends right after the status code.
    ///
    /// Small devices and hand-written servers send `HTTP/1.1 200`; h11, Node, curl and Python's
    /// http.client accept it. Risk: small, as such a line has no other meaning. But a server that
    /// omits the space may be careless elsewhere.
    pub status_without_space: bool,
    /// Acceptance of a bare LF at the end of a line in a request's head.
    ///
    /// For servers: people who type requests and old clients send it, and RFC 9112, section 2.2
    /// allows a recipient to accept it. Never accepted are a CR alone, and a bare LF in chunk-size
    /// lines or trailers. Risk: a proxy in front may parse such a line as part of the previous one.
    /// It then misses a field that this server sees (request smuggling). Use it only where clients
    /// connect directly.
    pub lone_lf: bool,
    /// Acceptance of a bare LF at the end of a line in a response's head or trailers.
    ///
    /// CGI scripts and hand-written servers send it; h11 and browsers accept it. Never accepted are
    /// a CR alone, and a bare LF in chunk-size lines. Risk: small on a direct connection. A proxy
    /// in between that parses such a line differently sees other fields than this client.
    pub response_lone_lf: bool,
    /// Acceptance of spaces and tabs at the end of a chunk-size line in a response.
    ///
    /// Servers that pad the size send `2  \r\n`; h11 and browsers accept it. Risk: small, as the
    /// padding has no other meaning.
    pub space_after_chunk_size: bool,
    /// Acceptance of control characters in a response's field values and reason.
    ///
    /// Some sites put binary data into cookies, such as `Set-Cookie: a=k\x01p`; h11 and browsers
    /// accept it. Never accepted are NUL, LF, VT, FF and CR, which some readers treat as whitespace
    /// or the end of a line. Risk: a program that prints or forwards the value must be careful.
    pub controls_in_values: bool,
    /// Acceptance of a response with both `Content-Length` and `Transfer-Encoding`.
    ///
    /// The latter determines its framing, as in h11 and browsers (RFC 9112, section 6.3). Risk: a
    /// proxy in between that uses the length sees a different end of the message (response
    /// splitting).
    pub both_framings: bool,
    /// Acceptance of a `Transfer-Encoding` in an HTTP/1.0 response.
    ///
    /// Some servers send chunked content to every client; h11 accepts it. The connection closes
    /// after it (RFC 9112, section 6.1). Risk: a proxy in between that supports only HTTP/1.0 sees
    /// a different end of the message.
    pub coding_in_http10: bool,
    /// Acceptance of a status line whose major version is not 1.
    ///
    /// Gateways that copy the version send `HTTP/2.0 200 OK`; h11 and browsers accept it. A major
    /// version above 1 is treated as HTTP/1.1, a major version of 0 as HTTP/1.0. Risk: small.
    pub any_version: bool,
}

flags! {
    Lenient, table, set:
    switch_without_connection,
    switch_without_upgrade,
    switch_to_alternatives,
    switch_in_http10,
    status_without_space,
    lone_lf,
    response_lone_lf,
    space_after_chunk_size,
    controls_in_values,
    both_framings,
    coding_in_http10,
    any_version
}

impl Lenient {
    /// Returns the value that accepts no deviation: every flag is off.
    pub const fn none() -> Self {
        Self {
            switch_without_connection: false,
            switch_without_upgrade: false,
            switch_to_alternatives: false,
            switch_in_http10: false,
            status_without_space: false,
            lone_lf: false,
            response_lone_lf: false,
            space_after_chunk_size: false,
            controls_in_values: false,
            both_framings: false,
            coding_in_http10: false,
            any_version: false,
        }
    }
}

/// The configuration of a connection.
///
/// Several connections can share one in an `Arc`. End a struct literal with `..Config::default()`:
/// a later version may add fields.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Config {
    /// The limits of the connection.
    pub limits: Limits,
    /// The deviations from the protocol that the connection accepts.
    pub lenient: Lenient,
    /// Set if the transport is TLS.
    ///
    /// Offers of protocols that are not switched to over TLS, such as `h2c`, are then ineligible.
    /// If not set, a server rejects a request for an `https` target, unless `trusted_gateway` is
    /// set (RFC 9110, section 7.4).
    pub secure: bool,
    /// Set if a trusted gateway in front of the server terminates TLS.
    ///
    /// The server then accepts `https` targets without TLS, as RFC 9110, section 7.4 allows. The
    /// connection itself does not count as TLS, so offers such as `h2c` remain possible. Off at
    /// first: a client that connects directly could claim any scheme.
    pub trusted_gateway: bool,
    /// Set if a server accepts the HTTP/2 preface as a switch to HTTP/2.
    ///
    /// It accepts the preface only as the connection's first bytes (RFC 9113, section 3.4). Off at
    /// first: the preface is then a request with an unsupported version.
    pub http2_preface: bool,
    /// Set if an `h2c` offer does not need an `HTTP2-Settings` field.
    ///
    /// Such an offer can then be sent and accepted. The two sides must have agreed on what `h2c`
    /// then means: in BuildKit, HTTP/2 with client and server reversed. Off at first: RFC 7540,
    /// section 3.2.1 forbids such an upgrade.
    pub bare_h2c: bool,
    /// Set if contradictory field lines are corrected before they are sent.
    ///
    /// If not set, they are rejected. For frameworks and intermediaries, which send field lines
    /// that others wrote. A `Content-Length` is removed beside chunked or if the status forbids it.
    /// Chunked is removed from a response that may not have it, as for an HTTP/1.0 client. Also
    /// removed are handshake fields that the caller may not send, and a backend's `Upgrade`.
    /// Forbidden trailers, all trailers without chunked, and an `Expect` without content are
    /// removed, too. A repeated equal length is sent once. If the target has an authority, a Host
    /// that is missing or differs is set to that. Ambiguous lines are still rejected: different
    /// lengths, other codings, two Hosts, a line break in a value. The trace records each
    /// correction ([`TraceStep::Tidied`](crate::trace::TraceStep::Tidied)). Off at first: an error
    /// shows the mistakes in your own code.
    pub tidy: bool,
    /// Set if the names of the engine's own fields are written in lower case.
    ///
    /// For frameworks whose handlers write names in lower case, so that a head has one case. It
    /// concerns `Content-Length`, `Transfer-Encoding`, `Connection`, `Upgrade` and fields of a
    /// handshake. Names of your own fields stay as you give them. Names have no case (RFC 9110,
    /// section 5.1), but some old clients compare them exactly. Off at first.
    pub lowercase_names: bool,
}

flags! {
    Config, flags, set_flag:
    secure,
    trusted_gateway,
    http2_preface,
    bare_h2c,
    tidy,
    lowercase_names
}

/// The configuration of a connection that was created without one.
pub(crate) static DEFAULT: Config = Config {
    limits: Limits::DEFAULT,
    lenient: Lenient::none(),
    secure: false,
    trusted_gateway: false,
    http2_preface: false,
    bare_h2c: false,
    tidy: false,
    lowercase_names: false,
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_bound_and_flag_can_be_set_by_its_name() {
        let mut limits = Limits::DEFAULT;
        for (index, (name, _)) in Limits::DEFAULT.table().enumerate() {
            assert!(limits.set(name, 1000 + index as u64), "{name}");
        }
        assert!(limits.table().enumerate().all(|(index, (_, value))| value == 1000 + index as u64));
        let mut lenient = Lenient::none();
        for (name, _) in Lenient::none().table() {
            assert!(lenient.set(name, true), "{name}");
        }
        assert!(lenient.table().all(|(_, value)| value));
        let mut config = Config::default();
        for (name, _) in Config::default().flags() {
            assert!(config.set_flag(name, true), "{name}");
        }
        assert!(config.flags().all(|(_, value)| value));
        // Every field of `Config` is listed here, so that a new flag is not forgotten.
        let Config {
            limits: _,
            lenient: _,
            secure: true,
            trusted_gateway: true,
            http2_preface: true,
            bare_h2c: true,
            tidy: true,
            lowercase_names: true,
        } = config
        else {
            panic!("{config:?}")
        };
        assert!(!limits.set("none", 1) && !lenient.set("none", true));
        assert!(!config.set_flag("none", true));
    }

    #[test]
    fn what_a_bound_can_hold_is_set_as_it_is() {
        for (name, _) in Limits::DEFAULT.table() {
            let largest = Limits::largest(name).expect("a bound");
            assert_eq!(
                largest,
                if ["drain", "content", "h2c_content"].contains(&name) {
                    u64::MAX
                } else {
                    u32::MAX.into()
                }
            );
        }
        assert_eq!(Limits::largest("none"), None);
    }
}
