//! The generator of `core/docs/performance.md` and its chart.
//!
//! It reads the figures that the benches have written to `target/bench`. `tests/run bench` runs all
//! benches and then this program.

mod chart;
mod figures;
mod goals;

use std::fmt::Write;
use std::path::Path;
use std::process::Command;

use figures::{Figure, Figures};

/// The peers in the table of heads; the best build of each counts in a row.
pub(crate) const PEERS: [&str; 3] = ["httparse", "picohttpparser", "llhttp"];

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let figures = Figures::read(&switchover_benches::folder())?;
    let mut page = String::new();
    preface(&mut page, &figures)?;
    goals_table(&mut page, &figures)?;
    heads_table(&mut page, &figures)?;
    losses(&mut page, &figures)?;
    for (table, title, note) in TABLES {
        plain_table(&mut page, &figures, table, title, note)?;
    }
    builds(&mut page, &figures)?;
    let docs = root.join("core/docs");
    std::fs::write(docs.join("performance.md"), &page)?;
    chart::draw(&figures, &docs.join("performance.svg"))?;
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
         the client's among them; memory is of each of the second thousand connections, and a pool asks the same server.",
    ),
    ("connections", "Many connections", "Memory and time."),
];

fn preface(page: &mut String, figures: &Figures) -> std::fmt::Result {
    let (processor, cores) = processor();
    let rustc = first_line("rustc", &["--version"]);
    let gcc = first_line("gcc", &["--version"]);
    let versions: Vec<String> =
        figures.versions.iter().map(|(name, version)| format!("{name} {version}")).collect();
    writeln!(page, "<!-- Written by `tests/run bench`. -->\n# What it costs\n")?;
    for sentence in sentences(figures) {
        writeln!(page, "- {sentence}")?;
    }
    writeln!(
        page,
        "\nMeasured by `tests/run bench` on {processor}, {cores} cores, {rustc}, {gcc}. Every peer is in the same process, rounds \
         take turns, the best of each counts. The machine is shared and noisy: the ratios are the point. Where the run \
         before differed by more than a tenth, both are shown; a goal is judged by the last one.\n\n\
         Peers: {}.\n\n\
         Ours is always everything: strict syntax, Host, framing, keep-alive, `Connection`, `Upgrade` and the rules of the \
         protocols that are offered, events through the public API.\n\n\
         ![how many times as long the best of each peer takes](performance.svg)\n",
        versions.join(", ")
    )
}

