// Decisions in, bytes out.

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
  /** The target in the form that fits the method (RFC 9112, section 3.2). */
  readonly target: string;
  /**
   * The field lines.
   *
   * `Host` is needed and goes out first. `Connection` is merged with what the engine has to say. `Upgrade` is not given
   * here but as the offer. Content follows if there is a `Content-Length` above 0 or a `Transfer-Encoding` that ends in
   * chunked.
   */
  readonly headers?: HeaderSource;
  /**
   * Other protocols such as `foo/2`, the one that is liked best first.
   *
   * RFC 9110, section 7.8.
   */
  readonly offer?: readonly string[];
}

/** The framing around a piece of content that your code sends itself. */
export interface DataParts {
  /** The bytes before the content. */
  readonly prefix: Uint8Array<ArrayBuffer>;
  /** The bytes after the content. */
  readonly suffix: Uint8Array<ArrayBuffer>;
}

/** The encoding of no field lines. */
const NOTHING = new Uint8Array(4);

/**
 * The half of a connection that speaks.
 *
 * What a verb returns is to be sent; a refused one has changed nothing.
 */
export class Outbound extends Inbound {
  /**
   * Client: sends a request head, with an offer of other protocols or none.
   *
   * Next: `sendData` and `sendEnd` where content follows; then `receive`. RFC 9112, section 3; RFC 9110, section 7.8.
   * @throws ProtocolError: `wrong-role`, `request-unfinished`, `offer-pending`, `pipeline-full`, `not-persistent`,
   * `unread-input`, `closed`, `switched`, `failed`, `invalid-method`, `invalid-target`, `invalid-name`,
   * `invalid-value`, `invalid-protocol`, `invalid-host`, `host-differs`, `framing-conflict`, `reserved-field`,
   * `profile-field`.
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
   * A client waits for a 100 while `owes` is `continue`. One that it does not wait for means nothing to it, and a proxy
   * passes it on all the same. Next: the rest of the request, or the final response. RFC 9110, section 15.2. @throws
   * ProtocolError: `wrong-role`, `unasked`, `answered`, `http-1.0-peer`, `closed`, `switched`, `failed`,
   * `invalid-status`, `invalid-reason`, `invalid-name`, `invalid-value`, `framing-conflict`, `reserved-field`.
   * @throws ProtocolError: `wrong-role`, `unasked`, `answered`, `http-1.0-peer`, `closed`, `switched`, `failed`,
   * `invalid-status`, `invalid-reason`, `invalid-name`, `invalid-value`, `framing-conflict`, `reserved-field`.
   */
  sendInformational(response: ResponseHead): Uint8Array<ArrayBuffer> {
    const { status, hasReason, args } = encodeResponse(response);
    return this.sent(raw.send_informational(this.live(), status, hasReason, args));
  }

  /**
   * Server: sends a final response head.
   *
   * An offer is thereby declined, which changes nothing else; a 2xx to CONNECT accepts it. Next: `sendData` and
   * `sendEnd`. RFC 9112, sections 4 and 6.
   * @throws ProtocolError: `wrong-role`, `unasked`, `answered`, `closed`, `switched`, `failed`, `invalid-status`,
   * `invalid-reason`, `invalid-name`, `invalid-value`, `framing-conflict`, `reserved-field`.
   */
  sendResponse(response: ResponseHead): Uint8Array<ArrayBuffer> {
    const { status, hasReason, args } = encodeResponse(response);
    return this.sent(raw.send_response(this.live(), status, hasReason, args));
  }

