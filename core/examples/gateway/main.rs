//! A reverse proxy: two connections of the engine glued together, one to the client, one to the backend.
//!
//! ```text
//! gateway --backend HOST:PORT [--port N]
//! ```
//!
//! What is for one hop stays there, everything else passes (RFC 9110, 7.6.1). An offer is passed on, the backend's 101 is
//! checked by the engine against it and accepted towards the client; then octets go both ways until each side has ended its
//! own. A backend that declines leaves an ordinary response. Octets that have come behind an offer by then may have been
//! meant for another protocol: the connection ends with the answer (RFC 9931, 5).

mod side;

use std::net::Ipv4Addr;

use clap::Parser;
use switchover::gateway::{EndToEnd, SwitchEndToEnd, forwardable, may_forward};
use switchover::{Event, Field, FieldSource, Fields, Order, RequestHead, ResponseHead, Role, Step};
use tokio::net::{TcpListener, TcpStream};

use crate::side::{Failure, PATIENCE, Side};

const VIA: Field<'static> = Field { name: b"Via", value: b"1.1 switchover" };

#[derive(Parser)]
#[command(about = "A reverse proxy that passes on what a connection may become")]
struct Args {
    /// The port on 127.0.0.1; 0 takes a free one
    #[arg(long, default_value_t = 8081)]
    port: u16,
    /// Where requests go, without http://
    #[arg(long, value_name = "HOST:PORT", value_parser = side::host_and_port)]
    backend: String,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Failure> {
    let args = Args::parse();
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, args.port)).await?;
    println!("listening on http://{}", listener.local_addr()?);
    // All of it in one thread, which is what a borrowed event asks for.
    tokio::task::LocalSet::new().run_until(accept_all(listener, &args.backend)).await
}

async fn accept_all(listener: TcpListener, backend: &str) -> Result<(), Failure> {
    loop {
        tokio::select! {
            accepted = listener.accept() => {
                let (stream, backend) = (accepted?.0, backend.to_owned());
                // A connection that fails is no reason to end the others.
                tokio::task::spawn_local(async move { serve(stream, &backend).await.inspect_err(|error| eprintln!("{error}")) });
            }
            _ = tokio::signal::ctrl_c() => return Ok(()),
        }
    }
}

/// What is passed on of a request; the head is gone when its content comes.
struct Forwarded {
    method: String,
    target: String,
    fields: Vec<(Vec<u8>, Vec<u8>)>,
    offer: Vec<String>,
    /// It offers something, whether that is passed on or not.
    has_offer: bool,
}

async fn serve(stream: TcpStream, backend: &str) -> Result<(), Failure> {
    let mut client = Side::new(stream, Role::Server)?;
    let outcome = serve_requests(&mut client, backend).await;
    client.end().await?;
    outcome
}

/// Serves the client's requests, one after the other, each on a backend connection of its own.
async fn serve_requests(client: &mut Side, backend: &str) -> Result<(), Failure> {
    loop {
        if let Err(error) = client.advance().await {
            let told = error.downcast_ref::<switchover::Error>().and_then(switchover::Error::status);
            if let Some(status) = told {
                refuse(client, status)?;
            }
            return Err(error);
        }
        let forwarded = match client.connection.event() {
            Some(Event::Request(request)) if request.method() != "CONNECT" => Forwarded {
                method: request.method().into(),
                target: request.target().into(),
                fields: owned(&(EndToEnd(&request.fields()), ([VIA], framing(request.fields())))),
                offer: forwardable(&request).map(|protocol| protocol.to_string()).collect(),
                has_offer: request.offers().is_ok(),
            },
            Some(Event::Request(_)) => {
                refuse(client, 501)?;
                continue;
            }
            Some(Event::Closed { .. }) => return Ok(()),
            _ => continue,
        };
        match TcpStream::connect(backend).await {
            Err(error) => {
                eprintln!("{backend}: {error}");
                refuse(client, 502)?;
            }
            Ok(stream) => {
                let server = Side::new(stream, Role::Client)?;
                match exchange(client, server, &forwarded).await {
                    Ok(Flow::Goes) => {}
                    Ok(Flow::Ends) => return Ok(()),
                    Err(error) => {
                        // Where no answer has begun, this is it.
                        client.connection.close_after_response().ok();
                        refuse(client, 502)?;
                        return Err(error);
                    }
                }
            }
        }
    }
}

