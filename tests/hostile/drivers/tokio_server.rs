//! A host of the hostile kit: a server of `switchover_tokio`.
//!
//! The path of a request selects the handler's behaviour.

use bytes::Bytes;
use futures_util::FutureExt;
use futures_util::stream::{self, BoxStream, StreamExt};
use http::{HeaderMap, HeaderValue, Request, Response};
use http_body_util::{BodyExt, StreamBody, combinators::UnsyncBoxBody};
use hyper::body::Frame;
use switchover_tokio::{Body, BoxError, Config, ReasonPhrase, service_fn, upgrade};

#[path = "common.rs"]
mod common;
use common::{BROKEN, TEN};

type Content = UnsyncBoxBody<Bytes, BoxError>;

#[tokio::main(flavor = "current_thread")]
async fn main() -> std::io::Result<()> {
    common::run(service_fn(answer), &Config::default()).await
}

async fn answer(request: Request<Body>) -> Result<Response<Content>, BoxError> {
    if let Some(chosen) = upgrade::select(&request, ["foo/2"]) {
        common::later(request.uri()).await;
        return Ok(match request.uri().path() {
            "/raises-switched" => chosen.accept(common::raise_switched),
            _ => chosen.accept(common::echo),
        });
    }
    let new =
        |content: Vec<Result<Bytes, BoxError>>| Response::new(of(stream::iter(content).boxed()));
    let ten = || Ok(Bytes::from(TEN));
    let long = |length: &'static str, mut response: Response<Content>| {
        response.headers_mut().insert("content-length", HeaderValue::from_static(length));
        Ok(response)
    };
    match request.uri().path() {
        "/plain" => Ok(new(vec![Ok("plain\n".into())])),
        "/echo" => Ok(Response::new(request.into_body().map_err(Into::into).boxed_unsync())),
        "/self" => Ok(new(vec![Ok(common::tasks().into())])),
        "/megabyte" => Ok(new(vec![Ok(vec![b'x'; 1 << 20].into())])),
        "/too-long" => long("100", new(vec![ten()])),
        "/too-short" => long("10", new(vec![ten(), ten()])),
        "/no-length" => Ok(new((0..10).map(|_| ten()).collect())),
        "/raises-before" => Err("before the head".into()),
        "/raises-in-head" => std::panic::panic_any(common::PANIC),
        "/raises-in-content" => Ok(new(vec![ten(), Err("in the content".into())])),
        "/raises-after" => long("10", new(vec![ten(), Err("after the end".into())])),
        "/sends-after" => {
            let frames =
                [Frame::data(ten()?), Frame::trailers(HeaderMap::new()), Frame::data(ten()?)];
            Ok(Response::new(StreamBody::new(stream::iter(frames.map(Ok))).boxed_unsync()))
        }
        "/breaks-reason" => {
            Ok(Response::builder().extension(ReasonPhrase::new(BROKEN)).body(Content::default())?)
        }
        "/endless" => {
            Ok(Response::new(of(stream::repeat_with(|| Ok(vec![b'x'; 1024].into())).boxed())))
        }
        "/silent" => Ok(Response::new(of(stream::iter([ten()]).chain(stream::pending()).boxed()))),
        "/sleeps" => tokio::time::sleep(common::MOMENT).map(|()| Ok(new(vec![]))).await,
        "/waits" => std::future::pending().await,
        _ => Ok(new(vec![Ok("?".into())])),
    }
}

fn of(content: BoxStream<'static, Result<Bytes, BoxError>>) -> Content {
    StreamBody::new(content.map(|piece| piece.map(Frame::data))).boxed_unsync()
}
