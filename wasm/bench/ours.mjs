// The measured functions of the package, all through its public API.

import { Connection, Prepared } from "switchover";

/** @typedef {import("switchover").Request} RequestHead */

/**
 * Returns all names and values of a header section in one array.
 *
 * Node's parser returns the same.
 * @param {RequestHead} request
 */
export const strings = (request) => request.headers.flat();

/** @returns {string[] | null} */
export const untouched = () => null;

/**
 * Parses one message on a new connection and reads only the kinds of its events.
 *
 * It is the smallest use of the engine.
 * @param {Uint8Array} bytes
 */
export function parse(bytes) {
  const connection = new Connection("server");
  connection.receive(bytes);
  if (connection.advance() !== "request" || connection.advance() !== "end-of-message") throw new Error("no message");
  connection.free();
  return null;
}

/** The response to each request: no content; to HEAD, no `Content-Length` either. */
const EMPTY = Object.freeze({ status: 200, headers: Object.freeze({}) });
const PREPARED = new Prepared(EMPTY);

/** @param {Connection} connection */
export const composed = (connection) => connection.respond(EMPTY);

/** @param {Connection} connection */
export const prepared = (connection) => connection.respondPrepared(PREPARED);

/**
 * A persistent server connection, which all requests of a benchmark use in turn.
 *
 * Each request is read to its end and responded to, until the engine waits for the next one.
 */
export class Kept {
  connection = new Connection("server");

  /** Handles one request, and reads only the kinds of its events. @param {Uint8Array} bytes */
  kinds(bytes) {
    const { connection } = this;
    connection.receive(bytes);
    if (connection.advance() !== "request" || !connection.takeEnd()) throw new Error("no message");
    if (prepared(connection).length < 19 || connection.advance() !== "need-data") throw new Error("no answer");
    return null;
  }

  /**
   * Handles one request: reads it by `look`, and responds by `answer`.
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
 * Performs a server's WebSocket handshake: parses the request, returns the 101.
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
