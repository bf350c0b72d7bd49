//! For frameworks that know hyper's upgrades alone (feature `hyper`).
//!
//! axum's `WebSocketUpgrade` wants an `OnUpgrade` in the request, which only hyper can make. [`WithOnUpgrade`] gets one from a
//! hyper connection over a pipe in memory, and passes bytes between that and the real connection once it has switched. So
//! such an upgrade costs a task, two buffers of 64 KiB, and another copy of each byte; [`upgrade::Offers`]
//! costs none of that.

use std::convert::Infallible;
use std::io;
use std::pin::Pin;
use std::sync::Mutex;
use std::task::{Context, Poll};

use ::hyper::service::service_fn;
use http::{Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, DuplexStream};
use tokio::sync::oneshot;
use tower_service::Service;

use crate::error::BoxError;
use crate::sync::lock;
use crate::upgrade::{self, Upgraded};

/// Bytes in the pipe, each way.
const PIPE: usize = 64 * 1024;

/// A handler whose requests with an offer hold an `OnUpgrade` of hyper's, if anything that is offered can be accepted.
#[derive(Clone, Debug)]
pub struct WithOnUpgrade<S>(pub S);

impl<S, Q, B> Service<Request<Q>> for WithOnUpgrade<S>
where
    S: Service<Request<Q>, Response = Response<B>, Error: Into<BoxError>, Future: Send> + Clone + Send + 'static,
    Q: Send + 'static,
{
    type Response = Response<B>;
    type Error = BoxError;
    type Future = Pin<Box<dyn Future<Output = Result<Response<B>, BoxError>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.0.poll_ready(context).map_err(Into::into)
    }

    fn call(&mut self, mut request: Request<Q>) -> Self::Future {
        if upgrade::offers(&request).iter().all(|offer| offer.ineligible.is_some()) {
            let answer = self.0.call(request);
            return Box::pin(async move { answer.await.map_err(Into::into) });
        }
        // The one that is ready answers.
        let next = self.0.clone();
        let mut handler = std::mem::replace(&mut self.0, next);
        Box::pin(async move {
            let (pipe, switch, on_upgrade) = pipe().await?;
            request.extensions_mut().insert(on_upgrade);
            upgrade::take_over(&request, |upgraded| async {
                // Either side may have gone by then, which ends the other.
                let _ = join(upgraded, pipe, switch).await;
            });
            handler.call(request).await.map_err(Into::into)
        })
    }
}

/// A pipe to a connection of hyper's that is about to switch: it does once asked to.
async fn pipe() -> Result<(DuplexStream, oneshot::Sender<()>, ::hyper::upgrade::OnUpgrade), BoxError> {
    let (mut pipe, end) = tokio::io::duplex(PIPE);
    let (switch, switched) = oneshot::channel::<()>();
    let (given, taken) = oneshot::channel();
    let once = Mutex::new(Some((given, switched)));
    let service = service_fn(move |mut request| {
        let once = lock(&once).take();
        async move {
            if let Some((given, switched)) = once {
                // Where the handler has gone, so has the pipe.
                let _ = given.send(::hyper::upgrade::on(&mut request));
                let _ = switched.await;
            }
            let mut response = Response::new(String::new());
            *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
            Ok::<_, Infallible>(response)
        }
    });
    let connection = ::hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(end), service);
    tokio::spawn(connection.with_upgrades());
    pipe.write_all(b"GET / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: any\r\n\r\n").await?;
    Ok((pipe, switch, taken.await?))
}

async fn join(upgraded: Upgraded, mut pipe: DuplexStream, switch: oneshot::Sender<()>) -> Result<(), BoxError> {
    switch.send(()).map_err(|()| "the framework has dropped it")?;
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(pipe.read_u8().await?);
    }
    // A framework that takes no more has still said what waits in the pipe.
    let (from_client, to_client) = tokio::io::split(upgraded);
    let (from_pipe, to_pipe) = tokio::io::split(pipe);
    let (taken, said) = tokio::join!(passed_on(from_client, to_pipe), passed_on(from_pipe, to_client));
    Ok(said.and(taken)?)
}

/// One direction, to its end.
async fn passed_on(mut from: impl AsyncRead + Unpin, mut to: impl AsyncWrite + Unpin) -> io::Result<()> {
    tokio::io::copy(&mut from, &mut to).await?;
    to.shutdown().await
}
