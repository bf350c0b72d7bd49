//! Measures cycles of a request and its response in wasmtime:
//!
//!     component-host ENGINE COMPOSED
//!
//! ENGINE is the component, whose calls this program makes; COMPOSED is the guest with the engine
//! in it. A cycle is the request of 703 bytes with nine fields, and a response with five bytes of
//! content.

use std::time::Instant;

use wasmtime::component::{Component, Linker, TypedFunc};
use wasmtime::{Engine, Store};

wasmtime::component::bindgen!({ path: "../../../component/wit", world: "http1" });

use exports::switchover::http1::engine::{Head, Role};

#[allow(dead_code)]
#[path = "../../../../../core/benches/inputs.rs"]
mod inputs;

/// The number of cycles in a round; the time of the fastest round counts.
const CYCLES: u32 = 100;
const ROUNDS: usize = 400;

fn best(name: &str, mut cycles: impl FnMut()) {
    let mut best = f64::MAX;
    for _ in 0..ROUNDS {
        let begun = Instant::now();
        cycles();
        best = best.min(begun.elapsed().as_nanos() as f64 / f64::from(CYCLES));
    }
    println!("{name:<40} {best:>6.0} ns");
}

fn main() -> wasmtime::Result<()> {
    let [_, alone, composed] = <[String; 3]>::try_from(std::env::args().collect::<Vec<_>>())
        .expect("the files of two components");
    let engine = Engine::default();
    let linker = Linker::new(&engine);
    let mut store = Store::new(&engine, ());
    let world = Http1::instantiate(&mut store, &Component::from_file(&engine, alone)?, &linker)?;
    let calls = world.switchover_http1_engine().connection();
    let connection = calls.call_create(&mut store, Role::Server, None)?.expect("a connection");
    best("an empty call", || {
        for _ in 0..CYCLES {
            calls.call_take_end(&mut store, connection).expect("a call");
        }
    });
    let field = ("content-type".to_owned(), b"text/plain".to_vec());
    let head = Head { status: 200, reason: None, fields: vec![field] };
    best("a cycle, fields as a list", || {
        for _ in 0..CYCLES {
            let store = &mut store;
            calls
                .call_receive(&mut *store, connection, inputs::BENCH)
                .expect("a call")
                .expect("room");
            calls.call_next_event(&mut *store, connection).expect("a call").expect("a request");
            let request = calls.call_request(&mut *store, connection).expect("a call");
            assert_eq!(request.expect("a request").fields.len(), 9);
            calls.call_next_event(&mut *store, connection).expect("a call").expect("its end");
            let sent =
                calls.call_respond(&mut *store, connection, &head, b"hello").expect("a call");
            assert!(sent.expect("a response").starts_with(b"HTTP/1.1 200 "));
        }
    });
    best("a cycle, heads packed", || {
        for _ in 0..CYCLES {
            let next = calls.call_next_packed(&mut store, connection, inputs::BENCH);
            assert!(next.expect("a call").expect("a request").is_whole);
            let lines = b"content-type: text/plain\r\n";
            let sent = calls.call_respond_text(&mut store, connection, 200, lines, b"hello");
            assert!(sent.expect("a call").expect("a response").starts_with(b"HTTP/1.1 200 "));
        }
    });
    let composed = linker.instantiate(&mut store, &Component::from_file(&engine, composed)?)?;
    let cycles: TypedFunc<(u32, &[u8]), ()> = composed.get_typed_func(&mut store, "cycles")?;
    best("a cycle from a composed guest, packed", || {
        cycles.call(&mut store, (CYCLES, inputs::BENCH)).expect("a call");
    });
    Ok(())
}
