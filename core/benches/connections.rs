//! The cost of many connections: memory and time.
//!
//! Memory is measured for connections that are idle, in the middle of a head, or at the event of a
//! request. Time is measured for requests on one connection, and on 16 and 10,000 connections in
//! turn. Of 10,000 connections, none is still in the first-level cache at its next turn.
//!
//! An allocator counts the bytes on the heap; the resident memory reported by the kernel is shown
//! beside that. The bench asserts that an idle connection costs only its struct, of at most 128
//! bytes.

use std::fs;
use std::hint::black_box;

use allocation_counter::measure;
use switchover::{Connection, Event, ResponseHead, Role, Step};
use switchover_benches::inputs::{self, BENCH};
use switchover_benches::{Figures, Job, best};

const IDLE: usize = 1_000_000;
const ACTIVE: usize = 10_000;
const ROUNDS: usize = 31;
const TABLE: &str = "connections";

/// Receives a request, reads its events, and sends a response.
fn serve(connection: &mut Connection, request: &[u8]) {
    connection.receive(request).expect("room");
    let mut fields = 0;
    while let Ok(Step::Event) = connection.advance() {
        if let Some(Event::Request(request)) = connection.event() {
            fields = request.fields().iter().map(black_box).count();
        }
    }
    assert!(fields > 0, "no request was seen");
    answer(connection);
}

fn answer(connection: &mut Connection) {
    let mut space = [0; 256];
    let mut out = &mut space[..];
    connection.send_response(&ResponseHead::new(204, &()), &mut out).expect("an answer");
    assert!(out.len() < 256, "nothing was answered");
}

/// Returns an idle connection, which has responded and released its memory.
fn idle() -> Connection {
    let mut connection = Connection::new(Role::Server);
    serve(&mut connection, BENCH);
    connection.release();
    connection
}

/// Returns a connection that has received half of a head.
fn in_head() -> Connection {
    let mut connection = Connection::new(Role::Server);
    serve(&mut connection, BENCH);
    connection.receive(&BENCH[..BENCH.len() / 2]).expect("room");
    assert_eq!(connection.advance(), Ok(Step::NeedData));
    connection
}

/// Returns a connection with a request as its current event.
fn in_event() -> Connection {
    let mut connection = Connection::new(Role::Server);
    serve(&mut connection, BENCH);
    connection.receive(BENCH).expect("room");
    assert_eq!(connection.advance(), Ok(Step::Event));
    assert!(matches!(connection.event(), Some(Event::Request(_))));
    connection
}

/// Returns the resident memory of this process in bytes; NaN if it is unknown.
fn resident() -> f64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kibibytes = line.and_then(|line| line.trim().trim_end_matches(" kB").parse::<f64>().ok());
    kibibytes.map_or(f64::NAN, |kibibytes| 1024.0 * kibibytes)
}

/// The memory of one connection, as the average of `count` connections.
struct Cost {
    heap_bytes: f64,
    heap_blocks: f64,
    resident: f64,
}

fn cost(count: usize, make: fn() -> Connection) -> (Cost, Vec<Connection>) {
    let mut connections = Vec::with_capacity(count);
    let before = resident();
    let heap = measure(|| connections.extend((0..count).map(|_| make())));
    let each = |total: f64| total / count as f64;
    let cost = Cost {
        heap_bytes: each(heap.bytes_current as f64),
        heap_blocks: each(heap.count_current as f64),
        resident: each(resident() - before),
    };
    (cost, connections)
}

fn memory(figures: &mut Figures) -> std::io::Result<()> {
    let size = size_of::<Connection>() as f64;
    figures.value(TABLE, "the struct", size, "bytes")?;
    let (parked, connections) = cost(IDLE, idle);
    drop(connections);
    assert_eq!(
        (parked.heap_bytes, parked.heap_blocks),
        (0.0, 0.0),
        "an idle connection holds no heap"
    );
    assert!(size <= 128.0, "an idle connection is small");
    figures.value(TABLE, "1,000,000 idle: heap of each", parked.heap_bytes, "bytes")?;
    figures.value(TABLE, "1,000,000 idle: resident, of each", parked.resident, "bytes")?;
    // Keep the measured connections, so that the next ones need new memory.
    let mut kept = Vec::new();
    for (name, make) in
        [("in the middle of a head", in_head as fn() -> _), ("with a request shown", in_event)]
    {
        let (active, connections) = cost(ACTIVE, make);
        kept.push(connections);
        figures.value(
            TABLE,
            &format!("10,000 {name}: struct and heap of each"),
            size + active.heap_bytes,
            "bytes",
        )?;
        figures.value(
            TABLE,
            &format!("10,000 {name}: blocks of each"),
            active.heap_blocks,
            "blocks",
        )?;
        figures.value(
            TABLE,
            &format!("10,000 {name}: resident, of each"),
            active.resident,
            "bytes",
        )?;
    }
    Ok(())
}

fn time(figures: &mut Figures) -> std::io::Result<()> {
    let heads = inputs::distinct();
    let in_turn = |count: usize, parks: bool| {
        let heads = &heads;
        let mut connections: Vec<_> = (0..count).map(|_| Connection::new(Role::Server)).collect();
        move || {
            for index in 0..ACTIVE {
                let connection = &mut connections[index % count];
                serve(connection, &heads[index % heads.len()]);
                if parks {
                    connection.release();
                }
            }
        }
    };
    let mut jobs = [
        Job::whole("on one connection", ACTIVE, in_turn(1, false)),
        Job::whole("on 16 in turn", ACTIVE, in_turn(16, false)),
        Job::whole("on 10,000 in turn", ACTIVE, in_turn(ACTIVE, false)),
        Job::whole("on 10,000 in turn, each parked between", ACTIVE, in_turn(ACTIVE, true)),
    ];
    let times = best(ROUNDS, &mut jobs);
    for (job, ns) in jobs.iter().zip(times) {
        figures.value(TABLE, &format!("a request and its answer, {}", job.name), ns, "ns")?;
    }
    Ok(())
}

fn main() -> std::io::Result<()> {
    let mut figures = Figures::new("connections")?;
    memory(&mut figures)?;
    time(&mut figures)
}
