//! What answers requests.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use http::{Request, Response};
use pin_project_lite::pin_project;
use tower_service::Service;

use crate::body::Body;
use crate::error::BoxError;

/// What [`serve`](crate::serve) calls with each request: any tower service that takes a `Request<Body>` and gives a `Response`, such as
/// an axum `Router`, or a [`service_fn`]. There is nothing to implement.
pub trait Handler {
    /// The content of its responses.
    type Content: http_body::Body<Error: Into<BoxError>>;
    /// A response on its way. Where there is none the client gets a 500; where that is for an [`Error`](crate::Error) of the
    /// request's body, what fits it.
    type Future: Future<Output = Result<Response<Self::Content>, BoxError>>;

    /// Ready once a request may come.
    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), BoxError>>;
    /// Answers a request.
    fn call(&mut self, request: Request<Body>) -> Self::Future;
}

impl<S, B> Handler for S
where
    S: Service<Request<Body>, Response = Response<B>, Error: Into<BoxError>>,
    B: http_body::Body<Error: Into<BoxError>>,
{
    type Content = B;
    type Future = Answering<S::Future>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        Service::poll_ready(self, context).map_err(Into::into)
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        Answering { future: Service::call(self, request) }
    }
}

pin_project! {
    /// A tower service's future, whose errors are all of one type.
    pub struct Answering<F> {
        #[pin]
        future: F,
    }
}

impl<F, R, E> Future for Answering<F>
where
    F: Future<Output = Result<R, E>>,
    E: Into<BoxError>,
{
    type Output = Result<R, BoxError>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        self.project().future.poll(context).map_err(Into::into)
    }
}

/// A handler made of an `async fn`, or of a closure that gives a future.
pub fn service_fn<F, R, B, E>(answer: F) -> ServiceFn<F>
where
    F: FnMut(Request<Body>) -> R,
    R: Future<Output = Result<Response<B>, E>>,
{
    ServiceFn(answer)
}

/// See [`service_fn`].
#[derive(Clone, Copy, Debug)]
pub struct ServiceFn<F>(F);

impl<F, R, B, E> Service<Request<Body>> for ServiceFn<F>
where
    F: FnMut(Request<Body>) -> R,
    R: Future<Output = Result<Response<B>, E>>,
{
    type Response = Response<B>;
    type Error = E;
    type Future = R;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), E>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Body>) -> R {
        (self.0)(request)
    }
}
