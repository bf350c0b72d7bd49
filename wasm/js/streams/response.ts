// A response, as a client gets it.

import type { Event, InformationalEvent, PausedStep, Response } from "../engine/event.js";
import { Message } from "./head.js";
import { DisconnectedError } from "./errors.js";
import type { Wire } from "./wire.js";

/**
 * A response in HTTP.
 *
 * Read its content to the end, or cancel it: then the socket is free, if `persists` says so, else closed. After an
 * error of the content the socket is closed.
 */
export class ClientResponse extends Message {
  /**
   * 100 to 999; an unknown one means what the x00 of its class means.
   *
   * RFC 9110, section 15.
   */
  readonly status: number;
  /** The reason phrase: often empty, without any meaning. */
  readonly reason: string;
  readonly #persists: () => boolean;

  /** @internal */
  constructor(head: Response, wire: Wire, hasEnded: boolean, ended: () => void, persists = () => false) {
    super(head.headers, wire, hasEnded, ended, (reason) => wire.close(reason));
    this.status = head.status;
    this.reason = head.reason;
    this.#persists = persists;
  }

  /** The status is 2xx. */
  get ok(): boolean {
    return this.status >= 200 && this.status <= 299;
  }

  /**
   * The socket is free for another `request` or `upgrade`.
   *
   * All content was read, and the connection is kept.
   */
  get persists(): boolean {
    return this.#persists();
  }

  /** Returns the head for logs, without secrets. */
  override toJSON(): object {
    const { status, reason, fields, persists } = this;
    return { status, reason, fields, persists };
  }
}

/** @internal The first event that is no interim response. */
export async function finalResponse(wire: Wire, informational?: (event: InformationalEvent) => void): Promise<Event | PausedStep> {
  for (;;) {
    const event = await wire.nextEvent();
    if (event.kind !== "informational") return event;
    informational?.(event);
  }
}

/** @internal A response whose content is still to be read. `isSent`: whether the request has left whole. */
export function responseOn(wire: Wire, event: Event | PausedStep, isSent = () => true): ClientResponse {
  if (event.kind !== "response") throw new DisconnectedError("the connection has ended without an answer");
  const { connection } = wire;
  let persists = false;
  const ended = (): void => {
    persists = isSent() && !wire.isBroken && connection.persists && connection.unread.length === 0;
    if (persists) wire.letGo();
    else wire.close();
  };
  return new ClientResponse(event, wire, connection.takeEnd(), ended, () => persists);
}
