//! Upgrades for frameworks that use hyper's `OnUpgrade` (feature `hyper`).
//!
//! axum's `WebSocketUpgrade` needs an `OnUpgrade` in the request, which only hyper can create.
//! [`WithOnUpgrade`] gets one from a hyper connection over an in-memory pipe. After the switch it
//! copies bytes between that pipe and the real connection. Such an upgrade costs a task, two
//! buffers of up to 64 KiB, two of 8 KiB, and two more copies of each byte. [`upgrade::Offers`]
//! costs none of that.

use std::convert::Infallible;
use std::io::{self, ErrorKind};
use std::pin::{Pin, pin};
use std::sync::{Arc, Mutex, OnceLock};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use ::hyper::service::service_fn;
use http::{Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::io::{
    AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, DuplexStream, ReadBuf, ReadHalf, WriteHalf,
    copy, sink,
};
use tokio::sync::{oneshot, watch};
use tokio::time::{sleep, timeout};
use tower_service::Service;

use crate::error::BoxError;
use crate::sync::lock;
use crate::upgrade::{self, Upgraded};
use crate::wire::LINGER_MAX;

/// The capacity of the pipe in each direction, in bytes.
const PIPE: usize = 64 * 1024;
/// The timeout of a write to the client, once the framework has dropped the pipe.
///
/// The system reports free space only after a third of its buffer was sent.
const SENDING: Duration = Duration::from_secs(120);
/// The maximum of bytes copied between pipe and client at a time.
const PIECE: usize = 8 * 1024;

/// A service that adds hyper's `OnUpgrade` to requests with an offer.
///
/// It adds one only if at least one offered protocol can be accepted.
#[derive(Clone, Debug)]
pub struct WithOnUpgrade<S>(pub S);

impl<S, Q, B> Service<Request<Q>> for WithOnUpgrade<S>
where
    S: Service<Request<Q>, Response = Response<B>, Error: Into<BoxError>, Future: Send>
        + Clone
        + Send
        + 'static,
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
        // `poll_ready` was called on the original, so the original must serve this request.
        let next = self.0.clone();
        let mut handler = std::mem::replace(&mut self.0, next);
        Box::pin(async move {
            let (pipe, on_upgrade) = pipe().await?;
            request.extensions_mut().insert(on_upgrade);
            upgrade::take_over(&request, |upgraded| async {
                // Either side may have disconnected by now, which ends the other too.
                let _ = join(upgraded, pipe).await;
            });
            handler.call(request).await.map_err(Into::into)
        })
    }
}

/// A pipe to a hyper connection that is about to be upgraded.
struct Pipe {
    end: DuplexStream,
    /// The sender that makes hyper switch protocols.
    switch: oneshot::Sender<()>,
    /// A receiver that fails once the framework has dropped its end of the pipe.
    gone: watch::Receiver<()>,
    failure: Failure,
}

/// The sender of errors of the client's stream to the framework.
///
/// If dropped before the client's direction has ended, it reports that direction as truncated.
#[derive(Default)]
struct Failure(Arc<Failures>);

/// Errors of the client's stream, for the framework's end of the pipe.
#[derive(Default)]
struct Failures {
    /// The error that ended the client's direction; `None` for an orderly end.
    read: OnceLock<Option<ErrorKind>>,
    /// The error that ended the direction to the client.
    write: OnceLock<ErrorKind>,
}

impl Drop for Failure {
    fn drop(&mut self) {
        // The copying task may be dropped at any time. If it set no result, the stream was
        // truncated.
        let _ = self.0.read.set(Some(ErrorKind::ConnectionAborted));
    }
}

async fn pipe() -> Result<(Pipe, ::hyper::upgrade::OnUpgrade), BoxError> {
    let (mut pipe, end) = tokio::io::duplex(PIPE);
    let (_gone, gone) = watch::channel(());
    let failure = Failure::default();
    let end = End { pipe: end, failures: failure.0.clone(), _gone };
    let (switch, switched) = oneshot::channel::<()>();
    let (given, taken) = oneshot::channel();
    let once = Mutex::new(Some((given, switched)));
    let service = service_fn(move |mut request| {
        let once = lock(&once).take();
        async move {
            if let Some((given, switched)) = once {
                // If the handler was dropped, so was the pipe.
                let _ = given.send(::hyper::upgrade::on(&mut request));
                let _ = switched.await;
            }
            let mut response = Response::new(String::new());
            *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
            Ok::<_, Infallible>(response)
        }
    });
    let connection =
        ::hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(end), service);
    tokio::spawn(connection.with_upgrades());
    pipe.write_all(b"GET / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: any\r\n\r\n")
        .await?;
    Ok((Pipe { end: pipe, switch, gone, failure }, taken.await?))
}

