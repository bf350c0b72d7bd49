//! Tests with thousands of connections, and with more than the descriptors allow.
//!
//! Each test runs in its own process, so that it may lower limits and measure memory.
#![cfg(target_os = "linux")]

use std::convert::Infallible;
use std::fs::{File, read_to_string};
use std::os::unix::fs::FileExt;
use std::process::Command;
use std::time::Duration;

use allocation_counter::measure;
use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Full;
use switchover_tokio::{Body, Config, Timeouts, serve, service_fn};
use switchover_tokio_peers::within;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{Instant, sleep};

/// The limit of allocated bytes for an idle connection, both ends together.
const BYTES_EACH: i64 = 8 * 1024;

/// Runs this test again in a process of its own, after the shell command `first`.
///
/// Returns true in that process, and false in the process that started it.
fn is_alone(test: &str, first: &str) -> bool {
    if std::env::var_os("ALONE").is_some() {
        return true;
    }
    let program = std::env::current_exe().expect("this program");
    let shell = format!("{first}; exec \"$0\" --exact {test} --nocapture");
    let run = Command::new("sh")
        .arg("-c")
        .arg(shell)
        .arg(program)
        .env("ALONE", "1")
        .output()
        .expect("a shell");
    let said = String::from_utf8_lossy(&run.stdout);
    assert!(run.status.success(), "{said}{}", String::from_utf8_lossy(&run.stderr));
    said.lines()
        .filter_map(|line| line.find("# ").map(|at| &line[at..]))
        .for_each(|line| println!("{line}"));
    false
}

/// Returns the limit of open descriptors of this process.
fn descriptor_limit() -> usize {
    let text = read_to_string("/proc/self/limits").expect("proc");
    let line = text.lines().find_map(|line| line.strip_prefix("Max open files")).expect("the line");
    line.split_whitespace().next().and_then(|limit| limit.parse().ok()).unwrap_or(usize::MAX)
}

/// Returns the processor time in `stat`, an open `/proc/thread-self/schedstat`.
///
/// The test's runtime has one thread: that of the test, which opened the file.
fn busy(stat: &File) -> Duration {
    let mut text = [0; 80];
    let len = stat.read_at(&mut text, 0).expect("proc");
    let text = str::from_utf8(&text[..len]).expect("text");
    Duration::from_nanos(text.split(' ').next().and_then(|busy| busy.parse().ok()).expect("a time"))
}

async fn count(request: Request<Body>) -> Result<Response<Full<Bytes>>, Infallible> {
    let content = request.into_body().read(1_000_000).await.expect("whole").expect("short");
    Ok(Response::new(content.len().to_string().into()))
}

async fn listen() -> (TcpListener, std::net::SocketAddr) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("an address");
    (listener, address)
}

async fn run(listener: TcpListener) {
    let timeouts = Timeouts { idle: None, ..Timeouts::default() };
    let config = Config { timeouts, ..Config::default() };
    serve(listener, service_fn(count), &config, std::future::pending()).await;
}

/// Sends a request with `len` bytes of content, and checks the response.
async fn ask(client: &mut TcpStream, len: usize) {
    let head = format!("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: {len}\r\n\r\n");
    let request = [head.as_bytes(), &vec![b'x'; len]].concat();
    client.write_all(&request).await.expect("a server");
    let wanted = format!("\r\n\r\n{len}");
    let mut answer = Vec::new();
    while !answer.ends_with(wanted.as_bytes()) {
        assert!(within(client.read_buf(&mut answer)).await.expect("an answer") > 0, "the end");
    }
    assert!(answer.starts_with(b"HTTP/1.1 200 OK\r\n"));
}

