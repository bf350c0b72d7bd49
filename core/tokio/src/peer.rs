//! The address of the peer.

/// The address of the peer of a request.
///
/// It is among the request's [extensions](http::Request::extensions). [`serve`](crate::serve) adds
/// it; for connections that you accept yourself,
/// [`Config::for_peer`](crate::Config::for_peer) does. With the feature `axum` it is an extractor,
/// and axum's `ConnectInfo` is there as well.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PeerAddr<A = std::net::SocketAddr>(pub A);