  /**
   * Server: sends a whole final response, all of it or nothing.
   *
   * Head, content and end in one. The content is framed by its length, which is added, so that an HTTP/1.0 client may
   * keep the connection too. In answer to HEAD the length is written and the content is not. A 204, 205 or 304 has no
   * content, and a 2xx to CONNECT opens a tunnel. Throws what `sendResponse` throws. `framing-conflict` for a
   * `Transfer-Encoding`, or content where the status has none; `length-exceeded` and `length-short` for a
   * `Content-Length` that is not the content's. Next: `nextEvent`. RFC 9110, section 8.6; RFC 9112, section 6. @throws
   * ProtocolError: `wrong-role`, `unasked`, `answered`, `closed`, `switched`, `failed`, `invalid-status`,
   * `invalid-reason`, `invalid-name`, `invalid-value`, `framing-conflict`, `reserved-field`, `length-exceeded`,
   * `length-short`.
   * @throws ProtocolError: `wrong-role`, `unasked`, `answered`, `closed`, `switched`, `failed`, `invalid-status`,
   * `invalid-reason`, `invalid-name`, `invalid-value`, `framing-conflict`, `reserved-field`, `length-exceeded`,
   * `length-short`.
   */
  respond(response: ResponseHead, content?: Uint8Array): Uint8Array<ArrayBuffer> {
    const given = contentOf(content);
    const { status, hasReason, args } = encodeResponse(response);
    return this.sent(raw.respond(this.live(), status, hasReason, args, given));
  }

  /**
   * Server: sends a response that was checked and encoded before.
   *
   * The same bytes, states and errors as `respond`. Next: `nextEvent`.
   * @throws ProtocolError: `wrong-role`, `unasked`, `answered`, `closed`, `switched`, `failed`, `invalid-status`,
   * `framing-conflict`, `reserved-field`.
   */
  respondPrepared(prepared: Prepared): Uint8Array<ArrayBuffer> {
    if (!(prepared instanceof Prepared)) throw new TypeError("prepared must be a Prepared");
    return this.sent(raw.respond_prepared(this.live(), Prepared.numberOf(prepared)));
  }

  /**
   * Server: sends the connection's last response, whatever it has received.
   *
   * Although no request has come: a 408 to half a head, a 429 or 503 to a client that is not wanted. No more is read,
   * and the connection closes. If the client has sent a request by then, this is its answer. Throws `invalid-status`
   * but for 400 to 599, `unanswered` while a request is under way, which `respond` answers. Next: send what was
   * written, end the sending side, read what still comes and drop it. RFC 9110, section 15.5.9.
   * @throws ProtocolError: `wrong-role`, `answered`, `closed`, `switched`, `failed`, `invalid-status`,
   * `invalid-reason`, `invalid-name`, `invalid-value`, `framing-conflict`, `reserved-field`, `length-exceeded`,
   * `length-short`.
   */
  reject(response: ResponseHead, content?: Uint8Array): Uint8Array<ArrayBuffer> {
    const given = contentOf(content);
    const { status, hasReason, args } = encodeResponse(response);
    return this.sent(raw.reject(this.live(), status, hasReason, args, given));
  }

  /**
   * Sends content.
   *
   * Content of a known length ends by itself. Throws `no-content`, `length-exceeded`. Next: more, or `sendEnd`. RFC
   * 9112, sections 6 and 7.
   * @throws ProtocolError: `no-content`, `length-exceeded`, `closed`, `switched`, `failed`.
   */
  sendData(data: Uint8Array): Uint8Array<ArrayBuffer> {
    return this.sent(raw.send_data(this.live(), bytesOf(data)));
  }

  /**
   * Returns the framing around content that your code writes itself.
   *
   * For `sendData`: your code must send prefix, content and suffix, in that order. So large content is never copied
   * into the module.
   * @throws ProtocolError: `no-content`, `length-exceeded`, `closed`, `switched`, `failed`.
   */
  sendDataParts(length: number): DataParts {
    this.must(raw.send_data_parts(this.live(), count(length, 2 ** 32 - 1, "length")));
    const split = new Reader().number();
    const both = bytesLeft();
    return { prefix: both.slice(0, split), suffix: both.slice(split) };
  }

  /**
   * Ends the message, with trailers where it is chunked (RFC 9112, section 7.1.2).
   *
   * One such call after a message that has ended by itself (no content, or all of its `Content-Length`) writes nothing;
   * the next throws `no-content`. Next: a client receives, a server goes on with `nextEvent`.
   * @throws ProtocolError: `no-content`, `length-short`, `closed`, `switched`, `failed`, `invalid-name`,
   * `invalid-value`, `trailer-forbidden`.
   */
  sendEnd(trailers?: HeaderSource): Uint8Array<ArrayBuffer> {
    const args = trailers === undefined ? NOTHING : encodeArgs(() => putHeaders(trailers));
    return this.sent(raw.send_end(this.live(), args));
  }
}
