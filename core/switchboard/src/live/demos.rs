//! The demonstrations of the live page, which shows the server's connections.
//!
//! Each is a script of what a client sends and awaits. Exceptions are the audit, the crowd, and a
//! client that sends bytes which the page gives.

use std::io;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use serde::Serialize;
use tungstenite::Bytes;

use super::scripted_client::{ClientStep, ScriptedClient};
use crate::audit;

/// A demonstration of one kind of exchange.
#[derive(Serialize)]
struct Demo {
    /// The name by which the page starts the demonstration.
    name: &'static str,
    /// The kind of outcome, by which the page groups demonstrations.
    ///
    /// It is `switches`, `stays` or `fails`.
    group: &'static str,
    title: &'static str,
    /// The method and path of the first request, for display.
    path: &'static str,
    /// The point of the demonstration, in one line.
    about: &'static str,
    #[serde(skip)]
    script: &'static [ClientStep],
}

use ClientStep::{Await, AwaitEnd, Finish, Offer, Send, SendBytes, StartTls};

/// A client's HTTP/2 preface with an empty SETTINGS frame.
///
/// RFC 9113, sections 3.4 and 6.5.
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0";
/// Two HTTP/2 frames: an acknowledgement of SETTINGS, and GOAWAY without an error.
const ACK_AND_GOODBYE: &[u8] = b"\0\0\0\x04\x01\0\0\0\0\0\0\x08\x07\0\0\0\0\0\0\0\0\0\0\0\0\0";

