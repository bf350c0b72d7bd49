//! One request and its answer, passed on as they come.

use std::io;

use switchover::gateway::{EndToEnd, may_forward};
use switchover::{Event, Order, Owes, Response, ResponseHead, Step};

use crate::forward::{Trailers, http1, known_status, via};
use crate::listen::Stop;
use crate::refusal::Refusal;
use crate::side::Side;

/// What becomes of the client's connection.
pub(crate) enum Flow {
    /// The next request may come.
    Goes,
    Ends,
}

/// How far the backend's answer is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Answer {
    Comes,
    Complete,
    Switched,
}

/// A request, of which the head is written already, and its answer. Either may come while the other does, so neither
/// waits for the other.
pub(crate) async fn exchange(
    client: &mut Side,
    mut server: Side,
    has_offer: bool,
    stop: &mut Stop,
) -> Result<Flow, Refusal> {
    let (mut is_sent, mut answer) = (false, Answer::Comes);
    loop {
        while !is_sent && server.has_room() && client.has_event().map_err(Refusal::of_client)? {
            is_sent = pass_content(client, &mut server)?;
        }
        while answer == Answer::Comes && client.has_room() && server.has_event().map_err(Refusal::of_backend)? {
            // A stream of events may be silent for a while; an unfinished head is no event.
            server.pace.renew();
            let closes = !is_sent || stop.has_come();
            answer = pass_answer(&server, client, has_offer, closes)?;
        }
        match answer {
            Answer::Complete if is_sent => {
                return client.flush().await.map(|()| Flow::Goes).map_err(Refusal::of_client);
            }
            Answer::Complete => return Ok(Flow::Ends),
            Answer::Switched if is_sent => return tunnel(client, server, stop).await.map(|()| Flow::Ends),
            Answer::Switched | Answer::Comes => {}
        }
        let takes_content = !is_sent && server.has_room();
        let takes_answer = answer == Answer::Comes && client.has_room();
        tokio::select! {
            moved = client.work(takes_content, takes_content) => moved.map_err(Refusal::of_client)?,
            moved = server.work(takes_answer, takes_answer && is_sent) => match moved {
                Err(error) if error.kind() == io::ErrorKind::TimedOut => return Err(error.into()),
                // A server that reads no more may still have answered.
                Err(_) => server.out.clear(),
                Ok(()) => {}
            },
        }
    }
}

/// What the client sends after its head; true if that was all.
fn pass_content(client: &Side, server: &mut Side) -> Result<bool, Refusal> {
    let Side { connection, out, .. } = server;
    match client.connection.event() {
        Some(Event::Data(data)) => connection.send_data(data, out)?,
        Some(Event::EndOfMessage(trailers)) => {
            connection.send_end(&Trailers(&trailers), out)?;
            return Ok(true);
        }
        _ => {}
    }
    Ok(false)
}

/// What the backend has sent. `closes`: there is no request after this one.
fn pass_answer(server: &Side, client: &mut Side, has_offer: bool, closes: bool) -> Result<Answer, Refusal> {
    match server.connection.event() {
        Some(Event::Informational(response)) => {
            let fields = response.fields();
            // HTTP/1.0 knows none, and a 100 is passed on only where it is waited for.
            let Side { connection, out, .. } = client;
            let _ = connection.send_informational(&ResponseHead::new(response.status(), &EndToEnd(&fields)), out);
        }
        Some(Event::Response(response)) => {
            if has_offer {
                close_if_more_has_come(client)?;
            }
            if closes {
                client.connection.close_after_response()?;
            }
            pass_head(&response, client)?;
        }
        Some(Event::Data(data)) if client.connection.owes() == Owes::Content => {
            client.connection.send_data(data, &mut client.out)?;
        }
        // What the status has no place for, in a 205 for instance.
        Some(Event::Data(_)) => {}
        Some(Event::EndOfMessage(trailers)) => {
            client.connection.send_end(&Trailers(&trailers), &mut client.out)?;
            return Ok(Answer::Complete);
        }
        Some(Event::Switched(switched)) => {
            let Side { connection, out, .. } = client;
            let agreed = switched.protocols.to_string();
            let response = switched.response.ok_or_else(|| Refusal::of_backend("a switch without its 101"))?;
            let selection = connection.select(&[&agreed], Order::Client);
            let selection = selection.ok_or_else(|| Refusal::of_backend("not what was offered"))?;
            if connection.owes() == Owes::Continue {
                connection.send_informational(&ResponseHead::new(100, &()), out)?;
            }
            let fields = response.fields();
            let fields = (EndToEnd(&fields), [("Via", via(http1(response.minor_version())))]);
            // The backend did not wait for the content, which still has to go to it.
            connection.accept(selection.early(), &fields, out)?;
            return Ok(Answer::Switched);
        }
        Some(Event::Request(_)) | None => {}
    }
    Ok(Answer::Comes)
}

fn pass_head(response: &Response<'_>, client: &mut Side) -> Result<(), Refusal> {
    let fields = response.fields();
    // RFC 9112, 6.1: a coding that is not understood cannot be passed on as if it were none.
    if fields.list("Transfer-Encoding").any(|coding| !coding.eq_ignore_ascii_case(b"chunked")) {
        return Err(Refusal::of_backend("a transfer coding that is not known"));
    }
    let advertised = response.advertised().map(|protocol| protocol.to_string());
    let advertised: Vec<String> = advertised.filter(|protocol| may_forward(protocol)).collect();
    if !advertised.is_empty() {
        let list: Vec<&str> = advertised.iter().map(String::as_str).collect();
        client.connection.advertise(&list)?;
    }
    let fields = (EndToEnd(&fields), [("Via", via(http1(response.minor_version())))]);
    let status = known_status(response.status());
    let reason = if status == response.status() { response.reason() } else { &[] };
    // This also refuses a 426 that, of what it wants, has nothing left that may be passed on (RFC 9110, 15.5.22).
    Ok(client.connection.send_response(&ResponseHead { status, reason, fields: &fields }, &mut client.out)?)
}

/// What stands after a declined offer may have been meant for the other protocol.
fn close_if_more_has_come(client: &mut Side) -> Result<(), Refusal> {
    client.take().map_err(Refusal::of_client)?;
    if !client.connection.unread().is_empty() {
        client.connection.close_after_response()?;
    }
    Ok(())
}

/// Bytes both ways, what had come already first. A side that ends its own direction still gets the other's.
async fn tunnel(client: &mut Side, mut server: Side, stop: &mut Stop) -> Result<(), Refusal> {
    while client.connection.advance()? == Step::Event {}
    client.out.extend_from_slice(server.connection.unread());
    client.flush().await?;
    server.out.extend_from_slice(client.connection.unread());
    server.flush().await?;
    tokio::select! {
        copied = tokio::io::copy_bidirectional(&mut client.stream, &mut server.stream) => copied.map(drop)?,
        () = stop.comes() => {}
    }
    Ok(())
}