/// How the content of a request ends, where it does not say its length.
fn framing(fields: Fields<'_>) -> Vec<(&'static str, &'static str)> {
    match fields.get("Transfer-Encoding") {
        Some(_) => vec![("Transfer-Encoding", "chunked")],
        None => Vec::new(),
    }
}

fn owned(fields: &dyn FieldSource) -> Vec<(Vec<u8>, Vec<u8>)> {
    let mut list = Vec::new();
    // The backend is waited for in any case; the 100 is ours to send.
    fields.each(&mut |field| {
        if !field.is("Expect") {
            list.push((field.name.to_vec(), field.value.to_vec()));
        }
    });
    list
}

/// What becomes of the client's connection.
enum Flow {
    /// The next request may come.
    Goes,
    Ends,
}

/// One request and its answer. Either may come while the other does, so neither waits for the other.
async fn exchange(client: &mut Side, mut server: Side, forwarded: &Forwarded) -> Result<Flow, Failure> {
    let head = RequestHead::new(&forwarded.method, &forwarded.target, &forwarded.fields);
    let offer: Vec<&str> = forwarded.offer.iter().map(String::as_str).collect();
    server.connection.send_request(&head, &offer, &mut server.out)?;
    if client.connection.owes_continue() {
        client.connection.send_informational(100, &(), &mut client.out)?;
    }
    let (mut is_sent, mut answer) = (false, Answer::Comes);
    loop {
        while !is_sent && server.has_room() && advance_client(client)? == Step::Event {
            is_sent = pass_content(client, &mut server)?;
        }
        while answer == Answer::Comes && client.has_room() && server.connection.advance()? == Step::Event {
            answer = pass_answer(&server, client, forwarded.has_offer)?;
        }
        match answer {
            // The rest of a request whose answer is complete is nobody's.
            Answer::Complete if is_sent => return client.flush().await.map(|()| Flow::Goes).map_err(Failure::from),
            Answer::Complete => return Ok(Flow::Ends),
            Answer::Switched if is_sent => return tunnel(client, server).await.map(|()| Flow::Ends),
            Answer::Switched | Answer::Comes => {}
        }
        let takes_content = !is_sent && server.has_room();
        let takes_answer = answer == Answer::Comes && client.has_room();
        tokio::select! {
            moved = client.work(takes_content) => moved?,
            // A server that reads no more may still have answered.
            moved = server.work(takes_answer) => if moved.is_err() { server.out.clear() },
            () = tokio::time::sleep(PATIENCE) => return Err("neither side goes on".into()),
        }
    }
}

/// The client's next event; its mistakes are answered here.
fn advance_client(client: &mut Side) -> Result<Step, Failure> {
    client
        .connection
        .advance()
        .map_err(|error| refuse(client, error.status().unwrap_or(400)).err().unwrap_or_else(|| error.into()))
}

/// What the client sends behind its head; true if that was all.
fn pass_content(client: &Side, server: &mut Side) -> Result<bool, Failure> {
    match client.connection.event() {
        Some(Event::Data(data)) => server.connection.send_data(data, &mut server.out)?,
        Some(Event::EndOfMessage(trailers)) => {
            let sent = server.connection.send_end(&trailers, &mut server.out);
            sent.or_else(|_| server.connection.send_end(&(), &mut server.out))?;
            return Ok(true);
        }
        Some(Event::Closed { .. }) => return Err("the client has gone".into()),
        _ => {}
    }
    Ok(false)
}

/// How far the backend's answer is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Answer {
    Comes,
    Complete,
    Switched,
}

