//! Content by `h2`, no faster than the other side takes it.

use bytes::Bytes;
use h2::{Reason, SendStream};

/// Sends content, as much at a time as the client's window takes.
pub(crate) async fn send(to: &mut SendStream<Bytes>, mut data: Bytes) -> Result<(), h2::Error> {
    while !data.is_empty() {
        to.reserve_capacity(data.len());
        let room = std::future::poll_fn(|context| to.poll_capacity(context)).await;
        let room = room.unwrap_or(Err(Reason::CANCEL.into()))?;
        to.send_data(data.split_to(room.min(data.len())), false)?;
    }
    Ok(())
}
