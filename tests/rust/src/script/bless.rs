//! The renewal ("blessing") of a test vector: its output lines are written anew.
//!
//! Its input and its decisions are kept.

use super::lines::{is_answer, is_stop, put_lines};
use super::player::Player;
use super::{Feed, feeds, run};
use crate::text::{escape, summary};
use crate::vector::{Item, Vector};

/// The new lines of a vector's code block.
pub(super) struct Blessed {
    text: String,
    /// The function that writes content as text, in full or as a summary.
    show: fn(&[u8]) -> String,
}

/// Runs a vector with unsplit input, and returns the new lines of its block.
///
/// # Errors
///
/// The text says why the vector cannot be run to its end.
pub fn bless(vector: &Vector) -> Result<String, String> {
    record(vector, summary)
}

/// Runs a vector as [`bless`] does, but writes all content in full.
pub(super) fn in_full(vector: &Vector) -> Result<String, String> {
    record(vector, |bytes| format!("\"{}\"", escape(bytes)))
}

fn record(vector: &Vector, show: fn(&[u8]) -> String) -> Result<String, String> {
    let mut player = Player::new(vector, Feed::Whole, Some(Blessed { text: String::new(), show }));
    let outcome = player.play();
    let text = player.blessed.take().map_or(String::new(), |blessed| blessed.text);
    outcome.map(|()| text).map_err(|error| format!("{}: {error}", vector.name))
}

/// Returns the new lines of a vector's block, checked with all its `feeds`.
///
/// # Errors
///
/// The vector cannot be run to its end, or its output depends on how the input is split.
pub fn renewed(vector: &Vector) -> Result<String, String> {
    let text = bless(vector)?;
    let renewed = vector.with_lines(&text);
    feeds(&renewed).into_iter().try_for_each(|feed| run(&renewed, feed))?;
    Ok(text)
}

/// Returns a line diff of two texts, without their common lines.
///
/// Lines of the old text begin with `- `, lines of the new one with `+ `.
pub fn changes(old: &str, new: &str) -> Vec<String> {
    let (old, new): (Vec<&str>, Vec<&str>) = (old.lines().collect(), new.lines().collect());
    // The length of the longest common subsequence of the lines from `i` and from `j` on.
    let mut common = vec![vec![0; new.len() + 1]; old.len() + 1];
    for (i, line) in old.iter().enumerate().rev() {
        for (j, other) in new.iter().enumerate().rev() {
            common[i][j] = if line == other {
                common[i + 1][j + 1] + 1
            } else {
                common[i + 1][j].max(common[i][j + 1])
            };
        }
    }
    let (mut i, mut j, mut changes) = (0, 0, Vec::new());
    while i < old.len() || j < new.len() {
        if i < old.len() && j < new.len() && old[i] == new[j] {
            (i, j) = (i + 1, j + 1);
        } else if i < old.len() && (j == new.len() || common[i + 1][j] >= common[i][j + 1]) {
            changes.push(format!("- {}", old[i]));
            i += 1;
        } else {
            changes.push(format!("+ {}", new[j]));
            j += 1;
        }
    }
    changes
}

