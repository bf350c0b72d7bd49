// The sending half of a connection. Its methods return the bytes to send.

import { count, object, bytesOf } from "./check.js";
import { Inbound } from "./inbound.js";
import { encodeArgs, putHeaders, putText, putTexts, type HeaderSource } from "./args.js";
import { contentOf, encodeResponse, Prepared, type ResponseHead } from "./prepared.js";
import { raw } from "./calls.js";
import { bytesLeft, Reader } from "./reader.js";

/** A request to send. The version is always HTTP/1.1. */
export interface RequestHead {
  /** The method, a token. */
  readonly method: string;
  /** The target in the form that the method requires (RFC 9112, section 3.2). */
  readonly target: string;
  /**
   * The field lines.
   *
   * `Host` is required and is sent first. The engine adds its own options to `Connection`. `Upgrade` is not allowed
   * here; use `offer`. Content must follow if there is a `Content-Length` above 0 or a `Transfer-Encoding` that ends in
   * chunked.
   */
  readonly headers?: HeaderSource;
  /**
   * Other protocols such as `foo/2`, the preferred one first.
   *
   * RFC 9110, section 7.8.
   */
  readonly offer?: readonly string[];
}

/** The framing around a piece of content that your code sends itself. */
export interface DataParts {
  /** The bytes to send before the content, such as a chunk's size; may be empty. */
  readonly prefix: Uint8Array<ArrayBuffer>;
  /** The bytes to send after the piece of content; may be empty. */
  readonly suffix: Uint8Array<ArrayBuffer>;
}

/** The encoding of an empty list of field lines. */
const NOTHING = new Uint8Array(4);

/**
 * The half of a connection that sends.
 *
 * Send the bytes that a method returns. If it throws a `ProtocolError`, the connection is unchanged.
 */
export class Outbound extends Inbound {
  /**
   * Client: sends a request head, optionally with an offer of other protocols.
   *
   * Next: `sendData` and `sendEnd` if content follows; then `receive`. RFC 9112, section 3; RFC 9110, section 7.8.
   * @throws ProtocolError: `wrong-role`, `request-unfinished`, `offer-pending`, `pipeline-full`, `not-persistent`,
   * `unread-input`, `closed`, `switched`, `failed`, `invalid-method`, `invalid-target`, `invalid-name`,
   * `invalid-value`, `invalid-protocol`, `invalid-host`, `host-differs`, `framing-conflict`, `reserved-field`,
   * `profile-field`, `out-of-memory`.
   */
  sendRequest(request: RequestHead): Uint8Array<ArrayBuffer> {
    const { method, target, offer = [], headers } = object(request, "request");
    const args = encodeArgs(() => {
      putText(method, "method");
      putText(target, "target");
      putTexts(offer, "offer");
      putHeaders(headers);
    });
    return this.sent(raw.send_request(this.live(), args));
  }

  /**
   * Server: sends an informational response other than 101.
   *
   * While `owes` is `continue`, the client waits for a 100. At any other time a 100 has no effect on the client, and a
   * proxy still forwards it. Next: the rest of the request, or the final response. RFC 9110, section 15.2.
   * @throws ProtocolError: `wrong-role`, `unasked`, `answered`, `http-1.0-peer`, `closed`, `switched`, `failed`,
   * `invalid-status`, `invalid-reason`, `invalid-name`, `invalid-value`, `invalid-host`, `framing-conflict`,
   * `reserved-field`, `out-of-memory`.
   */
  sendInformational(response: ResponseHead): Uint8Array<ArrayBuffer> {
    const { status, hasReason, args } = encodeResponse(response);
    return this.sent(raw.send_informational(this.live(), status, hasReason, args));
  }

  /**
   * Server: sends a final response head.
   *
   * This declines an offer of other protocols and has no other effect on it. But a 2xx to CONNECT opens a tunnel, so a
   * server without tunnels responds with 501. Send a 426 with `require`: without a list of protocols it is
   * `invalid-status`. Next: `sendData` and `sendEnd`. RFC 9112, sections 4 and 6.
   * @throws ProtocolError: `wrong-role`, `unasked`, `answered`, `closed`, `switched`, `failed`, `invalid-status`,
   * `invalid-reason`, `invalid-name`, `invalid-value`, `invalid-host`, `framing-conflict`, `reserved-field`,
   * `out-of-memory`.
   */
  sendResponse(response: ResponseHead): Uint8Array<ArrayBuffer> {
    const { status, hasReason, args } = encodeResponse(response);
    return this.sent(raw.send_response(this.live(), status, hasReason, args));
  }

