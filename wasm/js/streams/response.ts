// A response, as a client receives it.

import type { Event, InformationalEvent, PausedStep, Response } from "../engine/event.js";
import { Message } from "./head.js";
import { DisconnectedError } from "./errors.js";
import type { Wire } from "./wire.js";

/**
 * A response in HTTP, as a client receives it.
 *
 * Read its content to the end, or cancel it. After reading, the socket is free if `persists` is
 * true. Otherwise it is closed. If the server may still read the request, it is closed once that
 * was sent (RFC 9110, section 7.5). The server may, unless the status is an error or the response
 * ends the connection. After a cancel or an error the socket is closed. If your code destroys the
 * socket, unread content is lost.
 */
export class ClientResponse extends Message {
  /**
   * The status code, 100 to 999.
   *
   * Treat an unknown status up to 599 like the x00 of its class, and one above that like a 500. RFC 9110, section 15.
   */
  readonly status: number;
  /** The reason phrase; often empty, and without meaning to a program. */
  readonly reason: string;
  readonly #persists: () => boolean;

  /** @internal */
  constructor(head: Response, wire: Wire, hasEnded: boolean, ended: () => void, persists = () => false) {
    super(head.headers, wire, hasEnded, ended, (reason) => wire.close(reason));
    this.status = head.status;
    this.reason = head.reason;
    this.#persists = persists;
  }

  /** True if the status is 2xx. */
  get ok(): boolean {
    return this.status >= 200 && this.status <= 299;
  }

  /**
   * True once the socket is free for another `request` or `upgrade`.
   *
   * That is, the request was sent whole, all content was read, and the connection is persistent.
   */
  get persists(): boolean {
    return this.#persists();
  }

  /** Returns the head for logs, with the values of secret fields replaced. */
  override toJSON(): object {
    const { status, reason, fields, persists } = this;
    return { status, reason, fields, persists };
  }
}

/** @internal A callback for informational responses; the next event waits for its promise. */
export type Informational = (event: InformationalEvent) => void | Promise<void>;

/** @internal Returns the first event that is not an informational response. */
export async function finalResponse(wire: Wire, informational?: Informational): Promise<Event | PausedStep> {
  for (;;) {
    const event = await wire.receiver.nextEvent();
    if (event.kind !== "informational") return event;
    const told = informational?.(event);
    if (told) await wire.life.until(told);
  }
}

/**
 * The lowest error status.
 *
 * After one, the rest of a request is not sent (RFC 9112, section 9.5).
 */
const BAD_REQUEST = 400;

/** A request that may still be sent. */
interface Outgoing {
  readonly isOut: boolean;
  readonly done: Promise<void>;
  refuse(): boolean;
}

const SENT: Outgoing = { isOut: true, done: Promise.resolve(), refuse: () => false };

/**
 * @internal Returns the response of an event; its content is still to be read.
 *
 * Once the content was read, the socket is released or closed.
 */
export function responseOn(wire: Wire, event: Event | PausedStep, request = SENT): ClientResponse {
  if (event.kind !== "response") throw new DisconnectedError("the connection has ended without an answer");
  const { connection } = wire;
  let persists = false;
  // Nothing else frees the engine of a client whose content is never read. Not every socket says that it was destroyed,
  // and what the engine has of a response is still read after the server's end.
  wire.life.onGivenUp(() => connection.free());
  wire.watchSocket();
  const ended = (): void => {
    const isOpen = !wire.sender.isBroken && connection.persists && connection.unread.length === 0 && !wire.transport.hasEnded;
    persists = isOpen && request.isOut;
    if (persists) return wire.letGo();
    const isWanted = !request.refuse() && event.status < BAD_REQUEST;
    if (!isOpen || !isWanted || !wire.receiver.budget.isSending) return wire.close();
    const close = (): void => wire.close();
    // The transport may still have the end of the request in its queue, which `close` would lose.
    const sent = request.done.then(() => (wire.sender.isBroken || wire.life.isOver ? undefined : wire.sender.end()));
    wire.receiver.whilePresent(sent).then(close, close);
  };
  const hasEnded = connection.takeEnd();
  if (hasEnded) ended();
  else wire.closeWhenCollected();
  return new ClientResponse(event, wire, hasEnded, ended, () => persists);
}
