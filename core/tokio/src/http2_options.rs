//! The parts of a configuration that a connection keeps in HTTP/2.

use std::time::Duration;

use http::Extensions;

/// The parts of a [`Config`](crate::Config) that hold in HTTP/2 as well.
#[derive(Clone)]
pub(crate) struct Http2Options {
    pub(crate) extensions: Extensions,
    /// The timeout for the handler to return a response.
    pub(crate) handler: Option<Duration>,
    /// The longest content of a request, in bytes.
    pub(crate) content: u64,
    /// The timeout for the content of a request.
    pub(crate) content_timeout: Option<Duration>,
}
