// The socket of a connection that has become something else.

import type { SwitchedEvent } from "../engine/event.js";
import { inspect } from "../engine/inspect.js";
import { ClientResponse, responseOn, finalResponse } from "./response.js";
import { shown } from "./head.js";
import type { Handed, Pair, Socket, StreamSocket } from "./sockets.js";
import { isFailureOf } from "./transport.js";
import type { Options } from "./options.js";
import { Wire, type HandedOut } from "./wire.js";

/** A class that makes a stream of Node from web streams: `Duplex`. */
export interface DuplexMaker<T> {
  // Node has types of its own for web streams.
  fromWeb(pair: any): T;
}

/**
 * The new protocol's two directions.
 *
 * They are yours: close both, also when your code fails. Where nothing of the new protocol had come with the head they
 * are the socket's own streams, and the engine is out of the path. `close` of the writable ends our direction alone,
 * where the socket can do that; `cancel` and `abort` end both. RFC 9110, section 7.8.
 */
export class Switched implements Pair {
  /**
   * The protocols, as the server spells them; empty in a tunnel by CONNECT.
   *
   * One name, or layers with the lowest first.
   */
  readonly protocol: string;
  /**
   * The protocols, layer by layer.
   *
   * Compare with `sameProtocol`.
   */
  readonly protocols: readonly string[];
  /** The socket that was given. */
  readonly socket: Socket;
  /** Client: the head of the 101, or of the 2xx to a CONNECT; `null` for a server. */
  readonly response: ClientResponse | null;
  readonly #pair: Handed;
  readonly #wire: Wire;
  /** The first bytes; `null` while they are not known. */
  readonly #first: Uint8Array | null;

  /** @internal */
  constructor(wire: Wire, { protocols, response }: Pick<SwitchedEvent, "protocols" | "response">, { pair, first }: HandedOut) {
    this.protocols = protocols;
    this.protocol = protocols.join(", ");
    this.socket = wire.socket;
    this.response = response && new ClientResponse(response, wire, true, () => {});
    this.#pair = pair;
    this.#wire = wire;
    this.#first = first;
  }

  /** The peer's bytes, from the first one of the new protocol on. */
  get readable(): ReadableStream<Uint8Array> {
    return this.#pair.readable;
  }

  /**
   * The stream for our bytes.
   *
   * Await its writer's `ready`: a peer that does not read is felt there.
   */
  get writable(): WritableStream<Uint8Array> {
    return this.#pair.writable;
  }

  /**
   * Returns both directions as a stream of Node.
   *
   * `toDuplex(Duplex)` with the class of `node:stream`. A socket that was one comes back as it is, the first bytes put
   * back and its errors yours to listen for. It does not where the switch was `early` or the peer's direction has
   * ended. Use that, or the two streams.
   */
  toDuplex<T>(Duplex: DuplexMaker<T>): T {
    const socket = this.#pair.asGiven?.();
    if (socket) return socket as unknown as T;
    return Duplex.fromWeb({ readable: this.readable, writable: this.writable });
  }

  /**
   * Starts TLS as a client.
   *
   * `startTls` of the socket in Workers, `Deno.startTls` in Deno, with that host's options. Refused with an `Error`
   * where bytes have come before the handshake, which no one has authenticated (RFC 2817, section 3.3). Refused with a
   * `TypeError` where the socket cannot do it. Next: `resume`.
   */
  async startTls(options?: object): Promise<Socket> {
    if (this.#first?.length !== 0) throw new Error("bytes have come before the handshake of TLS");
    const socket = this.socket as Partial<StreamSocket>;
    if (socket.startTls) return socket.startTls(options);
    const { Deno } = globalThis as { Deno?: { startTls(socket: Socket, options?: object): Promise<Socket> } };
    if (!Deno || !("closeWrite" in this.socket)) throw new TypeError("this socket has no startTls");
    return Deno.startTls(this.socket, options);
  }

  /**
   * Resumes HTTP above the new layer, and returns the answer to the request.
   *
   * Client, with the option `resumes` of `upgrade`. `socket` is TLS over what was switched. A `ProtocolError` where no
   * answer is owed, a `GoneError` without the option. RFC 2817, section 3; RFC 9110, section 7.8.
   */
  async resume(socket: Socket, options: Options = {}): Promise<ClientResponse> {
    const { connection } = this.#wire;
    connection.resumeHttp();
    const wire = new Wire(socket, "client", options, connection);
    try {
      return responseOn(wire, await finalResponse(wire));
    } catch (error) {
      wire.close(error);
      throw error;
    }
  }

  /** Closes both directions now. */
  close(): void {
    this.#wire.transport.close();
    this.#wire.connection.free();
  }

  /** @internal Whether the new protocol has ended with this because the socket has failed. */
  hasFailedWith(error: unknown): Promise<boolean> {
    return isFailureOf(this.socket, this.#pair, error);
  }

  /** A description for logs. */
  toJSON(): object {
    const { protocol, response } = this;
    return response ? { protocol, response } : { protocol };
  }

  /** @internal The same for a console. */
  [inspect](): object {
    return shown(this);
  }
}