/// Returns the page's first sentences, with the figures that users ask for first.
fn sentences(figures: &Figures) -> Vec<String> {
    let ns = |table, row, column| figures.at(table, row, column).map(number);
    let parse = || {
        let (ours, peer) =
            (ns("heads", "k", "switchover")?, figures.ratio("heads", "k", "httparse", "")?);
        Some(format!(
            "To parse a request, with all that HTTP says of it, takes {ours} ns in the mean of a thousand different heads: \
             the best build of httparse takes {peer:.2} times as long for the syntax alone."
        ))
    };
    let answer = || {
        let (composed, prepared) = (
            ns("cycles", "b, serial", "switchover")?,
            ns("cycles", "b, serial", "switchover, prepared")?,
        );
        let hyper = figures.at("cycles", "b, serial", "hyper").map(number)?;
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

fn goals_table(page: &mut String, figures: &Figures) -> std::fmt::Result {
    writeln!(page, "## Goals\n\nTimes as fast as the peer's best build; of memory, bytes.\n")?;
    writeln!(page, "| against | on | goal | reached | |\n|---|---|---|---|---|")?;
    let before = figures.before.as_ref().map(|before| goals::goals(before));
    for (at, goal) in goals::goals(figures).iter().enumerate() {
        let before = before.as_ref().and_then(|goals| goals[at].reached);
        let reached = goal.reached.map_or("not measured".to_owned(), |reached| {
            range(reached, before, |value| format!("{value:.2}"))
        });
        let verdict = match goal.is_met() {
            Some(true) => "met",
            Some(false) => "missed",
            None => "",
        };
        let sign = if goal.is_bound { "≤" } else { "≥" };
        writeln!(
            page,
            "| {} | {} | {sign} {} | {reached} | {verdict} |",
            goal.against, goal.what, goal.wanted
        )?;
    }
    writeln!(page)
}

fn heads_table(page: &mut String, figures: &Figures) -> std::fmt::Result {
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
    for row in figures.rows("heads") {
        let Some(ours) = figures.best("heads", row, "switchover", "") else { continue };
        let bytes = ours.bytes.unwrap_or_default();
        let shown = |peer, suffix| {
            let ratio = figures.ratio("heads", row, peer, suffix)?;
            let before =
                figures.before.as_ref().and_then(|before| before.ratio("heads", row, peer, suffix));
            let theirs = figures.best("heads", row, peer, suffix)?.value;
            Some(format!(
                "{} ({}x)",
                number(theirs),
                range(ratio, before, |ratio| format!("{ratio:.2}"))
            ))
        };
        let peers: Vec<String> =
            PEERS.iter().map(|peer| shown(peer, "").unwrap_or_default()).collect();
        let meaning = shown("httparse", ", with meaning").unwrap_or_default();
        let speed = bytes / ours.value;
        writeln!(
            page,
            "| {row} | {bytes} | {} | {speed:.2} | {} | {meaning} |",
            number(ours.value),
            peers.join(" | ")
        )?;
    }
    let mean = |peer, suffix| {
        figures.mean("heads", peer, suffix).map_or(String::new(), |mean| format!("{mean:.2}x"))
    };
    let means: Vec<String> = PEERS.iter().map(|peer| mean(peer, "")).collect();
    let meaning = mean("httparse", ", with meaning");
    writeln!(page, "| geometric mean | | | | {} | {meaning} |\n", means.join(" | "))
}

/// Writes the list of heads on which another parser is faster than this library.
fn losses(page: &mut String, figures: &Figures) -> std::fmt::Result {
    writeln!(page, "Faster than ours, on the same input:\n")?;
    for peer in PEERS {
        let rows: Vec<String> = figures
            .rows("heads")
            .into_iter()
            .filter_map(|row| Some((row, figures.ratio("heads", row, peer, "")?)))
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
    figures: &Figures,
    table: &str,
    title: &str,
    note: &str,
) -> std::fmt::Result {
    let rows = figures.rows(table);
    if rows.is_empty() {
        return Ok(());
    }
    let of_table: Vec<&Figure> =
        figures.all.iter().filter(|figure| figure.table == table).collect();
    let mut columns: Vec<&str> = Vec::new();
    for figure in &of_table {
        if !columns.contains(&figure.column.as_str()) {
            columns.push(&figure.column);
        }
    }
    writeln!(page, "## {title}\n\n{note}\n")?;
    writeln!(page, "| | {} |\n|---|{}", columns.join(" | "), "---|".repeat(columns.len()))?;
    for row in rows {
        let cell = |column: &&str| {
            let figure =
                of_table.iter().find(|figure| figure.row == row && figure.column == **column);
            figure.map_or(String::new(), |figure| {
                let value = range(figure.value, figures.earlier(figure), number);
                figure.unit.as_ref().map_or(value.clone(), |unit| format!("{value} {unit}"))
            })
        };
        let cells: Vec<String> = columns.iter().map(cell).collect();
        writeln!(page, "| {row} | {} |", cells.join(" | "))?;
    }
    writeln!(page)
}

/// Writes the table of heads, with a column for every build of every parser.
fn builds(page: &mut String, figures: &Figures) -> std::fmt::Result {
    plain_table(page, figures, "heads", "Every build", "Nanoseconds for each head.")
}

/// Formats a figure, as a range if the previous run's differs by more than a tenth.
fn range(value: f64, before: Option<f64>, shown: impl Fn(f64) -> String) -> String {
    let (least, most) =
        before.map_or((value, value), |before| (value.min(before), value.max(before)));
    if least * 1.1 < most { format!("{} to {}", shown(least), shown(most)) } else { shown(value) }
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
