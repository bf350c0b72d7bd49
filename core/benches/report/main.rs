//! The generator of `core/docs/performance.md` and its chart.
//!
//! It reads the figures of all runs, a folder each, in `target/bench/runs`. `tests/run bench` runs
//! the benches several times and then this program, which writes the table of the README too.

mod chart;
mod figures;
mod goals;
mod summary;

use std::fmt::Write;
use std::path::Path;
use std::process::Command;

use figures::{Figures, Runs, Spread};

/// The peers in the table of heads; the best build of each counts in a row.
pub(crate) const PEERS: [&str; 3] = ["httparse", "picohttpparser", "llhttp"];

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let runs = Runs::read(&switchover_benches::folder().join("runs"))?;
    let summary = summary::table(&runs);
    let mut page = String::new();
    preface(&mut page, &runs, &summary)?;
    goals_table(&mut page, &runs)?;
    heads_table(&mut page, &runs)?;
    losses(&mut page, &runs)?;
    for (table, title, note) in TABLES {
        plain_table(&mut page, &runs, table, title, note)?;
    }
    builds(&mut page, &runs)?;
    let docs = root.join("core/docs");
    std::fs::write(docs.join("performance.md"), &page)?;
    chart::draw(&runs, &docs.join("performance.svg"))?;
    summary::write_into(&root.join("README.md"), &summary)?;
    print!("{page}");
    Ok(())
}

/// The tables that are printed without ratios: name, title, and a note.
const TABLES: [(&str, &str, &str); 11] = [
    (
        "streams",
        "Content and slow input",
        "Nanoseconds. Ours take everything through `receive`, which copies; with `receive_buffer` the transport does. llhttp \
         reads in place and looks at no byte of content, so where content is long the copy is all that is seen. httparse and \
         picohttpparser begin again with each byte.",
    ),
    (
        "cycles",
        "Whole cycles in memory",
        "Nanoseconds for a request and its answer, a 204 with a `Date`; hyper over an in-memory pipe, polled by hand. `prepared` \
         copies an answer that was encoded before. 120 field lines: a request that offers nothing, a protocol without rules, h2c, or \
         32 protocols.",
    ),
    (
        "c",
        "From C",
        "Nanoseconds. `parse` as above, with every name's and value's address taken; `cycle` with `swo_receive` and the answer.",
    ),
    (
        "python",
        "From Python",
        "Nanoseconds. Every column makes the list of all fields; *lazy* looks one value up. httptools has no writer and no \
         state, so its cycles are lower bounds.\n\n\
         - A *kept connection* goes on from message to message in every column, of httptools the parser. A *new* one is made \
         for each message, of httptools the parser.\n\
         - A *cycle* ends with a 200 without content. Ours composes it, and *prepared* writes one that was made beforehand. \
         h11's events are made beforehand; `switchover.h11` is used as h11 is. httptools' answer is a constant.\n\
         - An *adapter's cycle* makes method and path as text, the query, and the fields with names in lower case. The answer \
         is a 200 with `Date`, type, length and five bytes. Composed, every library makes it of its fields; httptools' is \
         formatted beside it, unchecked. Prepared, ours and h11's events are made beforehand and httptools' is a constant; \
         h11r and zttp prepare nothing, and compose.\n\
         - On c ours judges the offer of WebSocket, which a 200 declines; the others do not.\n\
         - *parse b* on a kept connection has an answer where a library does not go on without: ours a prepared 204, h11 and \
         h11r a 204, httptools and zttp none.\n\
         - The other rows have new connections. Of the small chunks in a read of g2 ours gives one event, the others one of \
         each. In *switch* ours judges the offer and works out the proof; the others get it.",
    ),
    (
        "python servers",
        "From Python: uvicorn's engines",
        "CPU time of the server for a request and an answer of five bytes, the kernel's included, on one of 16 kept \
         connections over loopback. Ours is `switchover.uvicorn`, which sends head and content in one write.",
    ),
    (
        "python clients",
        "From Python: httpcore",
        "CPU time of the client for a request and an answer of five bytes, the kernel's included, on a kept connection over \
         loopback; on h11, on `switchover.h11` in its place, and with `switchover.httpcore`.",
    ),
    (
        "wasm",
        "From JavaScript",
        "Nanoseconds; the module in Node. Every connection and every parser is kept, but for `new`, which makes a connection for \
         each message. Ours answer each request, the peers only parse. `kinds` looks at no field and at nothing but the kinds of the \
         events; `events` makes them; `strings` makes every name and value a string too.",
    ),
    (
        "end to end, keep-alive",
        "Over loopback, one request at a time",
        "`wrk` with 16 connections on one CPU, one worker of each server on the other.",
    ),
    ("end to end, pipelined", "Over loopback, 16 requests at once", "The same, pipelined."),
    (
        "tokio",
        "On tokio, beside hyper",
        "The same handler on `switchover-tokio` and on hyper, as it comes and with `pipeline_flush`. CPU is the server's for a \
         request over loopback, the kernel's included; instructions are those of a request and an answer of five bytes over a pipe in memory, \
         the client's among them; memory is of each of the second thousand connections, and a pool asks the same server. \
         Two workers have eight connections; with HTTP/2 on the port, hyper is hyper-util's \
         `auto`.",
    ),
    ("connections", "Many connections", "Memory and time."),
];

