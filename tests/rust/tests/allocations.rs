//! Tests that repeated exchanges allocate nothing, and that memory is bounded.

use allocation_counter::measure;
use switchover::gateway::EndToEnd;
use switchover::{Connection, Event, FieldSource, Limits, RequestHead, ResponseHead, Role, Step};

const REQUEST: &[u8] =
    b"POST /where?q=now HTTP/1.1\r\nHost: www.example.com\r\nUser-Agent: curl/8\r\nAccept: */*\r\n\
    Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nX-Sum: 1\r\n\r\n";
const OFFER: &[u8] =
    b"GET /chat HTTP/1.1\r\nHost: a\r\nUpgrade: foo/2, bar\r\nConnection: upgrade\r\n\r\n";
const RESPONSE: &[u8] =
    b"HTTP/1.1 103 X\r\nLink: </a>\r\n\r\nHTTP/1.1 426 X\r\nContent-Length: 2\r\nUpgrade: foo\r\n\r\nno";

/// Serves one request; counts its fields, offers, content bytes and trailers.
fn serve(server: &mut Connection, request: &[u8], out: &mut &mut [u8]) -> usize {
    server.receive(request).expect("room");
    let mut seen = 0;
    while let Ok(Step::Event) = server.advance() {
        seen += match server.event() {
            Some(Event::Request(request)) => {
                request.fields().iter().count() + request.offers().map_or(0, Iterator::count)
            }
            Some(Event::Data(data)) => data.len(),
            Some(Event::EndOfMessage(trailers)) => trailers.len(),
            _ => 0,
        };
    }
    server.advertise(&["foo/2"]).expect("a list");
    server
        .send_response(&ResponseHead::new(200, &[("Content-Length", "2")]), out)
        .expect("an answer");
    server.send_data(b"ok", out).expect("content");
    server.send_end(&(), out).expect("an end");
    seen
}

#[test]
fn a_server_cycle_allocates_nothing() {
    let mut server = Connection::new(Role::Server);
    let mut space = [0; 1024];
    for request in [REQUEST, OFFER] {
        serve(&mut server, request, &mut &mut space[..]);
    }
    let info = measure(|| {
        for _ in 0..100 {
            assert_eq!(serve(&mut server, REQUEST, &mut &mut space[..]), 4 + 5 + 1);
            assert_eq!(serve(&mut server, OFFER, &mut &mut space[..]), 3 + 2);
        }
    });
    println!("server: {} allocations in 200 cycles", info.count_total);
    assert_eq!(info.count_total, 0);
}

#[test]
fn a_client_cycle_allocates_nothing() {
    let mut client = Connection::new(Role::Client);
    let mut space = [0; 1024];
    let mut cycle = || {
        let request = RequestHead::new("GET", "/chat", &[("Host", "a")]);
        client.send_request(&request, &["foo/2", "bar"], &mut &mut space[..]).expect("a request");
        client.receive(RESPONSE).expect("room");
        let mut events = 0;
        while let Ok(Step::Event) = client.advance() {
            events += 1;
        }
        assert_eq!((events, client.required().iter().count()), (4, 1));
    };
    cycle();
    let info = measure(|| (0..100).for_each(|_| cycle()));
    println!("client: {} allocations in 100 cycles", info.count_total);
    assert_eq!(info.count_total, 0);
}

#[test]
fn a_parked_connection_holds_no_heap() {
    let mut space = [0; 1024];
    let info = measure(|| {
        let mut server = Connection::new(Role::Server);
        serve(&mut server, REQUEST, &mut &mut space[..]);
        server.release();
        // Keep the connection alive, so that `measure` counts its memory.
        std::mem::forget(server);
    });
    assert_eq!(info.bytes_current, 0, "a parked connection holds {} bytes", info.bytes_current);
}

#[test]
fn a_parked_connection_goes_on() {
    let mut server = Connection::new(Role::Server);
    let mut space = [0; 1024];
    for _ in 0..3 {
        assert_eq!(serve(&mut server, OFFER, &mut &mut space[..]), 3 + 2);
        server.release();
    }
}

/// Lines of an incomplete head cost less than 16 KiB of memory beside their bytes.
///
/// So do lines that wait behind a request with an offer.
#[test]
fn lines_cost_no_memory_before_they_are_a_head() {
    let open = b"GET / HTTP/1.1\r\nHost: a\r\n".to_vec();
    let switched =
        b"POST / HTTP/1.1\r\nHost: a\r\nUpgrade: foo\r\nConnection: upgrade\r\nTransfer-Encoding: chunked\r\n\r\n\
        0\r\n\r\n";
    for (mut input, line) in
        [(open.clone(), &b"a\n"[..]), (open, b"a:\r\n"), (switched.to_vec(), b"a\n")]
    {
        while input.len() < 1 << 20 {
            input.extend_from_slice(line);
        }
        let info = measure(|| {
            let mut server = Connection::new(Role::Server);
            server.receive(&input).expect("room");
            while let Ok(Step::Event) = server.advance() {}
            std::mem::forget(server);
        });
        let beside = info.bytes_max - input.len() as u64;
        assert!(beside < 16_384, "{} bytes take {beside} more", input.len());
    }
}

#[test]
fn a_connection_is_small() {
    println!("size_of::<Connection>() = {}", size_of::<Connection>());
    assert!(size_of::<Connection>() <= 128);
}

#[test]
fn what_waits_costs_no_more_memory_than_the_limit_says() {
    let limits = Limits::DEFAULT;
    let info = measure(|| {
        let mut server = Connection::new(Role::Server);
        server.receive(OFFER).expect("room");
        while let Ok(Step::Event) = server.advance() {}
        // After an offer the engine parses nothing, so all bytes stay buffered.
        while server.receive(&[b'x'; 1000]).is_ok() {}
        assert!(server.unread().len() >= limits.buffered as usize);
        std::mem::forget(server);
    });
    let bound = i64::from(limits.buffered) * 5 / 4 + 8_192;
    assert!(
        info.bytes_current <= bound,
        "{} bytes are held for {}",
        info.bytes_current,
        limits.buffered
    );
}

/// `EndToEnd` makes no allocation per connection option, even with thousands.
///
/// `EndToEnd` borrows and sorts the options once for each iteration over the fields.
#[test]
fn options_cost_no_allocation_each() {
    let options = "a,".repeat(12_000);
    let fields = [("Host", "a"), ("Connection", &options), ("X-Mine", "1"), ("A", "1")];
    let mut kept = 0;
    let info = measure(|| EndToEnd(&fields).each(&mut |_| kept += 1));
    assert_eq!(kept, 2);
    // The list of options grows by doubling.
    assert!(info.count_total <= 20, "{} allocations", info.count_total);
}
