//! The enums of the core as tables of names and numbers, and helpers for documents.
//!
//! Tests compare the APIs of C, Python and JavaScript with these tables.

use std::fs;

use switchover::binding::EventKind;
use switchover::bridge::OverHttp2;
use switchover::masque::CapsuleFault;
use switchover::state::{ClientVersion, Expect, Phase, Rx, Tx, UpgradeState};
use switchover::trace::TraceStep;
use switchover::{
    Awaiting, Blame, Closing, End, ErrorKind, Ineligible, NoOffer, Order, Owes, Paused, Role,
    SwitchedBy, Why,
};

use crate::home;

/// Reads a text file; `path` is relative to the root of the repository.
pub fn read(path: &str) -> String {
    fs::read_to_string(home().join("..").join(path))
        .unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// The name and the values of an enum of the core.
pub struct Table {
    /// The name of the enum in Rust.
    pub name: &'static str,
    /// The number and the name of each value, in order.
    pub values: Vec<(u64, &'static str)>,
}

/// A list of the [`Table`](crate::tables::Table)s of the given enums.
#[macro_export]
macro_rules! tables {
    ($($name:ident),+) => {
        vec![$($crate::tables::Table {
            name: stringify!($name),
            values: $name::ALL.iter().enumerate().map(|(number, value)| (number as u64, value.name())).collect(),
        }),+]
    };
}

/// Returns the tables of all enums that every language has.
pub fn tables() -> Vec<Table> {
    let mut tables = tables!(
        Role,
        Phase,
        Rx,
        Tx,
        UpgradeState,
        Expect,
        ClientVersion,
        Awaiting,
        Owes,
        Closing,
        EventKind,
        Paused,
        SwitchedBy,
        End,
        TraceStep,
        Blame,
        NoOffer,
        Ineligible,
        Order,
        Why,
        OverHttp2,
        CapsuleFault
    );
    let errors = ErrorKind::ALL.iter().map(|kind| (u64::from(kind.code()), kind.name())).collect();
    tables.push(Table { name: "ErrorKind", values: errors });
    tables
}

/// Returns the trimmed lines of a section of a text.
///
/// It begins after the line `opening`, and ends before the next line that begins with `closing`.
pub fn section<'t>(text: &'t str, opening: &str, closing: &str) -> Vec<&'t str> {
    let mut lines = text.lines().skip_while(|line| *line != opening);
    assert!(lines.next().is_some(), "no {opening:?}");
    lines.take_while(|line| !line.starts_with(closing)).map(str::trim).collect()
}

/// The maximum length of a line in Python and TypeScript sources, in bytes.
pub const WIDTH: usize = 120;

/// Breaks a text at spaces into lines of at most `width` bytes.
///
/// The first line begins with `opening`, every other one with `margin`. Words are not broken, so a
/// long one may exceed the width.
pub fn wrapped(opening: &str, text: &str, margin: &str, width: usize) -> Vec<String> {
    let (mut lines, mut line, mut space) = (Vec::new(), opening.to_owned(), "");
    for word in text.split(' ') {
        if line.len() + space.len() + word.len() > width {
            lines.push(line);
            line = margin.to_owned() + word;
        } else {
            line += space;
            line += word;
        }
        space = " ";
    }
    lines.push(line);
    lines
}
