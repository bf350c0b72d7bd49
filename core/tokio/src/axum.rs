//! Extractors for axum's handlers, and a wrapper to serve on axum's listeners.

use std::any::Any;
use std::io;

use axum::extract::rejection::ExtensionRejection;
use axum::extract::{Extension, FromRequestParts};
use http::request::Parts;

use crate::peer::PeerAddr;
use crate::server::{Listener, prepare};
use crate::upgrade::Offers;

impl<S: Sync> FromRequestParts<S> for Offers {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        Ok(Self::of(&parts.extensions))
    }
}

impl<S: Send + Sync, A: Clone + Send + Sync + 'static> FromRequestParts<S> for PeerAddr<A> {
    type Rejection = ExtensionRejection;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Self::Rejection> {
        Extension::from_request_parts(parts, state).await.map(|Extension(address)| address)
    }
}

/// A wrapper that lets [`serve`](crate::serve) use a listener of axum's.
#[derive(Debug)]
pub struct FromAxum<L>(pub L);

impl<L> Listener for FromAxum<L>
where
    L: axum::serve::Listener<Addr: Clone + Sync + 'static>,
{
    type Stream = L::Io;
    type Address = L::Addr;

    /// Waits for the next connection, and sets the options of a TCP socket.
    ///
    /// It never fails, because axum's listeners handle their errors themselves.
    async fn accept(&mut self) -> io::Result<(L::Io, L::Addr)> {
        let (stream, address) = self.0.accept().await;
        if let Some(socket) = (&stream as &dyn Any).downcast_ref() {
            prepare(socket);
        }
        Ok((stream, address))
    }
}
