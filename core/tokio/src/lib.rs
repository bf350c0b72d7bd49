//! HTTP/1.1 on tokio, with an `Upgrade` that is right.
