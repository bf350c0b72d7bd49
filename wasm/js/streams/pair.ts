// Web streams over a transport.

import { isBytes } from "../engine/bytes.js";
import { PROBED } from "./bounds.js";
import { Failures, type Handed, type Transport } from "./sockets.js";

/** @internal A function that reads the next bytes; `null` at the end. */
export type Read = () => Promise<Uint8Array | null>;

/** Milliseconds for which reading continues after a write has failed. */
const LINGER_MAX = 4_000;

/** Milliseconds between a cancel of the readable and the close of the socket. */
const MOMENT = 10;

/**
 * @internal Returns web streams that end each direction separately.
 *
 * For sockets whose own streams cannot do that, or that have none. The socket is closed once both directions have
 * ended, reading has failed, or the readable is cancelled; an abort of the writable resets it. After a failed write,
 * what has arrived can still be read for a while.
 */
export function pairOver(
  transport: Pick<Transport, "write" | "end" | "close" | "reset" | "probe">,
  read: Read,
  failures = new Failures(),
): Handed {
  let ended = 0;
  let late: ReturnType<typeof setTimeout> | undefined;
  const ends = (): void => {
    if (++ended < 2) return;
    clearTimeout(late);
    transport.close();
  };
  // A failed socket is of no further use, and its user may never close the other direction.
  const failed = (error: unknown): never => {
    transport.close();
    return failures.fail(error);
  };
  // Bytes that arrived before can still be read for a while.
  const unwritten = (error: unknown): never => {
    late ??= unattended(setTimeout(() => transport.close(), LINGER_MAX));
    ends();
    return failures.fail(error);
  };
  // Code that fails cancels first, then aborts or throws: an immediate close would look like an orderly end.
  const cancelled = async (): Promise<void> => void setTimeout(() => transport.close(), MOMENT);
  let writing: WritableStreamDefaultController | undefined;
  // No read meets a reset behind the peer's end, and nothing may be written for long.
  const look = (): void => {
    if (ended > 1 || !transport.probe) return;
    const probed = transport.probe().catch(failed);
    probed.then(lookLater, (error: unknown) => writing?.error(error));
  };
  const lookLater = (): void => void unattended(setTimeout(look, PROBED));
  const endsReading = (): void => {
    ends();
    lookLater();
  };
  const readable = readableOf(() => read().catch(failed), cancelled, endsReading);
  // What was sent is incomplete, which an orderly close would hide.
  let isReset = false;
  const reset = (): void => {
    if (!isReset) transport.reset();
    isReset = true;
  };
  const writable = new WritableStream<Uint8Array>({
    // `abort` itself is called only once a write has ended, which may be never.
    start: (controller) => {
      writing = controller;
      controller.signal?.addEventListener("abort", reset);
    },
    // What is no array of bytes fails for that, not for the socket.
    write: (bytes) => (isBytes(bytes) ? transport.write(bytes).catch(unwritten) : transport.write(bytes)),
    close: () => transport.end().then(ends, unwritten),
    abort: reset,
  });
  return { readable, writable, failures };
}

/** Prevents a timer from keeping the process alive, in runtimes that support it. */
function unattended<T>(timer: T): T {
  (timer as { unref?(): void }).unref?.();
  return timer;
}

/**
 * @internal Returns a function that returns `first`, then a pending read, then reads.
 *
 * If `first` is empty or `ahead` is missing, it is left out.
 */
export function following(read: Read, first: Uint8Array, ahead?: Promise<Uint8Array | null>): Read {
  const steps = first.length > 0 ? [Promise.resolve(first), ahead] : [ahead];
  return () => steps.shift() ?? steps.shift() ?? read();
}

/**
 * @internal Returns a stream that reads only on demand.
 *
 * It calls `ends` once when it has ended.
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
