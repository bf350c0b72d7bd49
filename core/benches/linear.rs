//! Cost of input that arrives one octet at a time: linear in the size of the head, and a constant factor of what the
//! same head costs as a whole. Asserts what was parsed, prints what it took.

use switchover::{Connection, Event, ResponseHead, Role, Step};
use switchover_benches::{Job, best};

/// A head of about that many octets, with field lines as browsers send them.
fn head(octets: usize) -> Vec<u8> {
    let mut head = b"GET /where?q=now HTTP/1.1\r\nHost: www.example.com\r\n".to_vec();
    let mut number = 0;
    while head.len() < octets {
        head.extend_from_slice(format!("X-Field-{number:03}: {}\r\n", "value, ".repeat(10) + "end").as_bytes());
        number += 1;
    }
    head.extend_from_slice(b"\r\n");
    head
}

/// Parses the head `step` octets at a time on a connection that has done so before, and answers it.
fn cycle(server: &mut Connection, head: &[u8], step: usize, out: &mut [u8]) {
    let mut fields = 0;
    for piece in head.chunks(step) {
        server.receive(piece).expect("room");
        while let Ok(Step::Event) = server.advance() {
            if let Some(Event::Request(request)) = server.event() {
                fields = request.fields().len();
            }
        }
    }
    assert!(fields > 1, "the head was not parsed");
    server.send_response(&ResponseHead::new(204, &()), &mut &mut *out).expect("an answer");
}

fn main() {
    println!("{:>8} {:>12} {:>12} {:>8} {:>16}", "octets", "whole ns/B", "1 by 1 ns/B", "factor", "against half");
    let mut before: Option<f64> = None;
    for size in [512, 1024, 2048, 4096, 8192] {
        let head = head(size);
        let (mut one, mut other) = (Connection::new(Role::Server), Connection::new(Role::Server));
        let (mut out, mut more) = ([0; 256], [0; 256]);
        let calls = 200;
        let whole = || (0..calls).for_each(|_| cycle(&mut one, &head, head.len(), &mut out));
        let single = || (0..calls).for_each(|_| cycle(&mut other, &head, 1, &mut more));
        let times = best(40, &mut [Job::whole("whole", calls, whole), Job::whole("1 by 1", calls, single)]);
        let octets = head.len() as f64;
        let per_octet = times[1] / octets;
        let ratio = before.map_or(String::new(), |before| format!("{:.2} per octet", per_octet / before));
        println!(
            "{:>8} {:>12.2} {:>12.2} {:>8.1} {:>16}",
            head.len(),
            times[0] / octets,
            per_octet,
            times[1] / times[0],
            ratio
        );
        before = Some(per_octet);
    }
}