impl Player<'_> {
    pub(super) fn bless_step(&mut self) -> Result<bool, String> {
        match self.peek() {
            None | Some(Item::Feed(_) | Item::End(_)) => {
                self.settle()?;
                if self.peek().is_none() {
                    return Ok(false);
                }
                self.write_input();
                self.take_input()?;
                while !self.pieces.is_empty() {
                    self.feed_piece()?;
                }
            }
            Some(Item::Expect(expected)) => {
                self.at += 1;
                let keyword = expected.split(' ').next().unwrap_or_default();
                self.settle_until(keyword)?;
            }
            Some(Item::Do(decision)) => {
                if self.last_was_input() {
                    self.settle()?;
                }
                self.at += 1;
                let (lines, output, error) = self.host.perform(decision);
                self.put(&format!("! {decision}"));
                lines.iter().for_each(|line| self.put(&format!("= {line}")));
                self.put_output(&output);
                if let Some(error) = error {
                    self.put(&format!("? {}", error.kind().name()));
                }
                // Skip the old output of the decision, which the new lines replace.
                while matches!(self.peek(), Some(Item::Output(_) | Item::Refused(_)))
                    || matches!(self.peek(), Some(Item::Expect(line)) if is_answer(line))
                {
                    self.at += 1;
                }
            }
            Some(Item::Output(_) | Item::Refused(_)) => self.at += 1,
        }
        Ok(true)
    }

    fn settle(&mut self) -> Result<(), String> {
        self.settle_until("")
    }

    fn settle_until(&mut self, keyword: &str) -> Result<(), String> {
        loop {
            let line = match self.observe()? {
                Some(line) => line,
                None if keyword == "data" => {
                    self.put_data();
                    return Ok(());
                }
                None => continue,
            };
            self.put_data();
            let is_end = is_stop(&line) || line.starts_with("error");
            let repeats = is_end && self.has_said(&format!("= {line}\n"));
            let says_nothing = self.at == 0 && is_stop(&line);
            let more_comes =
                line == "need-data" && matches!(self.peek(), Some(Item::Feed(_) | Item::End(_)));
            if !repeats && !says_nothing && !more_comes {
                self.put(&format!("= {line}"));
            }
            // A decision that is made while the event is current must come before the rest of
            // the leftover has been received.
            let is_asked_now = !keyword.is_empty() && matches!(self.peek(), Some(Item::Do(_)));
            if line.starts_with("switched") && !self.leftover.is_empty() && !is_asked_now {
                let leftover = std::mem::take(&mut self.leftover);
                self.put_content("leftover", &leftover);
                self.leftover = leftover;
            }
            if is_end || (!keyword.is_empty() && line.starts_with(keyword)) {
                return Ok(());
            }
        }
    }

    fn put(&mut self, line: &str) {
        if let Some(Blessed { text, .. }) = &mut self.blessed {
            text.push_str(line);
            text.push('\n');
        }
    }

    fn has_said(&self, line: &str) -> bool {
        self.blessed.as_ref().is_some_and(|blessed| blessed.text.ends_with(line))
    }

    fn put_content(&mut self, what: &str, bytes: &[u8]) {
        if let Some(Blessed { text, show }) = &mut self.blessed {
            text.push_str(&format!("= {what} {}\n", show(bytes)));
        }
    }

    fn put_data(&mut self) {
        if !self.data.is_empty() {
            let data = std::mem::take(&mut self.data);
            self.put_content("data", &data);
        }
    }

    fn write_input(&mut self) {
        match self.peek() {
            Some(Item::End(end)) => self.put(&format!("<end {}", end.name())),
            Some(Item::Feed(bytes)) => put_lines(bytes, '<').iter().for_each(|line| self.put(line)),
            _ => {}
        }
    }

    fn put_output(&mut self, output: &[u8]) {
        put_lines(output, '>').iter().for_each(|line| self.put(line));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changes_stand_old_beside_new() {
        assert_eq!(changes("a\nb\nc\n", "a\nb\nc\n"), [""; 0]);
        assert_eq!(changes("a\nb\nc\n", "a\nx\nc\ny\n"), ["- b", "+ x", "+ y"]);
        assert_eq!(changes("a\nb\n", "b\n"), ["- a"]);
    }

    #[test]
    fn a_vector_that_fails_is_not_blessed() {
        // The bytes after the request are not read before the response. Here they are more than
        // the connection buffers.
        let lines = "< GET / HTTP/1.1\n< Host: a\n< Upgrade: foo\n< Connection: upgrade\n<\n<< \\{300000*a}\n= paused\n<< a\n";
        let refused = bless(&Vector::of_lines("late", "server", lines));
        assert!(
            refused.as_ref().is_err_and(|why| why.starts_with("late: not received")),
            "{refused:?}"
        );
    }
}
