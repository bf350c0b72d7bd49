//! A reverse proxy: two connections of the engine glued together, one to the client, one to the backend.
//!
//! ```text
//! gateway --backend HOST:PORT [--port N] [--patience SECONDS]
//! ```
//!
//! What is for one hop stays there, everything else passes (RFC 9110, 7.6.1). An offer is passed on, the backend's 101 is
//! checked by the engine against it and accepted towards the client; then bytes go both ways until each side has ended its
//! own. A backend that declines leaves an ordinary response. Bytes that have come after an offer by then may have been
//! meant for another protocol: the connection ends with the answer (RFC 9931, 5).

mod backend;
mod exchange;
mod forward;
mod listen;
mod refusal;
mod side;

use std::net::Ipv4Addr;

use clap::Parser;
use switchover::{Event, Paused, RequestHead, ResponseHead, Role};
use tokio::net::{TcpListener, TcpStream};

use crate::backend::Backend;
use crate::exchange::{Flow, exchange};
use crate::forward::{Forwarded, last_answer};
use crate::listen::{Stop, serve_all};
use crate::refusal::{Refusal, is_late};
use crate::side::{Failure, Side};

#[derive(Parser)]
#[command(about = "A reverse proxy that passes on what a connection may become")]
struct Args {
    /// The port on 127.0.0.1; 0 takes a free one
    #[arg(long, default_value_t = 8081)]
    port: u16,
    /// Where requests go, without http://
    #[arg(long, value_name = "HOST:PORT", value_parser = side::host_and_port)]
    backend: String,
    /// Seconds that a peer may take for a message, and longer for long content
    #[arg(long, value_name = "SECONDS", default_value_t = 30)]
    patience: u64,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Failure> {
    let Args { port, backend, patience } = Args::parse();
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await?;
    println!("listening on http://{}", listener.local_addr()?);
    // All of it in one thread, which is what a borrowed event asks for.
    let backend = Backend::new(&backend, patience);
    let serving = serve_all(listener, |stream, stop| serve(stream, backend.clone(), stop));
    tokio::task::LocalSet::new().run_until(serving).await
}

async fn serve(stream: TcpStream, backend: Backend, stop: Stop) -> Result<(), Failure> {
    let mut client = Side::new(stream, backend.connection(Role::Server), Vec::new(), backend.patience)?;
    let outcome = serve_requests(&mut client, &backend, stop).await;
    client.end().await?;
    outcome
}

/// Serves the client's requests, one after the other, each on a backend connection of its own.
async fn serve_requests(client: &mut Side, backend: &Backend, mut stop: Stop) -> Result<(), Failure> {
    loop {
        let is_idle = client.is_idle();
        tokio::select! {
            outcome = client.advance() => match outcome {
                Ok(Some(Paused::Closed)) => return Ok(()),
                Ok(_) => {}
                // An idle connection ends when its client has nothing more to ask.
                Err(error) if client.is_idle() && error.is::<std::io::Error>() => return Ok(()),
                Err(error) => {
                    if let Some(status) = error.downcast_ref::<switchover::Error>().and_then(switchover::Error::status) {
                        refuse(client, status);
                    } else if is_late(&error) {
                        // Half a head: there is no request yet, so `respond` has nothing to answer.
                        client.connection.reject(&ResponseHead::new(408, &()), b"", &mut client.out).ok();
                    }
                    return Err(error);
                }
            },
            () = stop.comes(), if is_idle => return Ok(()),
        }
        let forwarded = match client.connection.event() {
            Some(Event::Request(request)) if request.method() == "CONNECT" => {
                refuse(client, 501);
                continue;
            }
            Some(Event::Request(request)) => {
                let forwarded = Forwarded::new(&request, &backend.address);
                if forwarded.is_spent {
                    let line = format!("{} {} HTTP/1.{}", request.method(), request.target(), request.minor_version());
                    let content = last_answer(&line, &request.fields());
                    answer(client, 200, &[("Content-Type", "message/http")], &content);
                    continue;
                }
                forwarded
            }
            // The content of a request that was answered without it.
            _ => continue,
        };
        client.pace.renew();
        let head = RequestHead::new(&forwarded.method, &forwarded.target, &forwarded.fields);
        let offer: Vec<&str> = forwarded.offer.iter().map(String::as_str).collect();
        let outcome = match backend.ask(&head, &offer).await {
            Ok(server) => exchange(client, server, forwarded.has_offer, &mut stop).await,
            Err(refusal) => Err(refusal),
        };
        match outcome {
            Ok(Flow::Goes) => {}
            Ok(Flow::Ends) => return Ok(()),
            Err(Refusal { status, why }) => {
                // Where no answer has begun, this is it.
                client.connection.close_after_response().ok();
                refuse(client, status);
                return Err(why);
            }
        }
    }
}

/// Answers in the backend's place, where no answer has begun.
fn refuse(client: &mut Side, status: u16) {
    answer(client, status, &[], b"");
}

fn answer(client: &mut Side, status: u16, fields: &[(&str, &str)], content: &[u8]) {
    let Side { connection, out, .. } = client;
    connection.respond(&ResponseHead::new(status, &fields), content, out).ok();
}
