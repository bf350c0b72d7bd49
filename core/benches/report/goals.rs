//! What was aimed for, and what came of it.

use crate::figures::Figures;

/// One goal: that many times as fast, at least (or, of memory, that much at most).
pub(crate) struct Goal {
    pub(crate) against: &'static str,
    pub(crate) what: &'static str,
    pub(crate) wanted: f64,
    pub(crate) reached: Option<f64>,
    pub(crate) is_bound: bool,
}

impl Goal {
    pub(crate) fn is_met(&self) -> Option<bool> {
        let reached = self.reached?;
        Some(if self.is_bound { reached <= self.wanted } else { reached >= self.wanted })
    }
}

/// All of them.
pub(crate) fn goals(figures: &Figures) -> Vec<Goal> {
    let goal = |against, what, wanted, reached| Goal { against, what, wanted, reached, is_bound: false };
    let heads = |row, peer, suffix| figures.ratio("heads", row, peer, suffix);
    let worst = |peer| {
        let ratios = figures.rows("heads").into_iter().filter_map(|row| figures.ratio("heads", row, peer, ""));
        ratios.min_by(f64::total_cmp)
    };
    let between = |table, row, ours, theirs| Some(figures.at(table, row, theirs)? / figures.at(table, row, ours)?);
    let cycle = |row| figures.ratio("cycles", row, "hyper", "");
    let stream = |row| figures.ratio("streams", row, "llhttp", "");
    let python = |row, peer| between("python", row, "switchover", peer);
    let mut goals = vec![
        goal("httparse, syntax", "k", 2.8, heads("k", "httparse", "")),
        goal("httparse, syntax", "geometric mean", 1.7, figures.mean("heads", "httparse", "")),
        goal("httparse, syntax", "every input", 1.0, worst("httparse")),
        goal("httparse and a walk for the meaning", "k", 3.9, heads("k", "httparse", ", with meaning")),
        goal(
            "httparse and a walk for the meaning",
            "geometric mean",
            2.4,
            figures.mean("heads", "httparse", ", with meaning"),
        ),
        goal("picohttpparser, syntax", "k", 2.2, heads("k", "picohttpparser", "")),
        goal("picohttpparser, syntax", "geometric mean", 1.3, figures.mean("heads", "picohttpparser", "")),
        goal("picohttpparser, syntax", "a", 1.0, heads("a", "picohttpparser", "")),
        goal("picohttpparser, syntax", "e", 1.0, heads("e", "picohttpparser", "")),
        goal("llhttp", "k", 5.0, heads("k", "llhttp", "")),
        goal("llhttp", "geometric mean", 3.5, figures.mean("heads", "llhttp", "")),
        goal("llhttp", "chunks of 16 bytes", 2.0, stream("g2: 16 B chunks, 64 KiB reads, each chunk")),
        goal("llhttp", "byte by byte", 1.8, stream("h: b byte by byte, each byte")),
        goal("hyper, in memory, answer included", "a, pipelined", 5.0, cycle("a, pipelined")),
        goal("hyper, in memory, answer included", "k, pipelined", 5.0, cycle("k, pipelined")),
        goal("hyper, in memory, answer included", "a, serial", 2.0, cycle("a, serial")),
        goal("hyper, in memory, answer included", "k, serial", 2.0, cycle("k, serial")),
        goal("tungstenite", "handshake", 6.0, figures.ratio("cycles", "handshake: c accepted", "tungstenite", "")),
        goal("C: picohttpparser", "k", 1.9, figures.ratio("c", "parse k", "picohttpparser", "")),
        goal("C: llhttp", "k", 4.5, figures.ratio("c", "parse k", "llhttp", "")),
        goal("Python: h11", "cycle a", 40.0, python("cycle a", "h11")),
        goal("Python: h11", "cycle b", 40.0, python("cycle b", "h11")),
        goal("Python: h11r", "cycle a", 2.5, python("cycle a", "h11r")),
        goal("Python: h11r", "cycle b", 2.5, python("cycle b", "h11r")),
        goal("Python: httptools", "b, headers made", 3.0, python("parse b, kept connection", "httptools")),
        goal(
            "Python: httptools",
            "b, headers not asked for",
            8.0,
            between("python", "parse b, kept connection", "switchover, lazy", "httptools"),
        ),
        goal("Python: httptools", "byte by byte", 1.2, python("b byte by byte", "httptools")),
        goal("Python: wsproto", "handshake", 40.0, python("WebSocket handshake c", "wsproto")),
        goal("Python: websockets", "handshake", 25.0, python("WebSocket handshake c", "websockets")),
        goal("WASM: undici's llhttp", "b", 3.0, figures.ratio("wasm", "parse b", "undici llhttp_simd.wasm", "")),
        goal(
            "WASM: undici's llhttp",
            "b, strings made",
            3.5,
            figures.ratio("wasm", "strings b", "undici llhttp_simd.wasm", ""),
        ),
    ];
    goals.push(Goal {
        is_bound: true,
        ..goal("memory", "bytes of an idle connection", 128.0, figures.at("connections", "the struct", "switchover"))
    });
    goals.push(Goal {
        is_bound: true,
        ..goal(
            "memory",
            "heap of an idle connection",
            0.0,
            figures.at("connections", "1,000,000 idle: heap of each", "switchover"),
        )
    });
    goals
}
