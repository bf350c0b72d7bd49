//! Test vectors, parsed from the Markdown format of `vectors/README.md`.

use std::path::{Path, PathBuf};

use switchover::{Config, Role};

use crate::text::unescape;

/// A test vector: one case with its input, decisions and expected output.
#[derive(Debug, Clone)]
pub struct Vector {
    /// The name of the vector, unique among all files.
    pub name: String,
    /// The Markdown file that has the vector; empty for [`Vector::of_lines`].
    pub file: PathBuf,
    /// The reason why the vector exists, as one line.
    pub why: String,
    /// The ids of the requirements that the vector proves.
    pub proves: Vec<String>,
    /// The role of the engine.
    pub role: Role,
    /// The configuration of the engine.
    pub config: Config,
    /// True if the expected lines for heads include the field lines.
    pub shows_fields: bool,
    /// The inputs, the caller's decisions and the expected lines, in order.
    pub items: Vec<Item>,
    /// The line numbers, from 0, of the content of the vector's code block in the file.
    pub lines: std::ops::Range<usize>,
}

/// A line of a vector; adjacent lines of input, or of output, are one item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Item {
    /// `<` or `<<`: bytes that the engine receives from its peer.
    Feed(Vec<u8>),
    /// `<end`: EOF from the peer, clean or truncated.
    End(switchover::End),
    /// `=`: an expected event, state or result, as a line of text.
    Expect(String),
    /// `!`: a decision or query of the caller.
    Do(String),
    /// `>` or `>>`: the bytes to the peer that the decision before must write.
    Output(Vec<u8>),
    /// `?`: the name of the error that the decision before must return.
    Refused(String),
}

/// Chooses the scan path; returns the vectors of the Markdown files below a folder.
pub fn load(folder: &Path) -> Vec<Vector> {
    crate::path::choose();
    crate::files(folder, "md").iter().flat_map(|file| parse(file)).collect()
}

/// Returns the vectors of one file.
pub fn parse(file: &Path) -> Vec<Vector> {
    let text =
        std::fs::read_to_string(file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    let mut vectors = Vec::new();
    let (mut name, mut why, mut proves) = (None, String::new(), Vec::new());
    let mut lines = text.lines().enumerate();
    while let Some((at, line)) = lines.next() {
        if let Some(title) = line.strip_prefix("## ") {
            name = Some(title.trim().to_owned());
            why.clear();
            proves.clear();
        } else if let Some(ids) = line.strip_prefix("Proves:") {
            proves = ids.split(',').map(|id| id.trim().trim_end_matches('.').to_owned()).collect();
        } else if let Some(info) =
            line.strip_prefix("```").filter(|info| info.starts_with(['c', 's']))
        {
            let name = name.take();
            let name = name
                .unwrap_or_else(|| panic!("{}:{}: a block of no vector", file.display(), at + 1));
            let mut end = at + 1;
            let mut items = Vec::new();
            for (at, line) in lines.by_ref() {
                if line == "```" {
                    end = at;
                    break;
                }
                read_line(line, &mut items);
            }
            let lines = at + 1..end;
            let (why, proves) = (std::mem::take(&mut why), std::mem::take(&mut proves));
            vectors.push(Vector { why, proves, lines, ..Vector::new(name, file, info, items) });
        } else if !line.is_empty() {
            why.push_str(if why.is_empty() { "" } else { " " });
            why.push_str(line);
        }
    }
    vectors
}

impl Vector {
    /// Creates a vector from items; `info` is the info string of the code block.
    fn new(name: String, file: &Path, info: &str, items: Vec<Item>) -> Self {
        let mut words = info.split_whitespace();
        let role = match words.next() {
            Some("client") => Role::Client,
            Some("server") => Role::Server,
            other => panic!("{name}: {other:?} is no role"),
        };
        let words: Vec<_> = words.collect();
        let (config, shows_fields) = (config(&words), words.contains(&"fields"));
        Self {
            name,
            file: file.to_owned(),
            why: String::new(),
            proves: Vec::new(),
            role,
            config,
            shows_fields,
            items,
            lines: 0..0,
        }
    }

    /// Returns a copy of the vector with `lines` as the content of its code block.
    pub fn with_lines(&self, lines: &str) -> Self {
        let mut items = Vec::new();
        lines.lines().for_each(|line| read_line(line, &mut items));
        Self { items, ..self.clone() }
    }

    /// Creates a vector without a file, from the info string and lines of a code block.
    pub fn of_lines(name: &str, info: &str, lines: &str) -> Self {
        let mut items = Vec::new();
        lines.lines().for_each(|line| read_line(line, &mut items));
        Self::new(name.to_owned(), Path::new(""), info, items)
    }
}

fn read_line(line: &str, items: &mut Vec<Item>) {
    let mut output = |bytes: Vec<u8>| match items.last_mut() {
        Some(Item::Output(before)) => before.extend(bytes),
        _ => items.push(Item::Output(bytes)),
    };
    if let Some(raw) = line.strip_prefix(">>") {
        output(unescape(raw.strip_prefix(' ').unwrap_or(raw)));
    } else if let Some(text) = line.strip_prefix('>') {
        output([unescape(text.strip_prefix(' ').unwrap_or(text)), b"\r\n".to_vec()].concat());
    } else if let Some(end) = line.strip_prefix("<end ") {
        items.push(Item::End(match end.trim() {
            "clean" => switchover::End::Clean,
            "truncated" => switchover::End::Truncated,
            other => panic!("{other:?} is no end"),
        }));
    } else if let Some(rest) = line.strip_prefix('<') {
        let bytes = match rest.strip_prefix('<') {
            Some(raw) => unescape(raw.strip_prefix(' ').unwrap_or(raw)),
            None => [unescape(rest.strip_prefix(' ').unwrap_or(rest)), b"\r\n".to_vec()].concat(),
        };
        match items.last_mut() {
            Some(Item::Feed(before)) => before.extend(bytes),
            _ => items.push(Item::Feed(bytes)),
        }
    } else if let Some(expected) = line.strip_prefix("= ") {
        items.push(Item::Expect(expected.to_owned()));
    } else if let Some(decision) = line.strip_prefix("! ") {
        items.push(Item::Do(decision.to_owned()));
    } else if let Some(error) = line.strip_prefix("? ") {
        items.push(Item::Refused(error.to_owned()));
    } else if !line.is_empty() {
        panic!("what is {line:?}?");
    }
}

fn config(words: &[&str]) -> Config {
    let mut config = Config::default();
    for word in words {
        match word.split_once('=') {
            Some((limit, value)) => {
                let value = value.parse().unwrap_or_else(|_| panic!("{value:?} is no limit"));
                assert!(config.limits.set(limit, value), "{limit:?} is no limit");
            }
            None => set_flag(&mut config, word),
        }
    }
    config
}

fn set_flag(config: &mut Config, flag: &str) {
    // `fields` configures the lines of the vector, not the engine.
    let is_known =
        flag == "fields" || config.set_flag(flag, true) || config.lenient.set(flag, true);
    assert!(is_known, "{flag:?} is no flag");
}
