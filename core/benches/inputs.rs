//! The inputs of the benches: real messages, large ones and a thousand heads.
//!
//! The real messages are those that programs send, and the thousand heads all differ. Two large
//! inputs are heads of 8 KiB, and two have 1 MiB of content.

/// The seed of [`distinct`]; the same seed produces the same heads.
pub const SEED: u64 = 0x5eed_0f11;

/// One input: its name in the tables, a description, and its bytes.
#[derive(Debug)]
pub struct Input {
    /// The name of the input in the tables, such as `a` or `g2`.
    pub name: &'static str,
    /// A description of the input, which `bin/inputs.rs` prints.
    pub what: &'static str,
    /// The bytes of the input: one message, or several heads in a row.
    pub bytes: Vec<u8>,
}

/// A minimal request.
pub const MINIMAL: &[u8] = b"GET / HTTP/1.1\r\nHost: example.com\r\n\r\n";

/// The request that picohttpparser's own benchmark parses.
pub const BENCH: &[u8] = b"GET /wp-content/uploads/2010/03/hello-kitty-darth-vader-pink.jpg HTTP/1.1\r\n\
    Host: www.kittyhell.com\r\n\
    User-Agent: Mozilla/5.0 (Macintosh; U; Intel Mac OS X 10.6; ja-JP-mac; rv:1.9.2.3) Gecko/20100401 Firefox/3.6.3 Pathtraq/0.9\r\n\
    Accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8\r\n\
    Accept-Language: ja,en-us;q=0.7,en;q=0.3\r\n\
    Accept-Encoding: gzip,deflate\r\n\
    Accept-Charset: Shift_JIS,utf-8;q=0.7,*;q=0.7\r\n\
    Keep-Alive: 115\r\n\
    Connection: keep-alive\r\n\
    Cookie: wp_ozh_wsa_visits=2; wp_ozh_wsa_visit_lasttime=xxxxxxxxxx; __utma=xxxxxxxxx.xxxxxxxxxx.xxxxxxxxxx.xxxxxxxxxx.xxxxxxxxxx.x; __utmz=xxxxxxxxx.xxxxxxxxxx.x.x.utmccn=(referral)|utmcsr=reader.livedoor.com|utmcct=/reader/|utmcmd=referral\r\n\
    \r\n";

/// A WebSocket handshake as Chromium sends it.
pub const WEBSOCKET: &[u8] = b"GET /live/socket HTTP/1.1\r\n\
    Host: 127.0.0.1:43721\r\n\
    Connection: Upgrade\r\n\
    Pragma: no-cache\r\n\
    Cache-Control: no-cache\r\n\
    User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36\r\n\
    Upgrade: websocket\r\n\
    Origin: http://127.0.0.1:43721\r\n\
    Sec-WebSocket-Version: 13\r\n\
    Accept-Encoding: gzip, deflate, br, zstd\r\n\
    Accept-Language: en-US,en;q=0.9\r\n\
    Sec-WebSocket-Key: 3dAsWPcUKeq0HMKFkTHTsw==\r\n\
    Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n\
    \r\n";

/// A WebSocket key, whose `Sec-WebSocket-Accept` is in [`SWITCHING`].
pub const KEY: &str = "dGhlIHNhbXBsZSBub25jZQ==";

/// The 101 response that accepts a WebSocket handshake with [`KEY`].
pub const SWITCHING: &[u8] = b"HTTP/1.1 101 Switching Protocols\r\n\
    Upgrade: websocket\r\n\
    Connection: Upgrade\r\n\
    Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\
    \r\n";

/// An offer of `h2c` as curl sends it.
pub const H2C: &[u8] = b"GET / HTTP/1.1\r\n\
    Host: 127.0.0.1:8000\r\n\
    User-Agent: curl/7.88.1\r\n\
    Accept: */*\r\n\
    Connection: Upgrade, HTTP2-Settings\r\n\
    Upgrade: h2c\r\n\
    HTTP2-Settings: AAMAAABkAAQCAAAAAAIAAAAA\r\n\
    \r\n";

/// Returns `count` protocols for an offer.
///
/// Three take turns: `h2c`, which is offered correctly, `websocket` without its fields, and
/// a protocol without rules.
pub fn protocols(count: usize) -> Vec<&'static str> {
    ["h2c", "websocket", "example/1"].into_iter().cycle().take(count).collect()
}

/// Returns a request with `lines` field lines that offers the given protocols.
pub fn offers(protocols: &[&str], lines: usize) -> Vec<u8> {
    let hop = "Connection: Upgrade, HTTP2-Settings\r\nHTTP2-Settings: AAMAAABkAAQCAAAAAAIAAAAA\r\n";
    let upgrade = match protocols {
        [] => "X-Nothing: h2c\r\n".into(),
        protocols => format!("Upgrade: {}\r\n", protocols.join(", ")),
    };
    let others: String = (4..lines).map(|line| format!("X-Given-{line}: {line}\r\n")).collect();
    format!("GET / HTTP/1.1\r\nHost: a\r\n{others}{hop}{upgrade}\r\n").into_bytes()
}

