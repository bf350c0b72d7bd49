// The sizes and times that a connection of streams keeps to, beside those of the caller.

/** @internal The number of bytes up to which pieces of a message are collected before sending. */
export const PIECE = 65_536;
/** @internal The maximum number of bytes that are written at once. */
export const SENT = 32_768;
/**
 * @internal Milliseconds by which each transferred byte extends a timeout.
 *
 * So large content may take long, at 1,000 bytes per second or more.
 */
export const MS_PER_BYTE = 1;
/**
 * @internal The factor of `timeouts.write` up to which sent bytes may extend that timeout.
 *
 * The extension lets the system's send buffer drain.
 */
export const EARNED_MAX = 9;
/** @internal The default limit of a request's content, in bytes. */
export const CONTENT = 2 ** 30;
/** @internal The milliseconds from one look whether a socket has failed to the next, while its bytes are not read. */
export const PROBED = 1_000;
/** @internal The longest delay of `setTimeout`; a longer one would expire at once. */
export const LONGEST = 2 ** 31 - 1;
