//! The server's responses, and its choice to accept or decline each upgrade offer.

use std::sync::Arc;

use bytes::Bytes;
use http::header::{
    ALLOW, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderName, HeaderValue, LOCATION, ORIGIN,
    SEC_WEBSOCKET_PROTOCOL,
};
use http::{Method, Request, Response, StatusCode};
use http_body_util::BodyExt;
use switchover::masque::UdpTarget;
use switchover::{Ineligible, Limits, Order};
use switchover_tokio::upgrade::{self, Selected};
use switchover_tokio::{Body, BoxError};

use crate::routes::{ALLOWED, Route, refusal};
use crate::session::Session;
use crate::switched::{Answer, NextProtocol};
use crate::target::path;
use crate::{live, play, udp};

/// The most content of a request, in bytes, that is read before a possible switch.
///
/// More is responded to with 413. A switch to HTTP/2 has a limit of its own. On other routes
/// content is echoed or discarded as it arrives.
const KEPT: usize = 1 << 20;

const TEXT: &str = "text/plain; charset=utf-8";

/// Returns the response to a request, by its route.
///
/// The future is boxed, because requests inside upgraded TLS call this function recursively.
pub(crate) fn answer(session: Arc<Session>, request: Request<Body>) -> Answer {
    let route = Route::of(&request.uri().to_string());
    Box::pin(async move {
        if let Some((status, text)) = refusal(route, request.method()) {
            let response = reply(status, TEXT, text);
            // RFC 9110 15.5.6: a 405 has an Allow field.
            return Ok(if status == 405 { with(response, ALLOW, ALLOWED) } else { response });
        }
        match route {
            Route::Echo => Ok(reply(200, "application/octet-stream", request.into_body())),
            Route::Page((_, kind, text)) => {
                Ok(with(reply(200, kind, *text), CONTENT_SECURITY_POLICY, live::POLICY))
            }
            Route::Play => Ok(playground(&session, path(&request.uri().to_string()))),
            Route::Plain | Route::Missing => plain(request).await,
            Route::Live if is_foreign(&request) => {
                Ok(reply(403, TEXT, "Not for the page of another server.\n"))
            }
            Route::H2c => http2(session, request).await,
            Route::Server if session.select(&request, &["h2c"]).is_some() => {
                http2(session, request).await
            }
            Route::Tls | Route::Server if session.is_secure => {
                Ok(reply(200, TEXT, "This is HTTP/1.1 in TLS.\n"))
            }
            _ => negotiate(session, route, request).await,
        }
    })
}

/// Declines every offer, and responds with a text that has the content's length.
async fn plain(request: Request<Body>) -> Result<Response<Body>, BoxError> {
    // RFC 9110 9.3.2: the response to HEAD has the fields of the response to GET.
    let method =
        if request.method() == Method::HEAD { Method::GET } else { request.method().clone() };
    let target = request.uri().clone();
    let (bytes, _) = counted(request.into_body(), 0).await?;
    Ok(reply(
        200,
        TEXT,
        format!("{method} {target}: {bytes} bytes of content came. No offer is taken here.\n"),
    ))
}

fn playground(session: &Session, path: &str) -> Response<Body> {
    if path == "/play" {
        let mut response = Response::new(Body::empty());
        *response.status_mut() = StatusCode::PERMANENT_REDIRECT;
        return with(response, LOCATION, "/play/");
    }
    let (status, kind, bytes) = play::file(&session.app.play, path);
    with(reply(status, kind, bytes), CONTENT_SECURITY_POLICY, play::POLICY)
}

// Decisions on offers.

impl Session {
    /// Selects an offered protocol among `tokens`, in the order that --prefer chooses.
    ///
    /// Returns `None` if none of them is offered and eligible.
    fn select<B>(&self, request: &Request<B>, tokens: &[&str]) -> Option<Selected> {
        let is_ours = |name: &&str| tokens.iter().any(|token| token.eq_ignore_ascii_case(name));
        let theirs = upgrade::offers(request).iter().map(|offer| &*offer.protocol).filter(is_ours);
        let wanted =
            if self.app.prefer == Order::Server { tokens.to_vec() } else { theirs.collect() };
        upgrade::select(request, wanted)
    }
}

