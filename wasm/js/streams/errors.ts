// Errors for a peer that has disconnected.

/**
 * The error for a peer that has disconnected, or a transport that has failed.
 *
 * `cause` is the transport's own error, if there is one.
 */
export class DisconnectedError extends Error {
  /** @internal */
  constructor(message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = "DisconnectedError";
  }
}

/**
 * The error for a client that has closed its sending side.
 *
 * Most likely it has left, but it may still read.
 */
export class HalfClosedError extends DisconnectedError {}

/** @internal Returns the error for code that reads content on after the rest was dropped. */
export const contentDropped = (): DisconnectedError => new DisconnectedError("the rest of the content was dropped");
