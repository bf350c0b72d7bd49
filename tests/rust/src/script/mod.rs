//! The runner of test vectors, against the Rust API.
//!
//! `player.rs` feeds input and compares output, `host.rs` makes the decisions of the caller.
//! `profiles.rs` has the queries to helpers for WebSocket, MASQUE, gateways and HTTP/2, `lines.rs`
//! the text of the output.
//! `bless.rs` writes new output into a vector, `record.rs` records a vector for other engines.

mod bless;
mod host;
mod lines;
mod player;
mod profiles;
mod record;

pub use bless::{bless, changes, renewed};
pub use lines::{FieldLine, Head};
pub use record::Record;

use switchover::{Paused, Step};

use crate::vector::{Item, Vector};
use bless::in_full;
pub(crate) use host::{entries, split_fields};
use lines::is_stop;
pub(crate) use lines::{event_line, is_answer, offers_value, put_lines};
use player::Player;

/// Returns whether a vector's verb queries a helper for a single protocol.
pub(crate) fn is_profile_question(verb: &str) -> bool {
    profiles::QUESTIONS.contains(&verb)
}

/// The way in which a vector's input is split into pieces.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Feed {
    /// The input in the pieces that the vector has.
    Whole,
    /// The input, one byte at a time.
    Bytes,
    /// The pieces of the vector, one of them cut in two at this offset in the input.
    Split(usize),
    /// The input through `receive_buffer` and `commit`, seven bytes at a time.
    Committed,
}

/// Returns all bytes of a vector's input, concatenated.
pub fn input(vector: &Vector) -> Vec<u8> {
    vector
        .items
        .iter()
        .flat_map(|item| if let Item::Feed(bytes) = item { bytes.as_slice() } else { &[] })
        .copied()
        .collect()
}

/// Returns the ways of splitting a vector's input that the tests try.
///
/// They are each kind of [`Feed`], with a `Split` at every offset. For input over 4,096 bytes, the
/// offsets are a sample.
pub fn feeds(vector: &Vector) -> Vec<Feed> {
    let length = input(vector).len();
    let stride = if length > 4096 { length / 256 } else { 1 };
    let splits = (1..length).step_by(stride).map(Feed::Split);
    [Feed::Whole, Feed::Bytes, Feed::Committed].into_iter().chain(splits).collect()
}

/// Runs a vector with its input split as `feed` says.
///
/// # Errors
///
/// The text describes the first difference from the vector.
pub fn run(vector: &Vector, feed: Feed) -> Result<(), String> {
    let mut player = Player::new(vector, feed, None);
    player.play().map_err(|error| format!("{} ({:?}): {error}", vector.name, feed))
}

/// Returns the heads of the requests and final responses received in a vector.
pub fn heads(vector: &Vector) -> Vec<Head> {
    let mut player = Player::new(vector, Feed::Whole, None);
    // Other tests check the outcome.
    let _ = player.play();
    player.heads
}

/// Runs a vector, and returns its steps and events for other engines.
///
/// # Errors
///
/// The output differs from the vector.
pub fn record(vector: &Vector) -> Result<Record, String> {
    let mut player = Player::new(vector, Feed::Whole, None);
    player.record = Some(Record::default());
    player.play().map_err(|error| format!("{}: {error}", vector.name))?;
    let mut record = player.record.take().unwrap_or_default();
    record.is_over = player.host.connection.advance() == Ok(Step::Paused(Paused::Closed));
    if !player.leftover.is_empty() {
        record.content("rest", &player.leftover);
    }
    Ok(record)
}

/// Checks that a NUL after the last input of a vector leaves the output as it was.
///
/// No message can begin with a NUL. Content and leftover may end with the NUL, and an error may
/// follow. Returns `false` without a check if there is no input, or if a decision or an EOF follows
/// the last one.
///
/// # Errors
///
/// The vector cannot be run to its end, the output before the NUL differs, or more than an error or
/// the NUL follows it.
pub fn with_junk_behind(vector: &Vector) -> Result<bool, String> {
    let Some(last) = vector.items.iter().rposition(|item| matches!(item, Item::Feed(_))) else {
        return Ok(false);
    };
    let decides =
        vector.items[last..].iter().any(|item| matches!(item, Item::Do(_) | Item::End(_)));
    if decides {
        return Ok(false);
    }
    let mut longer = vector.clone();
    if let Item::Feed(bytes) = &mut longer.items[last] {
        bytes.push(0);
    }
    let (before, after) = (events(&in_full(vector)?), events(&in_full(&longer)?));
    for (index, line) in before.iter().enumerate() {
        let now = after.get(index).map(String::as_str).unwrap_or_default();
        if now != line && !is_content_and_junk(now, line) {
            return Err(format!("{}: with junk after, {line} became {now}", vector.name));
        }
    }
    let is_consequence = |line: &&String| {
        line.starts_with("= error")
            || ["= data", "= leftover"].contains(&line.strip_suffix(" \"\\0\"").unwrap_or_default())
    };
    match after[before.len().min(after.len())..].iter().find(|line| !is_consequence(line)) {
        Some(line) => Err(format!("{}: with junk after, there is also {line}", vector.name)),
        None => Ok(true),
    }
}

/// Returns the output lines of a block, except for `need-data` and pauses.
fn events(block: &str) -> Vec<String> {
    let is_event = |line: &&str| line.starts_with("= ") && !is_stop(&line[2..]);
    block.lines().filter(is_event).map(str::to_owned).collect()
}

/// Returns whether `line` is the content or leftover line `content` plus a NUL.
fn is_content_and_junk(line: &str, content: &str) -> bool {
    let is_content = content.starts_with("= data") || content.starts_with("= leftover");
    is_content && content.strip_suffix('"').is_some_and(|text| line == format!("{text}\\0\""))
}
