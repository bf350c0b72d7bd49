// A socket together with the engine that parses its bytes: the part that clients and servers share.

import type { Config, LimitOptions } from "../engine/config.js";
import { object } from "../engine/check.js";
import { joined } from "../engine/bytes.js";
import { whenCollected } from "../engine/disposable.js";
import { StreamConnection } from "./connection.js";
import { CONTENT } from "./bounds.js";
import { DisconnectedError } from "./errors.js";
import { Lifetime } from "./lifetime.js";
import { TIMEOUTS, type Options, type Timeouts } from "./options.js";
import { following, pairOver } from "./pair.js";
import { Receiver } from "./receiver.js";
import { Sender } from "./sender.js";
import { listen, listenFor, unlisten } from "./signals.js";
import type { Handed, Socket, Transport } from "./sockets.js";
import { transportOf } from "./transport.js";
import { Limits, type Role } from "../generated/tables.js";

/** @internal The streams of a new protocol, and its first bytes, `null` if they have not arrived yet. */
export interface HandedOut {
  readonly pair: Handed;
  readonly first: Uint8Array | null;
}

/** @internal */
export class Wire {
  readonly socket: Socket;
  readonly transport: Transport;
  readonly connection: StreamConnection;
  readonly life = new Lifetime();
  readonly sender: Sender;
  readonly receiver: Receiver;
  /** True if the connection uses TLS: by `config.secure`, or else by the transport. */
  readonly isSecure: boolean;
  readonly timeouts: Required<Timeouts>;
  /** The largest number of content bytes to discard: `limits.drain`. */
  readonly drain: number;
  /** True after an early switch: the peer switches at the end of its request. */
  #isEarly = false;
  /** The transport to close once this wire was collected; none after its use. */
  readonly #use: { transport?: Transport | undefined } = {};
  /** Resolves once cancelled content has cleaned up, or has taken too long. */
  cleanup: Promise<void> | undefined;
  readonly #signal: AbortSignal | undefined;
  #aborted = (): void => this.giveUp(this.#signal?.reason);

