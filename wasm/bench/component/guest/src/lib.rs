//! A guest that plays cycles of requests and responses on the engine.

wit_bindgen::generate!({
    path: ["../../../component/wit", "wit"],
    world: "bench:guest/guest",
    generate_all,
});

use switchover::http1::engine::{Connection, Role};

struct Component;

impl Guest for Component {
    fn cycles(count: u32, head: Vec<u8>) {
        let connection = Connection::create(Role::Server, None).expect("no unknown names");
        for _ in 0..count {
            let request = connection.next_packed(&head).unwrap_or_else(|_| panic!("a request"));
            assert!(request.is_whole && request.parts.len() == 20);
            let lines = b"content-type: text/plain\r\n";
            let sent = connection.respond_text(200, lines, b"hello");
            assert!(sent.is_ok_and(|bytes| bytes.starts_with(b"HTTP/1.1 200 ")));
        }
    }
}

export!(Component);
