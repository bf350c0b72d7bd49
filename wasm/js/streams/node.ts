// Node's own HTTP server parses and frames; the choice among the offers is made here.

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

/** A decision about a request of `node:http` that has an `Upgrade` field. */
export type Decision =
  | {
      /** The protocol that both sides support, in the client's spelling. */
      readonly protocol: string;
      /**
       * The 101 to write to the socket.
       *
       * Then speak the new protocol, whose first bytes are Node's `head`.
       */
      readonly response: Uint8Array<ArrayBuffer>;
      readonly offers: readonly Offer[];
      readonly error: null;
    }
  | {
      /**
       * No protocol to switch to: answer as if nothing had been offered.
       *
       * Or content comes first, which Node would lose.
       */
      readonly protocol: null;
      readonly response: null;
      /**
       * The reason why it is no HTTP, though Node lets it pass.
       *
       * Answer with its `status`.
       *
       * `null` where it is.
       */
      readonly error: ProtocolError | null;
      /** The offers, each with the reason why it cannot be accepted. */
      readonly offers: readonly Offer[];
    };

/**
 * Decides for Node's `http.Server`.
 *
 * In `shouldUpgradeCallback` (Node 22.21, 24.9 and later) whether to switch,
 * `(request) => decide(request, ["foo/2"]).protocol !== null`, and in the event `upgrade` what to answer. `headers` go
 * into the 101. A request that Node lets pass and HTTP does not, as one with two Host lines, has an `error`. RFC 9110,
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

/** Returns the engine after the request: an error where it is the client's. */
function read(connection: Connection, request: NodeRequest): ReturnType<Connection["nextEvent"]> | ProtocolError {
  try {
    connection.receive(headOf(request));
    return connection.nextEvent();
  } catch (error) {
    if (error instanceof ProtocolError) return error;
    throw error;
  }
}

/** The head as it came, as far as Node keeps it. A character is a byte. */
function headOf({ method = "", url = "", httpVersion, rawHeaders }: NodeRequest): Uint8Array {
  const lines = [`${method} ${url} HTTP/${httpVersion}`];
  for (let at = 0; at < rawHeaders.length; at += 2) lines.push(`${rawHeaders[at]}: ${rawHeaders[at + 1]}`);
  return Uint8Array.from(`${lines.join("\r\n")}\r\n\r\n`, (character) => character.charCodeAt(0));
}
