//! A pool of connections to servers, as a tower service.

use std::collections::HashMap;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http::header::{AUTHORIZATION, HeaderMap};
use http::uri::Scheme;
use http::{Request, Response, Version};
use http_body::{Body as HttpBody, Frame, SizeHint};
use http_body_util::Full;
use switchover_tokio::client::{Client, TrySendError, connect};
use switchover_tokio::{Body, BoxError, Config, Error, Timeout};
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout};
use tower_service::Service;

/// The maximum of idle connections to one server that are kept.
const IDLE_MAX: usize = 8;
/// The time after which an idle connection is not used again.
///
/// It is closed at the latest when the pool next keeps a connection.
const IDLE_TIME: Duration = Duration::from_secs(30);
/// The default time in which a server has to accept a TCP connection.
const CONNECT_TIME: Duration = Duration::from_secs(30);

/// A pool of connections; clones share it.
#[derive(Clone)]
pub(crate) struct Pool {
    idle: Arc<Mutex<HashMap<String, Vec<Idle>>>>,
    config: Config,
    connect_time: Duration,
}

impl Default for Pool {
    fn default() -> Self {
        Self::new(Config::default(), CONNECT_TIME)
    }
}

/// A connection without a request, and the time at which its last one ended.
struct Idle(Client<TcpStream>, Instant);

impl Pool {
    pub(crate) fn new(config: Config, connect_time: Duration) -> Self {
        Self { idle: Arc::default(), config, connect_time }
    }

    /// Sends a request to its URI's authority, over an idle connection or a new one.
    ///
    /// Fails with `Misuse` if the scheme is not `http`.
    pub(crate) async fn send(
        &self,
        request: Request<Full<Bytes>>,
    ) -> Result<Response<Pooled>, Error> {
        // Another scheme than that of clear text is not spoken here.
        if request.uri().scheme() != Some(&Scheme::HTTP) {
            return Err(Error::Misuse("the scheme of the URI is not http"));
        }
        // User information is no part of the address.
        let authority = request.uri().authority().map(http::uri::Authority::as_str);
        let key = authority.and_then(|authority| authority.rsplit('@').next()).map(str::to_owned);
        let key = key.ok_or(Error::Misuse("the URI has no authority"))?;
        let sent = self.send_to(&key, request, |request| Some(request.clone()), |_| {});
        sent.await.map(|(response, _)| response)
    }

    /// Sends a request to the server `key`, over an idle connection or a new one.
    ///
    /// If an idle connection turns out to be closed before anything was sent, the request is sent
    /// over the next one. If something was sent, it is sent once more if its method is idempotent
    /// (RFC 9110, section 9.2.2) and `copy` has copied it. `key` is the authority. `inform` gets
    /// interim responses. A request with NTLM or Negotiate credentials always gets a new
    /// connection. Also returns `true` if the response came before the end of the request.
    pub(crate) async fn send_to<B>(
        &self,
        key: &str,
        mut request: Request<B>,
        copy: impl Fn(&Request<B>) -> Option<Request<B>>,
        inform: impl FnMut(Response<()>) + Clone + Send + 'static,
    ) -> Result<(Response<Pooled>, bool), Error>
    where
        B: HttpBody<Data = Bytes, Error: Into<BoxError>> + Send + 'static,
    {
        let is_private = authenticates_connection(request.headers());
        let mut may_repeat = request.method().is_idempotent();
        loop {
            let idle = if is_private { None } else { self.idle(key) };
            let (mut client, is_new) = match idle {
                Some(client) => (client, false),
                None => (self.connect(key).await?, true),
            };
            client.on_informational(inform.clone());
            let again = if may_repeat { copy(&request) } else { None };
            let TrySendError { error, request: unsent, .. } = match client.try_send(request).await {
                Ok(response) => {
                    let is_early = !client.has_sent();
                    let key = (!is_private).then_some(key);
                    return Ok((self.pooled(response, client, key), is_early));
                }
                Err(failed) => failed,
            };
            may_repeat &= unsent.is_some();
            // A new connection that fails would fail again.
            match unsent.or(again) {
                Some(next) if !is_new && error.is_disconnect() => request = next,
                _ => return Err(error),
            }
        }
    }

