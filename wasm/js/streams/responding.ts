// The sending of one response of a server: whole in one piece, large content past the engine, or content in pieces.

import type { HeaderSource } from "../engine/args.js";
import type { Connection } from "../engine/connection.js";
import { ProtocolError } from "../engine/error.js";
import type { ResponseHead } from "../engine/prepared.js";
import { contentOf, encodedInPlace, filled, framed, isShortText, letGo, pump, soon, type Source } from "./content.js";
import { framedBy, hasField, isBodiless, listed, onlyValue } from "./fields.js";
import type { ServerResponse } from "./handler.js";
import { partsOf, type Parts } from "./parts.js";
import type { ServerRequest } from "./request.js";
import type { Wire } from "./wire.js";

/** @internal Sends a response; returns `undefined` if that was done without waiting. */
export function respond(
  wire: Wire,
  request: ServerRequest,
  answer: ServerResponse | Response,
  finished: (headers: HeaderSource) => HeaderSource,
): Promise<void> | undefined {
  const response = partsOf(answer) ?? answer;
  const { requires, trailers } = response as ServerResponse;
  const head = headOf(response);
  const { body } = response;
  try {
    head.headers = finished(listed(head.headers));
  } catch (error) {
    wire.cleanup = letGo(contentOf(body), error);
    throw error;
  }
  // The response of a `fetch` may have this field; no length is added then.
  const isWhole = !requires && !trailers && !hasField(head.headers, CODING);
  if (isWhole && isShortText(body)) return respondWhole(wire, request, head, encodedInPlace(body));
  const content = contentOf(body);
  if (isWhole && content instanceof Uint8Array) return respondWhole(wire, request, head, content);
  return respondInPieces(wire, request, head, content, isWhole, response as ServerResponse);
}

function respondWhole(
  wire: Wire,
  request: ServerRequest,
  head: OwnHead,
  content: Uint8Array,
): Promise<void> | undefined {
  // Nothing that makes content reads the request any more.
  request.markUnwanted();
  // The engine refuses content with a status that allows none.
  const isLarge = content.length >= LARGE && !isBodiless(head.status);
  if (isLarge && isLengthOf(head.headers, content)) return respondLarge(wire, head, content);
  const bytes = wire.connection.respond(head, content);
  return wire.sender.sendNow(bytes) ? undefined : wire.sender.send(bytes);
}

/** Returns whether the field lines have no `Content-Length`, or the right one. */
function isLengthOf(headers: HeaderSource, content: Uint8Array): boolean {
  return !hasField(headers, LENGTH) || onlyValue(headers, "content-length") === String(content.length);
}

const CODING = ["transfer-encoding"];
const LENGTH = ["content-length"];
/** The number of bytes from which whole content does not pass through the engine. */
const LARGE = 32_768;

async function respondLarge(wire: Wire, head: OwnHead, content: Uint8Array): Promise<void> {
  const { connection } = wire;
  await wire.sender.send(connection.sendResponse({ ...head, headers: framedBy(head.headers, content.length) }));
  if (connection.owes !== "content") return;
  try {
    await wire.sender.send(framed(wire, content));
    await wire.sender.send(connection.sendEnd());
  } catch (error) {
    wire.sender.isBroken = true;
    throw error;
  }
}

/** Sends a response; if its content fails after the head, nothing more can be sent. */
async function respondInPieces(
  wire: Wire,
  request: ServerRequest,
  head: OwnHead,
  source: Uint8Array | Source,
  isWhole: boolean,
  { requires, trailers }: ServerResponse,
): Promise<void> {
  const { connection } = wire;
  let first: Uint8Array;
  let pieces: Source;
  try {
    const content = source instanceof Uint8Array ? source : await wire.life.until(soon(source));
    if (content instanceof Uint8Array && isWhole) return await respondWhole(wire, request, head, content);
    if (content instanceof Uint8Array) request.markUnwanted();
    // The code that makes it may still read the request, or not.
    else if (!request.bodyUsed && request.mayBeTooLong) connection.closeAfterResponse();
    first = requires ? connection.require(requires, head.headers) : connection.sendResponse(head);
    pieces = content instanceof Uint8Array ? once(content) : content;
  } catch (error) {
    // The head was rejected, or the client has disconnected: the content is not needed.
    wire.cleanup = letGo(source, error);
    throw error;
  }
  if (connection.owes !== "content") {
    void pieces.cancel(undefined);
    return wire.sender.send(first);
  }
  let hasBegun = false;
  // An empty piece sends nothing, except that the first one sends the head. So it begins no deadline anew.
  const next = (): Promise<Uint8Array | null> => {
    const piece = hasBegun ? filled(wire, pieces) : pieces.next();
    hasBegun = true;
    return wire.receiver.whilePresent(piece, wire.timeouts.unread);
  };
  try {
    await pump(wire, { next, cancel: pieces.cancel }, first);
    await wire.sender.send(endOf(connection, trailers));
  } catch (error) {
    wire.sender.isBroken = true;
    throw error;
  }
}

/**
 * Returns the bytes that end the content.
 *
 * Without chunked coding, trailers are left out (RFC 9110, section 6.5.1).
 */
function endOf(connection: Connection, trailers: HeaderSource | undefined): Uint8Array {
  try {
    return connection.sendEnd(trailers);
  } catch (error) {
    if (error instanceof ProtocolError && error.kind === "trailer-forbidden" && error.field === null) return connection.sendEnd();
    throw error;
  }
}

/** @internal Cancels the content of a response that is not sent. */
export function discard(response: ServerResponse | Response | undefined | void): void {
  try {
    // A `FastResponse` with plain content has nothing to cancel, and may be sent again.
    if (!partsOf(response)) void letGo(contentOf(response?.body), undefined);
  } catch {
    // The content is invalid, or its stream is locked.
  }
}

/** The head of a response, which this layer completes. */
interface OwnHead extends ResponseHead {
  headers: HeaderSource;
}

function headOf(response: ServerResponse | Response | Parts): OwnHead {
  if (typeof response !== "object" || response === null) throw new TypeError("the handler must return a response");
  if ("bodyUsed" in response && response.bodyUsed) throw new TypeError("the body of the response was read already");
  const { status = 200, headers = [] } = response;
  const reason = "reason" in response ? response.reason : "statusText" in response ? sendable(response.statusText) : "";
  return reason ? { status, headers, reason } : { status, headers };
}

/** Returns a reason phrase; an empty string if a character does not fit a byte. */
function sendable(statusText: string): string {
  return /[^\0-\xff]/.test(statusText) ? "" : statusText;
}

function once(content: Uint8Array): Source {
  const pieces = [content];
  return { next: async () => pieces.shift() ?? null, cancel: async () => {} };
}
