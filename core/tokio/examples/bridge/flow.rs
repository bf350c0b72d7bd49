//! Sending of content with `h2`, with back-pressure.

use bytes::Bytes;
use h2::{Reason, SendStream};

/// Sends all of `data`, in pieces that fit into the client's flow-control window.
pub(crate) async fn send(to: &mut SendStream<Bytes>, mut data: Bytes) -> Result<(), h2::Error> {
    while !data.is_empty() {
        to.reserve_capacity(data.len());
        let room = std::future::poll_fn(|context| to.poll_capacity(context)).await;
        let room = room.unwrap_or(Err(Reason::CANCEL.into()))?;
        to.send_data(data.split_to(room.min(data.len())), false)?;
    }
    Ok(())
}
