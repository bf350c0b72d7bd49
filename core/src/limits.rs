//! The limits of a connection with their reasons, and leniencies with their risks.

/// Writes the table of a type's flags, and how to set one by its name.
macro_rules! flags {
    ($type:ident, $table:ident, $set:ident: $($flag:ident),+) => {
        impl $type {
            /// Returns each flag by its name, in the order of their declaration.
            ///
            /// [`Lenient::set`] and [`Config::set_flag`] take the same names.
            pub fn $table(&self) -> impl Iterator<Item = (&'static str, bool)> + use<> {
                [$((stringify!($flag), self.$flag)),+].into_iter()
            }

            /// Sets a flag by its name. False where there is no such flag.
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

/// Bounds, in bytes unless the name says otherwise.
///
/// Each is counted on the bytes as they come, so it holds for input that arrives one byte at a
/// time. End a literal with `..Limits::DEFAULT`: a later version may have more of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Limits {
    /// The size of a request line or status line without its CRLF.
    ///
    /// RFC 9112, section 3 recommends 8,000 at least. Default 8,192.
    pub start_line: u32,
    /// The length of a request's method.
    ///
    /// The longest one registered has 17 bytes; a longer one is noise. Default 32.
    pub method: u32,
    /// A field line without its CRLF: room for the cookies that browsers send.
    ///
    /// Default 16,384.
    pub field_line: u32,
    /// The number of field lines of a head, and again of a trailer section.
    ///
    /// Real requests have about 20. Default 128.
    pub fields: u32,
    /// The size of a whole head with its CRLFs.
    ///
    /// The common servers take between 8 and 64 KiB. Default 65,536.
    pub head: u32,
    /// The number of empty lines before a request line.
    ///
    /// RFC 9112, section 2.2 asks for one. Default 4.
    pub empty_lines: u32,
    /// A chunk's line without its CRLF: 16 hex digits and a short extension.
    ///
    /// Default 1,024.
    pub chunk_line: u32,
    /// The size of all chunk extensions of one message.
    ///
    /// Real programs do not use them, attackers do. Default 4,096.
    pub chunk_extensions: u32,
    /// A trailer section with its CRLFs: a checksum and some metadata. Default 8,192.
    pub trailers: u32,
    /// Informational responses before one final response.
    ///
    /// A server that sends a 102 every ten seconds meets it after five minutes (error 504): raise
    /// it where you wait longer. Default 32.
    pub informational: u32,
    /// The content that `skip_content` drops; more closes the connection.
    ///
    /// Default 262,144.
    pub drain: u64,
    /// The content of a request, without its framing; a server answers more with 413.
    ///
    /// A length that says more is refused with the head, a chunk with its size. What `skip_content`
    /// drops is bounded by `drain` alone. The engine keeps no content, so there is no limit at
    /// first: set what one request may send. Default 18,446,744,073,709,551,615.
    pub content: u64,
    /// The bytes that wait in the buffer before `receive` refuses more.
    ///
    /// Raised to what one head needs. The buffer holds at most half as much again, the head that is
    /// kept, and the space that one read asks for beyond the bound. Default 131,072.
    pub buffered: u32,
    /// Protocols in one offer. Default 32.
    pub offers: u32,
    /// The size of a request head that `h2c` takes along.
    ///
    /// Counted as HTTP/2 counts it (RFC 9113, section 6.5.2): at most what your HTTP/2 engine takes
    /// as a list of fields. Default 16,384, which the common ones take.
    pub h2c_head: u32,
    /// Content that `h2c` takes along: at most what HTTP/2's first window takes.
    ///
    /// Default 65,535.
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

    /// Returns each limit by its name, in the order of their declaration.
    ///
    /// [`set`](Self::set) takes the same names.
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

    /// Sets a limit by its name, for bindings that have names and not fields.
    ///
    /// A value beyond the limit's type is its largest. Returns false where there is no such limit.
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
    /// For callers that refuse what [`set`](Self::set) would cut; `None` where there is no such
    /// limit.
    pub fn largest(name: &str) -> Option<u64> {
        let mut limits = Self::DEFAULT;
        limits.set(name, u64::MAX);
        limits.table().find(|(known, _)| *known == name).map(|(_, largest)| largest)
    }

    /// Returns the limits of a configuration, or the defaults.
    pub(crate) fn of(config: Option<&Config>) -> &Self {
        &config.unwrap_or(&DEFAULT).limits
    }

    /// Returns the number of bytes that may wait.
    ///
    /// Never so few that a legal head or trailer section, or the 24 bytes of an HTTP/2 preface,
    /// could not be completed.
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

/// Deviations from the rules that a connection may accept.
///
/// Each is for the program that needs it. All off by default. All but `lone_lf` are a client's;
/// none lets a server read what RFC 9112 forbids it to read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Lenient {
    /// A 101 whose `Connection` does not list `upgrade` (cupsd 2.4 sends `Keep-Alive`).
    ///
    /// Risk: a response that an intermediary passed on without understanding it is taken for a
    /// switch.
    pub switch_without_connection: bool,
    /// A 101 without any `Upgrade` (Jetty 9.4), taken for the first offer.
    ///
    /// Risk: the two sides may mean different protocols where several were offered.
    pub switch_without_upgrade: bool,
    /// A 101 may list several versions of one offered protocol.
    ///
    /// cupsd 2.4: `TLS/1.2,TLS/1.1,TLS/1.0` instead of the one it chose. Risk: which one it is, the
    /// next protocol must find out. Nothing that was not offered is ever taken.
    pub switch_to_alternatives: bool,
    /// A 101 in HTTP/1.0 (aiohttp, Deno, to HTTP/1.0 requests).
    ///
    /// Risk: HTTP/1.0 has no such mechanism, so an intermediary between may go on in HTTP.
    pub switch_in_http10: bool,
    /// A status line may end right after the status code.
    ///
    /// `HTTP/1.1 200` (small devices and servers written by hand; h11, Node, curl and Python's
    /// http.client take it). Risk: small, as such a line means nothing else; but a server that
    /// leaves this out may be careless elsewhere.
    pub status_without_space: bool,
    /// A bare LF may end a line of a request's head.
    ///
    /// People and old clients type it so; RFC 9112, section 2.2 allows a recipient to take it. For
    /// servers; never a CR alone, and never in the lines of chunks or in trailers. Risk: beside a
    /// proxy that reads such a line as part of the one before, a field that the proxy did not see
    /// (request smuggling). Use it only where clients connect directly.
    pub lone_lf: bool,
    /// An LF may end a line of a response's head or trailers without the CR.
    ///
    /// CGI scripts and servers written by hand send it; h11 and browsers take it. Never a CR alone,
    /// and never in the lines of chunks. Risk: small on a direct connection; a proxy on the way
    /// that reads such a line otherwise sees other fields than this client.
    pub response_lone_lf: bool,
    /// Spaces and tabs may end a chunk's line in a response: `2  \r\n`.
    ///
    /// Servers that pad the size send them; h11 and browsers take it. Risk: small, as they can mean
    /// nothing else.
    pub space_after_chunk_size: bool,
    /// A field value or reason of a response may have control bytes.
    ///
    /// Such as `Set-Cookie: a=k\x01p` (sites that put binary data into cookies; h11 and browsers
    /// take it). Never NUL, nor what some reader takes for whitespace or the end of a line (LF, VT,
    /// FF, CR). Risk: a program that prints or forwards the value has to be careful.
    pub controls_in_values: bool,
    /// A response may have `Content-Length` beside `Transfer-Encoding`.
    ///
    /// It is framed by the latter (h11 and browsers do so; RFC 9112, section 6.3). Risk: a proxy
    /// between that goes by the length sees another end (response splitting).
    pub both_framings: bool,
    /// A response in HTTP/1.0 may have a `Transfer-Encoding`.
    ///
    /// Servers that send chunked to everybody; h11 takes it. Risk: a proxy between that knows
    /// HTTP/1.0 alone sees another end.
    pub coding_in_http10: bool,
    /// A status line may have a major version that is not 1.
    ///
    /// Such as `HTTP/2.0 200 OK` (gateways that copy the version; h11 and browsers take it). One
    /// above 1 counts as HTTP/1.1, one of 0 as HTTP/1.0. Risk: small.
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
    /// Returns no leniency at all.
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
/// Shared between connections by an `Arc`.
///
/// End a literal with `..Config::default()`: a later version may have more members.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Config {
    /// The limits of the connection.
    pub limits: Limits,
    /// The deviations that are accepted.
    pub lenient: Lenient,
    /// The transport is TLS.
    ///
    /// Without it a request for an `https` target is refused (RFC 9110, section 7.4).
    pub secure: bool,
    /// A server takes the HTTP/2 preface as a switch.
    ///
    /// Only as the connection's first bytes (RFC 9113, section 3.4). Off by default: the preface is
    /// then a request with an unsupported version.
    pub http2_preface: bool,
    /// An `h2c` offer without `HTTP2-Settings` is an offer like any other.
    ///
    /// It may be made and accepted, and what the two sides speak is their own affair (BuildKit
    /// reverses the roles of HTTP/2). Off by default: RFC 7540, section 3.2.1 forbids such an
    /// upgrade.
    pub bare_h2c: bool,
    /// Field lines that contradict themselves are corrected, not refused.
    ///
    /// That happens before they are sent. A length where the status forbids one or chunked is
    /// there, the same length twice, chunked to HTTP/1.0. What belongs to a handshake that is none,
    /// forbidden trailers, an `Expect` without content, a Host that is not the absolute target's.
    /// For frameworks and intermediaries, whose field lines are not their own. What has two
    /// meanings is refused all the same: lengths that differ, other codings, two Hosts, a line
    /// break in a value. The trace says what was done
    /// ([`TraceStep::Tidied`](crate::trace::TraceStep::Tidied)). Off by default: a mistake in your
    /// own code is better refused.
    pub tidy: bool,
}

flags! { Config, flags, set_flag: secure, http2_preface, bare_h2c, tidy }

/// The configuration of a connection without one of its own.
pub(crate) static DEFAULT: Config = Config {
    limits: Limits::DEFAULT,
    lenient: Lenient::none(),
    secure: false,
    http2_preface: false,
    bare_h2c: false,
    tidy: false,
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
        // Each member is a bound, a leniency or in the table.
        let Config {
            limits: _,
            lenient: _,
            secure: true,
            http2_preface: true,
            bare_h2c: true,
            tidy: true,
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