static EXHIBITS: &[Demo] = &[
    Demo {
        name: "accept",
        group: "switches",
        title: "An offer is accepted",
        path: "GET /foo",
        about: "The server takes one of three protocols; both speak it.",
        script: &[
            Offer("GET /foo", "example/1, foo/2, foo/1", &[]),
            Await("foo/2 200"),
            Send("hello\nQUIT\n"),
            AwaitEnd,
        ],
    },
    Demo {
        name: "decline",
        group: "stays",
        title: "An offer is declined",
        path: "POST /plain",
        about: "With content, and a request after it; nothing is lost.",
        script: &[
            Offer("POST /plain", "foo/2", &["Content-Length: 5"]),
            Send("helloGET /plain HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"),
            Await("POST /plain: 5 bytes"),
            Await("GET /plain: 0 bytes"),
            Finish,
            AwaitEnd,
        ],
    },
    Demo {
        name: "required",
        group: "switches",
        title: "426, and another try",
        path: "GET /required",
        about: "The answer says what would do; the next request offers it.",
        script: &[
            Offer("GET /required", "example/1", &[]),
            Await("This needs another protocol"),
            Offer("GET /required", "foo/2", &[]),
            Await("foo/2 200"),
            Send("QUIT\n"),
            AwaitEnd,
        ],
    },
    Demo {
        name: "content",
        group: "switches",
        title: "Content, then a switch",
        path: "POST /foo",
        about: "The new protocol begins right after the content.",
        script: &[
            Offer("POST /foo", "foo/2", &["Content-Length: 16", "Content-Type: application/json"]),
            Send("{\"Detach\":false}hello, after the content\n"),
            Await("HELLO, AFTER"),
            Send("QUIT\n"),
            AwaitEnd,
        ],
    },
    Demo {
        name: "expect",
        group: "switches",
        title: "100, content, 101",
        path: "POST /foo",
        about: "The client waits for a 100 before it sends its content.",
        script: &[
            Offer("POST /foo", "foo/2", &["Content-Length: 5", "Expect: 100-continue"]),
            Await("100 Continue\r\n\r\n"),
            Send("hello"),
            Await("foo/2 200 POST /foo 5"),
            Send("QUIT\n"),
            AwaitEnd,
        ],
    },
    Demo {
        name: "speaks-first",
        group: "switches",
        title: "The server speaks first",
        path: "GET /foo",
        about: "What comes with the 101 is the new protocol already.",
        script: &[Offer("GET /foo", "foo/1", &[]), Await("foo/1 200 GET /foo"), Finish, AwaitEnd],
    },
    Demo {
        name: "h2c",
        group: "switches",
        title: "HTTP/1.1 becomes HTTP/2",
        path: "GET /h2c",
        about: "The request of HTTP/1.1 is answered on stream 1.",
        script: &[
            Offer(
                "GET /h2c",
                "h2c",
                &["Connection: HTTP2-Settings", "HTTP2-Settings: AAMAAABkAAQAAP__"],
            ),
            Await("101 Switching"),
            SendBytes(PREFACE),
            Await("stream 1"),
            SendBytes(ACK_AND_GOODBYE),
            Finish,
            AwaitEnd,
        ],
    },
    Demo {
        name: "tls",
        group: "switches",
        title: "HTTP goes on in TLS",
        path: "GET /tls",
        about: "A 101, the handshake, and the answer within it.",
        script: &[
            Offer("GET /tls", "TLS/1.3", &[]),
            Await("upgrade: TLS/1.3, HTTP/1.1\r\nconnection: Upgrade\r\n\r\n"),
            StartTls,
            Await("This is HTTP/1.1 in TLS."),
            Send("GET /plain HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n"),
            Await("GET /plain"),
            AwaitEnd,
        ],
    },
    Demo {
        name: "early",
        group: "fails",
        title: "Early bytes after a decline",
        path: "GET /plain",
        about: "The client spoke foo/2 at once; that is no request.",
        script: &[
            Offer("GET /plain", "foo/2", &[]),
            Send("hello in foo/2, before anybody has agreed to it\r\n\r\n"),
            Await("HTTP/1.1 400"),
            AwaitEnd,
        ],
    },
    Demo {
        name: "smuggling",
        group: "fails",
        title: "A smuggled request",
        path: "POST /plain",
        about: "Two lengths, one hidden request: refused with 400.",
        script: &[
            Send(
                "POST /plain HTTP/1.1\r\nHost: 127.0.0.1\r\n\
                 Content-Length: 44\r\nTransfer-Encoding: chunked\r\n\r\n",
            ),
            Send("0\r\n\r\nGET /hidden HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"),
            Await("HTTP/1.1 400"),
            AwaitEnd,
        ],
    },
    Demo {
        name: "not-for-us",
        group: "stays",
        title: "An offer for another hop",
        path: "GET /foo",
        about: "Upgrade is there, but Connection does not list it.",
        script: &[
            Send(
                "GET /foo HTTP/1.1\r\nHost: 127.0.0.1\r\n\
                 Upgrade: foo/2\r\nConnection: keep-alive\r\n\r\n",
            ),
            Await("This is /foo in HTTP/1.1"),
            Finish,
            AwaitEnd,
        ],
    },
    Demo {
        name: "bad-key",
        group: "stays",
        title: "A WebSocket with a bad key",
        path: "GET /ws",
        about: "The offer breaks a rule; the answer says which.",
        script: &[
            Offer(
                "GET /ws",
                "websocket",
                &["Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: no base64"],
            ),
            Await("Sec-WebSocket-Key"),
            Finish,
            AwaitEnd,
        ],
    },
];

/// The name that runs the server checks of `switchboard audit` on this server.
const AUDIT: &str = "audit";

/// The name of the demonstration that starts two hundred others at once.
const CROWD: &str = "crowd";
const CROWD_SIZE: usize = 200;

/// The name, in the response to the page, of a client that sends the page's bytes.
const OWN: &str = "own";

/// The most demonstrations that run at a time; further ones are not started.
const MOST: usize = 220;
static PLAYING: AtomicUsize = AtomicUsize::new(0);

/// Returns the demonstrations as JSON for the page, with the process ID as `run`.
///
/// The page recognises a restarted server by `run`: its connections are numbered from 1 again.
pub(super) fn catalogue() -> String {
    serde_json::json!({ "exhibits": EXHIBITS, "run": std::process::id() }).to_string()
}