/// What the backend has sent.
fn pass_answer(server: &Side, client: &mut Side, has_offer: bool) -> Result<Answer, Failure> {
    match server.connection.event() {
        Some(Event::Informational(response)) => {
            let (status, fields) = (response.status(), response.fields());
            // HTTP/1.0 knows none, and a 100 that nobody waits for is nobody's.
            let _ = client.connection.send_informational(status, &EndToEnd(&fields), &mut client.out);
        }
        Some(Event::Response(response)) => {
            let fields = response.fields();
            // RFC 9112, 6.1: a coding that is not understood cannot be passed on as if it were none.
            if fields.list("Transfer-Encoding").any(|coding| !coding.eq_ignore_ascii_case(b"chunked")) {
                return refuse(client, 502).map(|()| Answer::Complete);
            }
            let fields = owned(&(EndToEnd(&fields), [VIA]));
            let advertised = response.advertised().map(|protocol| protocol.to_string());
            let advertised: Vec<String> = advertised.filter(|protocol| may_forward(protocol)).collect();
            if !advertised.is_empty() {
                let list: Vec<&str> = advertised.iter().map(String::as_str).collect();
                client.connection.advertise(&list)?;
            }
            if has_offer {
                close_if_more_has_come(client)?;
            }
            let head = ResponseHead { status: response.status(), reason: response.reason(), fields: &fields };
            // A 426 that does not say what it wants is no answer (RFC 9110, 15.5.22).
            if client.connection.send_response(&head, &mut client.out).is_err() {
                let required: Vec<String> = response.advertised().map(|protocol| protocol.to_string()).collect();
                eprintln!("a {} wants what is not passed on: {}", response.status(), required.join(", "));
                return refuse(client, 502).map(|()| Answer::Complete);
            }
        }
        Some(Event::Data(data)) => client.connection.send_data(data, &mut client.out)?,
        Some(Event::EndOfMessage(trailers)) => {
            let sent = client.connection.send_end(&trailers, &mut client.out);
            // Trailers that the client's framing has no place for are dropped (RFC 9110, 6.5.1).
            sent.or_else(|_| client.connection.send_end(&(), &mut client.out))?;
            return Ok(Answer::Complete);
        }
        Some(Event::Switched(switched)) => {
            let agreed = switched.protocols.to_string();
            let response = switched.response.ok_or("a switch without its 101")?;
            let selection = client.connection.select(&[&agreed], Order::Client).ok_or("not what was offered")?;
            // The backend did not wait for the content, which still has to go to it.
            client.connection.accept_early(selection, &SwitchEndToEnd(&response.fields()), &mut client.out)?;
            return Ok(Answer::Switched);
        }
        Some(Event::Closed { .. }) => return Err("the backend closed without an answer".into()),
        Some(Event::Request(_)) | None => {}
    }
    Ok(Answer::Comes)
}

/// What stands behind a declined offer may have been meant for the other protocol.
fn close_if_more_has_come(client: &mut Side) -> Result<(), Failure> {
    client.take()?;
    if client.connection.unread() > 0 {
        client.connection.close_after_response()?;
    }
    Ok(())
}

/// Octets both ways, what had come already first. A side that ends its own direction still gets the other's.
async fn tunnel(client: &mut Side, mut server: Side) -> Result<(), Failure> {
    while client.connection.advance()? == Step::Event {}
    client.out.extend_from_slice(server.connection.leftover());
    client.flush().await?;
    server.out.extend_from_slice(client.connection.leftover());
    server.flush().await?;
    tokio::io::copy_bidirectional(&mut client.stream, &mut server.stream).await?;
    Ok(())
}

/// Answers in the backend's place, where no answer has begun.
fn refuse(client: &mut Side, status: u16) -> Result<(), Failure> {
    let head = ResponseHead::new(status, &[("Content-Length", "0")]);
    if client.connection.send_response(&head, &mut client.out).is_ok() {
        client.connection.send_end(&(), &mut client.out)?;
    }
    Ok(())
}
