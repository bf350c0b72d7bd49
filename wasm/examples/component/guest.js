// A guest in JavaScript: it serves the bytes that a client has sent, and upgrades to `foo/2` if that is offered.

import { Connection } from "switchover:http1/engine@0.1.0";

const encode = (text) => new TextEncoder().encode(text);

/** Returns the bytes for a client that has sent these. */
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
  } catch (error) {
    const { status, text } = (error.payload ?? error).fault();
    send(connection.reject({ status: status ?? 400, fields: [] }, encode(`${text}\n`)));
  }
  return Uint8Array.from(output);
}

function answer(connection, send) {
  const selection = connection.select(["foo/2"], "client");
  if (selection) send(connection.accept(selection, false, []));
  else send(connection.respond({ status: 200, fields: [["content-type", encode("text/plain")]] }, encode("no foo/2\n")));
}