async fn join(
    upgraded: Upgraded,
    Pipe { end: mut pipe, switch, gone, failure }: Pipe,
) -> Result<(), BoxError> {
    switch.send(()).map_err(|()| "the framework has dropped it")?;
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(pipe.read_u8().await?);
    }
    let (mut from_client, mut to_client) = tokio::io::split(upgraded);
    let (mut from_pipe, mut to_pipe) = tokio::io::split(pipe);
    // Dropped before the pipe, because the framework sees the end once the pipe is dropped.
    let failure = failure;
    let joined = {
        let mut said = pin!(all_said(&mut from_pipe, &mut to_client, gone.clone(), &failure));
        let mut taken = pin!(async {
            tokio::select! {
                taken = passed_on(&mut from_client, &mut to_pipe, &failure) => taken,
                // A framework that has dropped its end reads no more, but its last bytes may still
                // be in the pipe.
                () = dropped(gone) => Ok(()),
            }
        });
        // A client that cannot be read receives nothing either. A client that receives no more may
        // still have sent something.
        tokio::select! {
            taken = &mut taken => match taken {
                Ok(()) => said.await,
                failed => failed,
            },
            said = &mut said => taken.await.and(said),
        }
    };
    if let Err(error) = joined {
        // A client that received nothing for long must not take a part for the whole.
        from_client.unsplit(to_client).reset();
        return Err(error.into());
    }
    // To close with unread bytes from the client would reset the connection, and lose bytes on
    // their way to the client.
    let _ = timeout(LINGER_MAX, copy(&mut from_client, &mut sink())).await;
    Ok(())
}

/// Waits until the framework has dropped its end of the pipe.
async fn dropped(mut gone: watch::Receiver<()>) {
    while gone.changed().await.is_ok() {}
}

/// Copies the framework's bytes to the client, until their end.
///
/// After the framework has dropped the pipe, the client must make progress within a timeout. If the
/// client receives no more, the framework's next write fails.
async fn all_said(
    from: &mut ReadHalf<DuplexStream>,
    to: &mut WriteHalf<Upgraded>,
    gone: watch::Receiver<()>,
    failure: &Failure,
) -> io::Result<()> {
    let said = said_to_the_end(from, to, &gone).await;
    if let Err(error) = &said {
        let _ = failure.0.write.set(error.kind());
        // Ends a write of the framework that is waiting.
        let mut dropping = sink();
        tokio::select! {
            _ = copy(from, &mut dropping) => {}
            () = dropped(gone) => {}
        }
    }
    said
}

async fn said_to_the_end(
    from: &mut ReadHalf<DuplexStream>,
    to: &mut WriteHalf<Upgraded>,
    gone: &watch::Receiver<()>,
) -> io::Result<()> {
    let mut bytes = vec![0; PIECE];
    loop {
        let read = from.read(&mut bytes).await?;
        let mut left = &bytes[..read];
        while !left.is_empty() {
            let taken = in_time(to.write(left), gone).await?;
            left = &left[taken..];
        }
        if read == 0 {
            return in_time(to.shutdown(), gone).await;
        }
        // A buffering stream, such as TLS, must be flushed: no more bytes may follow soon.
        in_time(to.flush(), gone).await?;
    }
}

/// Waits for output to the client, for a limited time once the pipe is dropped.
async fn in_time<T>(
    step: impl Future<Output = io::Result<T>>,
    gone: &watch::Receiver<()>,
) -> io::Result<T> {
    tokio::select! {
        done = step => done,
        () = async { dropped(gone.clone()).await; sleep(SENDING).await } => {
            Err(ErrorKind::TimedOut.into())
        }
    }
}

/// Copies the client's bytes to the framework, until their end.
///
/// Fails only with an error of the client; a framework that reads no more is not an error.
async fn passed_on(
    from: &mut ReadHalf<Upgraded>,
    to: &mut WriteHalf<DuplexStream>,
    failure: &Failure,
) -> io::Result<()> {
    let mut bytes = vec![0; PIECE];
    loop {
        let read = from.read(&mut bytes).await;
        let _ = match &read {
            Ok(0) => failure.0.read.set(None),
            Ok(_) => Ok(()),
            Err(error) => failure.0.read.set(Some(error.kind())),
        };
        let read = read?;
        let taken =
            if read == 0 { to.shutdown().await } else { to.write_all(&bytes[..read]).await };
        if read == 0 || taken.is_err() {
            return Ok(());
        }
    }
}

/// The framework's end of the pipe; the other end is notified when it is dropped.
struct End {
    pipe: DuplexStream,
    failures: Arc<Failures>,
    _gone: watch::Sender<()>,
}

impl AsyncRead for End {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        to: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = to.filled().len();
        ready!(Pin::new(&mut self.pipe).poll_read(context, to))?;
        match self.failures.read.get() {
            Some(&Some(kind)) if to.filled().len() == before && to.remaining() > 0 => {
                Poll::Ready(Err(kind.into()))
            }
            _ => Poll::Ready(Ok(())),
        }
    }
}

impl AsyncWrite for End {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        if let Some(&kind) = self.failures.write.get() {
            return Poll::Ready(Err(kind.into()));
        }
        Pin::new(&mut self.pipe).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.pipe).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.pipe).poll_shutdown(context)
    }
}