  /** Joins a socket and an engine; wrong arguments throw before any I/O. */
  constructor(socket: Socket, role: Role, { signal, config, timeouts }: Options, connection?: StreamConnection) {
    this.timeouts = timeouts ? timeoutsOf(timeouts) : TIMEOUTS;
    this.drain = config?.limits?.drain ?? Limits.drain;
    if (signal !== undefined && typeof signal?.addEventListener !== "function") throw new TypeError("signal must be an AbortSignal");
    this.socket = socket;
    this.transport = transportOf(socket);
    try {
      this.isSecure = config?.secure ?? this.transport.isSecure;
      this.connection = connection ?? new StreamConnection(role, configOf(role, config, this.isSecure));
      this.connection.sharesBuffers = this.transport.sharesBuffers;
    } catch (error) {
      this.transport.release();
      throw error;
    }
    // In Workers nothing runs on, not even `finally`, once the worker that has passed the socket, or the visitor that a
    // request serves, has left.
    this.connection.freeWhenCollected();
    this.sender = new Sender(this.transport, this.life, this.timeouts.write, role === "client");
    this.receiver = new Receiver(this.transport, this.connection, this.life, this.sender, this.timeouts);
    this.#signal = signal;
    if (signal) listen(signal, this.#aborted);
    if (signal?.aborted) this.#aborted();
  }

  /** Starts the timer of an exchange, which calls `act` or else closes the socket. */
  beginExchange(act = (error: DOMException): void => this.giveUp(error)): void {
    this.life.beginExchange(this.timeouts.exchange, act);
  }

  /**
   * Closes the socket once a response that is never read was garbage-collected.
   *
   * The callback of the signal does not keep it alive either.
   */
  closeWhenCollected(): void {
    if (this.life.isOver) return;
    const use = this.#use;
    use.transport = this.transport;
    whenCollected(this, () => {
      try {
        use.transport?.close();
      } catch {
        // In Workers the event to which the socket belongs may be over.
      }
    });
    if (!this.#signal) return;
    unlisten(this.#signal, this.#aborted);
    this.#aborted = listenFor(this.#signal, this, (wire) => wire.giveUp(wire.#signal?.reason));
  }

  /** Closes the socket now. All pending operations fail with the reason. */
  giveUp(reason: unknown): void {
    if (this.life.isOver || this.life.failure) return;
    this.sender.flush();
    this.life.failure = { reason };
    this.sender.isBroken = true;
    // An orderly close would make a partial message look complete.
    if (this.#isEarly || this.connection.closing === "reset") this.transport.reset();
    else this.transport.close(reason);
    this.receiver.fail(reason);
    this.life.close(reason);
    this.life.onGone?.(reason);
    this.#end();
  }

  /** Arranges that the wire is given up once other code destroys its socket. */
  watchSocket(): void {
    giveUpWhenDestroyed(this.transport, new WeakRef(this));
  }

  /** Releases the socket if it is still in use, and frees the engine. */
  letGo(): void {
    if (this.#end()) {
      this.transport.release();
      this.sender.free();
    }
    this.connection.free();
  }

  /**
   * Closes the socket and frees the engine.
   *
   * With `reset` the peer sees that a message is incomplete.
   */
  close(reason?: unknown, { reset = false } = {}): void {
    if (this.#end()) {
      if (reset) this.transport.reset();
      else this.transport.close(reason);
      const error = reason ?? new DisconnectedError("the socket was closed");
      this.receiver.fail(error);
      this.life.close(error);
    }
    this.connection.free();
  }

  /** Passes the socket to the new protocol; frees the engine unless `keepsEngine`. */
  handOut(keepsEngine: boolean): HandedOut {
    // First, as it throws after a trap, and `close` must still close the socket.
    const leftover = this.connection.takeLeftover();
    this.#end();
    const { unread, ahead } = this.receiver.takeAll();
    if (!keepsEngine) this.connection.free();
    const first = unread.length > 0 ? joined([leftover, unread]) : leftover;
    return { pair: this.transport.handOut(first, ahead), first };
  }

  /**
   * Records an early switch: we have switched, and the peer may do so at any time.
   *
   * From then on the engine sees each byte of content, so that it finds the switch.
   */
  beginEarly(): void {
    this.#isEarly = true;
    this.receiver.beginEarly();
  }

  /**
   * Returns streams for an early switch: we have switched, and the peer follows.
   *
   * `arrives` waits for the peer's switch and returns the result of `arrived`. The wire stays in use until then.
   */
  handOutEarly(arrives: () => Promise<Uint8Array>): HandedOut {
    let hasArrived = false;
    const read = async (): Promise<Uint8Array | null> => {
      if (!hasArrived) {
        hasArrived = true;
        const first = await arrives();
        if (first.length > 0) return first;
      }
      return this.receiver.take();
    };
    return { pair: pairOver(this.transport, read), first: null };
  }

  /**
   * Returns streams for a switch that a client receives while it sends the request.
   *
   * Reading begins at once, and writing once `sending` resolves. The wire stays in use until then.
   */
  handOutUnsent(sending: Promise<void>): HandedOut {
    const first = this.connection.takeLeftover();
    this.life.onGivenUp(() => this.connection.free());
    const sent = sending.then(() => {
      this.checkSent();
      this.arrived();
    });
    // Only a writer needs to know.
    sent.catch(() => {});
    // One piece is read ahead: nothing else notices a server that leaves while the content waits for its source.
    const look = (): void => {
      if (this.life.isOver) return;
      this.receiver.look().catch((cause: unknown) => this.giveUp(new DisconnectedError("the socket has failed", cause)));
    };
    const read = async (): Promise<Uint8Array | null> => {
      const bytes = await this.life.transported(this.receiver.take(), Infinity);
      if (bytes !== null) look();
      else if (await this.receiver.hasFailedToSend()) throw this.life.note(new DisconnectedError("the request could not be sent whole"));
      return bytes;
    };
    look();
    const { transport } = this;
    const behind = {
      write: (bytes: Uint8Array) => sent.then(() => transport.write(bytes)),
      end: () => sent.then(() => transport.end()),
      close: (reason?: unknown) => (this.life.isOver ? transport.close(reason) : this.close(reason)),
      reset: () => (this.life.isOver ? transport.reset() : this.close(undefined, { reset: true })),
    };
    return { pair: pairOver(behind, following(read, first)), first: null };
  }

  /** Throws if the request was not sent whole. */
  checkSent(): void {
    if (this.life.failure) throw this.life.failure.reason;
    if (this.life.isOver) throw this.life.note(new DisconnectedError("the socket was closed"));
    if (!this.connection.maySpeak) throw this.life.note(new DisconnectedError("the request could not be sent whole"));
  }

  /** Frees the engine once the peer switched; returns the new protocol's first bytes. */
  arrived(): Uint8Array {
    const first = this.connection.takeLeftover();
    this.#end();
    this.connection.free();
    return first;
  }

  /** Ends the use of the socket by this wire; returns false if it had ended before. */
  #end(): boolean {
    if (this.life.isOver) return false;
    this.sender.flush();
    this.life.isOver = true;
    this.#use.transport = undefined;
    this.receiver.stop();
    this.life.endExchange();
    if (this.#signal) unlisten(this.#signal, this.#aborted);
    return true;
  }
}

/** Gives a wire up once its socket was destroyed; the transport does not keep it. */
function giveUpWhenDestroyed(transport: Transport, kept: WeakRef<Wire>): void {
  transport.onDestroyed?.((cause) => kept.deref()?.giveUp(new DisconnectedError("the socket was destroyed", cause)));
}

/**
 * Returns all timeouts: those given, and defaults for the others.
 *
 * Throws if one is unknown or invalid.
 */
function timeoutsOf(timeouts: Timeouts): Required<Timeouts> {
  const all = { ...TIMEOUTS, ...timeouts };
  for (const [name, limit] of Object.entries(all)) {
    if (!Object.hasOwn(TIMEOUTS, name)) throw new TypeError(`there is no timeout by the name ${name}`);
    if (typeof limit !== "number" || !(limit > 0)) throw new TypeError(`timeouts.${name} must be a number above 0`);
  }
  return all;
}

/**
 * Returns the configuration with the defaults that apply to sockets.
 *
 * They are `secure` and, for a server, `limits.content` and `tidy`.
 */
function configOf(role: Role, config: Config | undefined, secure: boolean): Config | undefined {
  if (config !== undefined) object(config, "config");
  if (role === "client") return secure ? { ...config, secure } : config;
  const own: LimitOptions = object(config?.limits === undefined ? {} : config.limits, "limits");
  const limits = { ...own, content: own.content ?? CONTENT };
  return { ...config, tidy: config?.tidy ?? true, secure, limits };
}