async fn negotiate(
    session: Arc<Session>,
    route: Route,
    request: Request<Body>,
) -> Result<Response<Body>, BoxError> {
    let target = request.uri().to_string();
    let proxied = UdpTarget::parse(UdpTarget::TEMPLATE, &target);
    // RFC 9298 3.1: a target that cannot be reached is rejected before the switch.
    match &proxied {
        None if route == Route::Udp => {
            return Ok(reply(400, TEXT, "The path names no host and port.\n"));
        }
        Some(to) if !udp::is_allowed(to) => return Ok(reply(403, TEXT, "Only to this machine.\n")),
        _ => {}
    }
    let (head, content) = request.into_parts();
    let Some(content) = content.read(KEPT).await? else {
        return Ok(reply(413, TEXT, "That is more than can be taken along.\n"));
    };
    let request = Request::from_parts(head, content);
    let Some(chosen) = session.select(&request, route.tokens()) else {
        return Ok(declined(route, &request));
    };
    // The echo works with every subprotocol, so the client's first choice is accepted. Some clients
    // require a subprotocol in the response (RFC 6455 4.1 allows it).
    let is_websocket = chosen.protocol().eq_ignore_ascii_case("websocket");
    let subprotocol = chosen.subprotocols().first().filter(|_| is_websocket).cloned();
    let next = match (route, chosen.protocol()) {
        (Route::Live, _) => NextProtocol::Live,
        _ if is_websocket => NextProtocol::WebSocket,
        (_, name) if name.to_ascii_lowercase().starts_with("tls/") => {
            return Ok(chosen.accept(move |stream| session.go_on_in_tls(stream, answer)));
        }
        (Route::Udp, _) => NextProtocol::Udp(proxied.ok_or("no target")?),
        _ => NextProtocol::Foo(request.into_body()),
    };
    let response = chosen.accept(move |stream| session.speak(next, stream));
    Ok(match subprotocol {
        Some(name) => with(response, SEC_WEBSOCKET_PROTOCOL, &name),
        None => response,
    })
}

fn declined(route: Route, request: &Request<Bytes>) -> Response<Body> {
    let (tokens, target) = (route.tokens(), request.uri());
    let names = tokens.join(" or ");
    if matches!(route, Route::Foo | Route::Server) {
        let text = format!("This is {target} in HTTP/1.1. Offer {names} to speak that instead.\n");
        let mut response = reply(200, TEXT, text);
        upgrade::advertise(&mut response, tokens);
        return response;
    }
    match upgrade::offers(request).iter().find_map(|offer| offer.ineligible) {
        Some(flaw) if flaw.status() != 426 => {
            reply(flaw.status(), TEXT, format!("{}.\n", flaw.text()))
        }
        // The engine adds the supported version of WebSocket to the 426.
        _ => {
            let text = format!("This needs another protocol: {names}.\n");
            with(upgrade::require(tokens, text.into()), CONTENT_TYPE, TEXT)
        }
    }
}

/// Accepts an offer of h2c, so that the request gets its response in HTTP/2.
///
/// The request's content is passed to HTTP/2. If no eligible h2c is offered, or the content exceeds
/// the engine's limit for h2c, responds in HTTP/1.1 with the reason.
async fn http2(session: Arc<Session>, request: Request<Body>) -> Result<Response<Body>, BoxError> {
    let most = Limits::DEFAULT.h2c_content as usize;
    let (head, content) = request.into_parts();
    let (bytes, kept) = counted(content, most).await?;
    let reason = match session.select(&Request::from_parts(head, ()), &["h2c"]) {
        Some(chosen) if bytes <= most => {
            return Ok(chosen.accept_http2(kept, |stream| session.speak_http2(stream)));
        }
        Some(_) => Ineligible::Content.text(),
        None if session.is_secure => {
            "h2c is for clear text, and HTTP/2 in TLS is agreed on in its handshake"
        }
        None => "offer h2c to go on in HTTP/2",
    };
    Ok(reply(200, TEXT, format!("This is HTTP/1.1: {reason}. {bytes} bytes of content came.\n")))
}

/// Returns the length of the content, and the content itself up to `most` bytes.
///
/// Longer content is read to its end, and the returned bytes are then incomplete.
async fn counted(mut content: Body, most: usize) -> Result<(usize, Bytes), BoxError> {
    let (mut bytes, mut kept) = (0, Vec::new());
    while let Some(frame) = content.frame().await {
        if let Ok(data) = frame?.into_data() {
            bytes += data.len();
            if bytes <= most {
                kept.extend_from_slice(&data);
            }
        }
    }
    Ok((bytes, kept.into()))
}

/// Returns whether an Origin field names neither `localhost` nor 127.0.0.1.
///
/// False for a request without Origin. True for a value that is not an http or https origin.
fn is_foreign(request: &Request<Body>) -> bool {
    request.headers().get_all(ORIGIN).iter().any(|origin| !live::is_ours(origin.as_bytes()))
}

fn reply(status: u16, kind: &'static str, content: impl Into<Body>) -> Response<Body> {
    let mut response = Response::new(content.into());
    *response.status_mut() = StatusCode::from_u16(status).unwrap_or_default();
    with(response, CONTENT_TYPE, kind)
}

fn with(mut response: Response<Body>, name: HeaderName, value: &str) -> Response<Body> {
    // All values are valid: they are constants of ours, or a subprotocol, which is a token.
    if let Ok(value) = HeaderValue::from_str(value) {
        response.headers_mut().insert(name, value);
    }
    response
}
