// A pair of web streams over a transport.

import { Failures, type Handed, type Transport } from "./sockets.js";

/** @internal The next bytes; `null` at the end. */
export type Read = () => Promise<Uint8Array | null>;

/** Milliseconds for which a socket is read that takes no more. */
const LINGER_MAX = 4_000;

/** Milliseconds between a cancel and the close of the socket. */
const MOMENT = 10;

/**
 * @internal Web streams over a socket that has none which end one direction at a time. What has ended in both is closed, as elsewhere, and so is what has failed.
 */
export function pairOver(transport: Transport, read: Read = () => transport.read(), failures = new Failures()): Handed {
  let ended = 0;
  let late: ReturnType<typeof setTimeout> | undefined;
  const ends = (): void => {
    if (++ended < 2) return;
    clearTimeout(late);
    transport.close();
  };
  // Nothing can be said on a socket that has failed, and who has it may end its direction no more.
  const failed = (error: unknown): never => {
    transport.close();
    return failures.fail(error);
  };
  // What has come before can still be read, for a while.
  const unwritten = (error: unknown): never => {
    late ??= unattended(setTimeout(() => transport.close(), LINGER_MAX));
    ends();
    return failures.fail(error);
  };
  // Who fails cancels first, and aborts or throws in the next moment: an end in order would come before that.
  const cancelled = async (): Promise<void> => void setTimeout(() => transport.close(), MOMENT);
  const readable = readableOf(() => read().catch(failed), cancelled, ends);
  const writable = new WritableStream<Uint8Array>({
    write: (bytes) => transport.write(bytes).catch(unwritten),
    close: () => transport.end().then(ends, unwritten),
    // What was said is not whole, and an end in order would look so.
    abort: () => transport.reset(),
  });
  return { readable, writable, failures };
}

/** A timer that does not keep the process, where a runtime has such. */
function unattended<T>(timer: T): T {
  (timer as { unref?(): void }).unref?.();
  return timer;
}

/** @internal Reads on after these first bytes, and after what is being read already. */
export function following(read: Read, first: Uint8Array, ahead?: Promise<Uint8Array | null>): Read {
  const steps = first.length > 0 ? [Promise.resolve(first), ahead] : [ahead];
  return () => steps.shift() ?? steps.shift() ?? read();
}

/**
 * @internal A stream that reads no further than it is asked to.
 *
 * It says once that it has ended.
 */
export function readableOf(read: Read, cancel: (reason: unknown) => Promise<void>, ends: () => void = () => {}): ReadableStream<Uint8Array> {
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const bytes = await read();
        if (bytes !== null) return controller.enqueue(bytes);
        controller.close();
        ends();
      },
      cancel,
    },
    { highWaterMark: 0 },
  );
}
