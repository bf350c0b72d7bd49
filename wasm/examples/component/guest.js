// A guest in JavaScript: it serves the bytes that a client has sent, and upgrades to `foo/2` if that is offered.

import { Connection } from "switchover:http1/engine@0.1.0";

const encode = (text) => new TextEncoder().encode(text);
// The guest's collector frees nothing of the engine, and a store has at most 100,000 handles.
/** Frees a resource that the engine has made, such as a connection. */
const free = (resource) => resource[Symbol.dispose]();

/** Returns the bytes to send to a client that has sent the bytes `received`. */
export function serve(received) {
  const connection = Connection.create("server", undefined);
  const output = [];
  const send = (bytes) => output.push(...bytes);
  try {
    connection.receive(received);
    for (;;) {
      const step = connection.nextEvent();
      // The host reads on, closes, or gives the connection to the new protocol.
      if (step.tag === "need-data" || (step.tag === "paused" && ["closed", "switched"].includes(step.val))) break;
      if (step.tag === "paused") answer(connection, send);
      else if (step.val === "switched") send(encode("hello in foo/2\n"));
    }
  } catch (thrown) {
    const error = thrown.payload ?? thrown;
    const { status, text } = error.fault();
    free(error);
    send(connection.reject({ status: status ?? 500, fields: [] }, encode(`${text}\n`)));
  } finally {
    free(connection);
  }
  return Uint8Array.from(output);
}

function answer(connection, send) {
  const selection = connection.select(["foo/2"], "client");
  if (!selection) return send(connection.respond({ status: 200, fields: [["content-type", encode("text/plain")]] }, encode("no foo/2\n")));
  try {
    send(connection.accept(selection, false, []));
  } finally {
    free(selection);
  }
}