/// Starts a demonstration; returns JSON with its name and the client's address.
///
/// The address is `null` if the name is unknown, `MOST` demonstrations run already, or the client
/// did not connect. There is none for the audit and the crowd. At its end the audit calls
/// `conclude` with its totals, or with the error that prevented it.
pub(super) fn play(
    name: &str,
    address: SocketAddr,
    conclude: impl FnOnce(String) + std::marker::Send + 'static,
) -> String {
    if name == CROWD {
        EXHIBITS.iter().cycle().take(CROWD_SIZE).for_each(|exhibit| {
            start(exhibit, address);
        });
        return serde_json::json!({ "playing": name }).to_string();
    }
    if name == AUDIT {
        aside(name, move || {
            conclude(audit::of_a_switchboard(address).unwrap_or_else(|error| error));
        });
        return serde_json::json!({ "playing": name }).to_string();
    }
    let exhibit = EXHIBITS.iter().find(|exhibit| exhibit.name == name);
    playing(name, exhibit.and_then(|exhibit| start(exhibit, address)))
}

/// Starts a client that sends bytes; returns JSON with the client's address.
///
/// The address is `null` if `MOST` demonstrations run already, or the client did not connect.
pub(super) fn play_bytes(bytes: Bytes, address: SocketAddr) -> String {
    let send = move |client: &mut ScriptedClient| client.send_and_wait(&bytes);
    playing(OWN, begin(OWN, address, send))
}

fn playing(name: &str, peer: Option<SocketAddr>) -> String {
    serde_json::json!({ "playing": name, "peer": peer.map(|peer| peer.to_string()) }).to_string()
}

/// Starts a demonstration in a new thread; returns the client's address.
///
/// Returns `None` if `MOST` demonstrations run already, or the client did not connect.
fn start(exhibit: &'static Demo, address: SocketAddr) -> Option<SocketAddr> {
    begin(exhibit.name, address, |client| client.play(exhibit.script))
}

/// Connects a client and runs it in a new thread; returns the client's address.
///
/// Returns `None` if `MOST` demonstrations run already, or the client did not connect.
fn begin(
    name: &str,
    address: SocketAddr,
    run: impl FnOnce(&mut ScriptedClient) -> io::Result<()> + std::marker::Send + 'static,
) -> Option<SocketAddr> {
    if PLAYING.load(Ordering::Relaxed) >= MOST {
        return None;
    }
    let mut client = ScriptedClient::connect(address).ok()?;
    let peer = client.address();
    // The connection's own transcript shows an error of the client, so it is dropped here.
    aside(name, move || drop(run(&mut client)));
    peer
}

/// Runs a function in a new thread, unless `MOST` demonstrations run already.
fn aside(name: &str, play: impl FnOnce() + std::marker::Send + 'static) {
    let Some(place) = Place::take() else { return };
    // The place is dropped without a thread and after a panic, too.
    let _ = thread::Builder::new().name(name.into()).spawn(move || {
        play();
        drop(place);
    });
}

/// One of the `MOST` places for running demonstrations; its drop frees the place.
struct Place;

impl Place {
    fn take() -> Option<Self> {
        let place = Self;
        (PLAYING.fetch_add(1, Ordering::Relaxed) < MOST).then_some(place)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        PLAYING.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use std::panic::resume_unwind;
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_demonstration_that_panics_makes_room() {
        aside("a test", || resume_unwind(Box::new("a test")));
        let is_done = || PLAYING.load(Ordering::Relaxed) == 0;
        for _ in 0..1000 {
            if is_done() {
                break;
            }
            thread::sleep(Duration::from_millis(10));
        }
        assert!(is_done());
    }

    #[test]
    fn an_exhibit_for_each_name() {
        for exhibit in EXHIBITS {
            assert!(
                EXHIBITS.iter().filter(|other| other.name == exhibit.name).count() == 1,
                "{}",
                exhibit.name
            );
            assert!(
                ![AUDIT, CROWD, OWN].contains(&exhibit.name)
                    && exhibit.script.len() > 1
                    && exhibit.about.ends_with('.')
            );
            assert!(
                exhibit.about.len() < 64 && ["switches", "stays", "fails"].contains(&exhibit.group),
                "{}",
                exhibit.name
            );
        }
        assert!(catalogue().contains("\"title\":\"An offer is accepted\""));
    }
}
