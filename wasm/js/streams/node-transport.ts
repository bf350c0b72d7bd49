// The transport over a `Duplex` stream of Node.

import { isBytes } from "../engine/bytes.js";
import { hold, unhold } from "./holding.js";
import { following, pairOver } from "./pair.js";
import { Failures, type Handed, type NodeSocket, type Pair, type Transport } from "./sockets.js";

/** The used part of `node:fs`, loaded so that bundlers do not include it. */
interface Files {
  writeSync(descriptor: number, bytes: Uint8Array): number;
}

const files = (globalThis as { readonly process?: { getBuiltinModule?(name: string): Files } }).process?.getBuiltinModule?.("node:fs");

/** @internal */
export class OfNode implements Transport {
  readonly queues = true;
  readonly losesInput = true;
  readonly sharesBuffers: boolean;
  readonly #socket: NodeSocket;
  #failure: Error | undefined;
  #isInterrupted = false;
  #isReleased = false;
  /** The initial `allowHalfOpen` of the socket, restored by `release`. */
  readonly #allowed: boolean | undefined;
  /** The resolvers of calls that wait for the socket; any of its events resolves all. */
  #wake: (() => void)[] = [];
  #readable: (() => void) | undefined;
  #onDestroyed: ((cause: unknown) => void) | undefined;
  #tellsWho = false;
  readonly #woken = (): void => {
    if (this.#onDestroyed && this.#wasDestroyed) this.#onDestroyed(this.#socket.errored ?? undefined);
    const readable = this.#readable;
    this.#readable = undefined;
    readable?.();
    if (this.#wake.length === 0) return;
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
    this.sharesBuffers = isOfSystem(socket);
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

  get hasEnded(): boolean {
    return this.#socket.readableEnded || this.#socket.destroyed;
  }

  read(): Promise<Uint8Array | null> {
    this.#isInterrupted = false;
    return new Promise((resolve, reject) => {
      const attempt = (): void => {
        try {
          const bytes = this.waiting();
          if (bytes !== null) resolve(bytes);
          else if (this.#socket.readableEnded) resolve(null);
          else if (this.#isInterrupted) resolve(NOTHING);
          else if (this.#socket.destroyed || this.#failure) reject(this.#gone);
          else this.#wake.push(attempt);
        } catch (error) {
          // Another listener of the socket has thrown.
          reject(error);
        }
      };
      attempt();
    });
  }

  /**
   * Sets a callback for when this process, not the peer, destroys the socket.
   *
   * It is called only for sockets of the system. An HTTP/2 stream, or TLS over another stream, is destroyed without an
   * error where the peer has left, too.
   */
  onDestroyed(act: (cause: unknown) => void): void {
    this.#tellsWho = this.#isOfSystem;
    this.#onDestroyed = act;
  }

  /**
   * True for a TCP or local socket, and for TLS directly over TCP.
   *
   * False if another stream is below it.
   */
  get #isOfSystem(): boolean {
    const socket = this.#socket;
    return isOfSystem(socket) && (!("encrypted" in socket) || typeof socket.remoteAddress === "string");
  }

  interrupt(): void {
    this.#isInterrupted = true;
    this.#woken();
  }

  /**
   * Returns bytes that have arrived, or `null` if there are none.
   *
   * The caller may transfer their buffer. TLS and HTTP/2 of Node read into one that all connections
   * share, so their bytes are copied.
   */
  waiting(): Uint8Array | null {
    const bytes = this.#socket.read() as Uint8Array | null;
    return isBytes(bytes) && bytes.byteLength < bytes.buffer.byteLength ? new Uint8Array(bytes) : bytes;
  }

  whenReadable(act: () => void): boolean {
    if (this.#socket.readableEnded || this.#socket.destroyed || this.#failure) return false;
    this.#readable = act;
    return true;
  }

  async write(bytes: Uint8Array): Promise<void> {
    if (this.#socket.destroyed) throw this.#gone;
    if (!this.#socket.write(bytes)) await this.#drained();
  }

  hasRoom(length: number): boolean {
    const { destroyed, writable, writableNeedDrain, writableLength = Infinity, writableHighWaterMark = 0 } = this.#socket;
    return !destroyed && writable !== false && !writableNeedDrain && writableLength + length < writableHighWaterMark;
  }

  put(bytes: Uint8Array): void {
    this.#socket.write(bytes);
  }

  room(): Promise<void> | undefined {
    return this.#socket.writableNeedDrain ? this.#drained() : undefined;
  }

  taken(): Promise<void> | undefined {
    if (!this.#socket.writableLength) return undefined;
    // A write of nothing is done after those before it, or fails with them.
    return new Promise((resolve) => this.#socket.write(NOTHING, () => resolve()));
  }

  async #drained(): Promise<void> {
    let hasRoom = false;
    const drained = (): void => void (hasRoom = true);
    this.#socket.on("drain", drained);
    try {
      // After `release`, queued bytes are sent without being awaited.
      while (!hasRoom && !this.#isReleased) await this.#change();
    } finally {
      this.#socket.off("drain", drained);
    }
  }

  async probe(): Promise<void> {
    const socket = this.#socket;
    if (socket.destroyed || this.#failure) throw this.#gone;
    // A write of nothing fails in the system, which other streams do not ask. Queued bytes do the same.
    if (!this.#isOfSystem || socket.writableLength || socket.writable === false) return;
    const below = this.isSecure ? (socket._handle?.fd ?? -1) : -1;
    // Node's TLS passes the write on, and ignores its error.
    if (below >= 0 && files) return void files.writeSync(below, NOTHING);
    await new Promise<void>((resolve, reject) => socket.write(NOTHING, (error) => (error ? reject(error) : resolve())));
  }

  async end(): Promise<void> {
    this.#socket.end();
    while (!this.#socket.writableFinished) await this.#change();
  }

  close(reason?: unknown): void {
    unhold(this.#socket, this);
    this.#readable = undefined;
    // Queued bytes are lost, and an orderly close would hide that, so the connection is reset.
    if (this.#socket.writableLength && !this.#socket.destroyed) this.reset();
    closeStream(this.#socket);
    // Once released, the socket may have a user without an `error` listener, so no error is passed.
    this.#socket.destroy(reason instanceof Error && !this.#isReleased ? reason : undefined);
  }

  reset(): void {
    unhold(this.#socket, this);
    this.#readable = undefined;
    // The peer may still have to read our last bytes and FIN; a reset could discard them.
    if (this.#socket.writableFinished) return void this.#socket.destroy();
    try {
      if (this.#socket.resetAndDestroy) return void this.#socket.resetAndDestroy();
    } catch {
      // Node supports it for plain TCP only; over TLS the missing closure alert tells the peer.
    }
    // Destroying an HTTP/2 stream with an error resets the stream.
    if (!guarded.has(this.#socket)) this.#socket.on("error", ignored);
    this.#socket.destroy(new Error("the message is cut short"));
  }

  release(): void {
    for (const name of EVENTS) this.#socket.off(name, this.#woken);
    this.#socket.off("error", this.#failed);
    if (this.#allowed !== undefined) this.#socket.allowHalfOpen = this.#allowed;
    unhold(this.#socket, this);
    this.#readable = undefined;
    this.#isReleased = true;
    this.#woken();
  }

  handOut(first: Uint8Array): Handed {
    this.release();
    // A peer that half-closes before the streams are first used must still receive our bytes.
    if (this.#allowed !== undefined) this.#socket.allowHalfOpen = true;
    // `unshift` fails on a stream that has emitted `end`.
    const isInSocket = first.length === 0 || !this.#socket.readableEnded;
    if (first.length > 0 && isInSocket) this.#socket.unshift(first);
    // The functions below live as long as the connection.
    if (isInSocket) first = NOTHING;
    const failures = new Failures();
    let pair: Pair | undefined;
    const made = (): Pair => (pair ??= overNode(this.#socket, first, failures));
    const asGiven = (): NodeSocket | undefined => {
      // A stream that has emitted `end` does so for no new listener.
      if (!isInSocket || this.#socket.readableEnded) return undefined;
      if (this.#allowed !== undefined) this.#socket.allowHalfOpen = this.#allowed;
      this.#socket.off("error", ignored);
      guarded.delete(this.#socket);
      return this.#socket;
    };
    return {
      asGiven,
      failures,
      get readable() {
        return made().readable;
      },
      get writable() {
        return made().writable;
      },
    };
  }

  /**
   * True if this process, not the peer or a failure, has destroyed the socket.
   *
   * After a reset by the peer it is false: whole responses may have arrived before. It is false, too, after the end of
   * the peer's bytes, and if the socket cannot tell.
   */
  get #wasDestroyed(): boolean {
    const { destroyed, readableEnded, errored } = this.#socket;
    return this.#tellsWho && destroyed && !readableEnded && !(errored && isOfSocket(errored));
  }

  get #gone(): Error {
    return this.#failure ?? new Error("the socket is closed");
  }

  /** Waits for the next event of the socket; throws if it has failed or is destroyed. */
  async #change(): Promise<void> {
    if (this.#socket.destroyed || this.#failure) throw this.#gone;
    await new Promise<void>((resolve) => this.#wake.push(resolve));
  }
}

const EVENTS = ["readable", "end", "drain", "finish", "close"];

/**
 * Returns whether a stream is a `net.Socket`, as its members show.
 *
 * Other streams may do anything with the bytes that are written.
 */
function isOfSystem(socket: object): socket is { readonly remoteAddress: unknown } {
  return "resetAndDestroy" in socket && "remoteAddress" in socket;
}

/** A no-op `error` listener; without one, an error of the socket ends the process. */
const ignored = (): void => {};
const guarded = new WeakSet<NodeSocket>();

const NOTHING = new Uint8Array(0);

function overNode(socket: NodeSocket, first: Uint8Array, failures: Failures): Pair {
  const transport = new OfNode(socket);
  return pairOver(transport, following(() => transport.read(), first), failures);
}

/** @internal Returns whether an error comes from the socket itself: the system, TLS or HTTP/2. */
export function isOfSocket(error: Error): boolean {
  const { syscall, code } = error as Error & { readonly syscall?: string; readonly code?: string };
  return OF_SYSTEM.has(syscall) || /^(EPROTO$|ERR_SSL_|ERR_HTTP2_)/.test(String(code));
}

/**
 * @internal Returns whether the peer has cancelled an HTTP/2 stream.
 *
 * Node's error only says that the stream was closed prematurely.
 */
export function wasCancelled(socket: NodeSocket & Http2Stream, { code }: Error & { readonly code?: string }): boolean {
  return code === "ERR_STREAM_PREMATURE_CLOSE" && socket.rstCode === CANCEL && socket.destroyed;
}

/** The used members of an HTTP/2 stream. */
interface Http2Stream {
  readonly rstCode?: number;
  readonly closed?: boolean;
  close?(code: number): void;
}

/**
 * Sends RST_STREAM on an HTTP/2 stream; does nothing for other sockets.
 *
 * If the stream is only destroyed with unread bytes, it stays open at the peer. NO_ERROR says that
 * all was sent (RFC 9113, section 8.1).
 */
function closeStream(socket: NodeSocket & Http2Stream): void {
  if (socket.rstCode !== undefined && !socket.closed && !socket.destroyed) socket.close?.(socket.writableFinished ? NO_ERROR : CANCEL);
}

/** HTTP/2 error codes (RFC 9113, section 7). */
const NO_ERROR = 0;
const CANCEL = 8;

/** The system calls whose errors make a connected socket fail. */
const OF_SYSTEM = new Set<string | undefined>(["read", "write", "writev", "shutdown"]);
