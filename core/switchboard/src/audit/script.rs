//! The script of a check: its lines, with the placeholders filled in.

use super::frames;
use super::nonce::Nonce;
use super::table::{By, Check, What};

/// The values of the placeholders in a table of checks.
pub(crate) struct Places {
    pub(crate) is_secure: bool,
    /// The `HOST:PORT` for the Host field: of the URL, of --host, or of the origin.
    pub(crate) authority: String,
    /// The `HOST:PORT` for the target of a CONNECT.
    pub(crate) address: String,
    /// The request target that replaces `/plain`: the resource for plain requests.
    pub(crate) plain: String,
    /// The request target that replaces `/echo`: the resource that accepts POST.
    pub(crate) echo: String,
    /// The request target that replaces `/ws`: the resource that speaks WebSocket.
    pub(crate) websocket: String,
    /// A protocol and the target that speaks it, which replace `TOKEN` and `/token`.
    pub(crate) token: Option<(String, String)>,
    /// The field lines of --header and --cookie, which each request has as well.
    pub(crate) fields: Vec<String>,
    /// The subprotocol that a handshake asks for, if its check does not ask for others.
    pub(crate) subprotocol: Option<String>,
}

/// The steps of an exchange, and the requests in them.
#[derive(Clone, Debug)]
pub(crate) struct Script {
    pub(crate) steps: Vec<Step>,
    pub(crate) requests: Vec<Asked>,
    /// The random payloads that tell this exchange's bytes from those of others.
    pub(crate) nonce: Nonce,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Step {
    /// Bytes that begin with a request.
    ///
    /// They are only sent while the connection speaks HTTP.
    Ask(Vec<u8>),
    Send(Vec<u8>),
    Wait(Wait),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Wait {
    /// A short wait, so that the peer reads the next bytes separately.
    Pause,
    /// A wait for a 100, another 1xx or a final response to the latest request.
    Continue,
    /// A wait for this number of final responses on the connection.
    Answers(usize),
}

/// A request's method and offer, which are needed to parse its response.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Asked {
    pub(crate) method: String,
    /// The protocols in all `Upgrade` fields of the request.
    pub(crate) offer: Vec<String>,
    /// The fields that belong to upgrade protocols, with names in lower case.
    ///
    /// They are `Sec-WebSocket-*`, HTTP2-Settings and Capsule-Protocol.
    pub(crate) fields: Vec<(String, String)>,
}

/// The User-Agent line of the audit.
pub(crate) const AGENT: &str = concat!("User-Agent: switchboard-audit/", env!("CARGO_PKG_VERSION"));

impl Script {
    /// Builds the script of a check, or with `By::Control` of its control.
    ///
    /// The control is the exchange without the part under test.
    pub(crate) fn of(check: &Check, by: By, places: &Places) -> Result<Self, String> {
        let nonce = Nonce::new();
        let mut script = Self { steps: Vec::new(), requests: Vec::new(), nonce };
        let (mut is_head, mut is_cut) = (false, false);
        let is_own = |text: &str| text.starts_with("Sec-WebSocket-Protocol");
        let has_own =
            check.lines.iter().any(|line| matches!(line.what, What::Text(text) if is_own(text)));
        let subprotocol = places.subprotocol.as_ref().filter(|_| !has_own);
        for line in check.lines.iter().filter(|line| line.by == By::Both || line.by == by) {
            match line.what {
                What::Text(text) => {
                    for line in places.fill(text) {
                        script.line(&line, !is_head);
                        is_head = true;
                    }
                    if text.contains(" HTTP/1.") {
                        places.fields.iter().for_each(|line| script.line(line, false));
                    }
                    if let (true, Some(name)) = (is_websocket(text), subprotocol) {
                        script.line(&format!("Sec-WebSocket-Protocol: {name}"), false);
                    }
                }
                What::Empty => {
                    script.send(b"\r\n");
                    is_head = false;
                }
                What::Bytes("FRAME") => {
                    let frame = frames::masked(frames::PING, &script.nonce.content);
                    script.send(&frame);
                }
                What::Bytes(text) => script.send(&unescape(text)?),
                What::Wait("pause") => script.steps.push(Step::Wait(Wait::Pause)),
                What::Wait("continue") => script.steps.push(Step::Wait(Wait::Continue)),
                What::Wait("answer") => {
                    script.steps.push(Step::Wait(Wait::Answers(script.requests.len())))
                }
                What::Wait("cuts") => is_cut = true,
                What::Wait(other) => {
                    return Err(format!("{}: nothing to wait for is called {other}", check.id));
                }
            }
        }
        if is_cut {
            script.cut();
        }
        Ok(script)
    }

    /// Appends a line of a request head; the first line begins a request.
    ///
    /// After the first line comes the audit's User-Agent.
    fn line(&mut self, text: &str, is_first: bool) {
        if is_first && !matches!(self.steps.last(), Some(Step::Ask(_) | Step::Send(_))) {
            self.steps.push(Step::Ask(Vec::new()));
        }
        self.send(text.as_bytes());
        self.send(b"\r\n");
        if is_first {
            let method = text.split(' ').next().unwrap_or_default().into();
            self.requests.push(Asked { method, ..Asked::default() });
            self.send(AGENT.as_bytes());
            self.send(b"\r\n");
        } else if let (Some(asked), Some((name, value))) =
            (self.requests.last_mut(), text.split_once(':'))
        {
            asked.note(&name.to_ascii_lowercase(), value.trim());
        }
    }

