//! The timeline of a connection, as the data that the page's `timeline.js` draws.

use std::time::{Duration, Instant};

use serde::Serialize;

use super::{Role, first_line};
use crate::audit::timeline::{MomentKind, Switch, Timeline};

/// The shortest pause between two moments that the timeline shows.
const PAUSE: Duration = Duration::from_millis(100);

/// The object that `timeline.js` draws.
#[derive(Serialize)]
pub(super) struct Story {
    /// The protocol after a switch; empty without one.
    protocol: String,
    state: State,
    moments: Vec<Mark>,
}

/// The final state of each direction, in the words of `timeline.js`.
#[derive(Serialize)]
struct State {
    theirs: &'static str,
    ours: &'static str,
}

#[derive(Serialize)]
struct Mark {
    what: &'static str,
    name: &'static str,
    /// Milliseconds since the first moment of the timeline.
    at: f64,
    bytes: usize,
    text: String,
}

/// The bytes of one direction; those before `offset` are in the timeline already.
struct Lane<'a> {
    name: &'static str,
    /// The kinds of the marks for bytes before a switch, and for those after it.
    marks: [&'static str; 2],
    bytes: &'a [u8],
    offset: usize,
    /// The number of this direction's bytes before a switch; `usize::MAX` without one.
    end: usize,
}

impl Story {
    /// Builds the data of a timeline from its moments and the bytes of both directions.
    ///
    /// `sent` are the audit's bytes, `came` those of the audited program.
    pub(super) fn of(timeline: &Timeline, role: Role, sent: &[u8], came: &[u8]) -> Self {
        let switch = timeline.switch.as_ref();
        let end = |of: fn(&Switch) -> usize| switch.map_or(usize::MAX, of);
        let lane = |is_client, bytes, end| {
            let (name, marks) = match is_client {
                true => ("client", ["received", "heard"]),
                false => ("server", ["sent", "spoke"]),
            };
            Lane { name, marks, bytes, offset: 0, end }
        };
        let is_client = role != Role::Client;
        let mut ours = lane(is_client, sent, end(|switch| switch.sent));
        let mut theirs = lane(!is_client, came, end(|switch| switch.came));
        let begun = timeline.moments.first().map(|moment| moment.at);
        let mut story = Self {
            protocol: switch.map_or(String::new(), |switch| switch.protocol.clone()),
            state: State { theirs: "open", ours: "open" },
            moments: Vec::new(),
        };
        let (mut before, mut has_switched) = (begun, false);
        for moment in &timeline.moments {
            story.pause(begun, before, moment.at);
            before = Some(moment.at);
            let at = since(begun, moment.at);
            let mark =
                |what, name, text: &str| Mark { what, name, at, bytes: 0, text: text.into() };
            match moment.kind {
                // Another connection of the same client.
                MomentKind::Opened if at > 0.0 => {
                    story.moments.push(mark("event", "closed", "another connection"));
                }
                MomentKind::Sent(len) => ours.draw(len, at, &mut story.moments),
                MomentKind::Came(len) => theirs.draw(len, at, &mut story.moments),
                MomentKind::Ended => {
                    story.moments.push(mark("ended", ours.name, "the audit ends its direction"));
                }
                MomentKind::Closed => {
                    story.state = State { theirs: "closed", ours: "closed" };
                    story.moments.push(mark("event", "closed", "closed by the peer"));
                }
                MomentKind::Opened | MomentKind::Left => {}
            }
            // The head of the 101 is the last of HTTP in the server's direction.
            let server = if is_client { &theirs } else { &ours };
            if !has_switched && server.offset >= server.end {
                has_switched = true;
                story.state = State { theirs: "switched", ours: "switched" };
                let text = format!("switched to {}", story.protocol);
                let at_switch = story.moments.iter().rposition(|mark| mark.what == "spoke");
                let at_switch = at_switch.unwrap_or(story.moments.len());
                story.moments.insert(at_switch, mark("event", "switched", &text));
            }
        }
        story
    }

    /// Appends a mark for the pause between `before` and `at`, if it is long enough.
    ///
    /// Pauses of at least `PAUSE` have a mark.
    fn pause(&mut self, begun: Option<Instant>, before: Option<Instant>, at: Instant) {
        let pause = before.map_or(Duration::ZERO, |before| at.saturating_duration_since(before));
        if pause >= PAUSE {
            let text = format!("{:.1} s", pause.as_secs_f64());
            let at = since(begun, at);
            self.moments.push(Mark { what: "waited", name: "", at, bytes: 0, text });
        }
    }
}

impl Lane<'_> {
    /// Appends marks for the next `len` bytes: for HTTP, and for a new protocol.
    fn draw(&mut self, len: usize, at: f64, marks: &mut Vec<Mark>) {
        let of_http = len.min(self.end.saturating_sub(self.offset));
        for (bytes, what) in [(of_http, self.marks[0]), (len - of_http, self.marks[1])] {
            if bytes > 0 {
                let rest = self.bytes.get(self.offset..).unwrap_or_default();
                let line = first_line(&rest[..rest.len().min(bytes)]);
                let text = format!("{bytes} bytes {line}").trim_end().into();
                marks.push(Mark { what, name: "", at, bytes, text });
                self.offset += bytes;
            }
        }
    }
}

/// Returns the milliseconds between two moments, rounded to tenths.
///
/// 0 if there is no first moment.
fn since(begun: Option<Instant>, at: Instant) -> f64 {
    let time = begun.map_or(Duration::ZERO, |begun| at.saturating_duration_since(begun));
    (time.as_secs_f64() * 10_000.0).round() / 10.0
}
