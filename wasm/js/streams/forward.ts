// A gateway: forwards requests with their offers to another server, and its responses and protocols back.

import { endToEndFields } from "../engine/bridge.js";
import { mayForward } from "../engine/protocol.js";
import type { HeaderSource } from "../engine/args.js";
import { type Declined, upgrade } from "./client.js";
import { DisconnectedError, HalfClosedError } from "./errors.js";
import type { ServerResponse } from "./handler.js";
import type { Options } from "./options.js";
import type { ServerRequest } from "./request.js";
import type { Socket } from "./sockets.js";
import type { Switched } from "./switched.js";

type Lines = [name: string, value: string | Uint8Array][];

/** The options of `forward`. */
export interface ForwardOptions extends Pick<Options, "config" | "timeouts"> {
  /**
   * The name of this gateway in `Via`; `switchover` by default.
   *
   * RFC 9110, section 7.6.3.
   */
  readonly via?: string;
  /** Field lines for the request, which replace those of the same names. */
  readonly headers?: readonly (readonly [name: string, value: string])[];
  /**
   * A callback for errors of the other server before its response, and of `dial`.
   *
   * The client gets a 504 after a timeout, and a 502 after any other error. If the content of a response fails, the
   * client's response does, too, and `onError` of `serveConnection` is called.
   */
  readonly onError?: (error: unknown) => void;
}

/**
 * Forwards a request with its offer to another server, and what comes of it back.
 *
 * Returns the response for the handler of `serveConnection` to return. If the other server switches, the client
 * switches to the same protocol, and bytes are copied in both directions until both have ended.
 *
 * `dial` returns a socket to the other server, which is used for this request and then closed. Its signal aborts if the
 * client leaves; a time limit for connecting is its own. Hop-by-hop fields and trailers are left out, and interim
 * responses are forwarded. A CONNECT gets a 501: what it may reach is for your code to decide. If the other server
 * responds before it has the whole content, it may lose the rest. Throws the client's errors, for `serveConnection` to
 * handle. With `switchover/core/streams` it throws an `Error`. RFC 9110, section 7.6.
 *
 * Next: return the result.
 */
export async function forward(
  request: ServerRequest,
  dial: (signal: AbortSignal) => Socket | Promise<Socket>,
  options: ForwardOptions = {},
): Promise<ServerResponse | void> {
  const { method, target, connection } = request;
  const { via = "switchover", headers = [], onError, ...rest } = options;
  if (method === "CONNECT") return { status: 501 };
  const lines = endToEnd(request.fields);
  if (isLastHop(method, lines)) return { status: method === "OPTIONS" ? 200 : 501, body: "" };
  const version = `1.${Math.min(request.minorVersion, 1)}`;
  const own = new Set(headers.map(([name]) => name.toLowerCase()));
  const received: Lines = [["Host", connection.authority ?? "localhost"], ...lines, ["Via", `${version} ${via}`]];
  const fields = [...received.filter(([name]) => !own.has(name.toLowerCase())), ...headers, ["Connection", "close"]] as Lines;
  const content = new ForwardedContent(request.body);
  const leaving = new AbortController();
  const leave = (): void => {
    // A client that has closed its sending side may still read.
    if (!(request.signal.reason instanceof HalfClosedError)) leaving.abort(request.signal.reason);
  };
  request.signal.addEventListener("abort", leave);
  if (request.signal.aborted) leave();
  let socket: Socket | undefined;
  let answer: Switched | Declined;
  try {
    socket = await dialed(dial, leaving.signal);
    answer = await upgrade(
      socket,
      { method, target, headers: fields, body: content.body },
      {
        ...rest,
        offer: connection.forwardable,
        signal: leaving.signal,
        // It is refused to a client of HTTP/1.0.
        informational: ({ status, headers }) => request.sendInformational({ status, headers: endToEnd(headers) }).catch(() => {}),
      },
    );
  } catch (error) {
    if (socket) discard(socket);
    if (leaving.signal.aborted) throw leaving.signal.reason;
    if (content.failure) throw content.failure.reason;
    onError?.(error);
    return { status: error instanceof DOMException && error.name === "TimeoutError" ? 504 : 502 };
  }
  if (answer.protocol === null) return await declined(answer);
  return await switched(request, answer, content, onError);
}

/** Returns the response of a server that has not switched, as the client gets it. */
async function declined({ response, required }: Declined): Promise<ServerResponse> {
  const { fields, body } = response;
  // Content in a coding that ours does not have cannot be read without its hop-by-hop field, and a 205 has none.
  const hasCoding = fields.getAll("transfer-encoding").some((coding) => !/^chunked$/i.test(coding));
  if ((body && response.status === 205) || hasCoding || !hasOneLength(fields.getAll("content-length"))) {
    await body?.cancel();
    return { status: 502 };
  }
  // A status above those of all classes counts as a 500 (RFC 9110, section 15).
  const { status, reason } = response.status < 600 ? response : { status: 500, reason: "" };
  const passed = { status, reason, headers: endToEnd(fields), body };
  const requires = required.filter(mayForward);
  if (requires.length > 0) return { ...passed, requires };
  // A 426 has to name a protocol (RFC 9110, section 15.5.22).
  return status === 426 ? { ...passed, status: 400, reason: "" } : passed;
}

