// The receiving half of a connection.

import { count, numberOf, bytesOf } from "./check.js";
import { ProtocolError } from "./error.js";
import { readEvent, readRequest, type Event, type Request, type Step } from "./event.js";
import { Handle } from "./handle.js";
import { lengthOf } from "./bytes.js";
import { raw } from "./calls.js";
import { stage } from "./raw.js";
import { bytesLeft, namesOf, placeLeft, Reader, reading } from "./reader.js";
import { ContentKind, End, EventKind, Paused } from "../generated/tables.js";

/** The content of a message that is still to be received: its framing and length. */
export interface Content {
  readonly kind: ContentKind;
  /**
   * The number of bytes left, of the content or of the current chunk.
   *
   * 0 if there are none, or if that is not known.
   */
  readonly length: number;
}

const contents = namesOf(ContentKind);
const pauses = namesOf(Paused);
/**
 * The names of the results of `advance`, indexed by the module's numbers.
 *
 * First those of `Outcome` in `connection.rs` except `Event`, then the kinds of events.
 */
const steps: readonly (Step["kind"] | "failed")[] = ["failed", "need-data", "paused", ...namesOf(EventKind)];

/** The half of a connection that receives. */
export class Inbound extends Handle {
  // Receiving bytes.

  /**
   * Appends a copy of bytes that the peer sent.
   *
   * Use it if the transport allocates the buffers that it reads into. Either all bytes are accepted or none. Throws
   * `buffer-full` while `limits.buffered` bytes are waiting, or what one head or trailer section needs if that is more.
   * Throws another error once nothing more is read. Next: `nextEvent`.
   * @throws ProtocolError: `buffer-full`, `after-end`, `out-of-memory`, `closed`, `switched`, `failed`.
   */
  receive(bytes: Uint8Array): void {
    this.space = undefined;
    const handle = this.live();
    const staged = stage(bytes);
    this.must(staged > 0 ? raw.receive_staged(handle, staged) : raw.receive(handle, bytesOf(bytes)));
  }

  /**
   * Returns at least `min` bytes of space in the engine's memory to read into.
   *
   * For code that can read into a given buffer. A `min` above `limits.buffered` is reduced to that, or to what one head
   * or trailer section needs if that is more. Write to the space, then call `commit`. Make no other call in between,
   * because the memory may move. Throws like `receive`. Next: `commit`.
   * @throws ProtocolError: `buffer-full`, `after-end`, `out-of-memory`, `closed`, `switched`, `failed`.
   */
  receiveBuffer(min = 1): Uint8Array<ArrayBuffer> {
    const handle = this.live();
    this.space = undefined;
    this.must(raw.receive_buffer(handle, count(min, 2 ** 32 - 1, "min")));
    const space = placeLeft();
    this.space = space;
    return space;
  }

  /**
   * Appends the first `length` bytes of the space that `receiveBuffer` returned.
   *
   * Throws a `RangeError` if the space is shorter, if a call that receives was made in between, or if the memory has
   * moved. Next: `nextEvent`.
   */
  commit(length: number): void {
    const handle = this.live();
    const committed = count(length, this.space === undefined ? 0 : lengthOf(this.space), "length");
    this.space = undefined;
    raw.commit(handle, committed);
  }

  /**
   * Records that the peer's bytes have ended.
   *
   * Pass `clean` after a FIN, over TLS after a closure alert; otherwise `truncated` (RFC 9112, section 9.8). The end
   * takes effect once all bytes before it have been parsed. Next: `nextEvent`.
   */
  receiveEof(end: End = "clean"): void {
    this.space = undefined;
    raw.receive_eof(this.live(), numberOf(End, end, "end"));
  }

  /**
   * Returns whether the caller should read from the transport.
   *
   * Stop reading while it is false: that is the back-pressure on the peer.
   */
  get wantsInput(): boolean {
    return raw.wants_input(this.live());
  }

  // Returning events.

  /**
   * Advances to the next event and returns it.
   *
   * Call it until it returns `need-data` (send all pending bytes, then read) or `paused` (act). A `ProtocolError` other
   * than `out-of-memory` is the peer's: nothing more is received, and a server may still send one response with the
   * error's `status`. Next: depends on the event.
   * @throws ProtocolError: `out-of-memory`.
   */
  nextEvent(): Step {
    const step = raw.next_event(this.live());
    this.space = undefined;
    // The cases are the numbers of `Outcome` in `connection.rs`.
    switch (step) {
      case 1:
        return { kind: "need-data" };
      case 2:
        return { kind: "paused", why: new Reader().name(pauses) };
      case 3:
        return readEvent(new Reader());
      default:
        throw new ProtocolError(new Reader());
    }
  }

  /**
   * Advances like `nextEvent`, but returns only the kind of the result.
   *
   * Use `event` and `request` to get the rest when it is needed. After `paused`, `nextEvent` returns the same pause
   * with its reason. Throws like `nextEvent`.
   */
  advance(): Step["kind"] {
    const step = raw.advance(this.live());
    this.space = undefined;
    if (step === 0) throw new ProtocolError(new Reader());
    return steps[step] as Step["kind"];
  }

  /**
   * Yields events until `nextEvent` returns `need-data` or `paused`.
   *
   * The next `nextEvent` returns the same step again. Throws like `nextEvent`. Next: `nextEvent`, to learn what to do.
   */
  *events(): Generator<Event, void, void> {
    for (;;) {
      const step = this.nextEvent();
      if (step.kind === "need-data" || step.kind === "paused") return;
      yield step;
    }
  }