/// Returns the inputs `a` to `e`, whose bytes are constants.
pub fn small() -> Vec<Input> {
    let input = |name, what, bytes: &[u8]| Input { name, what, bytes: bytes.to_vec() };
    vec![
        input("a", "a minimal GET", MINIMAL),
        input("b", "the request of picohttpparser's bench", BENCH),
        input("c", "Chromium's offer of WebSocket", WEBSOCKET),
        input("d", "a 101", SWITCHING),
        input("e", "curl's offer of h2c", H2C),
    ]
}

/// Returns all inputs in the order of their letters.
pub fn all() -> Vec<Input> {
    let large = [
        Input { name: "f", what: "an 8 KiB head with one long Cookie", bytes: long_cookie() },
        Input { name: "f2", what: "an 8 KiB head of about 100 fields", bytes: many_fields() },
        Input { name: "g", what: "1 MiB in chunks of 4 KiB", bytes: chunked(4096) },
        Input { name: "g2", what: "1 MiB in chunks of 16 bytes", bytes: chunked(16) },
        Input { name: "k", what: "1000 different heads", bytes: distinct().concat() },
    ];
    small().into_iter().chain(large).collect()
}

fn long_cookie() -> Vec<u8> {
    let mut head =
        b"GET /account HTTP/1.1\r\nHost: www.example.com\r\nAccept: */*\r\nCookie: ".to_vec();
    let mut number = 0;
    while head.len() < 8180 {
        head.extend_from_slice(format!("crumb{number:03}=Zm9vYmFyLWJhei1xdXV4; ").as_bytes());
        number += 1;
    }
    head.truncate(8180);
    head.extend_from_slice(b"x\r\n\r\n");
    head
}

fn many_fields() -> Vec<u8> {
    let mut head = b"GET /account HTTP/1.1\r\nHost: www.example.com\r\n".to_vec();
    for number in 0..93 {
        head.extend_from_slice(
            format!("X-Request-Context-{number:03}: {}\r\n", "some value, ".repeat(5) + "end")
                .as_bytes(),
        );
    }
    head.extend_from_slice(b"\r\n");
    head
}

/// Returns a request with 1 MiB of content in chunks of `size` bytes.
pub fn chunked(size: usize) -> Vec<u8> {
    let mut message =
        b"POST /upload HTTP/1.1\r\nHost: www.example.com\r\nTransfer-Encoding: chunked\r\n\r\n"
            .to_vec();
    let chunk = vec![b'x'; size];
    for _ in 0..(1 << 20) / size {
        message.extend_from_slice(format!("{size:x}\r\n").as_bytes());
        message.extend_from_slice(&chunk);
        message.extend_from_slice(b"\r\n");
    }
    message.extend_from_slice(b"0\r\n\r\n");
    message
}

/// The generator splitmix64 by Steele, Lea and Flood; the number is its state.
#[derive(Debug)]
pub struct Dice(pub u64);

impl Dice {
    /// Returns a random number from 0 to `bound` - 1.
    pub fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut word = self.0;
        word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((word ^ (word >> 31)) % bound as u64) as usize
    }

    fn pick<'a>(&mut self, from: &[&'a str]) -> &'a str {
        from[self.below(from.len())]
    }

    fn word(&mut self, least: usize, most: usize) -> String {
        let letters = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_";
        let len = least + self.below(most - least + 1);
        (0..len).map(|_| char::from(letters[self.below(letters.len())])).collect()
    }
}

/// Returns a thousand request heads as browsers, libraries and proxies send them.
///
/// The heads differ in the fields, their number, order and lengths, and the case of their names. So
/// a branch predictor can hardly learn them.
pub fn distinct() -> Vec<Vec<u8>> {
    let mut dice = Dice(SEED);
    (0..1000).map(|_| one(&mut dice)).collect()
}

