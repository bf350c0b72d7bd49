//! A fuzz input as a configuration, the caller's decisions and the peer's bytes.

use switchover::state::Tx;
use switchover::{Config, Connection, End, Lenient, Limits, Paused, Role, Step};

use super::moves::Move;
use super::tape::Tape;

pub(super) struct Script<'t> {
    pub(super) role: Role,
    pub(super) config: Config,
    pub(super) is_small: bool,
    pub(super) end: End,
    pub(super) tape: Tape<'t>,
    pub(super) input: &'t [u8],
}

/// Limits that are small enough for short fuzz inputs to reach.
const SMALL: Limits = Limits {
    start_line: 64,
    method: 8,
    field_line: 64,
    fields: 8,
    head: 256,
    chunk_line: 16,
    chunk_extensions: 32,
    trailers: 64,
    informational: 2,
    drain: 64,
    content: 96,
    buffered: 128,
    offers: 3,
    h2c_head: 512,
    h2c_content: 16,
    // A short input can reach the default values of the other limits.
    ..Limits::DEFAULT
};

/// The bits of the fuzz input's first byte that set the flags of `Config`.
///
/// They are in the order of `Config::flags`. After the fourth flag the bits are used again.
pub(super) const FLAG_BITS: [u8; 4] = [1, 2, 5, 7];

impl<'t> Script<'t> {
    pub(super) fn read(data: &'t [u8]) -> Self {
        let mut tape = Tape::new(data);
        let (flags, decisions) = (tape.byte(), tape.piece());
        let has = |bit: u8| flags & 1 << bit != 0;
        let mut config = Config::default();
        for ((name, _), bit) in Config::default().flags().zip(FLAG_BITS.into_iter().cycle()) {
            config.set_flag(name, has(bit));
        }
        if has(3) {
            config.limits = SMALL;
        }
        if has(4) {
            for (name, _) in Lenient::none().table() {
                config.lenient.set(name, true);
            }
        }
        Self {
            role: if has(0) { Role::Client } else { Role::Server },
            config,
            is_small: has(3),
            end: if has(6) { End::Truncated } else { End::Clean },
            tape: Tape::new(decisions),
            input: tape.rest(),
        }
    }
}

/// The most bytes of memory that a connection with the limits `SMALL` may hold.
///
/// The sum has the limits of heads, trailers and buffered bytes twice, since a buffer doubles. It
/// also has 128 bytes for each field, and 3,072 bytes that depend on no limit.
const MOST: u64 = {
    let lists = SMALL.fields as u64 * 2 * 64;
    let bytes = SMALL.head as u64 + SMALL.trailers as u64 + SMALL.buffered as u64;
    2 * bytes + lists + 3072
};

/// Checks that a connection never holds more than `MOST` bytes of memory.
///
/// The peer sends as long as the connection wants input, and the caller responds at once.
pub(super) fn check_memory(script: &Script<'_>) {
    let mut out = Vec::with_capacity(4096);
    let held = allocation_counter::measure(|| {
        let mut connection = Connection::with_config(script.role, script.config.clone());
        if script.role == Role::Client {
            let _ = Move::GET.make(&mut connection, &mut out);
        }
        for piece in script.input.chunks(16) {
            if !connection.wants_input() || connection.receive(piece).is_err() {
                return;
            }
            for _ in 0..100 {
                match connection.advance() {
                    Ok(Step::Event) => {}
                    Ok(Step::Paused(Paused::Answer | Paused::Decision))
                        if connection.state().tx == Tx::Open =>
                    {
                        out.clear();
                        if Move::OK.make(&mut connection, &mut out).is_err() {
                            return;
                        }
                    }
                    _ => break,
                }
            }
        }
    });
    assert!(held.bytes_max <= MOST, "{} bytes are held, {MOST} may be", held.bytes_max);
}
