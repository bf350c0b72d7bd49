//! Events and spans for `tracing` (feature `tracing`).
//!
//! A server has a span for each connection and one for each exchange. In the latter the engine
//! reports input, decisions and rejections. It reports kinds, numbers and positions, but no field
//! and no content.

use std::future::Future;

use http::Request;

use crate::observe::ObservedConnection;

/// Runs a future in a new span for a server's connection.
#[cfg(feature = "tracing")]
pub(crate) fn connection<F: Future>(future: F) -> impl Future<Output = F::Output> {
    tracing::Instrument::instrument(future, tracing::info_span!("connection", role = "server"))
}

#[cfg(not(feature = "tracing"))]
pub(crate) fn connection<F: Future>(future: F) -> F {
    future
}

/// Warns of a connection that could not be accepted.
#[cfg(feature = "tracing")]
pub(crate) fn not_accepted(error: &std::io::Error) {
    tracing::warn!(%error, "no connection could be accepted");
}

#[cfg(not(feature = "tracing"))]
pub(crate) fn not_accepted(_: &std::io::Error) {}

/// Returns the span of an exchange: a request and its response.
#[cfg(feature = "tracing")]
pub(crate) fn exchange<B>(request: &Request<B>) -> Exchange {
    Exchange(tracing::info_span!(
        "exchange",
        method = request.method().as_str(),
        path = request.uri().path()
    ))
}

#[cfg(not(feature = "tracing"))]
pub(crate) fn exchange<B>(_: &Request<B>) -> Exchange {
    Exchange
}

#[cfg(feature = "tracing")]
pub(crate) struct Exchange(tracing::Span);

#[cfg(not(feature = "tracing"))]
pub(crate) struct Exchange;

impl Exchange {
    /// Runs a future in the span of this exchange.
    #[cfg(feature = "tracing")]
    pub(crate) fn run<F: Future>(&self, future: F) -> impl Future<Output = F::Output> {
        tracing::Instrument::instrument(future, self.0.clone())
    }

    #[cfg(not(feature = "tracing"))]
    pub(crate) fn run<F: Future>(&self, future: F) -> F {
        future
    }

    /// Emits the engine's trace entries since the last call, at most the latest 32.
    #[cfg(feature = "tracing")]
    pub(crate) fn tell(&self, http: &mut ObservedConnection) {
        let _entered = self.0.enter();
        while let Some(entry) = http.trace() {
            tracing::debug!(step = entry.step.name(), number = entry.number, at = entry.offset);
        }
    }

    #[cfg(not(feature = "tracing"))]
    pub(crate) fn tell(&self, _: &mut ObservedConnection) {}
}
