// What is measured of the package, through its public face alone.

import { Connection, Prepared } from "switchover";

/** @typedef {import("switchover").Request} RequestHead */

/**
 * Returns all names and values of a header section, in turn.
 *
 * Node's parser gives the same.
 * @param {RequestHead} request
 */
export const strings = (request) => request.headers.flat();

/** @returns {string[] | null} */
export const untouched = () => null;

/**
 * Reads one message on a new connection, and looks at the kinds of its events.
 *
 * It is as little as one can ask for.
 * @param {Uint8Array} bytes
 */
export function parse(bytes) {
  const connection = new Connection("server");
  connection.receive(bytes);
  if (connection.advance() !== "request" || connection.advance() !== "end-of-message") throw new Error("no message");
  connection.free();
  return null;
}

/** The answer: no content, and to HEAD not even its length. */
const EMPTY = Object.freeze({ status: 200, headers: Object.freeze({}) });
const PREPARED = new Prepared(EMPTY);

/** @param {Connection} connection */
export const composed = (connection) => connection.respond(EMPTY);

/** @param {Connection} connection */
export const prepared = (connection) => connection.respondPrepared(PREPARED);

/**
 * A connection that is kept.
 *
 * Each message is read to its end and answered, and the next one is asked for.
 */
export class Kept {
  connection = new Connection("server");

  /** Only the kinds of the events are looked at. @param {Uint8Array} bytes */
  kinds(bytes) {
    const { connection } = this;
    connection.receive(bytes);
    if (connection.advance() !== "request" || !connection.takeEnd()) throw new Error("no message");
    if (prepared(connection).length < 19 || connection.advance() !== "need-data") throw new Error("no answer");
    return null;
  }

  /**
   * @param {Uint8Array} bytes
   * @param {(request: RequestHead) => string[] | null} look
   * @param {(connection: Connection) => Uint8Array} answer
   */
  exchange(bytes, look, answer) {
    const { connection } = this;
    connection.receive(bytes);
    const event = connection.nextEvent();
    if (event.kind !== "request") throw new Error(event.kind);
    const seen = look(event);
    if (!connection.takeEnd()) throw new Error("the message goes on");
    if (answer(connection).length < 19 || connection.advance() !== "need-data") throw new Error("no answer");
    return seen;
  }
}

/**
 * A WebSocket handshake of a server: from the request's bytes to those of the 101.
 * @param {Uint8Array} bytes
 */
export function handshake(bytes) {
  const connection = new Connection("server");
  connection.receive(bytes);
  while (connection.nextEvent().kind !== "end-of-message");
  const selection = connection.select(["websocket"]);
  if (selection === null) throw new Error("nothing was offered");
  const answer = connection.accept(selection);
  if (connection.nextEvent().kind !== "switched") throw new Error("it has not switched");
  connection.free();
  return answer;
}
