//! The tables of the core, and what its sources say of their values: what the four surfaces are
//! compared with. And how that is broken into lines.

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

/// A file of the repository.
pub fn read(path: &str) -> String {
    fs::read_to_string(home().join("..").join(path))
        .unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// An enum of the core.
pub struct Table {
    /// What Rust calls it.
    pub name: &'static str,
    /// Its values in order, with their numbers.
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

/// All that reach every language.
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

/// The lines between the one that begins with `opening` and the next that begins with `closing`.
pub fn section<'t>(text: &'t str, opening: &str, closing: &str) -> Vec<&'t str> {
    let mut lines = text.lines().skip_while(|line| *line != opening);
    assert!(lines.next().is_some(), "no {opening:?}");
    lines.take_while(|line| !line.starts_with(closing)).map(str::trim).collect()
}

/// A line of a document is at most this long.
pub const WIDTH: usize = 120;

/// A document in lines of at most so many bytes: what the first begins with, the text, what each
/// other begins with.
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
