// Whole responses that are validated and encoded once.

import { bytesOf, object, statusOf } from "./check.js";
import { configure, type Config } from "./config.js";
import { ProtocolError } from "./error.js";
import { DisposableHandle } from "./disposable.js";
import { encodeArgs, putHeaders, putText, type HeaderSource } from "./args.js";
import { raw } from "./calls.js";
import { bytesLeft, Reader } from "./reader.js";

/** The head of a response to send. */
export interface ResponseHead {
  /** The status code: 200 to 599; for `sendInformational` a 1xx other than 101. */
  readonly status: number;
  /** The reason phrase; if omitted, the usual one of the status. */
  readonly reason?: string;
  /**
   * The field lines.
   *
   * The engine adds its own options to `Connection`. If neither `Content-Length` nor `Transfer-Encoding` is given, a
   * response that is sent whole gets a `Content-Length`. Other content is sent chunked, and to an HTTP/1.0 client
   * close-delimited.
   */
  readonly headers?: HeaderSource;
}

/** @internal A response head, encoded for the WebAssembly module. */
export interface EncodedResponse {
  readonly status: number;
  readonly hasReason: boolean;
  readonly args: Uint8Array;
}

/** @internal */
export function encodeResponse(response: ResponseHead): EncodedResponse {
  const { status, reason, headers } = object(response, "response");
  const args = encodeArgs(() => {
    putHeaders(headers);
    putText(reason ?? "", "reason");
  });
  return { status: statusOf(status), hasReason: reason !== undefined, args };
}

const NOTHING = new Uint8Array(0);

/** @internal Returns the content if it is bytes, or else throws; an empty array if omitted. */
export function contentOf(content: Uint8Array | undefined): Uint8Array {
  return content === undefined ? NOTHING : bytesOf(content);
}

/**
 * A whole response, validated and encoded once, for `respondPrepared`.
 *
 * It can be sent on any number of connections. Arguments are copied, and the object never changes. If it has a `Date`,
 * use it for one second only.
 *
 * Its memory belongs to the WebAssembly module, where it is not garbage-collected: call `free`, or declare it with
 * `using`.
 */
export class Prepared extends DisposableHandle {
  /**
   * Validates and encodes a response.
   *
   * `config` must be the configuration of the connections that send it; if `tidy` is set, the field lines may be
   * corrected. Throws what `respond` throws for an invalid response. Next: `respondPrepared`.
   */
  constructor(response: ResponseHead, content?: Uint8Array, config?: Config) {
    super(prepare(response, content, config), raw.prepared_free, "prepared response");
  }

  /** The status code of the response. */
  get status(): number {
    return raw.prepared_status(this.live());
  }

  /** A copy of the content of the response. */
  get content(): Uint8Array<ArrayBuffer> {
    raw.prepared_content(this.live());
    return bytesLeft();
  }
}

/** Prepares the response in the module and returns its handle. */
function prepare(response: ResponseHead, content: Uint8Array | undefined, config: Config | undefined): number {
  const given = contentOf(content);
  // The configuration comes last: reading the response may run the caller's code, which may create a connection.
  const { status, hasReason, args } = encodeResponse(response);
  if (config !== undefined) configure(config);
  const number = raw.prepared_new(status, hasReason, args, given);
  if (number === 0) throw new ProtocolError(new Reader());
  return number - 1;
}
