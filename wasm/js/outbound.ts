// Decisions in, octets out.

import { count, object, octets, statusOf } from "./check.js";
import { Inbound } from "./inbound.js";
import { pack, putHeaders, putText, putTexts, type HeaderSource } from "./parcel.js";
import { raw } from "./raw.js";
import { octetsLeft, Reader } from "./reader.js";

/** A request to send. The version is always HTTP/1.1. */
export interface OutgoingRequest {
  /** A token. */
  readonly method: string;
  /** The target in the form that fits the method (RFC 9112, 3.2). */
  readonly target: string;
  /**
   * The field lines. `Host` is needed and goes out first; `Connection` is merged with what the engine has to say; `Upgrade`
   * is not given here but as the offer. Content follows if there is a `Content-Length` above 0 or a `Transfer-Encoding`
   * that ends in chunked.
   */
  readonly headers?: HeaderSource;
  /** Other protocols such as `foo/2`, the one that is liked best first (RFC 9110, 7.8). */
  readonly offer?: readonly string[];
}

/** A final response to send. */
export interface OutgoingResponse {
  /** 200 to 599. */
  readonly status: number;
  /** The reason phrase; the usual one where it is left out. */
  readonly reason?: string;
  /**
   * The field lines. `Connection` is merged with what the engine has to say. Without `Content-Length` and
   * `Transfer-Encoding` a response that has content is sent chunked, to an HTTP/1.0 client until close.
   */
  readonly headers?: HeaderSource;
}

/** What to write around a piece of content that the host sends itself. */
export interface DataParts {
  /** What goes before the content. */
  readonly prefix: Uint8Array<ArrayBuffer>;
  /** What goes behind it. */
  readonly suffix: Uint8Array<ArrayBuffer>;
}

/** No field lines. */
const NOTHING = new Uint8Array(4);

/** The half of a connection that speaks. What a verb returns is to be sent; a refused one has changed nothing. */
export class Outbound extends Inbound {
  /**
   * Client: sends a request head, with an offer of other protocols or none. Next: `sendData` and `sendEnd` where content
   * follows; then `receive`. RFC 9112, 3; RFC 9110, 7.8.
   */
  sendRequest(request: OutgoingRequest): Uint8Array<ArrayBuffer> {
    return this.#ask(request, false);
  }

  /**
   * Client: sends a request again with what a 426 asks for, or with another offer, on this connection. Where the 426 closed
   * it, send the request with `required` on a new one. Next: as after `sendRequest`. RFC 9110, 15.5.22.
   */
  retry(request: OutgoingRequest): Uint8Array<ArrayBuffer> {
    return this.#ask(request, true);
  }

  /**
   * Server: sends an informational response other than 101; a 100 only while one is expected. Next: the rest of the
   * request, or the final response. RFC 9110, 15.2.
   */
  sendInformational(status: number, headers?: HeaderSource): Uint8Array<ArrayBuffer> {
    const parcel = pack(() => putHeaders(headers));
    return this.sent(raw.send_informational(this.live(), statusOf(status), parcel));
  }

  /**
   * Server: sends a final response head. An offer is thereby declined, which changes nothing else; a 2xx to CONNECT accepts
   * it. Next: `sendData` and `sendEnd`. RFC 9112, 4 and 6.
   */
  sendResponse(response: OutgoingResponse): Uint8Array<ArrayBuffer> {
    const { status, reason, headers } = object(response, "response");
    const parcel = pack(() => {
      putHeaders(headers);
      putText(reason ?? "", "reason");
    });
    return this.sent(raw.send_response(this.live(), statusOf(status), reason !== undefined, parcel));
  }

  /**
   * Sends content. Content of a known length ends by itself. Throws `no-content`, `length-exceeded`. Next: more, or
   * `sendEnd`. RFC 9112, 6 and 7.
   */
  sendData(data: Uint8Array): Uint8Array<ArrayBuffer> {
    return this.sent(raw.send_data(this.live(), octets(data)));
  }

  /**
   * `sendData` for content of that length that the host writes itself: it must send prefix, content and suffix, in that
   * order. So large content is never copied into the module.
   */
  sendDataParts(length: number): DataParts {
    this.must(raw.send_data_parts(this.live(), count(length, 2 ** 32 - 1, "length")));
    const split = new Reader().number();
    const both = octetsLeft();
    return { prefix: both.slice(0, split), suffix: both.slice(split) };
  }

  /**
   * Ends the message, with trailers where it is chunked (RFC 9112, 7.1.2). One such
   * call behind a message that has ended by itself (no content, or all of its `Content-Length`) writes nothing; the next
   * throws `no-content`. Next: a client receives, a server goes on with `nextEvent`.
   */
  sendEnd(trailers?: HeaderSource): Uint8Array<ArrayBuffer> {
    const parcel = trailers === undefined ? NOTHING : pack(() => putHeaders(trailers));
    return this.sent(raw.send_end(this.live(), parcel));
  }

  #ask(request: OutgoingRequest, isRetry: boolean): Uint8Array<ArrayBuffer> {
    const { method, target, offer = [], headers } = object(request, "request");
    const parcel = pack(() => {
      putText(method, "method");
      putText(target, "target");
      putTexts(offer, "offer");
      putHeaders(headers);
    });
    return this.sent(raw.send_request(this.live(), parcel, isRetry));
  }
}
