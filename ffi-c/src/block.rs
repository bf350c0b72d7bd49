//! Field lines that are checked once.

use switchover::Block;

use crate::error::{Done, swo_result};
use crate::handle::Release;
use crate::object::{Handle, swo_block};
use crate::out::Out;

export! {
    /// Checks field lines as text once, for any number of messages.
    ///
    /// For programs that keep them as text, and for what every response says. The lines have the
    /// form `Name: value`, each ended by CRLF; the last one need not be. The text is copied. Give
    /// the block wherever field lines are given, as an entry of the array:
    /// `swo_field fields[] = {SWO_BLOCK(block), {...}};`. In a head it is copied as a whole. It is
    /// not changed afterwards, so several threads may use it at once. Errors:
    /// SWO_ERROR_INVALID_NAME (also for a line without a colon, and an empty one),
    /// SWO_ERROR_INVALID_VALUE (also for an LF alone), and SWO_ERROR_RESERVED_FIELD. That is for
    /// what depends on the connection or the message: fields of framing, of one hop and of a
    /// handshake, `Host`, `Expect`. Give those beside it. RFC 9110, sections 5 and 7.6.1. Next: an
    /// answer with it; at the end swo_block_free.
    fn swo_block_new(
        text: *const u8, len: usize, block: *mut *mut swo_block,
    ) -> swo_result = new((text, len), block);

    /// Frees a block.
    ///
    /// NULL is allowed. No connection needs it any longer than the call that it was given to. It is
    /// not detected when one is used afterwards or freed twice.
    fn swo_block_free(block: *mut swo_block) -> swo_result = free((block, ()));
}

fn new(text: &[u8], out: Out<'_, *mut swo_block>) -> Done {
    out.set(swo_block::new(Block::new(text)?)?)
}

fn free(block: Release<swo_block>) -> Done {
    block.free()
}
