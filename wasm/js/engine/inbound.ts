// Bytes in, events out.

import { count, numberOf, bytesOf } from "./check.js";
import { ProtocolError } from "./error.js";
import { readEvent, readRequest, type Event, type Request, type Step } from "./event.js";
import { Handle } from "./handle.js";
import { lengthOf } from "./bytes.js";
import { raw } from "./calls.js";
import { stage } from "./raw.js";
import { namesOf, placeLeft, Reader, reading } from "./reader.js";
import { ContentKind, End, EventKind, Paused } from "../generated/tables.js";

/** The rest of a message that is being received. */
export interface Content {
  readonly kind: ContentKind;
  /**
   * The number of bytes: of the content, or of the current chunk.
   *
   * 0 where that is not known.
   */
  readonly length: number;
}

const contents = namesOf(ContentKind);
const pauses = namesOf(Paused);
/** The numbers of `Outcome` in `connection.rs`, and above them an event's kind. */
const steps: readonly (Step["kind"] | "failed")[] = ["failed", "need-data", "paused", ...namesOf(EventKind)];

/** The half of a connection that hears the peer. */
export class Inbound extends Handle {
  // Bytes in.

  /**
   * Takes bytes that the peer sent, all of them, by copy.
   *
   * The way to read a transport that hands out buffers of its own. Throws `buffer-full` while `limits.buffered` bytes
   * wait already, and where nothing more is read; then nothing is taken. Next: `nextEvent`.
   * @throws ProtocolError: `buffer-full`, `after-end`, `closed`, `switched`, `failed`.
   */
  receive(bytes: Uint8Array): void {
    this.space = undefined;
    const handle = this.live();
    const staged = stage(bytes);
    this.must(staged > 0 ? raw.receive_staged(handle, staged) : raw.receive(handle, bytesOf(bytes)));
  }

  /**
   * Returns space of at least `min` bytes in the engine's own memory.
   *
   * Of `limits.buffered` at most, for code that can read into it at once. Write, then `commit`, and make no other call
   * in between, for the memory may move. Refused like `receive`. Next: `commit`. @throws ProtocolError: `buffer-full`,
   * `after-end`, `closed`, `switched`, `failed`.
   * @throws ProtocolError: `buffer-full`, `after-end`, `closed`, `switched`, `failed`.
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
   * Takes the first `length` bytes of the space that `receiveBuffer` gave.
   *
   * A `RangeError` if there are not as many, if an inbound call came in between, or if the memory has moved. Next:
   * `nextEvent`.
   */
  commit(length: number): void {
    const handle = this.live();
    const committed = count(length, this.space === undefined ? 0 : lengthOf(this.space), "length");
    this.space = undefined;
    raw.commit(handle, committed);
  }

  /**
   * Tells the connection that the peer's bytes have ended.
   *
   * `clean` by a FIN, over TLS after a closure alert, else `truncated` (RFC 9112, section 9.8). The end counts when
   * everything before it has been read. Next: `nextEvent`.
   */
  receiveEof(end: End = "clean"): void {
    this.space = undefined;
    raw.receive_eof(this.live(), numberOf(End, end, "end"));
  }

  /**
   * Tells whether to go on reading the transport.
   *
   * While it is false, the peer feels it as back-pressure.
   */
  get wantsInput(): boolean {
    return raw.wants_input(this.live());
  }

  // Events out.

