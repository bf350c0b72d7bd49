//! The performance goals, each with the figure that was reached.

use crate::figures::{Figures, Runs, Spread};

/// A goal: the minimum of a ratio of times or rates, or the maximum of a cost.
pub(crate) struct Goal {
    pub(crate) against: &'static str,
    pub(crate) what: &'static str,
    pub(crate) wanted: f64,
    pub(crate) reached: Option<f64>,
    pub(crate) is_bound: bool,
}

impl Goal {
    pub(crate) fn is_met_by(&self, reached: f64) -> bool {
        if self.is_bound { reached <= self.wanted } else { reached >= self.wanted }
    }
}

/// Returns all goals, each with what the runs have reached.
pub(crate) fn judged(runs: &Runs) -> Vec<(Goal, Option<Spread>)> {
    let goals_of = |(at, goal): (usize, Goal)| (goal, runs.spread(|run| goals(run)[at].reached));
    goals(runs.first()).into_iter().enumerate().map(goals_of).collect()
}

/// The name of undici's parser in the figures.
const UNDICI: &str = "undici llhttp_simd.wasm";
const UNDICI_STRINGS: &str = "undici llhttp_simd.wasm, strings";

/// Returns all goals, each with the value that one run has reached.
fn goals(figures: &Figures) -> Vec<Goal> {
    let goal =
        |against, what, wanted, reached| Goal { against, what, wanted, reached, is_bound: false };
    let heads = |row, peer, suffix| figures.ratio("heads", row, peer, suffix);
    let between = |table: &str, row: &str, ours: &str, theirs: &str| {
        Some(figures.at(table, row, theirs)? / figures.at(table, row, ours)?)
    };
    let cycle = |row| figures.ratio("cycles", row, "hyper", "");
    let prepared = |row: &str| between("cycles", row, "switchover, prepared", "hyper");
    let server = |table: &str| between(table, "requests per second", "hyper", "switchover, epoll");
    let javascript = |row: &str, peer: &str| {
        between("wasm", row, "switchover, prepared", peer).or(between(
            "wasm",
            row,
            "switchover",
            peer,
        ))
    };
    let stream = |row| figures.ratio("streams", row, "llhttp", "");
    let python = |row: &str, peer| between("python", row, "switchover", peer);
    let python_prepared = |row: &str, peer| between("python", row, "switchover, prepared", peer);
    let adapter = |answer, peer| {
        let ratios =
            ["a", "b", "c"].map(|head| python(&format!("adapter's cycle {head}, {answer}"), peer));
        ratios.into_iter().collect::<Option<Vec<f64>>>()?.into_iter().min_by(f64::total_cmp)
    };
    let mut goals = vec![
        goal("httparse, syntax", "geometric mean", 1.35, figures.mean("heads", "httparse", "")),
        goal("picohttpparser, syntax", "b", 1.1, heads("b", "picohttpparser", "")),
        goal("picohttpparser, syntax", "k", 1.6, heads("k", "picohttpparser", "")),
        goal("llhttp", "k", 4.0, heads("k", "llhttp", "")),
        goal("llhttp", "geometric mean", 2.6, figures.mean("heads", "llhttp", "")),
        goal(
            "llhttp",
            "chunks of 16 bytes",
            3.5,
            stream("g2: 16 B chunks, 64 KiB reads, each chunk"),
        ),
        goal("llhttp", "byte by byte", 2.6, stream("h: b byte by byte, each byte")),
        goal("hyper, the same answer, serial", "a", 2.6, cycle("a, serial")),
        goal("hyper, the same answer, serial", "b", 5.5, cycle("b, serial")),
        goal("hyper, the same answer, serial", "k", 5.5, cycle("k, serial")),
        goal("hyper, the same answer, serial", "a, prepared", 4.0, prepared("a, serial")),
        goal("hyper, the same answer, serial", "b, prepared", 7.0, prepared("b, serial")),
        goal("hyper, the same answer, serial", "k, prepared", 6.5, prepared("k, serial")),
        goal(
            "tungstenite",
            "handshake",
            3.0,
            figures.ratio("cycles", "handshake: c accepted", "tungstenite", ""),
        ),
        goal("C: picohttpparser", "k", 1.3, figures.ratio("c", "parse k", "picohttpparser", "")),
        goal("C: hyper, server", "pipelined", 1.15, server("end to end, pipelined")),
        goal("C: hyper, server", "one at a time", 1.0, server("end to end, keep-alive")),
        goal("Python: h11", "cycle a", 45.0, python("cycle a, kept connection", "h11")),
        goal(
            "Python: h11",
            "cycle a, ours prepared",
            45.0,
            python_prepared("cycle a, kept connection", "h11"),
        ),
        goal("Python: h11", "cycle b", 45.0, python("cycle b, kept connection", "h11")),
        goal(
            "Python: h11",
            "cycle b, ours prepared",
            45.0,
            python_prepared("cycle b, kept connection", "h11"),
        ),
        goal(
            "Python: h11",
            "cycle a, h11's API",
            7.2,
            between("python", "cycle a, kept connection", "switchover.h11", "h11"),
        ),
        goal("Python: h11r", "cycle a", 2.75, python("cycle a, kept connection", "h11r")),
        goal(
            "Python: h11r",
            "cycle a, ours prepared",
            2.75,
            python_prepared("cycle a, kept connection", "h11r"),
        ),
        goal("Python: h11r", "cycle b", 2.25, python("cycle b, kept connection", "h11r")),
        goal(
            "Python: h11r",
            "cycle b, ours prepared",
            2.25,
            python_prepared("cycle b, kept connection", "h11r"),
        ),
        goal(
            "Python: httptools",
            "adapter's cycle, every head",
            1.0,
            adapter("answer composed", "httptools"),
        ),
        goal(
            "Python: httptools",
            "the same, answer prepared",
            1.0,
            adapter("answer prepared", "httptools"),
        ),
        goal(
            "Python: zttp",
            "adapter's cycle, every head",
            1.0,
            adapter("answer composed", "zttp"),
        ),
        goal("Python: zttp", "the same, ours prepared", 1.0, adapter("answer prepared", "zttp")),
        goal(
            "Python: zttp",
            "adapter's cycle c",
            1.25,
            python("adapter's cycle c, answer composed", "zttp"),
        ),
        goal(
            "Python: zttp",
            "the same, ours prepared",
            1.25,
            python("adapter's cycle c, answer prepared", "zttp"),
        ),
        goal("Python: httptools", "byte by byte", 1.2, python("b byte by byte", "httptools")),
        goal("Python: wsproto", "handshake", 40.0, python("WebSocket handshake c", "wsproto")),
        goal(
            "Python: websockets",
            "handshake",
            25.0,
            python("WebSocket handshake c", "websockets"),
        ),
        goal("JavaScript: undici's parser", "b, kinds", 1.5, javascript("kinds b", UNDICI)),
        goal(
            "JavaScript: undici's strings",
            "b, strings",
            1.4,
            javascript("strings b", UNDICI_STRINGS),
        ),
        goal(
            "JavaScript: node http_parser",
            "b, strings",
            1.4,
            javascript("strings b", "node http_parser"),
        ),
    ];
    let parsed = [
        ("a", 0.75),
        ("b", 1.4),
        ("c", 0.9),
        ("d", 0.65),
        ("e", 0.75),
        ("f", 2.8),
        ("f2", 2.4),
        ("k", 2.15),
    ];
    let parsed = parsed
        .map(|(row, wanted)| goal("httparse, syntax", row, wanted, heads(row, "httparse", "")));
    goals.splice(0..0, parsed);
    let offers = |column| figures.at("cycles", "120 field lines", column);
    let over_none = |column| Some((offers(column)?, offers("no offer")?));
    let bound = |against, what, wanted, reached| Goal {
        is_bound: true,
        ..goal(against, what, wanted, reached)
    };
    for (column, what, most) in [
        ("one offer", "one among 120 field lines, ns more", 15.0),
        ("h2c offered", "h2c with its settings, ns more", 25.0),
    ] {
        goals.push(bound("no offer", what, most, over_none(column).map(|(one, none)| one - none)));
    }
    goals.push(bound(
        "no offer",
        "32 offers, times",
        2.5,
        over_none("32 offers").map(|(many, none)| many / none),
    ));
    for (what, wanted, mode) in
        [("one at a time", 0.65, "keep-alive"), ("pipelined", 0.15, "pipelined")]
    {
        let cpu = |server| figures.at(&format!("end to end, {mode}"), "CPU µs per request", server);
        let share =
            cpu("node, switchover").zip(cpu("node:http")).map(|(ours, theirs)| ours / theirs);
        goals.push(bound("Node: node:http's CPU", what, wanted, share));
    }
    for (peer, wanted) in [("httptools", 0.85), ("zttp", 0.9)] {
        let share = |row| {
            Some(
                figures.at("python servers", row, "switchover")?
                    / figures.at("python servers", row, peer)?,
            )
        };
        let shares = ["uvicorn on uvloop, a", "uvicorn on uvloop, b"]
            .map(share)
            .into_iter()
            .collect::<Option<Vec<_>>>();
        let worst = shares.and_then(|shares| shares.into_iter().max_by(f64::total_cmp));
        goals.push(bound("uvicorn's CPU with", peer, wanted, worst));
    }
    let tokio = |row: &str, peer| {
        let row = format!("{row}: CPU µs per request");
        Some(figures.at("tokio", &row, "switchover")? / figures.at("tokio", &row, peer)?)
    };
    for (what, wanted, peer) in [
        ("hello, serial", 1.0, "hyper"),
        ("hello, serial, two workers", 1.0, "hyper"),
        ("64 kB, serial", 1.0, "hyper"),
        ("hello, 16 pipelined", 0.3, "hyper"),
        ("hello, 16 pipelined", 1.0, "hyper, pipeline_flush"),
        ("hello, 16 pipelined, two workers", 1.0, "hyper, pipeline_flush"),
        ("64 kB, 16 pipelined", 1.0, "hyper, pipeline_flush"),
    ] {
        let against = if peer == "hyper" {
            "tokio: CPU of hyper"
        } else {
            "tokio: CPU of hyper with pipeline_flush"
        };
        goals.push(bound(against, what, wanted, tokio(what, peer)));
    }
    let instructions = |served: &str| {
        let row = format!("in memory, serial{served}: instructions per request");
        figures.at("tokio", &row, "switchover")
    };
    let share = instructions(", with HTTP/2 on the same port").zip(instructions(""));
    let cost = share.map(|(beside, alone)| beside / alone);
    goals.push(bound("tokio: HTTP/1.1's instructions", "with HTTP/2 beside it", 1.01, cost));
    let httpcore =
        |engine| figures.at("python clients", "httpcore, a request over a socket", engine);
    let share = httpcore("switchover.h11").zip(httpcore("h11")).map(|(ours, theirs)| ours / theirs);
    goals.push(bound("httpcore's CPU with", "h11", 0.67, share));
    for row in ["httpcore, a request over a socket", "httpcore, the same under asyncio"] {
        let at = |engine| figures.at("python clients", row, engine);
        let share = at("switchover.httpcore").zip(at("h11")).map(|(ours, theirs)| ours / theirs);
        goals.push(bound("switchover.httpcore's CPU, of h11's", row, 0.55, share));
    }
    for (what, wanted, row) in [
        ("bytes of an idle connection", 128.0, "the struct"),
        ("heap of an idle connection", 0.0, "1,000,000 idle: heap of each"),
        (
            "bytes of an active connection",
            2200.0,
            "10,000 with a request shown: struct and heap of each",
        ),
    ] {
        goals.push(bound("memory", what, wanted, figures.at("connections", row, "switchover")));
    }
    goals
}
