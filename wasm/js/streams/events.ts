// What an engine says of a stream, as it comes.

import type { Connection } from "../engine/connection.js";
import type { Event, PausedStep } from "../engine/event.js";
import type { ReadableSide } from "./sockets.js";

/**
 * Reads a stream into a connection, and yields the events.
 *
 * For code that writes itself. It reads only where the engine needs more. After a `paused` act before you go on, or it
 * comes again; after `switched`, and a `paused` with the reason `closed`, it ends. The stream's lock is then free, and
 * so it is after `break`. Errors are those of `nextEvent`, and the stream's own.
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