  /**
   * Moves on to the next event.
   *
   * Call it until it says `need-data` (send what was written, then read) or `paused` (act). An error is the peer's:
   * receiving has ended, and a server may still answer it once, with `status`. Next: what the event says.
   */
  nextEvent(): Step {
    const step = raw.next_event(this.live());
    this.space = undefined;
    // The numbers of `Outcome` in `connection.rs`.
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
   * Moves on like `nextEvent`, for code that need not see everything.
   *
   * Returns only the kind of what it came to. `event` and `request` show the rest. Errors are those of `nextEvent`.
   */
  advance(): Step["kind"] {
    const step = raw.advance(this.live());
    this.space = undefined;
    if (step === 0) throw new ProtocolError(new Reader());
    return steps[step] as Step["kind"];
  }

  /**
   * Returns the events up to where `nextEvent` says `need-data` or `paused`.
   *
   * The next `nextEvent` says that again. Errors are those of `nextEvent`. Next: `nextEvent`, which says what to do.
   */
  *events(): Generator<Event, void, void> {
    for (;;) {
      const step = this.nextEvent();
      if (step.kind === "need-data" || step.kind === "paused") return;
      yield step;
    }
  }

  /**
   * Returns the current event once more, or `null`.
   *
   * Until the next inbound call; `null` where there is none. Decisions do not end it.
   */
  event(): Event | null {
    return raw.event(this.live()) ? readEvent(new Reader()) : null;
  }

  /**
   * Server: the current request, as long as its head is kept.
   *
   * Through the event that showed it, and with an offer, a CONNECT or a response owed in a new protocol until that is
   * settled.
   */
  get request(): Request | null {
    return raw.request(this.live()) ? readRequest(new Reader()) : null;
  }

  /**
   * Server: the authority that the current request is for, or `null`.
   *
   * The one in the target of a CONNECT or of an absolute target, else the Host header. `null` where HTTP/1.0 names
   * none, or no request is kept. An intermediary routes by it and sends it on as Host. RFC 9112, sections 3.2 and 3.3.
   */
  get authority(): string | null {
    return raw.authority(this.live()) ? new Reader().text() : null;
  }

  /**
   * Server: the path of the current request's target, or `null`.
   *
   * Of a target in origin or absolute form, as sent, up to the query. It is `/` where an absolute target has none, `*`
   * in an OPTIONS for the whole server, empty in a CONNECT. `null` where no request is kept. RFC 9112, section 3.2; RFC
   * 9110, section 4.2.3.
   */
  get path(): string | null {
    return raw.path(this.live()) ? new Reader().text() : null;
  }

  /**
   * Server: the query of the current request's target, or `null`.
   *
   * It stands after the first question mark, as sent; `null` where there is none, or no request is kept. RFC 9112,
   * section 3.2.
   */
  get query(): string | null {
    return raw.query(this.live()) ? new Reader().text() : null;
  }

  /**
   * The rest of the message being received, after the current event.
   *
   * When the message was cut short, this is what was missing. Next: `passContent`, if your code can read content past
   * the engine. RFC 9112, section 6.3.
   */
  get content(): Content {
    const handle = this.live();
    const numbers = reading(() => raw.content(handle));
    return { kind: numbers.name(contents), length: numbers.large() };
  }

  /**
   * Folds the end of the message into the current event.
   *
   * Returns true where that was the last of its message, so that no `end-of-message` follows it. That is known for a
   * head without content, and for the last of content of a known length. The event stays current: it can be read after
   * its end as well, and after the answer, until the next inbound call. False changes nothing. RFC 9112, section 6.
   */
  takeEnd(): boolean {
    return raw.take_end(this.live());
  }

  /**
   * Counts bytes of content that your code has read from the transport itself.
   *
   * The state and the positions are those after the same bytes through `receive`. Allowed for as many as `content`
   * says, once all bytes given to the engine have been read from it. Throws `unread-input`, `length-exceeded`,
   * `no-content`. Next: `nextEvent`. RFC 9112, section 6.
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
   * Server: gives the whole connection to another parser.
   *
   * The current request's head and all bytes after it, exactly as they came. Allowed until something after the head was
   * read or something was answered. Throws `unasked`, `answered`, `head-gone`. Next: `free` the engine, keep the
   * transport.
   * @throws ProtocolError: `wrong-role`, `unasked`, `answered`, `head-gone`, `closed`, `switched`, `failed`.
   */
  handOver(): Uint8Array<ArrayBuffer> {
    const handle = this.live();
    this.space = undefined;
    return this.sent(raw.hand_over(handle));
  }

  // What your code may decide without sending anything.

  /**
   * Drops the rest of the content being received.
   *
   * Up to `limits.drain`; then receiving ends instead. Next: `nextEvent`.
   * @throws ProtocolError: `no-content`.
   */
  skipContent(): void {
    this.must(raw.skip_content(this.live()));
  }

  /**
   * Makes the current response the last: no request follows.
   *
   * A server's next final response says `close`, without a request pending the connection closes now, and once that
   * head has left it throws `too-late`. A client closes after the response that is on its way. RFC 9112, section 9.6.
   * @throws ProtocolError: `too-late`, `closed`, `switched`, `failed`.
   */
  closeAfterResponse(): void {
    this.must(raw.close_after_response(this.live()));
  }

  /**
   * Gives up the exchange, or the connection.
   *
   * A client with an unfinished request cuts it and reads on for the answer. In every other state, or the second time,
   * no more HTTP in either direction. Next: close the transport's direction that has ended.
   */
  abandon(): void {
    this.must(raw.abandon(this.live()));
  }
}
