//! The tables of the core, and the comments of their values.
//!
//! The four surfaces are compared with them. A function breaks documents into lines.

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

/// Reads a file of the repository.
pub fn read(path: &str) -> String {
    fs::read_to_string(home().join("..").join(path))
        .unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// An enum of the core.
pub struct Table {
    /// The name in Rust.
    pub name: &'static str,
    /// The names of the values with their numbers, in order.
    pub values: Vec<(u64, &'static str)>,
}

/// The tables of enums, by their names.
#[macro_export]
macro_rules! tables {
    ($($name:ident),+) => {
        vec![$($crate::tables::Table {
            name: stringify!($name),
            values: $name::ALL.iter().enumerate().map(|(number, value)| (number as u64, value.name())).collect(),
        }),+]
    };
}

/// Returns all tables that reach every language.
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

/// Returns the lines of a section.
///
/// It begins after the line `opening`, and ends before the next that begins with `closing`.
pub fn section<'t>(text: &'t str, opening: &str, closing: &str) -> Vec<&'t str> {
    let mut lines = text.lines().skip_while(|line| *line != opening);
    assert!(lines.next().is_some(), "no {opening:?}");
    lines.take_while(|line| !line.starts_with(closing)).map(str::trim).collect()
}

/// A line of a document is at most this long.
pub const WIDTH: usize = 120;

/// Breaks a document into lines of at most so many bytes.
///
/// The first begins with `opening`, each other with `margin`.
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