  /**
   * Server: sends a whole final response: head, content and end.
   *
   * The engine adds a `Content-Length`, so that an HTTP/1.0 client may keep the connection too. A response to HEAD has
   * the length but not the content; if the content is empty, no length is added. A 204, 205 or 304 has no content,
   * and a 2xx to CONNECT opens a tunnel.
   *
   * Throws what `sendResponse` throws. Throws `framing-conflict` for a `Transfer-Encoding`, or for content if the
   * status allows none. Throws `length-exceeded` or `length-short` if a given `Content-Length` differs from the
   * content's length. Without content, a 304 or a response to HEAD may have any length. If it throws, nothing is sent.
   * Next: `nextEvent`. RFC 9110, section 8.6; RFC 9112, section 6.
   * @throws ProtocolError: `wrong-role`, `unasked`, `answered`, `closed`, `switched`, `failed`, `invalid-status`,
   * `invalid-reason`, `invalid-name`, `invalid-value`, `invalid-host`, `framing-conflict`, `reserved-field`,
   * `length-exceeded`, `length-short`, `out-of-memory`.
   */
  respond(response: ResponseHead, content?: Uint8Array): Uint8Array<ArrayBuffer> {
    const given = contentOf(content);
    const { status, hasReason, args } = encodeResponse(response);
    return this.sent(raw.respond(this.live(), status, hasReason, args, given));
  }

  /**
   * Server: sends a response that was validated and encoded before.
   *
   * The bytes, states and errors are those of `respond`. Next: `nextEvent`.
   * @throws ProtocolError: `wrong-role`, `unasked`, `answered`, `closed`, `switched`, `failed`, `framing-conflict`,
   * `reserved-field`, `out-of-memory`.
   */
  respondPrepared(prepared: Prepared): Uint8Array<ArrayBuffer> {
    if (!(prepared instanceof Prepared)) throw new TypeError("prepared must be a Prepared");
    return this.sent(raw.respond_prepared(this.live(), Prepared.numberOf(prepared)));
  }

  /**
   * Server: sends an error response as the last on the connection, at any time.
   *
   * Allowed even before a request is complete: a 408 to half a head, a 429 or 503 to an unwanted client. The engine
   * reads no more, and the connection closes. If the client has sent a request by then, this is the response to it.
   * Throws `invalid-status` unless the status is 400 to 599, and `answered` once a response has begun: call `abandon`
   * then.
   *
   * Next: send the returned bytes, end the sending side, then read and discard what still arrives. RFC 9110, section
   * 15.5.9.
   * @throws ProtocolError: `wrong-role`, `answered`, `closed`, `switched`, `failed`, `invalid-status`,
   * `invalid-reason`, `invalid-name`, `invalid-value`, `invalid-host`, `framing-conflict`, `reserved-field`,
   * `length-exceeded`, `length-short`, `out-of-memory`.
   */
  reject(response: ResponseHead, content?: Uint8Array): Uint8Array<ArrayBuffer> {
    const given = contentOf(content);
    const { status, hasReason, args } = encodeResponse(response);
    return this.sent(raw.reject(this.live(), status, hasReason, args, given));
  }

  /**
   * Sends a piece of the message's content.
   *
   * If the length is known, the message ends with the last byte of content. Throws `no-content`, `length-exceeded`.
   * Next: more content, or `sendEnd`. RFC 9112, sections 6 and 7.
   * @throws ProtocolError: `no-content`, `length-exceeded`, `closed`, `switched`, `failed`.
   */
  sendData(data: Uint8Array): Uint8Array<ArrayBuffer> {
    return this.sent(raw.send_data(this.live(), bytesOf(data)));
  }

  /**
   * Returns the framing for `length` bytes of content that your code sends itself.
   *
   * An alternative to `sendData` that does not copy large content into the module. Your code must send prefix, content
   * and suffix, in that order.
   * @throws ProtocolError: `no-content`, `length-exceeded`, `closed`, `switched`, `failed`.
   */
  sendDataParts(length: number): DataParts {
    this.must(raw.send_data_parts(this.live(), count(length, 2 ** 32 - 1, "length")));
    const split = new Reader().number();
    const both = bytesLeft();
    return { prefix: both.slice(0, split), suffix: both.slice(split) };
  }

  /**
   * Ends the message; chunked content may have trailers (RFC 9112, section 7.1.2).
   *
   * A message without content, or with all of its `Content-Length` sent, has ended already. One call after it writes
   * nothing; the next throws. After `respond`, `respondPrepared` or `reject`, the first call throws already. Next: a
   * client receives, a server calls `nextEvent`.
   * @throws ProtocolError: `no-content`, `length-short`, `closed`, `switched`, `failed`, `invalid-name`,
   * `invalid-value`, `trailer-forbidden`, `out-of-memory`.
   */
  sendEnd(trailers?: HeaderSource): Uint8Array<ArrayBuffer> {
    const args = trailers === undefined ? NOTHING : encodeArgs(() => putHeaders(trailers));
    return this.sent(raw.send_end(this.live(), args));
  }
}
