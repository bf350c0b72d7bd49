// The sockets of the hosts: a pair of web streams, a connection of Deno, or a stream of Node; and what the adapter needs of them.

/**
 * The reader of a web stream, as far as it is needed.
 *
 * Each host has a type of its own for it.
 */
export interface ReadableSide {
  getReader(): {
    read(): Promise<{ readonly done: boolean; readonly value?: Uint8Array | undefined }>;
    cancel(reason?: unknown): Promise<void>;
    releaseLock(): void;
  };
  cancel(reason?: unknown): Promise<void>;
}

/** The writer of a web stream, as far as it is needed. */
export interface WritableSide {
  getWriter(): {
    // Each host has a type of its own for bytes, too.
    write(bytes: any): Promise<void>;
    close(): Promise<void>;
    abort(reason?: unknown): Promise<void>;
    releaseLock(): void;
  };
  abort(reason?: unknown): Promise<void>;
}

/**
 * A pair of web streams.
 *
 * `cloudflare:sockets`, `Duplex.toWeb` of Node, or your own.
 */
export interface StreamSocket {
  readonly readable: ReadableSide;
  readonly writable: WritableSide;
  /** Closes both directions. Without it the streams are cancelled and aborted. */
  close?(): unknown;
  /** TLS from here on, as in Workers. */
  startTls?(options?: object): StreamSocket;
  /** `"on"` where it is TLS, as in Workers. */
  readonly secureTransport?: string;
}

/**
 * A connection of Deno.
 *
 * Its own streams end both directions at once, so it is read and written without them. Its `noDelay` is set and stays
 * set: a small piece does not wait for another.
 */
export interface DenoSocket {
  read(space: Uint8Array): Promise<number | null>;
  write(bytes: Uint8Array): Promise<number>;
  closeWrite(): Promise<void>;
  close(): void;
  setNoDelay?(noDelay: boolean): unknown;
}

/**
 * A `Duplex` of Node, mostly a `net.Socket`.
 *
 * Its `allowHalfOpen` is set while it is in use here, as `node:http` sets it: a peer that has ended its direction still
 * gets its answer. Its `noDelay` is set, and stays set: a small piece does not wait for another.
 */
export interface NodeSocket {
  // What comes with an event is declared for each by its name, which only `any` fits.
  on(event: string, listener: (...given: any[]) => void): unknown;
  off(event: string, listener: (...given: any[]) => void): unknown;
  read(): unknown;
  unshift(bytes: Uint8Array): unknown;
  write(bytes: Uint8Array): boolean;
  end(): unknown;
  destroy(reason?: Error): unknown;
  resetAndDestroy?(): unknown;
  setNoDelay?(noDelay: boolean): unknown;
  allowHalfOpen?: boolean;
  readonly destroyed: boolean;
  readonly readableEnded: boolean;
  readonly writableFinished: boolean;
  readonly writableNeedDrain?: boolean;
  readonly writableLength?: number;
  readonly errored?: Error | null;
}

/** A socket that can be connected. */
export type Socket = StreamSocket | DenoSocket | NodeSocket;

/** Both directions of something, as web streams. */
export interface Pair {
  readonly readable: ReadableStream<Uint8Array>;
  readonly writable: WritableStream<Uint8Array>;
}

/** @internal The same, where the socket may bring all of it by itself. */
export interface Handed extends Pair {
  /** Gives the socket as it was given: its errors are for who has it now. */
  asGiven?(): NodeSocket;
  /** The errors of this socket that streams over it have shown. */
  readonly failures?: Failures;
}

/** @internal The errors that one socket has failed with. Those of others, which the same code may throw, are not among them. */
export class Failures {
  readonly #errors = new WeakSet<object>();

  /** Throws an error of the socket's, which is known from then on. */
  readonly fail = (error: unknown): never => {
    if (typeof error === "object" && error !== null) this.#errors.add(error);
    throw error;
  };

  has(error: unknown): boolean {
    return typeof error === "object" && error !== null && this.#errors.has(error);
  }
}

/** @internal What the adapter needs of a socket. */
export interface Transport {
  readonly isSecure: boolean;
  /** The next bytes; `null` at the end. One at a time. */
  read(): Promise<Uint8Array | null>;
  /** True where written bytes are sent though no one awaits the write. */
  readonly queues: boolean;
  /** Bytes wait that have been written, where the socket tells. */
  readonly isQueued?: boolean;
  /** Settles when there is room for more. */
  write(bytes: Uint8Array): Promise<void>;
  /** Waits until what was written has left; `undefined` where there is room. */
  room?(): Promise<unknown> | undefined;
  /** Ends our direction. */
  end(): Promise<void>;
  /** Ends both at once. What is pending may stay so. */
  close(reason?: unknown): void;
  /**
   * Closes so that the peer sees that something is missing.
   *
   * Where the socket can do that.
   */
  reset(): void;
  /** Releases the socket in the state that it was given in. */
  release(): void;
  /**
   * A read that waits gives no bytes now, where the socket can do that.
   *
   * Nothing is lost.
   */
  interrupt?(): void;
  /** Bytes that have come already, where the socket tells without waiting. */
  waiting?(): Uint8Array | null;
  /**
   * Releases the socket, and returns streams of what follows.
   *
   * These first bytes, and what is being read already, come before everything else.
   */
  handOut(first: Uint8Array, ahead?: Promise<Uint8Array | null>): Handed;
}
