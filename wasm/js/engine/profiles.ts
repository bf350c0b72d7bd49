// What a connection knows of particular protocols: what a server negotiates beside the token, what an intermediary passes on.

import { numberOf } from "./check.js";
import type { Headers } from "./headers.js";
import { Outbound } from "./outbound.js";
import { encodeArgs, putAscii, putTexts } from "./args.js";
import { raw } from "./calls.js";
import { Reader, reading } from "./reader.js";
import { Order } from "../generated/tables.js";
import { Deflate, encodeDeflate, readDeflate, type DeflateParameters } from "./websocket.js";

/**
 * The part of a connection that knows particular protocols.
 *
 * The current head is a server's request, a client's response. With the module of `switchover/core` each of these
 * throws an `Error` that says so.
 */
export class ProfileMethods extends Outbound {
  // WebSocket (RFC 6455).

  /**
   * Server: the subprotocols that the current request offers.
   *
   * In the client's order of preference; empty where it offers none, or no request is kept. Next: `selectSubprotocol`.
   * RFC 6455, section 4.1.
   */
  get subprotocols(): string[] {
    const handle = this.live();
    return reading(() => raw.subprotocols(handle)).texts();
  }

  /**
   * Server: selects the subprotocol of an offered `websocket`, or `null`.
   *
   * One that both sides support, by the client's order of preference or the server's. Next: `accept` with it as the
   * value of `Sec-WebSocket-Protocol`; without that field none is spoken. RFC 6455, section 4.2.2.
   */
  selectSubprotocol(preferences: readonly string[], by: Order = "client"): string | null {
    const args = encodeArgs(() => putTexts(preferences, "preferences"));
    const place = raw.select_subprotocol(this.live(), args, numberOf(Order, by, "by"));
    return preferences[place - 1] ?? null;
  }

  /**
   * Server: decides how to accept an offered `permessage-deflate`, or `null`.
   *
   * Of a `websocket`, where this side's own parameters allow it. Next: `accept` with it, as a string, as the value of
   * `Sec-WebSocket-Extensions`; without that field nothing is compressed. RFC 7692, section 7.1.
   */
  selectDeflate(own: DeflateParameters = {}): Deflate | null {
    const given = encodeDeflate(new Deflate(own));
    return raw.select_deflate(this.live(), ...given) ? readDeflate(new Reader()) : null;
  }

  // An intermediary (RFC 9110, 7.6.1).

  /**
   * Returns the end-to-end field lines of the current head, or `null`.
   *
   * Without `Connection`, what it lists, and the like; `null` where there is no head. Next: `sendRequest`,
   * `sendResponse`, or `accept` (with a `tidy` configuration, which leaves out the framing of a 101) on the other side,
   * beside `Via`.
   */
  get endToEnd(): Headers | null {
    return raw.end_to_end(this.live()) ? new Reader().headers() : null;
  }

  /**
   * Server: the protocols that an intermediary may offer to its own server.
   *
   * Of the current request, in the client's order and spelling (see `sameProtocol`). Those that may be accepted and are
   * not, like TLS and h2c, between two neighbours. Next: `sendRequest` with them as the offer. RFC 9110, section 7.8;
   * RFC 2817, section 5.1.
   */
  get forwardable(): string[] {
    const handle = this.live();
    return reading(() => raw.forwardable(handle)).texts();
  }

  // To HTTP/2 (RFC 9113; RFC 8441). The way back is `http1Fields`.

  /**
   * Server: converts the current request to HTTP/2, or returns `null`.
   *
   * Pseudo-header fields first; `null` where there is none. Next: a request of an HTTP/2 engine's. RFC 9113, section
   * 8.3.1.
   */
  get http2Request(): Headers | null {
    return raw.http2_request(this.live()) ? new Reader().headers() : null;
  }

  /**
   * Server: converts the current request to an extended CONNECT, or `null`.
   *
   * It asks for the offered protocol over HTTP/2, pseudo-header fields first; `null` where there is no request. Only
   * where the server's SETTINGS_ENABLE_CONNECT_PROTOCOL is 1. Next: a 2xx to it is the 101, so `accept`. RFC 8441,
   * sections 4 and 5.
   */
  extendedConnect(protocol: string): Headers | null {
    const args = encodeArgs(() => putAscii(protocol, "protocol"));
    return raw.extended_connect(this.live(), args) ? new Reader().headers() : null;
  }

  /**
   * Converts the field lines of the current head to HTTP/2, or returns `null`.
   *
   * Names in lower case, nothing that is for one hop but `te: trailers`, nothing of a WebSocket handshake that HTTP/2
   * has no use for. `null` where there is no head. Next: the response of an HTTP/2 engine, after `:status`. RFC 9113,
   * section 8.2.2; RFC 8441, section 5.
   */
  get http2Fields(): Headers | null {
    return raw.http2_fields(this.live()) ? new Reader().headers() : null;
  }
}
