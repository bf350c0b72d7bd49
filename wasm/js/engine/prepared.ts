// Whole responses that are checked and encoded once.

import { bytesOf, object, statusOf } from "./check.js";
import { configure, type Config } from "./config.js";
import { ProtocolError } from "./error.js";
import { DisposableHandle } from "./disposable.js";
import { encodeArgs, putHeaders, putText, type HeaderSource } from "./args.js";
import { raw } from "./calls.js";
import { bytesLeft, Reader } from "./reader.js";

/** The head of a response to send. */
export interface ResponseHead {
  /** 200 to 599; of `sendInformational` another 1xx than 101. */
  readonly status: number;
  /** The reason phrase; the usual one where it is left out. */
  readonly reason?: string;
  /**
   * The field lines.
   *
   * `Connection` is merged with what the engine has to say. Without `Content-Length` and `Transfer-Encoding` a response
   * that has content is sent chunked, to an HTTP/1.0 client until close.
   */
  readonly headers?: HeaderSource;
}

/** @internal A response as the module takes it. */
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

/** No content. */
const NOTHING = new Uint8Array(0);

/** @internal Content as it is given, or none. */
export function contentOf(content: Uint8Array | undefined): Uint8Array {
  return content === undefined ? NOTHING : bytesOf(content);
}

/**
 * A whole response, checked and encoded once, for `respondPrepared`.
 *
 * On any number of connections. What was given is copied, and nothing can change it. With a `Date` among its headers it
 * is good for a second.
 *
 * Its memory is the module's, which the collector does not see: call `free`, or declare it with `using`.
 */
export class Prepared extends DisposableHandle {
  /**
   * Checks and encodes.
   *
   * `config` is that of the connections; with its `tidy` the headers may be put right. Throws what `respond` throws for
   * what is wrong with the response itself. Next: `respondPrepared`.
   */
  constructor(response: ResponseHead, content?: Uint8Array, config?: Config) {
    super(prepare(response, content, config), raw.prepared_free, "prepared response");
  }

  /** The status of the response. */
  get status(): number {
    return raw.prepared_status(this.live());
  }

  /** The content, copied. */
  get content(): Uint8Array<ArrayBuffer> {
    raw.prepared_content(this.live());
    return bytesLeft();
  }
}

/** The number of a new one. */
function prepare(response: ResponseHead, content: Uint8Array | undefined, config: Config | undefined): number {
  const given = contentOf(content);
  // The configuration last: to read the response may run the caller's code, which may make a connection itself.
  const { status, hasReason, args } = encodeResponse(response);
  if (config !== undefined) configure(config);
  const number = raw.prepared_new(status, hasReason, args, given);
  if (number === 0) throw new ProtocolError(new Reader());
  return number - 1;
}
