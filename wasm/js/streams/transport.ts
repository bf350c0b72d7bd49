// A socket, as the adapter reads and writes it: a pair of web streams, a connection of Deno, or a stream of Node.

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
class Failures {
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
  /** Lets go of the socket, as it was before. */
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
   * Lets go, and returns streams of what follows.
   *
   * These first bytes, and what is being read already, come before everything else.
   */
  handOut(first: Uint8Array, ahead?: Promise<Uint8Array | null>): Handed;
}

/** @internal Takes hold of a socket. */
export function transportOf(socket: Socket): Transport {
  if (typeof socket === "object" && socket !== null) {
    if ("closeWrite" in socket) return new OfDeno(socket);
    if ("unshift" in socket) return new OfNode(socket);
    if ("readable" in socket && "writable" in socket) return new OfStreams(socket);
  }
  throw new TypeError("a socket has a readable and a writable stream");
}

/** Sockets without locks of their own that are in use, each with its holder. */
const held = new WeakMap<Socket, Transport>();

/**
 * Takes a socket, which no one else may read until it is let go.
 *
 * Its small pieces do not wait for another.
 */
function hold(socket: DenoSocket | NodeSocket, holder: Transport): void {
  if (held.has(socket)) throw new TypeError("the socket is in use: read the content of its answer first");
  held.set(socket, holder);
  try {
    socket.setNoDelay?.(true);
  } catch {
    // It is closed, which a read says.
  }
}

function unhold(socket: Socket, holder: Transport): void {
  if (held.get(socket) === holder) held.delete(socket);
}

const quietly = (step: Promise<unknown> | undefined): void => void step?.catch(() => {});

/** The number of bytes of one read, where we say it. */
const SPACE = 65_536;

/**
 * The last write to each stream.
 *
 * The wire that has written it may have let go before it was taken.
 */
const underWay = new WeakMap<WritableSide, Promise<void>>();

class OfStreams implements Transport {
  readonly queues = true;
  readonly #socket: StreamSocket;
  readonly #reader: ReturnType<ReadableSide["getReader"]>;
  readonly #writer: ReturnType<WritableSide["getWriter"]>;
  #hasReader = true;
  #hasWriter = true;
  #hasWritten = false;

  constructor(socket: StreamSocket) {
    this.#socket = socket;
    this.#reader = socket.readable.getReader();
    try {
      this.#writer = socket.writable.getWriter();
    } catch (error) {
      this.#reader.releaseLock();
      throw error;
    }
  }

  get isSecure(): boolean {
    return this.#socket.secureTransport === "on";
  }

  async read(): Promise<Uint8Array | null> {
    const { value, done } = await this.#reader.read();
    return done || value === undefined ? null : value;
  }

