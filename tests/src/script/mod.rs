//! Runs a vector against the Rust API. `player.rs` feeds and compares, `host.rs` decides, `profiles.rs` asks about particular protocols, `lines.rs`
//! puts into words, `bless.rs` writes down.

mod bless;
mod host;
mod lines;
mod player;
mod profiles;

use std::fmt::Write;

pub use lines::{FieldLine, Head};

use crate::vector::{Item, Vector};
pub(crate) use host::{entries, split_fields};
use lines::is_stop;
pub(crate) use lines::{is_answer, put_lines};
use player::Player;

/// Whether a decision of a vector is a question about a protocol.
pub(crate) fn is_profile_question(verb: &str) -> bool {
    profiles::QUESTIONS.contains(&verb)
}

/// How the input is cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Feed {
    /// As the file has it.
    Whole,
    /// One octet at a time.
    Bytes,
    /// In two, at this place of all the input.
    Split(usize),
    /// Through `receive_buffer` and `commit`, a few octets at a time.
    Committed,
}

/// All the input of a vector.
pub fn input(vector: &Vector) -> Vec<u8> {
    vector
        .items
        .iter()
        .flat_map(|item| if let Item::Feed(bytes) = item { bytes.as_slice() } else { &[] })
        .copied()
        .collect()
}

/// Every cut; of long inputs a sample of the two-way ones, spread evenly.
pub fn feeds(vector: &Vector) -> Vec<Feed> {
    let length = input(vector).len();
    let stride = if length > 4096 { length / 256 } else { 1 };
    let splits = (1..length).step_by(stride).map(Feed::Split);
    [Feed::Whole, Feed::Bytes, Feed::Committed].into_iter().chain(splits).collect()
}

/// Runs it; the message says where it went another way than the file.
pub fn run(vector: &Vector, feed: Feed) -> Result<(), String> {
    let mut player = Player::new(vector, feed, None);
    player.play().map_err(|error| format!("{} ({:?}): {error}", vector.name, feed))
}

/// Runs it as a whole and gives the lines of its block as they should be.
pub fn bless(vector: &Vector) -> String {
    let mut player = Player::new(vector, Feed::Whole, Some(String::new()));
    let outcome = player.play();
    let mut text = player.blessed.take().unwrap_or_default();
    if let Err(error) = outcome {
        writeln!(text, "= FAILED {error}").unwrap();
    }
    text
}

/// The requests and final responses that come out of a vector.
pub fn heads(vector: &Vector) -> Vec<Head> {
    let mut player = Player::new(vector, Feed::Whole, None);
    // How it goes is another test's business.
    let _ = player.play();
    player.heads
}

/// Puts a NUL, with which nothing can begin, behind the input of a vector that decides nothing afterwards. What came out
/// before still does; content and leftover may grow, and an error may follow. Says whether it applied.
pub fn with_junk_behind(vector: &Vector) -> Result<bool, String> {
    let Some(last) = vector.items.iter().rposition(|item| matches!(item, Item::Feed(_))) else { return Ok(false) };
    let decides = vector.items[last..].iter().any(|item| matches!(item, Item::Do(_) | Item::End(_)));
    if decides {
        return Ok(false);
    }
    let mut longer = vector.clone();
    if let Item::Feed(bytes) = &mut longer.items[last] {
        bytes.push(0);
    }
    let (before, after) = (bless(vector), bless(&longer));
    let events = |text: &str| -> Vec<String> {
        let is_event = |line: &&str| line.starts_with("= ") && !is_stop(&line[2..]) && !line.starts_with("= closed");
        text.lines().filter(is_event).map(str::to_owned).collect()
    };
    let (before, after) = (events(&before), events(&after));
    for (index, line) in before.iter().enumerate() {
        let grown = after.get(index).map(String::as_str).unwrap_or_default();
        let may_grow = line.starts_with("= data") || line.starts_with("= leftover");
        let grows = may_grow && (grown.starts_with(line.trim_end_matches('"')) || line.contains(" octets "));
        if grown != line && !grows {
            return Err(format!("{}: with junk behind, {line} became {grown}", vector.name));
        }
    }
    let is_consequence = |line: &&String| ["= error", "= data", "= leftover"].iter().any(|kind| line.starts_with(kind));
    match after[before.len().min(after.len())..].iter().find(|line| !is_consequence(line)) {
        Some(line) => Err(format!("{}: with junk behind, there is also {line}", vector.name)),
        None => Ok(true),
    }
}
