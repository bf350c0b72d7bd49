// Handlers for frameworks, which take a `Request` of the platform and return a `Response`.

import { partsOf } from "./parts.js";
import type { ServerRequest } from "./request.js";
import type { Handler, ServeInfo, ServerResponse } from "./handler.js";

/** The second argument of a fetch handler. */
export interface FetchContext extends ServeInfo {
  /** The received request, for `upgrade`, `sendInformational` and `trailers`. */
  readonly request: ServerRequest;
}

/** A function with the signature of `fetch` handlers, such as `app.fetch` of Hono. */
export type FetchHandler = (request: Request, context: FetchContext) => Response | Promise<Response>;

/** Methods that the `Request` of each platform supports. */
const USUAL = new Set(["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH"]);

/** The methods that a `Request` refuses (Fetch, section 2.2.1). */
const FORBIDDEN = new Set(["CONNECT", "TRACE", "TRACK"]);

/**
 * Returns a handler for `serveConnection` that calls a fetch handler.
 *
 * The context is the fetch handler's second argument: in Hono, `c.env`. A route that switches
 * awaits `context.request.upgrade`, speaks the new protocol, and returns any response, which is not
 * sent. If its status is 500 or more, the route has failed, and the connection is reset: a
 * framework answers so to a thrown error. A 426 requires the protocols in its `Upgrade`; one that
 * names none is sent as a 400 (RFC 9110, section 15.5.22).
 *
 * A request without a valid URL is answered with a 400. One with a method that `Request` refuses,
 * such as CONNECT, or changes other than to upper case, is answered with a 501. Content of a GET
 * or HEAD does not reach the fetch handler. Next: give the result to `serveConnection`.
 */
export function fetchHandler(fetch: FetchHandler): Handler {
  if (typeof fetch !== "function") throw new TypeError("fetch must be a function");
  return (request, info) => {
    if (!isKept(request.method)) return { status: 501 };
    const native = requestOf(request);
    if (!native) return { status: 400 };
    const answer = fetch(native, { ...info, request });
    const came = (response: Response): Response | ServerResponse => responseOf(request, response);
    return answer instanceof Response ? came(answer) : Promise.resolve(answer).then(came);
  };
}

/**
 * Returns whether the platform's `Request` keeps this method, apart from its case.
 *
 * Workers throw for methods that they do not know, and Bun makes GET of them.
 */
function isKept(method: string): boolean {
  if (USUAL.has(method)) return true;
  const named = method.toUpperCase();
  if (FORBIDDEN.has(named)) return false;
  try {
    return new Request("http://a", { method }).method.toUpperCase() === named;
  } catch {
    return false;
  }
}

/**
 * Returns the response to send in place of a fetch handler's response.
 *
 * A 426 gets `requires` from its `Upgrade`, or becomes a 400 if that names no protocol. Throws for
 * a status of 500 or more after a switch.
 */
function responseOf(request: ServerRequest, response: Response): Response | ServerResponse {
  const { switched } = request;
  if (switched && response?.status >= 500) {
    // A framework may answer so to a failure of the socket, too.
    throw switched.failure ?? new Error(`the fetch handler has failed after its switch: ${response.status}`);
  }
  if (response?.status !== 426) return response;
  const headers = new Headers(response.headers);
  const requires = listOf(headers, "upgrade");
  const options = listOf(headers, "connection").filter((option) => option.toLowerCase() !== "upgrade");
  headers.delete("upgrade");
  headers.delete("connection");
  if (options.length > 0) headers.set("connection", options.join(", "));
  // That of a `FastResponse` is not read, as it may be sent again.
  const { body } = partsOf(response) ?? response;
  // It has to name a protocol (RFC 9110, section 15.5.22).
  return requires.length > 0 ? { requires, headers, body } : { status: 400, headers, body };
}

/** Returns the members of a list-based field (RFC 9110, section 5.6.1). */
function listOf(headers: Headers, name: string): string[] {
  const members = headers.get(name)?.split(",") ?? [];
  return members.map((member) => member.trim()).filter((member) => member !== "");
}

/** Returns a `Request` of the platform; `undefined` without a valid URL. */
function requestOf(request: ServerRequest): Request | undefined {
  const { method, url, headers } = request;
  if (url === null || !URL.canParse(url)) return undefined;
  // A `Request` has these in capitals, whatever their case.
  const hasContent = !["GET", "HEAD"].includes(method.toUpperCase());
  // Node requires `duplex` for content that is a stream.
  const init = hasContent ? { method, headers, body: request.body, duplex: "half" } : { method, headers };
  const native = new Request(url, init);
  return watched(native, request);
}

/** Returns `native` with the `signal` of `request`, which its clones have too. */
function watched(native: Request, request: ServerRequest): Request {
  // To watch the client costs something; few ask for the signal.
  Object.defineProperty(native, "signal", { get: () => request.signal, configurable: true });
  const clone = (): Request => watched(Request.prototype.clone.call(native), request);
  Object.defineProperty(native, "clone", { value: clone, configurable: true });
  return native;
}
