//! A service that accepts the upgrade `h2c` for a handler.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use http::{Request, Response};
use http_body::Body as HttpBody;
use switchover::Limits;
use tower_service::Service;

use super::content::Content;
use super::{builder, run};
use crate::body::Body;
use crate::error::{BoxError, Error};
use crate::handler::HttpService;
use crate::{Http2Stream, upgrade};

/// The longest content of a request that is upgraded to `h2c`, in bytes.
///
/// A request with longer content is served in HTTP/1.1. This is also the engine's default limit.
const MOST_CONTENT: u64 = Limits::DEFAULT.h2c_content;

/// A service that accepts the upgrade `h2c`, and serves the same handler in HTTP/2.
///
/// The request itself is served in HTTP/2, too. One with more than 65,535 bytes of content, or
/// with content of unknown length, is served in HTTP/1.1. RFC 7540, section 3.2.
///
/// It belongs around all layers of the handler: those outside of it do not see the requests that
/// follow the upgrade.
#[derive(Clone, Copy, Debug)]
pub struct WithH2c<H>(pub H);

impl<H> Service<Request<Body>> for WithH2c<H>
where
    H: HttpService<Error: Into<BoxError>, Future: Send> + Clone + Send + 'static,
    H::Content: HttpBody<Data: Send, Error: Into<BoxError>> + Send + 'static,
    H::Future: 'static,
{
    type Response = Response<Content<H::Content>>;
    type Error = BoxError;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, BoxError>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.0.poll_ready(context).map_err(Into::into)
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let is_short = request.body().size_hint().exact().is_some_and(|len| len <= MOST_CONTENT);
        let selected = if is_short { upgrade::select(&request, ["h2c"]) } else { None };
        let Some(selected) = selected else {
            let answered = self.0.call(request);
            return Box::pin(async { Ok(answered.await.map_err(Into::into)?.map(Content::of)) });
        };
        let handler = self.0.clone();
        Box::pin(async move {
            let content = request.into_body().read(MOST_CONTENT as usize).await?;
            let content = content.ok_or(Error::ContentTooLarge)?;
            Ok(selected.accept_http2_whole(content, async move |mut upgraded| {
                if let (Some(options), Some(stopping)) =
                    (upgraded.http2.take(), upgraded.stopping.take())
                {
                    let stream = Http2Stream::new(upgraded);
                    // It does not matter how a client disconnects.
                    drop(run(stream, handler, *options, &builder(), stopping).await);
                }
            }))
        })
    }
}