fn one(dice: &mut Dice) -> Vec<u8> {
    let method = dice.pick(&[
        "GET", "GET", "GET", "GET", "GET", "GET", "POST", "HEAD", "PUT", "DELETE", "OPTIONS",
    ]);
    let mut target = String::new();
    for _ in 0..1 + dice.below(4) {
        target.push('/');
        target.push_str(&dice.word(2, 14));
    }
    for index in 0..dice.below(4) {
        target.push(if index == 0 { '?' } else { '&' });
        target.push_str(&format!("{}={}", dice.word(1, 8), dice.word(1, 16)));
    }
    let host = format!(
        "{}.{}.{}",
        dice.pick(&["www", "api", "static", "m"]),
        dice.word(4, 12),
        dice.pick(&["com", "org", "io"])
    );
    let agent = dice.pick(&[
        "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36",
        "Mozilla/5.0 (Macintosh; Intel Mac OS X 10.15; rv:140.0) Gecko/20100101 Firefox/140.0",
        "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1",
        "curl/8.14.1",
        "python-requests/2.32.4",
        "Go-http-client/1.1",
        "okhttp/4.12.0",
    ]);
    let accept = dice.pick(&[
        "*/*",
        "application/json",
        "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8",
        "image/avif,image/webp,image/png,image/svg+xml,image/*;q=0.8,*/*;q=0.5",
    ]);
    let mut fields: Vec<(&str, String)> =
        vec![("User-Agent", agent.into()), ("Accept", accept.into())];
    let mut maybe = |dice: &mut Dice, chance: usize, name: &'static str, value: String| {
        if dice.below(100) < chance {
            fields.push((name, value));
        }
    };
    let encoding =
        dice.pick(&["gzip", "gzip, deflate", "gzip, deflate, br", "gzip, deflate, br, zstd"]);
    maybe(dice, 85, "Accept-Encoding", encoding.into());
    let language =
        dice.pick(&["en-US,en;q=0.9", "de-DE,de;q=0.9,en;q=0.5", "fr", "ja,en-US;q=0.7,en;q=0.3"]);
    maybe(dice, 65, "Accept-Language", language.into());
    let connection = dice.pick(&["keep-alive", "keep-alive", "Keep-Alive"]);
    maybe(dice, 60, "Connection", connection.into());
    let referer = format!("https://{host}/{}", dice.word(3, 30));
    maybe(dice, 55, "Referer", referer);
    let origin = format!("https://{host}");
    maybe(dice, 20, "Origin", origin);
    let cookie: Vec<_> = (0..1 + dice.below(5))
        .map(|_| format!("{}={}", dice.word(2, 9), dice.word(8, 64)))
        .collect();
    maybe(dice, 75, "Cookie", cookie.join("; "));
    let token = format!("Bearer {}", dice.word(30, 120));
    maybe(dice, 40, "Authorization", token);
    let cache = dice.pick(&["no-cache", "max-age=0"]);
    maybe(dice, 30, "Cache-Control", cache.into());
    let etag = format!("\"{}\"", dice.word(10, 32));
    maybe(dice, 20, "If-None-Match", etag);
    let brands = "\"Chromium\";v=\"156\", \"Not_A Brand\";v=\"99\"";
    maybe(dice, 50, "Sec-CH-UA", brands.into());
    let platform = dice.pick(&["\"Linux\"", "\"macOS\"", "\"Windows\""]);
    maybe(dice, 35, "Sec-CH-UA-Platform", platform.into());
    let site = dice.pick(&["same-origin", "none", "cross-site"]);
    maybe(dice, 40, "Sec-Fetch-Site", site.into());
    let mode = dice.pick(&["navigate", "cors", "no-cors"]);
    maybe(dice, 40, "Sec-Fetch-Mode", mode.into());
    let purpose = dice.pick(&["document", "empty", "image"]);
    maybe(dice, 40, "Sec-Fetch-Dest", purpose.into());
    maybe(dice, 25, "Upgrade-Insecure-Requests", "1".into());
    let id = format!("{}-{}", dice.word(8, 8), dice.word(12, 24));
    maybe(dice, 30, "X-Request-Id", id);
    let forwarded = format!("10.{}.{}.{}", dice.below(256), dice.below(256), dice.below(256));
    maybe(dice, 25, "X-Forwarded-For", forwarded);
    if matches!(method, "POST" | "PUT") {
        fields.push(("Content-Length", "0".into()));
    }
    // Most clients send Host first; proxies and hand-written ones may not.
    let place = if dice.below(4) > 0 { 0 } else { dice.below(fields.len() + 1) };
    fields.insert(place, ("Host", host));
    let lower = dice.below(4) == 0;
    let mut head = format!("{method} {target} HTTP/1.1\r\n");
    for (name, value) in fields {
        let name = if lower { name.to_ascii_lowercase() } else { name.to_owned() };
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    head.push_str("\r\n");
    head.into_bytes()
}

#[cfg(test)]
mod tests {
    #[test]
    fn they_are_what_the_tables_say() {
        let bytes = |name| {
            super::all().into_iter().find(|input| input.name == name).map(|input| input.bytes.len())
        };
        assert_eq!(bytes("a"), Some(37));
        assert_eq!(bytes("b"), Some(703));
        assert!(
            (7900..8300).contains(&bytes("f").unwrap())
                && (7800..8300).contains(&bytes("f2").unwrap())
        );
        let mut heads = super::distinct();
        let average = heads.concat().len() / heads.len();
        assert!((540..600).contains(&average), "{average}");
        heads.sort();
        heads.dedup();
        assert_eq!(heads.len(), 1000);
    }
}