  write(bytes: Uint8Array): Promise<void> {
    this.#hasWritten = true;
    const writing = this.#writer.write(bytes);
    underWay.set(this.#socket.writable, writing);
    return writing;
  }

  room(): Promise<unknown> | undefined {
    return this.#hasWritten ? undefined : underWay.get(this.#socket.writable);
  }

  end(): Promise<void> {
    return this.#writer.close();
  }

  close(reason?: unknown): void {
    quietly((this.#hasReader ? this.#reader : this.#socket.readable).cancel(reason));
    quietly((this.#hasWriter ? this.#writer : this.#socket.writable).abort(reason));
    quietly(Promise.resolve().then(() => this.#socket.close?.()));
  }

  reset(): void {
    this.close(new Error("the message is cut short"));
  }

  release(): void {
    this.#hasReader = this.#hasWriter = false;
    this.#reader.releaseLock();
    this.#writer.releaseLock();
  }

  handOut(first: Uint8Array, ahead?: Promise<Uint8Array | null>): Handed {
    if (first.length === 0 && !ahead) {
      this.release();
      return this.#socket as Pair;
    }
    this.#hasWriter = false;
    this.#writer.releaseLock();
    const cancel = (reason: unknown): Promise<void> => this.#reader.cancel(reason);
    const failures = new Failures();
    const read = following(() => this.read(), first, ahead);
    const readable = readableOf(() => read().catch(failures.fail), cancel);
    return { readable, writable: (this.#socket as Pair).writable, failures };
  }
}

class OfDeno implements Transport {
  readonly queues = false;
  readonly #socket: DenoSocket;
  #space = new Uint8Array(SPACE);

  constructor(socket: DenoSocket) {
    hold(socket, this);
    this.#socket = socket;
  }

  get isSecure(): boolean {
    return "handshake" in this.#socket;
  }

  async read(): Promise<Uint8Array | null> {
    const length = await this.#socket.read(this.#space);
    if (length === null) return null;
    if (length < SPACE / 4) return this.#space.slice(0, length);
    const filled = this.#space.subarray(0, length);
    this.#space = new Uint8Array(SPACE);
    return filled;
  }

  async write(bytes: Uint8Array): Promise<void> {
    for (let at = 0; at < bytes.length; ) at += await this.#socket.write(at === 0 ? bytes : bytes.subarray(at));
  }

  end(): Promise<void> {
    return this.#socket.closeWrite();
  }

  close(): void {
    this.release();
    try {
      this.#socket.close();
    } catch {
      // It is closed.
    }
  }

  reset(): void {
    this.close();
  }

  release(): void {
    unhold(this.#socket, this);
  }

  handOut(first: Uint8Array, ahead?: Promise<Uint8Array | null>): Handed {
    this.release();
    return pairOver(this, following(() => this.read(), first, ahead));
  }
}

class OfNode implements Transport {
  readonly queues = true;
  readonly #socket: NodeSocket;
  #failure: Error | undefined;
  #isInterrupted = false;
  #isReleased = false;
  /** `allowHalfOpen` of the socket, as it was given. */
  readonly #allowed: boolean | undefined;
  /** Those who wait for bytes, for room, for the end. */
  #wake: (() => void)[] = [];
  readonly #woken = (): void => {
    const woken = this.#wake;
    this.#wake = [];
    for (const wake of woken) wake();
  };
  readonly #failed = (error: Error): void => {
    this.#failure = error;
    this.#woken();
  };

  constructor(socket: NodeSocket) {
    hold(socket, this);
    this.#socket = socket;
    this.#allowed = socket.allowHalfOpen;
    socket.allowHalfOpen = true;
    if (!guarded.has(socket)) socket.on("error", ignored);
    guarded.add(socket);
    for (const name of EVENTS) socket.on(name, this.#woken);
    socket.on("error", this.#failed);
  }

  get isSecure(): boolean {
    return "encrypted" in this.#socket && this.#socket.encrypted === true;
  }

  get isQueued(): boolean {
    return !!this.#socket.writableLength;
  }

  async read(): Promise<Uint8Array | null> {
    this.#isInterrupted = false;
    for (;;) {
      const bytes = this.#socket.read() as Uint8Array | null;
      if (bytes !== null) return bytes;
      if (this.#socket.readableEnded) return null;
      if (this.#isInterrupted) return NOTHING;
      await this.#change();
    }
  }

  interrupt(): void {
    this.#isInterrupted = true;
    this.#woken();
  }

  waiting(): Uint8Array | null {
    return this.#socket.read() as Uint8Array | null;
  }

  async write(bytes: Uint8Array): Promise<void> {
    if (this.#socket.destroyed) throw this.#gone;
    if (!this.#socket.write(bytes)) await this.#drained();
  }

  room(): Promise<void> | undefined {
    return this.#socket.writableNeedDrain ? this.#drained() : undefined;
  }

  async #drained(): Promise<void> {
    let hasRoom = false;
    const drained = (): void => void (hasRoom = true);
    this.#socket.on("drain", drained);
    try {
      // What is queued leaves by itself.
      while (!hasRoom && !this.#isReleased) await this.#change();
    } finally {
      this.#socket.off("drain", drained);
    }
  }

  async end(): Promise<void> {
    this.#socket.end();
    while (!this.#socket.writableFinished) await this.#change();
  }

  close(reason?: unknown): void {
    unhold(this.#socket, this);
    // What is queued is lost, and an end in order would hide that.
    if (this.#socket.writableLength && !this.#socket.destroyed) this.reset();
    // Who has the socket now may have no listener for an error of ours.
    this.#socket.destroy(reason instanceof Error && !this.#isReleased ? reason : undefined);
  }

  reset(): void {
    unhold(this.#socket, this);
    // After our end, which the peer may still have to read, a reset would take that back.
    if (this.#socket.writableFinished) return void this.#socket.destroy();
    try {
      if (this.#socket.resetAndDestroy) return void this.#socket.resetAndDestroy();
    } catch {
      // Node has it for plain TCP alone: in TLS the alert that is missing tells the peer.
    }
    // A stream of HTTP/2 tells its peer that there was an error.
    if (!guarded.has(this.#socket)) this.#socket.on("error", ignored);
    this.#socket.destroy(new Error("the message is cut short"));
  }

  release(): void {
    for (const name of EVENTS) this.#socket.off(name, this.#woken);
    this.#socket.off("error", this.#failed);
    if (this.#allowed !== undefined) this.#socket.allowHalfOpen = this.#allowed;
    unhold(this.#socket, this);
    this.#isReleased = true;
    this.#woken();
  }

  handOut(first: Uint8Array): Handed {
    this.release();
    // A peer that ends its direction before the first look at the streams still gets its answer.
    if (this.#allowed !== undefined) this.#socket.allowHalfOpen = true;
    // Nothing can be put back into a stream that has said that it has ended.
    const isInSocket = first.length === 0 || !this.#socket.readableEnded;
    if (first.length > 0 && isInSocket) this.#socket.unshift(first);
    const failures = new Failures();
    let pair: Pair | undefined;
    const made = (): Pair => (pair ??= overNode(this.#socket, isInSocket ? NOTHING : first, failures));
    const asGiven = (): NodeSocket => {
      if (this.#allowed !== undefined) this.#socket.allowHalfOpen = this.#allowed;
      this.#socket.off("error", ignored);
      guarded.delete(this.#socket);
      return this.#socket;
    };
    return {
      ...(isInSocket && { asGiven }),
      failures,
      get readable() {
        return made().readable;
      },
      get writable() {
        return made().writable;
      },
    };
  }

  get #gone(): Error {
    return this.#failure ?? new Error("the socket is closed");
  }

  /** Waits until something has happened to the socket. */
  async #change(): Promise<void> {
    if (this.#socket.destroyed || this.#failure) throw this.#gone;
    await new Promise<void>((resolve) => this.#wake.push(resolve));
  }
}

const EVENTS = ["readable", "end", "drain", "finish", "close"];

/** A listener for the errors of a socket, without which they end the process. */
const ignored = (): void => {};
const guarded = new WeakSet<NodeSocket>();

const NOTHING = new Uint8Array(0);

function overNode(socket: NodeSocket, first: Uint8Array, failures: Failures): Pair {
  const transport = new OfNode(socket);
  return pairOver(transport, following(() => transport.read(), first), failures);
}

/** @internal The next bytes; `null` at the end. */
export type Read = () => Promise<Uint8Array | null>;

const moment = (): Promise<undefined> => new Promise((resolve) => setTimeout(resolve, 0, undefined));

/** @internal Returns whether the socket under a new protocol has failed with this, and not the code that speaks the protocol. */
export async function isFailureOf(socket: Socket, pair: Handed, error: unknown): Promise<boolean> {
  if (pair.failures?.has(error)) return true;
  // Streams over it that are made now would know no more. What it was destroyed with may be a mistake of who had it, too; what the
  // system, TLS and HTTP/2 say is none.
  if ("unshift" in socket) return error instanceof Error && (wasCancelled(socket, error) || (socket.errored === error && isOfSocket(error)));
  if ("closeWrite" in socket) return false;
  // The socket's own streams say it again, once those that have used them have let go: soon, but not in the same turn. One that is
  // written may have been aborted with anything.
  for (let turn = 0; turn < TURNS; turn++) {
    await moment();
    if (!pair.readable.locked && (await stores(pair.readable.getReader(), error))) return true;
  }
  return false;
}

const TURNS = 5;

/** Returns whether an error is one that a socket of Node fails with by itself. */
function isOfSocket(error: Error): boolean {
  const { syscall, code } = error as Error & { readonly syscall?: string; readonly code?: string };
  return OF_SYSTEM.has(syscall) || /^(EPROTO$|ERR_SSL_|ERR_HTTP2_)/.test(String(code));
}

/**
 * Returns whether the peer has cancelled a stream of HTTP/2.
 *
 * Node says only that it has ended too early.
 */
function wasCancelled(socket: NodeSocket & { readonly rstCode?: number }, { code }: Error & { readonly code?: string }): boolean {
  return code === "ERR_STREAM_PREMATURE_CLOSE" && socket.rstCode === CANCEL && socket.destroyed;
}

/** RFC 9113, section 7. */
const CANCEL = 8;

/** The errors of a socket that is connected. */
const OF_SYSTEM = new Set<string | undefined>(["read", "write", "writev", "shutdown"]);

/** Milliseconds for which a socket is read that takes no more. */
const LINGER_MAX = 4_000;

/** Milliseconds between a cancel and the close of the socket. */
const MOMENT = 10;

/** Returns whether a stream has failed with this. */
async function stores(lock: { readonly closed: Promise<unknown>; releaseLock(): void }, error: unknown): Promise<boolean> {
  const stored = lock.closed.then(
    () => undefined,
    (stored: unknown) => stored,
  );
  const is = (await Promise.race([stored, moment()])) === error;
  lock.releaseLock();
  return is;
}

/**
 * @internal Web streams over a socket that has none which end one direction at a time. What has ended in both is closed, as elsewhere, and so is what has failed.
 */
export function pairOver(transport: Transport, read: Read = () => transport.read(), failures = new Failures()): Handed {
  let ended = 0;
  let late: ReturnType<typeof setTimeout> | undefined;
  const ends = (): void => {
    if (++ended < 2) return;
    clearTimeout(late);
    transport.close();
  };
  // Nothing can be said on a socket that has failed, and who has it may end its direction no more.
  const failed = (error: unknown): never => {
    transport.close();
    return failures.fail(error);
  };
  // What has come before can still be read, for a while.
  const unwritten = (error: unknown): never => {
    late ??= unattended(setTimeout(() => transport.close(), LINGER_MAX));
    ends();
    return failures.fail(error);
  };
  // Who fails cancels first, and aborts or throws in the next moment: an end in order would come before that.
  const cancelled = async (): Promise<void> => void setTimeout(() => transport.close(), MOMENT);
  const readable = readableOf(() => read().catch(failed), cancelled, ends);
  const writable = new WritableStream<Uint8Array>({
    write: (bytes) => transport.write(bytes).catch(unwritten),
    close: () => transport.end().then(ends, unwritten),
    // What was said is not whole, and an end in order would look so.
    abort: () => transport.reset(),
  });
  return { readable, writable, failures };
}

/** A timer that does not keep the process, where a runtime has such. */
function unattended<T>(timer: T): T {
  (timer as { unref?(): void }).unref?.();
  return timer;
}

/** Reads on after these first bytes, and after what is being read already. */
function following(read: Read, first: Uint8Array, ahead?: Promise<Uint8Array | null>): Read {
  const steps = first.length > 0 ? [Promise.resolve(first), ahead] : [ahead];
  return () => steps.shift() ?? steps.shift() ?? read();
}

/**
 * A stream that reads no further than it is asked to.
 *
 * It says once that it has ended.
 */
function readableOf(read: Read, cancel: (reason: unknown) => Promise<void>, ends: () => void = () => {}): ReadableStream<Uint8Array> {
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const bytes = await read();
        if (bytes !== null) return controller.enqueue(bytes);
        controller.close();
        ends();
      },
      cancel,
    },
    { highWaterMark: 0 },
  );
}
