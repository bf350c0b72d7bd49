// The socket types of the runtimes: web streams, a connection of Deno, a stream of Node; and the common `Transport`.

/** The used subset of `ReadableStream`, since each runtime has its own type. */
export interface ReadableSide {
  getReader(): {
    read(): Promise<{ readonly done: boolean; readonly value?: Uint8Array | undefined }>;
    cancel(reason?: unknown): Promise<void>;
    readonly closed?: Promise<unknown>;
    releaseLock(): void;
  };
  cancel(reason?: unknown): Promise<void>;
}

/** The used subset of `WritableStream`, since each runtime has its own type. */
export interface WritableSide {
  getWriter(): {
    // `any`, since each runtime has its own type for bytes.
    write(bytes: any): Promise<void>;
    close(): Promise<void>;
    abort(reason?: unknown): Promise<void>;
    releaseLock(): void;
  };
  abort(reason?: unknown): Promise<void>;
}

/**
 * A socket that is a pair of web streams.
 *
 * For example of `cloudflare:sockets`, of `Duplex.toWeb` of Node, or of your own.
 */
export interface StreamSocket {
  readonly readable: ReadableSide;
  readonly writable: WritableSide;
  /** Settles once both directions are closed, as in Workers. */
  readonly closed?: PromiseLike<unknown>;
  /** Closes both directions; called after the streams were cancelled and aborted. */
  close?(): unknown;
  /** Starts TLS on this socket, as in Workers. */
  startTls?(options?: object): StreamSocket;
  /** `"on"` if the socket uses TLS, as in Workers. */
  readonly secureTransport?: string;
}

/**
 * A connection of Deno.
 *
 * Its web streams close both directions at once, so `read` and `write` are used instead. `noDelay` is set and stays
 * set, so that small pieces are sent at once.
 */
export interface DenoSocket {
  read(space: Uint8Array): Promise<number | null>;
  write(bytes: Uint8Array): Promise<number>;
  closeWrite(): Promise<void>;
  close(): void;
  setNoDelay?(noDelay: boolean): unknown;
}

/**
 * A `Duplex` of Node, usually a `net.Socket`.
 *
 * `allowHalfOpen` is set while the socket is in use, as `node:http` does, so that a half-closed peer still receives its
 * response. `noDelay` is set and stays set, so that small pieces are sent at once.
 */
export interface NodeSocket {
  // `any`, since the arguments of listeners are declared for each event by its name.
  on(event: string, listener: (...given: any[]) => void): unknown;
  off(event: string, listener: (...given: any[]) => void): unknown;
  read(): unknown;
  unshift(bytes: Uint8Array): unknown;
  write(bytes: Uint8Array, done?: (error?: Error | null) => void): boolean;
  end(): unknown;
  destroy(reason?: Error): unknown;
  resetAndDestroy?(): unknown;
  setNoDelay?(noDelay: boolean): unknown;
  allowHalfOpen?: boolean;
  readonly destroyed: boolean;
  readonly readableEnded: boolean;
  readonly writable?: boolean;
  readonly writableFinished: boolean;
  readonly writableNeedDrain?: boolean;
  readonly writableLength?: number;
  readonly writableHighWaterMark?: number;
  readonly errored?: Error | null;
  /** The handle of Node and Bun, with the descriptor of the socket, also below TLS. */
  readonly _handle?: { readonly fd?: number } | null;
}

/** A connected socket of any supported runtime. */
export type Socket = StreamSocket | DenoSocket | NodeSocket;

/** Both directions of a connection, as web streams. */
export interface Pair {
  readonly readable: ReadableStream<Uint8Array>;
  readonly writable: WritableStream<Uint8Array>;
}