fn preface(page: &mut String, runs: &Runs, summary: &str) -> std::fmt::Result {
    let (processor, cores) = processor();
    let rustc = first_line("rustc", &["--version"]);
    let gcc = first_line("gcc", &["--version"]);
    let versions = &runs.first().versions;
    let versions: Vec<String> =
        versions.iter().map(|(name, version)| format!("{name} {version}")).collect();
    writeln!(page, "<!-- Written by `tests/run bench`. -->\n# What it costs\n\n{summary}")?;
    for sentence in sentences(runs) {
        writeln!(page, "- {sentence}")?;
    }
    writeln!(
        page,
        "\nMeasured by `tests/run bench` on {processor}, {cores} cores, {rustc}, {gcc}: {} whole runs of all benches, one after \
         the other. Every peer is in the same process, rounds take turns, the best of each counts. A figure is the median of the \
         runs, and so is a ratio, which compares what one run has measured; the range of the runs is in brackets where it is wider \
         than a tenth. The machine is shared and noisy: the ratios are the point.\n\n\
         Peers: {}.\n\n\
         Ours is always everything: strict syntax, Host, framing, keep-alive, `Connection`, `Upgrade` and the rules of the \
         protocols that are offered, events through the public API.\n\n\
         ![how many times as long the best of each peer takes](performance.svg)\n",
        runs.count(),
        versions.join(", ")
    )
}

/// Returns the page's first sentences, with the figures that users ask for first.
fn sentences(runs: &Runs) -> Vec<String> {
    let median = |table, row, column| Some(runs.spread(|run| run.at(table, row, column))?.median);
    let ns = |table, row, column| median(table, row, column).map(number);
    let parse = || {
        let peer = runs.spread(|run| run.ratio("heads", "k", "httparse", ""))?.median;
        let ours = ns("heads", "k", "switchover")?;
        Some(format!(
            "To parse a request, with all that HTTP says of it, takes {ours} ns in the mean of a thousand different heads: \
             the best build of httparse takes {peer:.2} times as long for the syntax alone."
        ))
    };
    let answer = || {
        let row = |column| ns("cycles", "b, serial", column);
        let (composed, prepared) = (row("switchover")?, row("switchover, prepared")?);
        let hyper = row("hyper")?;
        Some(format!(
            "To parse a browser's request and to answer it takes {composed} ns, or {prepared} ns with an answer that was prepared; \
             hyper takes {hyper} ns."
        ))
    };
    let python = || {
        let row = |column| ns("python", "cycle b, kept connection", column);
        let (ours, httptools, h11) = (row("switchover")?, row("httptools")?, row("h11")?);
        Some(format!(
            "In Python the same cycle takes {ours} ns; httptools, which has no writer and no state, takes {httptools} ns and h11 \
             {h11} ns."
        ))
    };
    let javascript = || {
        let row = |column| ns("wasm", "strings b", column);
        let (ours, undici, node) = (
            row("switchover, prepared")?,
            row("undici llhttp_simd.wasm, strings")?,
            row("node http_parser")?,
        );
        Some(format!(
            "In JavaScript it takes {ours} ns with every name and value as a string; undici's parser takes {undici} ns and Node's \
             {node} ns, without an answer."
        ))
    };
    [parse(), answer(), python(), javascript()].into_iter().flatten().collect()
}

fn goals_table(page: &mut String, runs: &Runs) -> std::fmt::Result {
    writeln!(
        page,
        "## Goals\n\nTimes as fast as the peer's best build; of memory, bytes. The median of the runs is judged.\n"
    )?;
    writeln!(
        page,
        "| against | on | goal | median | least | most | |\n|---|---|---|---|---|---|---|"
    )?;
    for (goal, reached) in goals::judged(runs) {
        let sign = if goal.is_bound { "≤" } else { "≥" };
        write!(page, "| {} | {} | {sign} {} | ", goal.against, goal.what, goal.wanted)?;
        match reached {
            None => writeln!(page, "not measured | | | |")?,
            Some(Spread { least, median, most }) => {
                let verdict = if goal.is_met_by(median) { "met" } else { "missed" };
                writeln!(page, "{median:.2} | {least:.2} | {most:.2} | {verdict} |")?;
            }
        }
    }
    writeln!(page)
}