/**
 * Returns whether all lengths are valid and equal.
 *
 * The engine reads none in a response to HEAD (RFC 9110, section 8.6).
 */
function hasOneLength(lines: readonly string[]): boolean {
  const lengths = lines.flatMap((line) => line.split(",")).map((length) => length.trim());
  return lengths.every((length) => /^\d+$/.test(length) && Number(length) === Number(lengths[0]));
}

/** Switches the client to the other server's protocol, and copies bytes. */
async function switched(
  request: ServerRequest,
  server: Switched,
  content: ForwardedContent,
  onError: ForwardOptions["onError"],
): Promise<ServerResponse | void> {
  let client: Switched | null = null;
  let isWhole = false;
  try {
    // A server may switch before it has the whole content.
    isWhole = await content.ended;
    if (content.failure) throw content.failure.reason;
    if (isWhole) client = await request.upgrade([server.protocol], endToEnd(server.response?.fields ?? []));
  } finally {
    if (!client) server.close();
  }
  if (!client) {
    onError?.(isWhole ? new Error(`not offered by the client: ${server.protocol}`) : new DisconnectedError("the other server has ended before the switch"));
    return { status: 502 };
  }
  // An error of either side cancels the other one: there is no one to tell.
  await Promise.allSettled([client.readable.pipeTo(server.writable), server.readable.pipeTo(client.writable)]);
}

/** Returns the field lines to forward, without `Host` and `Trailer`. */
function endToEnd(fields: HeaderSource): Lines {
  return [...endToEndFields(fields)].filter(([name]) => !/^(host|trailer)$/i.test(name));
}

/**
 * Decrements `Max-Forwards` of OPTIONS and TRACE requests.
 *
 * Returns whether it was 0: the request must not be forwarded (RFC 9110, section 7.6.2).
 */
function isLastHop(method: string, fields: Lines): boolean {
  if (method !== "OPTIONS" && method !== "TRACE") return false;
  let isLast = false;
  for (const line of fields) {
    if (line[0].toLowerCase() !== "max-forwards" || !/^\d+$/.test(String(line[1]))) continue;
    const hops = Math.min(Number(line[1]), Number.MAX_SAFE_INTEGER);
    isLast ||= hops === 0;
    line[1] = String(Math.max(hops - 1, 0));
  }
  return isLast;
}

/** Returns the socket that `dial` returns, unless the signal aborts before. */
async function dialed(dial: (signal: AbortSignal) => Socket | Promise<Socket>, signal: AbortSignal): Promise<Socket> {
  const dialing = Promise.resolve(dial(signal));
  let stop = (): void => {};
  const left = new Promise<never>((_, reject) => (stop = () => reject(signal.reason)));
  signal.addEventListener("abort", stop);
  if (signal.aborted) stop();
  try {
    return await Promise.race([dialing, left]);
  } catch (error) {
    // A socket that comes too late is not used.
    dialing.then(discard, () => {});
    throw error;
  } finally {
    signal.removeEventListener("abort", stop);
  }
}

/** Closes a socket that may be closed already. */
function discard(socket: Socket): void {
  if ("destroy" in socket) return void socket.destroy();
  const ends = "readable" in socket ? [socket.readable.cancel(), socket.writable.abort()] : [];
  // Deno throws if the connection is closed.
  ends.push(new Promise((resolve) => resolve(socket.close?.() as undefined)));
  for (const end of ends) end.catch(() => {});
}

/** The content of a request while it is forwarded. */
class ForwardedContent {
  readonly body: AsyncIterable<Uint8Array> | null;
  /** Resolves when the content is read no more, with true if all of it was read. */
  readonly ended: Promise<boolean>;
  /** The reason why the content could not be received, if it could not. */
  failure: { readonly reason: unknown } | undefined;
  #end: (isWhole: boolean) => void = () => {};

  constructor(body: ReadableStream<Uint8Array> | null) {
    this.ended = new Promise((resolve) => (this.#end = resolve));
    this.body = body && { [Symbol.asyncIterator]: () => this.#iterator(body.getReader()) };
    if (!body) this.#end(true);
  }

  /** Returns an iterator; unlike a generator's, its `return` always has an effect. */
  #iterator(reader: ReadableStreamDefaultReader<Uint8Array>): AsyncIterator<Uint8Array, undefined> {
    return {
      next: async () => {
        try {
          const { done, value } = await reader.read();
          if (!done) return { done, value };
        } catch (reason) {
          this.failure = { reason };
          this.#end(false);
          throw reason;
        }
        this.#end(true);
        return { done: true, value: undefined };
      },
      return: async () => {
        this.#end(false);
        await reader.cancel();
        return { done: true, value: undefined };
      },
    };
  }
}
