//! The table of the README: the least and most of each ratio over all runs.

use std::path::Path;

use crate::figures::{Figures, Runs};

/// The first line of the table, by which it is found in the README.
const TITLES: &str = "| measured | against | times as fast |\n";

/// A row: what is measured, the peers, and every ratio that one run has of them.
type Row = (&'static str, &'static str, fn(&Figures) -> Vec<Option<f64>>);

/// The rows, in the order of the page.
const ROWS: [Row; 12] = [
    (
        "a thousand different request heads, with everything that a connection does about them",
        "httparse and picohttpparser, syntax alone",
        |run| heads(run, &["k"], &["httparse", "picohttpparser"]),
    ),
    ("the same", "llhttp", |run| heads(run, &["k"], &["llhttp"])),
    ("a request and its answer in memory", "hyper", |run| {
        each(run, "cycles", "", "switchover", &["hyper"])
    }),
    ("the same, with an answer that was prepared", "hyper", |run| {
        each(run, "cycles", "", "switchover, prepared", &["hyper"])
    }),
    ("a WebSocket handshake of a server", "tungstenite", |run| {
        each(run, "cycles", "handshake", "switchover", &["tungstenite"])
    }),
    ("a request and its answer in Python", "h11", |run| {
        each(run, "python", "cycle", "switchover", &["h11"])
    }),
    ("the same with h11's own calls, `switchover.h11`", "h11", |run| {
        each(run, "python", "cycle", "switchover.h11", &["h11"])
    }),
    ("what an adapter does for a request in Python", "httptools and zttp", |run| {
        each(run, "python", "adapter's cycle", "switchover", &["httptools", "zttp"])
    }),
    ("CPU of uvicorn for a request, by `switchover.uvicorn`", "httptools and zttp", |run| {
        each(run, "python servers", "", "switchover", &["httptools", "zttp"])
    }),
    (
        "a request with all its fields as strings, and its answer, in JavaScript",
        "undici's and Node's parser, without an answer",
        |run| {
            let peers = ["undici llhttp_simd.wasm, strings", "node http_parser"];
            each(run, "wasm", "strings", "switchover, prepared", &peers)
        },
    ),
    (
        "one short head again and again, with a trained branch predictor",
        "httparse and picohttpparser",
        |run| heads(run, &["a"], &["httparse", "picohttpparser"]),
    ),
    ("a 101 or an offer of h2c again and again", "the same, which do not know its rules", |run| {
        heads(run, &["d", "e"], &["httparse", "picohttpparser"])
    }),
];

/// Returns the table in Markdown: for each row, the range of its ratios.
pub(crate) fn table(runs: &Runs) -> String {
    let mut table = format!("{TITLES}|---|---|---|\n");
    for (measured, against, ratios) in ROWS {
        let of_run = |run: &Figures| ratios(run).into_iter().flatten();
        let least = runs.spread(|run| of_run(run).reduce(f64::min));
        let most = runs.spread(|run| of_run(run).reduce(f64::max));
        let reached = least.zip(most).map_or("not measured".to_owned(), |(least, most)| {
            range(&number(least.least), &number(most.most))
        });
        table += &format!("| {measured} | {against} | {reached} |\n");
    }
    table
}

/// Writes the table into a page, in the place of the one that it has.
pub(crate) fn write_into(page: &Path, table: &str) -> std::io::Result<()> {
    let text = std::fs::read_to_string(page)?;
    let missing = || std::io::Error::other(format!("{} has no such table", page.display()));
    let (before, rest) = text.split_once(TITLES).ok_or_else(missing)?;
    let (_, after) = rest.split_once("\n\n").ok_or_else(missing)?;
    std::fs::write(page, format!("{before}{table}\n{after}"))
}

fn heads(run: &Figures, rows: &[&str], peers: &[&str]) -> Vec<Option<f64>> {
    let of_row = |row| peers.iter().map(move |peer| run.ratio("heads", row, peer, ""));
    rows.iter().flat_map(|row| of_row(row)).collect()
}

/// Returns each peer's figure as a ratio to ours, in rows that begin with `prefix`.
///
/// The ratio is `None` if a row lacks one of the two columns.
fn each(run: &Figures, table: &str, prefix: &str, ours: &str, peers: &[&str]) -> Vec<Option<f64>> {
    let ratio = |row: &str, peer: &str| Some(run.at(table, row, peer)? / run.at(table, row, ours)?);
    let rows = run.rows(table).into_iter().filter(|row| row.starts_with(prefix));
    rows.flat_map(|row| peers.iter().map(move |peer| ratio(row, peer))).collect()
}

fn number(value: f64) -> String {
    if value < 10.0 { format!("{value:.1}") } else { format!("{value:.0}") }
}

fn range(least: &str, most: &str) -> String {
    if least == most { least.to_owned() } else { format!("{least} to {most}") }
}
