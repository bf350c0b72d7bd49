// The events of a connection as an async iterator over a stream.

import type { Connection } from "../engine/connection.js";
import type { Event, PausedStep } from "../engine/event.js";
import type { ReadableSide } from "./sockets.js";

/**
 * Reads a stream into a connection and yields the connection's events.
 *
 * For code that writes to the transport itself. It reads only if the engine needs more bytes. After a `paused`, act
 * before you continue; otherwise it is yielded again. It ends after `switched`, and after a `paused` with the reason
 * `closed`. The stream's lock is released at the end and after `break`. Throws the errors of the connection and of
 * the stream.
 */
export async function* events(
  readable: ReadableSide,
  connection: Connection,
): AsyncGenerator<Event | PausedStep, void, void> {
  const reader = readable.getReader();
  try {
    for (;;) {
      const step = connection.nextEvent();
      if (step.kind === "need-data") {
        const { value, done } = await reader.read();
        if (done || value === undefined) connection.receiveEof();
        else connection.receive(value);
        continue;
      }
      yield step;
      if (step.kind === "switched" || (step.kind === "paused" && step.why === "closed")) return;
    }
  } finally {
    reader.releaseLock();
  }
}
