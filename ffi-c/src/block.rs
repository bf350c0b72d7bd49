//! Blocks: field lines that are checked once and sent in any number of messages.

use switchover::Block;

use crate::error::{Done, swo_result};
use crate::handle::Release;
use crate::object::{Handle, swo_block};
use crate::out::Out;

export! {
    /// Checks the field lines in a text once, for use in any number of messages.
    ///
    /// For field lines that a program holds as text, or that it sends in every response. `text` has
    /// lines of the form `Name: value`, each ended by CRLF; the CRLF of the last line may be
    /// missing. The text is copied. Pass the block wherever an array of field lines is passed, as
    /// an entry of that array: `swo_field fields[] = {SWO_BLOCK(block), {...}};`. A head gets a
    /// copy of the block's lines as a whole. A block never changes, so several threads may use it
    /// at once. Errors: SWO_ERROR_OUT_OF_MEMORY, SWO_ERROR_INVALID_NAME (also for a line without a
    /// colon, and an empty line), SWO_ERROR_INVALID_VALUE (also for an LF without a CR), and
    /// SWO_ERROR_RESERVED_FIELD.
    /// The latter is for fields that depend on the connection or the message: framing fields,
    /// hop-by-hop fields, handshake fields, `Host`, `Expect`. Pass those as entries of their own
    /// beside the block. RFC 9110, sections 5 and 7.6.1. Next: send a response with the block; at
    /// the end swo_block_free.
    fn swo_block_new(
        text: *const u8, len: usize, block: *mut *mut swo_block,
    ) -> swo_result = new((text, len), block);

    /// Frees a block of field lines.
    ///
    /// NULL is allowed. A connection uses a block only during the call that gets it. Use after free
    /// and double free are not detected.
    fn swo_block_free(block: *mut swo_block) -> swo_result = free((block, ()));
}

fn new(text: &[u8], out: Out<'_, *mut swo_block>) -> Done {
    out.set(swo_block::new(Block::new(text)?)?)
}

fn free(block: Release<swo_block>) -> Done {
    block.free()
}
