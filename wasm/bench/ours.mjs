// What is measured of the package, through its public face alone.

import { Connection } from "switchover";

/** @typedef {import("switchover").Request} RequestHead */

/**
 * Everything of a header section as strings, names and values in turn: what Node's parser gives.
 * @param {RequestHead} request
 */
export function strings(request) {
  /** @type {string[]} */
  const flat = [];
  for (const [name, value] of request.headers) flat.push(name, value);
  return flat;
}

/** @returns {string[] | null} */
export const untouched = () => null;

/**
 * One message on a connection that has no past, of which nothing but the kinds of its events is looked at: as little as one
 * can ask for.
 * @param {Uint8Array} bytes
 */
export function parse(bytes) {
  const connection = new Connection("server");
  connection.receive(bytes);
  if (connection.advance() !== "request" || connection.advance() !== "end-of-message") throw new Error("no message");
  connection.free();
  return null;
}

/**
 * The same with its events made.
 * @param {Uint8Array} bytes
 * @param {(request: RequestHead) => string[] | null} look
 */
export function events(bytes, look) {
  const connection = new Connection("server");
  connection.receive(bytes);
  const event = connection.nextEvent();
  if (event.kind !== "request") throw new Error(event.kind);
  const seen = look(event);
  if (connection.nextEvent().kind !== "end-of-message") throw new Error("the message goes on");
  connection.free();
  return seen;
}

const RESPONSE = Object.freeze({ status: 200, headers: Object.freeze({ "Content-Length": "0" }) });

/** A connection that is kept: each message is read to its end and answered, in the loop that the README shows. */
export class Kept {
  connection = new Connection("server");

  /**
   * @param {Uint8Array} bytes
   * @param {(request: RequestHead) => string[] | null} look
   */
  exchange(bytes, look) {
    const { connection } = this;
    /** @type {string[] | null} */
    let seen = null;
    let written = 0;
    connection.receive(bytes);
    for (;;) {
      const event = connection.nextEvent();
      switch (event.kind) {
        case "request":
          seen = look(event);
          break;
        case "end-of-message":
          written += connection.sendResponse(RESPONSE).length;
          written += connection.sendEnd().length;
          break;
        case "need-data":
          if (written < 38) throw new Error("nothing was answered");
          return seen;
        default:
          throw new Error(event.kind);
      }
    }
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
