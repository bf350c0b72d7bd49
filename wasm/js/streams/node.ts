// Protocol selection for Node's own HTTP server, which does the parsing and framing itself.

import { Connection } from "../engine/connection.js";
import { ProtocolError } from "../engine/error.js";
import type { Offer } from "../engine/event.js";
import type { HeaderSource } from "../engine/args.js";

/** A request of `node:http`: an `IncomingMessage`. */
export interface NodeRequest {
  readonly method?: string | undefined;
  readonly url?: string | undefined;
  readonly httpVersion: string;
  readonly rawHeaders: readonly string[];
}

/** The decision about a request of `node:http` that has an `Upgrade` field. */
export type Decision =
  | {
      /**
       * The protocol that both sides support.
       *
       * A name that the engine knows has its registered spelling. Several layers are joined by commas, lowest first.
       */
      readonly protocol: string;
      /**
       * The 101 to write to the socket.
       *
       * After it, speak the new protocol; its first bytes are in Node's `head`.
       */
      readonly response: Uint8Array<ArrayBuffer>;
      readonly offers: readonly Offer[];
      readonly error: null;
    }
  | {
      /**
       * `null` if there is no switch: respond as if nothing had been offered.
       *
       * Also `null` if there is an `error`, or if the request has content, which Node would lose.
       */
      readonly protocol: null;
      readonly response: null;
      /**
       * The violation of HTTP by a request that Node accepts; `null` without one.
       *
       * Respond with the error's `status`.
       */
      readonly error: ProtocolError | null;
      /** The offered protocols; empty if there is an `error`. */
      readonly offers: readonly Offer[];
    };

/**
 * Selects the protocol to switch to for a request of Node's `http.Server`.
 *
 * Call it in `shouldUpgradeCallback` (Node 22.21, 24.9 and later) to decide whether to switch: `(request) =>
 * decide(request, ["foo/2"]).protocol !== null`. Call it in the event `upgrade` to get the response. `headers` are
 * added to the 101. A request that Node accepts but HTTP forbids, as one with two Host lines, has an `error`. RFC 9110,
 * section 7.8.
 */
export function decide(request: NodeRequest, preferences: readonly string[], headers?: HeaderSource): Decision {
  const connection = new Connection("server");
  try {
    const event = read(connection, request);
    if (event instanceof ProtocolError) return { protocol: null, response: null, offers: [], error: event };
    if (event.kind !== "request") throw new TypeError("a request has a method, a target and headers");
    const { offers } = event;
    const selection = connection.select(preferences);
    if (!selection || !connection.takeEnd()) return { protocol: null, response: null, offers, error: null };
    const response = connection.accept(selection, headers);
    return { protocol: connection.agreed.join(", "), response, offers, error: null };
  } finally {
    connection.free();
  }
}

/** Passes the request to the engine; returns its event, or the client's error. */
function read(connection: Connection, request: NodeRequest): ReturnType<Connection["nextEvent"]> | ProtocolError {
  try {
    connection.receive(headOf(request));
    return connection.nextEvent();
  } catch (error) {
    if (error instanceof ProtocolError) return error;
    throw error;
  }
}

/** Rebuilds the bytes of the head from what Node keeps; a character is a byte. */
function headOf({ method = "", url = "", httpVersion, rawHeaders }: NodeRequest): Uint8Array {
  const lines = [`${method} ${url} HTTP/${httpVersion}`];
  for (let at = 0; at < rawHeaders.length; at += 2) lines.push(`${rawHeaders[at]}: ${rawHeaders[at + 1]}`);
  return Uint8Array.from(`${lines.join("\r\n")}\r\n\r\n`, (character) => character.charCodeAt(0));
}
