//! Blessing: the feeds and decisions of a vector stay, what came out is written down between them.

use super::lines::{is_answer, is_stop, put_lines};
use super::player::Player;
use crate::text::summary;
use crate::vector::Item;

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
                // What the file said of it is replaced.
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
            let is_end = is_stop(&line) || line.starts_with("closed") || line.starts_with("error");
            let repeats = is_end && self.blessed.as_deref().is_some_and(|text| text.ends_with(&format!("= {line}\n")));
            let says_nothing = self.at == 0 && is_stop(&line);
            let more_comes = line == "need-data" && matches!(self.peek(), Some(Item::Feed(_) | Item::End(_)));
            if !repeats && !says_nothing && !more_comes {
                self.put(&format!("= {line}"));
            }
            // A decision that is to be made while the event is shown cannot wait for all of the leftover.
            let is_asked_now = !keyword.is_empty() && matches!(self.peek(), Some(Item::Do(_)));
            if line.starts_with("switched") && !self.leftover.is_empty() && !is_asked_now {
                self.put(&format!("= leftover {}", summary(&self.leftover)));
            }
            if is_end || (!keyword.is_empty() && line.starts_with(keyword)) {
                return Ok(());
            }
        }
    }

    fn put(&mut self, line: &str) {
        if let Some(text) = &mut self.blessed {
            text.push_str(line);
            text.push('\n');
        }
    }

    fn put_data(&mut self) {
        if !self.data.is_empty() {
            let data = std::mem::take(&mut self.data);
            self.put(&format!("= data {}", summary(&data)));
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