    /// Appends bytes to the last step if it sends, or else adds a step that does.
    fn send(&mut self, bytes: &[u8]) {
        match self.steps.last_mut() {
            Some(Step::Ask(sent) | Step::Send(sent)) => sent.extend_from_slice(bytes),
            _ => self.steps.push(Step::Send(bytes.to_vec())),
        }
    }

    /// Splits the bytes of the script into four segments; its other waits are removed.
    ///
    /// The splits are after the third byte, in the first CRLF, and in the empty line.
    fn cut(&mut self) {
        let bytes = self.bytes();
        let line = bytes.iter().position(|byte| *byte == b'\n').unwrap_or_default();
        let cuts = [0, 3, line, bytes.len() - 1, bytes.len()];
        let pieces = cuts.windows(2).map(|cut| &bytes[cut[0]..cut[1]]);
        self.steps = pieces
            .flat_map(|piece| [Step::Wait(Wait::Pause), Step::Send(piece.into())])
            .skip(1)
            .collect();
    }

    /// Returns the bytes of all steps, joined; waits have none.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        let sent = self.steps.iter().filter_map(|step| match step {
            Step::Ask(bytes) | Step::Send(bytes) => Some(bytes.as_slice()),
            Step::Wait(_) => None,
        });
        sent.collect::<Vec<_>>().concat()
    }
}

impl Asked {
    /// Records a request's field line, if it belongs to an upgrade offer.
    ///
    /// `name` must be in lower case.
    pub(crate) fn note(&mut self, name: &str, value: &str) {
        if name == "upgrade" {
            self.offer.extend(
                value
                    .split(',')
                    .map(|token| token.trim().to_owned())
                    .filter(|token| !token.is_empty()),
            );
        } else if name.starts_with("sec-websocket-")
            || name == "http2-settings"
            || name == "capsule-protocol"
        {
            self.fields.push((name.into(), value.into()));
        }
    }
}

impl Places {
    /// Replaces the placeholders in a line of a table; returns any number of lines.
    fn fill(&self, text: &str) -> Vec<String> {
        let (token, path) = self.token.clone().unwrap_or_default();
        if text == "CREDENTIALS" {
            return credentials(&token).iter().map(|line| (*line).into()).collect();
        }
        let line = self.request_line(text, &path).unwrap_or_else(|| {
            let many: Vec<_> = (0..200).map(|number| format!("x-audit/{number}")).collect();
            let option = if token.eq_ignore_ascii_case("h2c") {
                "Upgrade, HTTP2-Settings"
            } else {
                "Upgrade"
            };
            let text =
                text.replace("HOST:PORT", &self.authority).replace("TOKENS", &many.join(", "));
            text.replace("TOKEN", &token)
                .replace("tOKEN", &other_case(&token))
                .replace("OPTION", option)
        });
        vec![line]
    }

    fn request_line(&self, text: &str, token: &str) -> Option<String> {
        let (method, rest) = text.split_once(' ')?;
        let (target, version) =
            rest.split_once(' ').filter(|(_, version)| version.starts_with("HTTP/"))?;
        let scheme = if self.is_secure { "https://" } else { "http://" };
        let authority = if method == "CONNECT" { &self.address } else { &self.authority };
        let places = [
            ("/plain", &*self.plain),
            ("/echo", &self.echo),
            ("/ws", &self.websocket),
            ("/token", token),
        ];
        let (begin, path) = places
            .into_iter()
            .find_map(|(place, path)| Some((target.strip_suffix(place)?, path)))
            .unwrap_or((target, ""));
        let begin = begin.replace("http://", scheme).replace("HOST:PORT", authority);
        Some(format!("{method} {begin}{path} {version}"))
    }
}

/// Returns whether a line is an Upgrade field with `websocket`, whatever its case.
fn is_websocket(line: &str) -> bool {
    line.split_once(':').is_some_and(|(name, value)| {
        name == "Upgrade" && value.to_ascii_lowercase().contains("websocket")
    })
}

/// Returns the field lines that an offer needs besides Upgrade and Connection.
fn credentials(token: &str) -> &'static [&'static str] {
    match token.split('/').next().unwrap_or_default().to_ascii_lowercase().as_str() {
        "websocket" => {
            &["Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==", "Sec-WebSocket-Version: 13"]
        }
        "h2c" => &["HTTP2-Settings: AAMAAABkAAQAoAAAAAIAAAAA"],
        "connect-udp" | "connect-ip" => &["Capsule-Protocol: ?1"],
        _ => &[],
    }
}

/// Inverts the case of a protocol's name, but not of its version.
fn other_case(token: &str) -> String {
    let (name, version) = token.split_at(token.find('/').unwrap_or(token.len()));
    let turned = name
        .chars()
        .map(|c| if c.is_lowercase() { c.to_ascii_uppercase() } else { c.to_ascii_lowercase() });
    turned.chain(version.chars()).collect()
}

/// Decodes the escapes `\r`, `\n` and `\xNN`; others are an error.
pub(crate) fn unescape(text: &str) -> Result<Vec<u8>, String> {
    let wrong = || format!("no such escape: {text}");
    let (mut bytes, mut rest) = (Vec::new(), text.bytes());
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'\\' => match rest.next().ok_or_else(wrong)? {
                b'r' => b'\r',
                b'n' => b'\n',
                b'x' => {
                    let digits = [rest.next().ok_or_else(wrong)?, rest.next().ok_or_else(wrong)?];
                    let digits = std::str::from_utf8(&digits).map_err(|_| wrong())?;
                    u8::from_str_radix(digits, 16).map_err(|_| wrong())?
                }
                _ => return Err(wrong()),
            },
            byte => byte,
        });
    }
    Ok(bytes)
}
