//! The trait of the tower services that respond to requests, and `service_fn`.

use std::future::Future;
use std::task::{Context, Poll};

use http::{Request, Response};
use tower_service::Service;

use crate::body::Body;
use crate::error::BoxError;

/// A tower service that responds to requests.
///
/// [`serve_connection`](crate::serve_connection) calls it with each request. Every service from
/// `Request<Body>` to `Response` implements it, such as an axum `Router` or a [`service_fn`]. The
/// trait is sealed: you cannot implement it otherwise.
pub trait HttpService: sealed::Sealed {
    /// The content of the service's responses.
    type Content: http_body::Body;
    /// The error that the service returns instead of a response.
    ///
    /// The client then gets a 500. If the error or one of its sources is the
    /// [`Error`](crate::Error) of the request's body, the client gets the status that fits it.
    type Error;
    /// The future that returns a response.
    type Future: Future<Output = Result<Response<Self::Content>, Self::Error>>;

    /// Waits until `call` may be called.
    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Self::Error>>;
    /// Responds to a request.
    fn call(&mut self, request: Request<Body>) -> Self::Future;
}

mod sealed {
    use super::{Body, Request, Response, Service};

    pub trait Sealed {}

    impl<S, B> Sealed for S
    where
        S: Service<Request<Body>, Response = Response<B>>,
        B: http_body::Body,
    {
    }
}

impl<S, B> HttpService for S
where
    S: Service<Request<Body>, Response = Response<B>>,
    B: http_body::Body,
{
    type Content = B;
    type Error = S::Error;
    type Future = S::Future;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        Service::poll_ready(self, context)
    }

    fn call(&mut self, request: Request<Body>) -> S::Future {
        Service::call(self, request)
    }
}

/// Functions that convert the errors of a handler and of its content to `BoxError`.
///
/// They are functions instead of bounds. With a bound, the compiler cannot prove a future `Send` if
/// the error is a `BoxError` and the handler a closure.
pub(crate) struct ErrorMappers<H: HttpService> {
    pub(crate) of_handler: fn(H::Error) -> BoxError,
    pub(crate) of_content: fn(<H::Content as http_body::Body>::Error) -> BoxError,
}

impl<H> ErrorMappers<H>
where
    H: HttpService<Error: Into<BoxError>, Content: http_body::Body<Error: Into<BoxError>>>,
{
    pub(crate) const BOXED: Self = Self { of_handler: Into::into, of_content: Into::into };
}

impl<H: HttpService> Clone for ErrorMappers<H> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<H: HttpService> Copy for ErrorMappers<H> {}

/// Returns a service made of an `async fn`, or of a closure that returns a future.
pub fn service_fn<F, R, B, E>(answer: F) -> ServiceFn<F>
where
    F: FnMut(Request<Body>) -> R,
    R: Future<Output = Result<Response<B>, E>>,
{
    ServiceFn(answer)
}

/// The service returned by [`service_fn`].
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
