// The errors of a peer or a transport that has gone.

/** The peer is gone, or the transport is: its own error is the `cause`. */
export class DisconnectedError extends Error {
  /** @internal */
  constructor(message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = "DisconnectedError";
  }
}

/**
 * The client has ended its direction.
 *
 * Most likely it has left, but it may still read.
 */
export class HalfClosedError extends DisconnectedError {}
