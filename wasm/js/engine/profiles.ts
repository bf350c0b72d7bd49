// The protocol-specific methods of a connection: WebSocket negotiation, and forwarding by intermediaries.

import { numberOf } from "./check.js";
import type { Headers } from "./headers.js";
import { Outbound } from "./outbound.js";
import { encodeArgs, putAscii, putTexts } from "./args.js";
import { raw } from "./calls.js";
import { Reader, reading } from "./reader.js";
import { Order } from "../generated/tables.js";
import { Deflate, encodeDeflate, readDeflate, type DeflateParameters } from "./websocket.js";

/**
 * The methods of a connection that depend on particular protocols.
 *
 * The current head is a server's request or a client's response. With the module of `switchover/core` each method
 * throws an `Error`.
 */
export class ProfileMethods extends Outbound {
  // WebSocket (RFC 6455).

  /**
   * Server: the WebSocket subprotocols that the current request offers.
   *
   * They are in the client's order of preference; empty if it offers none, or if `request` is `null`. Next:
   * `selectSubprotocol`. RFC 6455, section 4.1.
   */
  get subprotocols(): string[] {
    const handle = this.live();
    return reading(() => raw.subprotocols(handle)).texts();
  }

  /**
   * Server: selects an offered WebSocket subprotocol that is in `preferences`.
   *
   * `by` says whose order of preference decides. Returns `null` if none matches. Next: `accept` with the result as the
   * value of `Sec-WebSocket-Protocol`; without that field, no subprotocol is used. RFC 6455, section 4.2.2.
   */
  selectSubprotocol(preferences: readonly string[], by: Order = "client"): string | null {
    const args = encodeArgs(() => putTexts(preferences, "preferences"));
    const place = raw.select_subprotocol(this.live(), args, numberOf(Order, by, "by"));
    return preferences[place - 1] ?? null;
  }

  /**
   * Server: selects parameters to accept an offered `permessage-deflate`, or `null`.
   *
   * `own` are this side's parameters. Returns `null` if they allow no offered variant, or if `request` is `null`. Next:
   * `accept` with the result, as a string, as the value of `Sec-WebSocket-Extensions`. Without that field nothing is
   * compressed. RFC 7692, section 7.1.
   */
  selectDeflate(own: DeflateParameters = {}): Deflate | null {
    const given = encodeDeflate(new Deflate(own));
    return raw.select_deflate(this.live(), ...given) ? readDeflate(new Reader()) : null;
  }

  // Methods for intermediaries (RFC 9110, 7.6.1).

  /**
   * The end-to-end field lines of the current head; `null` if there is no head.
   *
   * It is the head of the current event's response, or else of a server's current request. The lines are all but
   * `Connection`, the fields it lists, and other hop-by-hop fields. Some are kept even if it lists them, such as `Host`
   * and `Content-Length`. Equal lengths become one. Next: send them on the other side with `sendRequest`, `sendResponse`
   * or `accept`, and add `Via`. For `accept` set `tidy` in the configuration, which drops a 101's framing and handshake
   * fields.
   */
  get endToEnd(): Headers | null {
    return raw.end_to_end(this.live()) ? new Reader().headers() : null;
  }

  /**
   * Server: the protocols of the current request that may be offered upstream.
   *
   * In the client's order; names that the engine knows, such as `websocket`, have their registered spelling. They can
   * be accepted, and they are not limited to one hop as TLS and h2c are. Next: `sendRequest` with them as the offer.
   * RFC 9110, section 7.8; RFC 2817, section 5.1.
   */
  get forwardable(): string[] {
    const handle = this.live();
    return reading(() => raw.forwardable(handle)).texts();
  }

  // Conversion to HTTP/2 (RFC 9113; RFC 8441). `http1Fields` converts back.

  /**
   * Server: the current request as an HTTP/2 field list, or `null`.
   *
   * Pseudo-header fields come first; `null` if there is no request. Next: send it with an HTTP/2 engine. RFC 9113,
   * section 8.3.1.
   */
  get http2Request(): Headers | null {
    return raw.http2_request(this.live()) ? new Reader().headers() : null;
  }

  /**
   * Server: converts the current request to an extended CONNECT, or `null`.
   *
   * It offers `protocol` over HTTP/2, pseudo-header fields first; `null` if there is no request. Allowed only if the
   * server's SETTINGS_ENABLE_CONNECT_PROTOCOL is 1. Next: `accept` once a 2xx is received, which takes the place of the
   * 101. RFC 8441, sections 3 to 5.
   */
  extendedConnect(protocol: string): Headers | null {
    const args = encodeArgs(() => putAscii(protocol, "protocol"));
    return raw.extended_connect(this.live(), args) ? new Reader().headers() : null;
  }

  /**
   * The field lines of the current head, converted to HTTP/2, or `null`.
   *
   * It is the head of the current event's response, or else of a server's current request. Names are in lower case.
   * Hop-by-hop fields are left out, except `te: trailers`. So are Host, Expect, and the fields of the WebSocket handshake
   * that HTTP/2 does not use. `null` if there is no head. Next: send them after `:status` with an HTTP/2 engine. RFC 9113,
   * section 8.2.2; RFC 8441, section 5.
   */
  get http2Fields(): Headers | null {
    return raw.http2_fields(this.live()) ? new Reader().headers() : null;
  }
}
