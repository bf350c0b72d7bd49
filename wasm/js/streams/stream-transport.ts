// The transport over a pair of web streams.

import { isBytes } from "../engine/bytes.js";
import { following, readableOf } from "./pair.js";
import { Failures, type Handed, type Pair, type ReadableSide, type StreamSocket, type Transport, type WritableSide } from "./sockets.js";

const quietly = (step: Promise<unknown> | undefined): void => void step?.catch(() => {});

/**
 * The last write to each stream, which may be pending.
 *
 * The transport that made the write may have released the stream before the write finished.
 */
const underWay = new WeakMap<WritableSide, Promise<void>>();

/** The state of each socket with a `closed`: true once both directions are closed. */
const endings = new WeakMap<StreamSocket, { isClosed: boolean }>();

/** @internal */
export class OfStreams implements Transport {
  readonly queues = true;
  readonly sharesBuffers = false;
  readonly #socket: StreamSocket;
  readonly #reader: ReturnType<ReadableSide["getReader"]>;
  readonly #writer: ReturnType<WritableSide["getWriter"]>;
  #hasReader = true;
  #hasWriter = true;
  #hasWritten = false;

  constructor(socket: StreamSocket) {
    this.#socket = socket;
    const { closed } = socket;
    if (typeof closed?.then === "function" && !endings.has(socket)) {
      const ending = { isClosed: false };
      const ended = (): void => void (ending.isClosed = true);
      endings.set(socket, ending);
      closed.then(ended, ended);
    }
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

  read(): Promise<Uint8Array | null> {
    // Not `async`: workerd keeps the error of a read that was awaited, with what awaited it, for good.
    return this.#reader.read().then(({ value, done }) => {
      if (done || value === undefined) return null;
      if (!isBytes(value)) throw new TypeError("a socket's readable has pieces that are no Uint8Array");
      return value;
    });
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

  async probe(): Promise<void> {
    if (endings.get(this.#socket)?.isClosed) throw new Error("the socket is closed");
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
    // Without a `close` of the socket, only a reader of ours can end it while the user holds the locks.
    if (first.length === 0 && !ahead && this.#socket.close) {
      this.release();
      return this.#socket as Pair;
    }
    this.#hasWriter = false;
    this.#writer.releaseLock();
    const cancel = (reason: unknown): Promise<void> => this.#reader.cancel(reason);
    const failures = new Failures();
    // What the user only writes to reads nothing, and fails all the same by the error of the socket.
    quietly(this.#reader.closed?.catch(failures.fail));
    const read = following(() => this.read(), first, ahead);
    const readable = readableOf(() => read().catch(failures.fail), cancel);
    return { readable, writable: (this.#socket as Pair).writable, failures };
  }
}
