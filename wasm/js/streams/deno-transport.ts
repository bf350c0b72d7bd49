// The transport over a connection of Deno.

import { hold, unhold } from "./holding.js";
import { following, pairOver } from "./pair.js";
import type { DenoSocket, Handed, Transport } from "./sockets.js";

/** The size of the read buffer in bytes: at first, and after a read that fills it. */
const SMALL = 4_096;
const LARGE = 65_536;

/** @internal */
export class OfDeno implements Transport {
  readonly queues = false;
  readonly sharesBuffers = true;
  readonly #socket: DenoSocket;
  #space = new Uint8Array(SMALL);

  constructor(socket: DenoSocket) {
    hold(socket, this);
    this.#socket = socket;
  }

  get isSecure(): boolean {
    return "handshake" in this.#socket;
  }

  async read(): Promise<Uint8Array | null> {
    const space = this.#space;
    const length = await this.#socket.read(space);
    if (length === null) return null;
    if (length < space.length / 4) {
      if (length < SMALL && space.length > SMALL) this.#space = new Uint8Array(SMALL);
      return space.slice(0, length);
    }
    this.#space = new Uint8Array(length === space.length ? LARGE : space.length);
    return space.subarray(0, length);
  }

  async write(bytes: Uint8Array): Promise<void> {
    for (let at = 0; at < bytes.length; ) at += await this.#socket.write(at === 0 ? bytes : bytes.subarray(at));
  }

  async probe(): Promise<void> {
    await this.#socket.write(new Uint8Array(0));
  }

  end(): Promise<void> {
    return this.#socket.closeWrite();
  }

  close(): void {
    this.release();
    try {
      this.#socket.close();
    } catch {
      // The socket is closed already.
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
