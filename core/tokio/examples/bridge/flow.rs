//! Sending of content with `h2`, with back-pressure.

use bytes::Bytes;
use h2::{Reason, SendStream};

/// Sends what fits of `data` into the client's flow-control window; waits for room.
///
/// The rest stays in `data`.
pub(crate) async fn send_some(
    to: &mut SendStream<Bytes>,
    data: &mut Bytes,
) -> Result<(), h2::Error> {
    to.reserve_capacity(data.len());
    let room = std::future::poll_fn(|context| to.poll_capacity(context)).await;
    let room = room.unwrap_or(Err(Reason::CANCEL.into()))?;
    to.send_data(data.split_to(room.min(data.len())), false)
}