/** @internal The streams of a new protocol, and the means to recover the socket. */
export interface Handed extends Pair {
  /**
   * Returns the socket as the caller gave it; `undefined` if its input has ended.
   *
   * Its initial `allowHalfOpen` is restored and the added `error` listener removed. If it returns `undefined`, nothing
   * has changed.
   */
  asGiven?(): NodeSocket | undefined;
  /**
   * The errors with which the socket has failed, as far as they are recorded.
   *
   * Those of a `writable` that is the socket's own are not. It is missing if both streams are the socket's own.
   */
  readonly failures?: Failures;
}

/**
 * @internal The set of errors that one socket has failed with.
 *
 * It distinguishes them from errors of other sockets that the same code may throw.
 */
export class Failures {
  readonly #errors = new WeakSet<object>();
  /** The latest error with which the socket has failed. */
  latest: unknown;

  /** Records an error of the socket and throws it. */
  readonly fail = (error: unknown): never => {
    this.latest = error;
    if (typeof error === "object" && error !== null) this.#errors.add(error);
    throw error;
  };

  has(error: unknown): boolean {
    return typeof error === "object" && error !== null && this.#errors.has(error);
  }
}

/** @internal The operations that a connection needs of any socket. */
export interface Transport {
  readonly isSecure: boolean;
  /** Reads the next bytes; `null` at the end. Only one read may be pending. */
  read(): Promise<Uint8Array | null>;
  /**
   * True if written bytes may share a buffer with others.
   *
   * The socket does not transfer that buffer, as a web stream of bytes may.
   */
  readonly sharesBuffers: boolean;
  /** True if written bytes are sent even if the write is not awaited. */
  readonly queues: boolean;
  /** True if a failed write loses bytes that have come but were not read. */
  readonly losesInput?: boolean;
  /** True if written bytes are still queued; undefined if the socket cannot tell. */
  readonly isQueued?: boolean;
  /** Writes bytes; resolves when the socket has room for more. */
  write(bytes: Uint8Array): Promise<void>;
  /** Returns whether the socket still has room for more after `length` bytes. */
  hasRoom?(length: number): boolean;
  /** Writes bytes for which `hasRoom` is true. */
  put?(bytes: Uint8Array): void;
  /** Returns a promise for when no written bytes are queued; `undefined` if none are. */
  taken?(): Promise<void> | undefined;
  /** True once the peer has ended its direction, or the socket is closed. */
  readonly hasEnded?: boolean;
  /** Returns a promise of room for more bytes; `undefined` if none need be awaited. */
  room?(): Promise<unknown> | undefined;
  /**
   * Rejects if the socket is seen to have failed, else resolves; sends nothing.
   *
   * It detects a reset that a reader cannot notice while earlier bytes are unread.
   */
  probe?(): Promise<unknown>;
  /** Closes our sending side after all written bytes. */
  end(): Promise<void>;
  /** Closes both directions at once. Pending operations may stay pending. */
  close(reason?: unknown): void;
  /**
   * Resets the connection, so that the peer sees that a message is incomplete.
   *
   * Closes it normally if the socket cannot be reset.
   */
  reset(): void;
  /** Ends our use of the socket, and restores its initial `allowHalfOpen`. */
  release(): void;
  /**
   * Ends a pending read, if the socket can do that.
   *
   * The read returns what has arrived, or no bytes. No received bytes are lost.
   */
  interrupt?(): void;
  /** Sets a callback for when other code destroys the socket, if that is detectable. */
  onDestroyed?(act: (cause: unknown) => void): void;
  /**
   * Returns bytes that have arrived, or `null` if there are none.
   *
   * Absent if the socket cannot tell without waiting.
   */
  waiting?(): Uint8Array | null;
  /**
   * Calls `act` once at the next event: perhaps bytes, the end or a failure.
   *
   * Returns false, and calls nothing, if it has ended or failed already. A later call replaces an earlier one.
   */
  whenReadable?(act: () => void): boolean;
  /**
   * Releases the socket and returns streams for the new protocol.
   *
   * The readable stream begins with `first`, followed by the result of the pending read `ahead`.
   */
  handOut(first: Uint8Array, ahead?: Promise<Uint8Array | null>): Handed;
}