  /**
   * Returns the current event again, or `null` if there is none.
   *
   * An event is current until the next call that receives, `takeLeftover`, `handOver`, `resumeHttp`
   * or `release`. Methods that send do not end it.
   */
  event(): Event | null {
    return raw.event(this.live()) ? readEvent(new Reader()) : null;
  }

  /**
   * Server: the current request while the engine keeps its head, or `null`.
   *
   * The head is kept while the request's event is current. With an offer, even an ineligible one, or a CONNECT it is
   * kept at least until that is declined or receiving ends. It stays if that is accepted. Once HTTP is resumed in the
   * new protocol, it is kept until the response is complete.
   */
  get request(): Request | null {
    return raw.request(this.live()) ? readRequest(new Reader()) : null;
  }

  /**
   * Server: the authority that the current request is for, or `null`.
   *
   * It is taken from the target of a CONNECT or from an absolute-form target, else from the Host field. `null` if an
   * HTTP/1.0 request has none, or if `request` is `null`. An intermediary routes by it and forwards it as Host. RFC
   * 9112, sections 3.2 and 3.3.
   */
  get authority(): string | null {
    return raw.authority(this.live()) ? new Reader().text() : null;
  }

  /**
   * Server: the path of the current request's target, or `null`.
   *
   * It is the part of an origin-form or absolute-form target before the query, as received. It is `/` if an
   * absolute-form target has none, `*` for the target `*` of an OPTIONS, and empty in a CONNECT. `null` if `request` is
   * `null`. RFC 9112, section 3.2; RFC 9110, section 4.2.3.
   */
  get path(): string | null {
    return raw.path(this.live()) ? new Reader().text() : null;
  }

  /**
   * Server: the query of the current request's target, or `null`.
   *
   * It is the part after the first question mark, as received. `null` if there is no question mark, or if `request` is
   * `null`. RFC 9112, section 3.2.
   */
  get query(): string | null {
    return raw.query(this.live()) ? new Reader().text() : null;
  }

  /**
   * The content that is still to be received after the current event.
   *
   * If the message was truncated, it is the content that is missing. Next: `passContent`, if your code can read content
   * without passing it to the engine. RFC 9112, section 6.3.
   */
  get content(): Content {
    const handle = this.live();
    const numbers = reading(() => raw.content(handle));
    return { kind: numbers.name(contents), length: numbers.large() };
  }

  /**
   * Merges the end of the message into the current event, if that is its last.
   *
   * Returns true if so: no `end-of-message` event follows. That is known for a head without content, and for the last
   * piece of content of a known length. The event stays current until the next call that receives, even after the
   * response was sent. Returns false, without effect, if more of the message may follow. RFC 9112, section 6.
   */
  takeEnd(): boolean {
    return raw.take_end(this.live());
  }

  /**
   * Counts bytes of content that your code has read past the engine.
   *
   * State and positions change as if `receive` had been given these bytes; they do not count towards `limits.drain`. At
   * most as many as `content` says are allowed (any number of `until-close`), and only after all bytes given to the
   * engine have been parsed. Throws `unread-input`, `length-exceeded`, `no-content`. Next: `nextEvent`. RFC 9112,
   * section 6.
   * @throws ProtocolError: `no-content`, `unread-input`, `length-exceeded`, `after-end`, `closed`, `switched`,
   * `failed`.
   */
  passContent(length: number): void {
    const handle = this.live();
    const passed = count(length, Number.MAX_SAFE_INTEGER, "length");
    this.space = undefined;
    this.must(raw.pass_content(handle, passed));
  }

  /**
   * Server: hands the whole connection over to another parser.
   *
   * Returns the current request's head and all bytes after it, exactly as received. Call it at the `request` event,
   * before the next inbound call. While the head of an offer or a CONNECT is kept, it may come later. It fails once
   * something after the head has been read, or a final response or 101 was sent. Next: `free` the engine, keep the
   * transport.
   * @throws ProtocolError: `wrong-role`, `unasked`, `answered`, `head-gone`, `closed`, `switched`, `failed`.
   */
  handOver(): Uint8Array<ArrayBuffer> {
    const handle = this.live();
    this.space = undefined;
    this.must(raw.hand_over(handle));
    // They have a buffer of their own, unlike those of `sent` perhaps: the other parser may transfer it.
    return bytesLeft();
  }

  // Decisions that send nothing.

  /**
   * Discards the rest of the content being received.
   *
   * Discards up to `limits.drain` bytes; if there is more, nothing more is received on the connection. Call it before
   * the response if no more content will be read. A server's next final response then has `Connection: close` if the
   * rest of a `Content-Length` exceeds the limit. Next: `nextEvent`. RFC 9112, sections 9.3 and 9.6.
   * @throws ProtocolError: `no-content`.
   */
  skipContent(): void {
    this.must(raw.skip_content(this.live()));
  }

  /**
   * Makes the current response the last one on the connection.
   *
   * A server's next final response says `Connection: close`. If no request is pending, the connection closes now.
   * Throws `too-late` once the response head was sent without it. A client closes after the last response that it waits
   * for. RFC 9112, section 9.6.
   * @throws ProtocolError: `too-late`, `closed`, `switched`, `failed`.
   */
  closeAfterResponse(): void {
    this.must(raw.close_after_response(this.live()));
  }

  /**
   * Gives up the current exchange, or the whole connection.
   *
   * A client with an unfinished request stops sending it and still receives the response. In every other state, or when
   * called again, HTTP ends in both directions. Next: close those directions of the transport that have ended.
   */
  abandon(): void {
    this.must(raw.abandon(this.live()));
  }
}