/// Checks that a listener continues after `accept` runs out of descriptors.
///
/// Meanwhile accepted clients are served; those in its queue are served once descriptors are free.
#[tokio::test]
async fn a_listener_outlives_a_lack_of_descriptors() {
    if !is_alone("a_listener_outlives_a_lack_of_descriptors", "ulimit -n 64") {
        return;
    }
    let stat = File::open("/proc/thread-self/schedstat").expect("proc");
    let (listener, address) = listen().await;
    let mut clients = Vec::new();
    // The connections wait in the listener's queue.
    while let Ok(client) = TcpStream::connect(address).await {
        clients.push(client);
    }
    assert!((20..64).contains(&clients.len()), "{} clients", clients.len());
    let queued = clients.len();
    // Free ten descriptors for the server.
    clients.drain(queued - 10..);
    let mut clients = clients.into_iter();
    let serving = tokio::spawn(run(listener));
    let mut first: Vec<_> = clients.by_ref().take(5).collect();
    for client in &mut first {
        ask(client, 10).await;
    }
    let (begun, before) = (Instant::now(), busy(&stat));
    sleep(Duration::from_secs(1)).await;
    let share = (busy(&stat) - before).as_secs_f64() / begun.elapsed().as_secs_f64();
    assert!(File::open("/dev/null").is_err(), "there are descriptors left");
    assert!(share < 0.3, "it waits with {share:.2} of a processor");
    for client in &mut first {
        ask(client, 10).await;
    }
    drop(first);
    let mut served = 5;
    for mut client in clients {
        // Each client that disconnects frees a descriptor for the next.
        ask(&mut client, 10).await;
        served += 1;
    }
    assert_eq!(served, queued - 10);
    serving.abort();
}

/// Waits until the size of the heap is stable, and returns its change in bytes.
///
/// Connections free memory after a second, or later on a busy machine. The wait is at most 30 s.
fn settle(runtime: &tokio::runtime::Runtime) -> i64 {
    let (mut changed, mut quiet) = (0, 0);
    for _ in 0..20 {
        let wait = async { sleep(Duration::from_millis(1500)).await };
        let round = measure(|| runtime.block_on(wait)).bytes_current;
        changed += round;
        quiet = if round == 0 { quiet + 1 } else { 0 };
        if quiet == 2 {
            break;
        }
    }
    changed
}

#[test]
fn memory_is_flat_with_five_thousand_connections() {
    if !is_alone("memory_is_flat_with_five_thousand_connections", "ulimit -n $(ulimit -Hn)") {
        return;
    }
    // Both ends of each connection are in this process.
    let descriptors = descriptor_limit();
    let number = 5000.min((descriptors - 100) / 2);
    if number < 5000 {
        println!("# {descriptors} descriptors are enough for {number} connections only");
    }
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let (listener, address) = runtime.block_on(listen());
    let serving = runtime.spawn(run(listener));
    let mut clients = Vec::with_capacity(number);
    let mut held = 0;
    let mut rounds = Vec::new();
    for len in [10, 20_000, 20_000, 20_000] {
        // Count allocated bytes; those that the allocator keeps differ from run to run.
        let round = measure(|| {
            runtime.block_on(async {
                while clients.len() < number {
                    clients.push(within(TcpStream::connect(address)).await.expect("a server"));
                }
                for client in &mut clients {
                    ask(client, len).await;
                }
            });
        });
        held += round.bytes_current;
        held += settle(&runtime);
        rounds.push(held / i64::try_from(number).expect("a number"));
    }
    println!("# {number} connections, bytes of memory for each when idle: {rounds:?}");
    // This limit includes the client's end.
    assert!(rounds[0] < BYTES_EACH, "{rounds:?}");
    // The runtime may take up to 20 kB in all. The smallest allocation that each connection kept in
    // each round would be 8 bytes, twice.
    assert!(rounds[3] - rounds[1] <= 4, "it grows: {rounds:?}");
    let tasks = || runtime.metrics().num_alive_tasks();
    assert_eq!(tasks(), number + 1);
    drop(clients);
    runtime.block_on(within(async {
        while tasks() > 1 {
            sleep(Duration::from_millis(10)).await;
        }
    }));
    serving.abort();
}
