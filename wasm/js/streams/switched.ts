// The streams of a connection that has switched to another protocol.

import type { SwitchedEvent } from "../engine/event.js";
import { inspect } from "../engine/inspect.js";
import { ClientResponse, responseOn, finalResponse } from "./response.js";
import { shown } from "./head.js";
import type { Handed, Pair, Socket, StreamSocket } from "./sockets.js";
import { isFailureOf } from "./transport.js";
import type { Options } from "./options.js";
import { Wire, type HandedOut } from "./wire.js";

/** A class that converts web streams to a stream of Node: `Duplex`. */
export interface DuplexMaker<T> {
  // `any`, since Node has its own types for web streams.
  fromWeb(pair: any, options?: any): T;
}

/**
 * The streams of the new protocol.
 *
 * You must close both, also if your code fails. If the socket is a pair of web streams, they may be its own streams.
 * The engine does not process the bytes. `close` of the writable stream closes only our direction, and `cancel` and
 * `abort` close both, if the socket can do that. RFC 9110, section 7.8.
 */
export class Switched implements Pair {
  /**
   * The protocol in the server's spelling; empty in a tunnel opened by CONNECT.
   *
   * Several layers are joined by commas, the lowest first.
   */
  readonly protocol: string;
  /**
   * The protocols, one for each layer, the lowest first.
   *
   * Compare with `sameProtocol`.
   */
  readonly protocols: readonly string[];
  /** The original socket of the connection. */
  readonly socket: Socket;
  /** Client: the head of the 101, or of the 2xx to a CONNECT; `null` for a server. */
  readonly response: ClientResponse | null;
  readonly #pair: Handed;
  readonly #wire: Wire;
  /** The number of the first bytes; `null` if the request was not over. */
  readonly #first: number | null;

  /** @internal */
  constructor(wire: Wire, { protocols, response }: Pick<SwitchedEvent, "protocols" | "response">, { pair, first }: HandedOut) {
    this.protocols = protocols;
    this.protocol = protocols.join(", ");
    this.socket = wire.socket;
    this.response = response && new ClientResponse(response, wire, true, () => {});
    this.#pair = pair;
    this.#wire = wire;
    this.#first = first && first.length;
  }

  /** The bytes from the peer, beginning with the first of the new protocol. */
  get readable(): ReadableStream<Uint8Array> {
    return this.#pair.readable;
  }

  /**
   * The stream for bytes to the peer.
   *
   * Await its writer's `ready`, which is the back-pressure of a peer that does not read.
   */
  get writable(): WritableStream<Uint8Array> {
    return this.#pair.writable;
  }

  /**
   * Returns both directions as a stream of Node.
   *
   * Call `toDuplex(Duplex)` with the class of `node:stream`. If the socket is a stream of Node, that socket is
   * returned: the first bytes are put back, and you must listen for its errors. Other sockets get a new stream. So does
   * a socket of Node after a server's `early` switch, or while a client is still sending its request. The third case is a
   * peer whose direction has ended. Use either this stream or the two web streams.
   */
  toDuplex<T>(Duplex: DuplexMaker<T>): T {
    const socket = this.#pair.asGiven?.();
    if (socket) return socket as unknown as T;
    // A peer that has sent all still receives.
    return Duplex.fromWeb({ readable: this.readable, writable: this.writable }, { allowHalfOpen: true });
  }

  /**
   * Starts TLS as a client.
   *
   * Calls `startTls` of the socket in Workers, or `Deno.startTls` in Deno, with the options of that runtime. Throws an
   * `Error` if the switch came before the end of the request. Also if unauthenticated bytes have arrived before the
   * handshake (RFC 2817, section 3.3). Throws a `TypeError` if the socket has no `startTls`. Next: `resume`.
   */
  async startTls(options?: object): Promise<Socket> {
    if (this.#first === null) throw new Error("the request is not over yet");
    if (this.#first !== 0) throw new Error("bytes have come before the handshake of TLS");
    const socket = this.socket as Partial<StreamSocket>;
    if (socket.startTls) return socket.startTls(options);
    const { Deno } = globalThis as { Deno?: { startTls(socket: Socket, options?: object): Promise<Socket> } };
    if (!Deno || !("closeWrite" in this.socket)) throw new TypeError("this socket has no startTls");
    return Deno.startTls(this.socket, options);
  }

  /**
   * Resumes HTTP above the new layer, and returns the response to the request.
   *
   * For a client that set `resumes` in `upgrade`. `socket` is the TLS connection over the original
   * socket. Throws a `ProtocolError` if no response is outstanding, a `GoneError` without that
   * option. RFC 2817, section 3; RFC 9110, section 7.8.
   */
  async resume(socket: Socket, options: Options = {}): Promise<ClientResponse> {
    const { connection } = this.#wire;
    connection.resumeHttp();
    const wire = new Wire(socket, "client", options, connection);
    wire.beginExchange();
    try {
      return responseOn(wire, await finalResponse(wire));
    } catch (error) {
      wire.close(error);
      throw error;
    }
  }

  /** Closes both directions at once. */
  close(): void {
    // A client's request may still be being sent.
    if (this.response && !this.#wire.life.isOver) return this.#wire.close();
    this.#wire.transport.close();
    this.#wire.connection.free();
  }

  /** @internal The latest recorded error with which the socket has failed. */
  get failure(): unknown {
    return this.#pair.failures?.latest;
  }

  /** @internal Returns whether an error of the new protocol is due to a failure of the socket. */
  hasFailedWith(error: unknown): Promise<boolean> {
    return isFailureOf(this.socket, this.#pair, error);
  }

  /** Returns the protocol and, for a client, the response head, for logs. */
  toJSON(): object {
    const { protocol, response } = this;
    return response ? { protocol, response } : { protocol };
  }

  /** @internal Returns the description of `toJSON` for a console. */
  [inspect](): object {
    return shown(this);
  }
}