    /// Returns the response, which gives its connection back once its content was read.
    ///
    /// Without a `key` the connection is not reused, nor after a response in HTTP/1.0: that server
    /// takes no chunked request.
    fn pooled(
        &self,
        response: Response<Body>,
        client: Client<TcpStream>,
        key: Option<&str>,
    ) -> Response<Pooled> {
        let key = key.filter(|_| response.version() != Version::HTTP_10);
        let back = key.map(|key| (client, key.to_owned(), self.clone()));
        let mut response = response.map(|body| Pooled { body, back });
        response.body_mut().give_back_at_end();
        response
    }

    /// Opens a connection to the authority `key`, by default to port 80.
    pub(crate) async fn connect(&self, key: &str) -> Result<Client<TcpStream>, Error> {
        let has_port = key.rsplit(':').next().is_some_and(|port| port.parse::<u16>().is_ok());
        let address = if has_port { key.to_owned() } else { format!("{key}:80") };
        let connecting = timeout(self.connect_time, TcpStream::connect(address));
        let stream = connecting.await.map_err(|_| Error::TimedOut(Timeout::Response))??;
        stream.set_nodelay(true)?;
        Ok(connect(stream, &self.config))
    }

    /// Removes and returns an idle connection to the server `key` that is still open.
    ///
    /// Returns `None` if there is none.
    fn idle(&self, key: &str) -> Option<Client<TcpStream>> {
        let mut all = self.lock();
        let idle = all.get_mut(key)?;
        while let Some(Idle(mut client, since)) = idle.pop() {
            if since.elapsed() < IDLE_TIME && !client.is_closed() {
                return Some(client);
            }
        }
        all.remove(key);
        None
    }

    /// Keeps a connection whose response was read to its end, for later requests.
    ///
    /// Drops it if it is closed, its request is incomplete, or `IDLE_MAX` are kept already.
    fn keep(&self, key: String, mut client: Client<TcpStream>) {
        if client.is_closed() || !client.has_sent() {
            return;
        }
        // The callback of the last request may hold what belongs to that request.
        client.on_informational(|_| {});
        let mut all = self.lock();
        // Connections to servers that are not asked any more would be kept forever.
        all.retain(|_, idle| {
            idle.retain(|Idle(_, since)| since.elapsed() < IDLE_TIME);
            !idle.is_empty()
        });
        let idle = all.entry(key).or_default();
        if idle.len() < IDLE_MAX {
            idle.push(Idle(client, Instant::now()));
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Vec<Idle>>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Service<Request<Full<Bytes>>> for Pool {
    type Response = Response<Pooled>;
    type Error = Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Error>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Full<Bytes>>) -> Self::Future {
        let pool = self.clone();
        Box::pin(async move { pool.send(request).await })
    }
}

/// Returns whether the request authenticates its whole connection (RFC 4559).
///
/// Another client's request on that connection would have the same rights.
fn authenticates_connection(headers: &HeaderMap) -> bool {
    headers.get_all(AUTHORIZATION).iter().any(|value| {
        let scheme = value.as_bytes().split(|&byte| byte == b' ').next().unwrap_or_default();
        [&b"ntlm"[..], b"negotiate"].iter().any(|bound| scheme.eq_ignore_ascii_case(bound))
    })
}

/// The content of a response, at whose end the connection may return to the pool.
///
/// If it is dropped before, the connection is closed.
pub(crate) struct Pooled {
    body: Body,
    back: Option<(Client<TcpStream>, String, Pool)>,
}

impl Pooled {
    /// Gives the connection back to the pool if all of the content was read.
    fn give_back_at_end(&mut self) {
        if self.body.is_end_stream()
            && let Some((client, key, pool)) = self.back.take()
        {
            pool.keep(key, client);
        }
    }
}

impl HttpBody for Pooled {
    type Data = Bytes;
    type Error = Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        let frame = Pin::new(&mut self.body).poll_frame(context);
        match frame {
            // After an error nothing tells where the connection stands.
            Poll::Ready(Some(Err(_))) => self.back = None,
            // A server that knows the length of content does not ask for its end.
            Poll::Ready(_) => self.give_back_at_end(),
            Poll::Pending => {}
        }
        frame
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