fn heads_table(page: &mut String, runs: &Runs) -> std::fmt::Result {
    writeln!(
        page,
        "## Heads\n\n\
         From the bytes in the connection's buffer to the end of the message (`take_end`), against the bare syntax of the peers, each in \
         its best build. a: a minimal GET. b: the request of picohttpparser's bench. c: Chromium's offer of WebSocket, judged. \
         d: a 101, its proof checked. e: curl's offer of h2c, its settings decoded. f: 8 KiB, one long Cookie. f2: 8 KiB, \
         93 fields. k: a thousand different heads, seed {:#x}.\n",
        switchover_benches::inputs::SEED
    )?;
    writeln!(page, "| | bytes | ns | GB/s | {} | httparse with meaning |", PEERS.join(" | "))?;
    writeln!(page, "|---|---|---|---|{}---|", "---|".repeat(PEERS.len()))?;
    for row in runs.first().rows("heads") {
        let ours = |run: &Figures| Some(run.best("heads", row, "switchover", "")?.value);
        let Some(ours) = runs.spread(ours) else { continue };
        let bytes = runs.first().best("heads", row, "switchover", "").and_then(|best| best.bytes);
        let bytes = bytes.unwrap_or_default();
        let shown = |peer, suffix| {
            let ratio = runs.spread(|run| run.ratio("heads", row, peer, suffix))?;
            let theirs = runs.spread(|run| Some(run.best("heads", row, peer, suffix)?.value))?;
            Some(format!(
                "{}, {}x",
                number(theirs.median),
                ratio.show(|ratio| format!("{ratio:.2}"))
            ))
        };
        let peers: Vec<String> =
            PEERS.iter().map(|peer| shown(peer, "").unwrap_or_default()).collect();
        let meaning = shown("httparse", ", with meaning").unwrap_or_default();
        let speed = bytes / ours.median;
        writeln!(
            page,
            "| {row} | {bytes} | {} | {speed:.2} | {} | {meaning} |",
            number(ours.median),
            peers.join(" | ")
        )?;
    }
    let mean = |peer, suffix| {
        let mean = runs.spread(|run| run.mean("heads", peer, suffix));
        mean.map_or(String::new(), |mean| format!("{:.2}x", mean.median))
    };
    let means: Vec<String> = PEERS.iter().map(|peer| mean(peer, "")).collect();
    let meaning = mean("httparse", ", with meaning");
    writeln!(page, "| geometric mean | | | | {} | {meaning} |\n", means.join(" | "))
}

/// Writes the list of heads on which another parser is faster than this library.
fn losses(page: &mut String, runs: &Runs) -> std::fmt::Result {
    writeln!(page, "Faster than ours, on the same input:\n")?;
    for peer in PEERS {
        let ratio = |row| runs.spread(|run| run.ratio("heads", row, peer, ""));
        let rows: Vec<String> = runs
            .first()
            .rows("heads")
            .into_iter()
            .filter_map(|row| Some((row, ratio(row)?.median)))
            .filter(|(_, ratio)| *ratio < 1.0)
            .map(|(row, ratio)| format!("{row} ({:.1}x)", 1.0 / ratio))
            .collect();
        writeln!(
            page,
            "- {peer}: {}",
            if rows.is_empty() { "nowhere".to_owned() } else { rows.join(", ") }
        )?;
    }
    writeln!(page)
}

fn plain_table(
    page: &mut String,
    runs: &Runs,
    table: &str,
    title: &str,
    note: &str,
) -> std::fmt::Result {
    let first = runs.first();
    let rows = first.rows(table);
    if rows.is_empty() {
        return Ok(());
    }
    let mut columns: Vec<&str> = Vec::new();
    for figure in first.all.iter().filter(|figure| figure.table == table) {
        if !columns.contains(&figure.column.as_str()) {
            columns.push(&figure.column);
        }
    }
    writeln!(page, "## {title}\n\n{note}\n")?;
    writeln!(page, "| | {} |\n|---|{}", columns.join(" | "), "---|".repeat(columns.len()))?;
    for row in rows {
        let cell = |column: &&str| {
            let spread = runs.spread(|run| run.at(table, row, column))?;
            let value = spread.show(number);
            let unit = first.unit(table, row, column);
            Some(unit.map_or(value.clone(), |unit| format!("{value} {unit}")))
        };
        let cells: Vec<String> =
            columns.iter().map(|column| cell(column).unwrap_or_default()).collect();
        writeln!(page, "| {row} | {} |", cells.join(" | "))?;
    }
    writeln!(page)
}

/// Writes the table of heads, with a column for every build of every parser.
fn builds(page: &mut String, runs: &Runs) -> std::fmt::Result {
    plain_table(page, runs, "heads", "Every build", "Nanoseconds for each head.")
}

fn number(value: f64) -> String {
    match value {
        0.0 => "0".into(),
        value if value < 10.0 => format!("{value:.2}"),
        value if value < 1000.0 => format!("{value:.1}"),
        value => {
            let digits = format!("{value:.0}");
            let mut grouped = String::new();
            for (at, digit) in digits.chars().enumerate() {
                if at > 0 && (digits.len() - at).is_multiple_of(3) {
                    grouped.push(',');
                }
                grouped.push(digit);
            }
            grouped
        }
    }
}

fn processor() -> (String, usize) {
    let text = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = text.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": "));
    (
        model.map_or("an unknown processor".into(), |(_, name)| name.into()),
        std::thread::available_parallelism().map_or(1, Into::into),
    )
}

fn first_line(program: &str, arguments: &[&str]) -> String {
    let output = Command::new(program).args(arguments).output();
    let text = output
        .map(|output| String::from_utf8_lossy(&output.stdout).into_owned())
        .unwrap_or_default();
    text.lines().next().unwrap_or(program).to_owned()
}
