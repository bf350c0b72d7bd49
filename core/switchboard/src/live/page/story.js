// One connection, with all entries of its transcript that were received.
//
// An entry ("moment") is an object with `at` in milliseconds, `what`, and optionally `name`, `lines` (in the language of the
// engine's test vectors), `bytes`, `text`, `state`. `transcript/json.rs` defines all members.

import { LANGUAGES, programOf, unescape } from "./code.js";
import { curl } from "./copy.js";
import { rangesOf } from "./explain.js";
import { ofVector } from "./scenario.js";

/** The kinds of entries that a test vector has: input and output of the engine. */
const OF_THE_ENGINE = new Set(["received", "ended", "event", "error", "decision", "refused"]);

/**
 * The most entries of a connection that are kept.
 *
 * Later ones are dropped, except the verdict: the last entry, with the outcome.
 */
const MOST_STEPS = 1000;
/**
 * The most characters in a connection's lines before entries are dropped.
 *
 * The verdict, the last entry, is kept in any case.
 */
const MOST_TEXT = 500_000;

export class Story {
  moments = [];
  /**
   * The lines of the transcript, each with its entry: `{ moment, text, at }`.
   *
   * `at` is the offset of a received line in `received`.
   */
  lines = [];
  /** The bytes that the client sent in HTTP, as far as the transcript shows them. */
  received = "";
  /** False once `received` may lack bytes; then only whole lines can be explained. */
  isCertain = true;
  /**
   * The demonstration that this page started on this connection, or `null`.
   *
   * `null` for connections of the audit, of the demonstration with two hundred clients, and of clients that others started.
   */
  demo = null;
  /**
   * The number of missing entries: those not received, and those dropped here.
   *
   * While the page has lost its server, it counts one for those that may follow.
   */
  missing = 0;
  /** The number of the latest transcript entry, also if it was not kept. */
  #step = 0;
  #length = 0;
  peer = "";
  setup = "";
  state = null;
  /** The method and target of the latest request with an offer, else of the latest. */
  asked = "";
  /** The number of requests on the connection so far. */
  requests = 0;
  /** True if one of the connection's requests has an upgrade offer. */
  #hasOffer = false;
  outcome = "";
  result = "";
  /** The protocols after a switch, the lowest layer first; empty before one. */
  protocol = "";
  /** The name of the engine's reason why no upgrade happened; empty without one. */
  #why = "";
  isOver = false;
  /** True if the record ended because the page lost its server. */
  #isLost = false;

  constructor(number) {
    this.number = number;
  }

  add(moment) {
    // After a reconnection the server sends its history again.
    if (moment.step <= this.#step) return;
    if (this.#isLost) this.#find();
    // Each entry has a number, so a gap shows how many are missing.
    this.missing += Math.max(0, moment.step - this.#step - 1);
    this.#step = moment.step;
    if (moment.what === "verdict" || (this.moments.length < MOST_STEPS && this.#length < MOST_TEXT)) this.#keep(moment);
    else this.missing++;
    switch (moment.what) {
      case "opened":
        this.peer = moment.text;
        this.setup = moment.name;
        break;
      case "state":
        this.state = moment.state;
        break;
      case "event":
        if (moment.name === "request") this.#ask(moment.lines[0]);
        if (moment.name === "switched") this.protocol = / to ([^@]*?)(?: for | @|$)/.exec(moment.lines[0])?.[1] ?? "";
        break;
      case "verdict":
        this.isOver = true;
        this.outcome = moment.name;
        this.result = moment.text.replace(/^closed; /, "");
        this.#why = moment.why ?? "";
        break;
    }
  }

  /** Ends the record of an open connection, because the page lost its server. */
  lose() {
    if (this.isOver) return;
    this.isOver = this.#isLost = true;
    this.result = "the line to the server was lost";
    this.missing++;
  }

  /** Reopens the record that `lose` has ended, since the server sends more entries. */
  #find() {
    this.isOver = this.#isLost = false;
    this.result = "";
    this.missing--;
  }

  #keep(moment) {
    this.moments.push(moment);
    const before = this.lines.length;
    // Of what is left out or hidden, no place is known.
    const isHidden = moment.cut || moment.lines?.some((line) => line.includes("<hidden>"));
    if (this.missing > 0 || (moment.what === "received" && isHidden)) this.isCertain = false;
    for (const text of moment.lines ?? []) {
      this.lines.push({ moment, text, at: this.received.length });
      if (moment.what === "received") this.received += bytesOf(text);
    }
    if (moment.cut) this.lines.push({ moment, text: "* … and more" });
    if (moment.what === "opened") this.lines.push({ moment, text: `* ${moment.text} connected` });
    else if (moment.what === "error") this.lines.push({ moment, text: `* ${moment.error.rule}: ${moment.error.advice}` });
    else if (moment.text) this.lines.push({ moment, text: `* ${moment.text}` });
    if (moment.what === "verdict" && this.missing > 0) this.lines.splice(before, 0, { moment, text: `* ${this.#gap}` });
    for (const { text } of this.lines.slice(before)) this.#length += text.length;
  }

  /** The ranges of `received`, each with the event or error that consumed it. */
  get ranges() {
    const steps = this.moments.filter(({ what }) => what === "event" || what === "error");
    return rangesOf(this.received, steps.map(({ lines, name, bytes }) => ({ line: lines[0].slice(2), to: null, left: name === "switched" ? bytes : 0 })));
  }

  /**
   * The index in `lines` of the entry that explains the outcome best.
   *
   * That is the first error or refused call, else the first switch, else the first decision but `data` and `end`, else the last line.
   */
  get turn() {
    const isTurn = [
      ({ what }) => what === "error" || what === "refused",
      ({ name }) => name === "switched",
      ({ what, name }) => what === "decision" && name !== "data" && name !== "end",
    ];
    const found = isTurn.map((is) => this.lines.findIndex(({ moment }) => is(moment))).find((index) => index >= 0);
    return found ?? this.lines.length - 1;
  }

  /**
   * Records a request for the title of the connection.
   *
   * `line` is the transcript's line of the request event. A request with an offer takes precedence over those without.
   */
  #ask(line) {
    this.requests++;
    const offers = line.includes(" offers ");
    if (offers || !this.#hasOffer) this.asked = line.split(" ").slice(2, 4).join(" ");
    this.#hasOffer ||= offers;
  }

  get title() {
    return this.requests > 1 ? `${this.asked} and ${this.requests - 1} more` : this.asked;
  }

  get #gap() {
    return `${this.missing} steps are left out`;
  }

  /** The outcome or present state of the connection, in a few words. */
  get summary() {
    if (this.isOver) return this.result;
    if (this.state?.theirs === "switched" || this.state?.ours === "switched") return `speaks ${this.protocol || "something else"}`;
    return "open";
  }

  /** Returns short texts for both directions, the latest request, response and offer. */
  get chips() {
    const { theirs, ours, request, response, offer } = this.state ?? {};
    const protocol = this.protocol.split(", ")[0];
    const ended = protocol === "" ? "ended" : `${protocol}, ended`;
    const direction = {
      open: protocol === "" ? "HTTP/1.1" : `HTTP/1.1 in ${protocol}`,
      switched: this.isOver ? ended : protocol || "something else",
      closed: ended,
      failed: "failed",
    };
    const phase = { idle: "none yet", body: "under way", done: "complete", cut: "cut short" };
    const isTheirs = response === "idle" && offer === "agreed";
    return {
      client: direction[theirs] ?? "HTTP/1.1",
      server: direction[ours] ?? "HTTP/1.1",
      request: phase[request] ?? phase.idle,
      response: isTheirs ? `in ${protocol}` : (phase[response] ?? phase.idle),
      offer: this.#offer(protocol, offer),
    };
  }

  #offer(protocol, turn) {
    if (protocol !== "") return `${protocol} accepted`;
    if (turn === "offered") return "undecided";
    if (this.#why !== "" && this.#why !== "not-offered") return this.#why.replaceAll("-", " ");
    return this.#hasOffer ? "declined" : "none";
  }

  text() {
    const rows = this.lines.map(({ moment, text }) => `${moment.at.toFixed(1).padStart(9)} ${text}`);
    return `${[`Connection ${this.number} of the switchboard; times are in milliseconds`, ...rows].join("\n")}\n`;
  }

  /** The reason why a test vector cannot be made of the connection; empty if it can. */
  get flaw() {
    if (!this.setup || this.moments[0]?.step !== 1) return "It began before this page came, so it is not all here.";
    if (this.missing > 0) return `It is not all here: ${this.#gap}.`;
    const told = this.moments.filter(({ what }) => OF_THE_ENGINE.has(what));
    if (told.some(({ cut }) => cut)) return "It is too long to be one.";
    if (told.some(({ lines }) => lines?.some((line) => line.includes("<hidden>")))) {
      return "Something secret is left out of it; `--secrets` shows that.";
    }
    return "";
  }

  get #engineLines() {
    return this.moments.filter(({ what }) => OF_THE_ENGINE.has(what)).flatMap((moment) => moment.lines ?? []);
  }

  /** Returns a program in a language of `code.js` that repeats the exchange. */
  code(language) {
    return LANGUAGES[language].program(programOf(this.setup, this.#engineLines));
  }

  /** Returns a curl command that repeats the client's requests up to a switch. */
  curl(origin) {
    const end = this.moments.findIndex(({ name }) => name === "switched");
    const received = this.moments.slice(0, end < 0 ? undefined : end).filter(({ what }) => what === "received");
    const program = programOf(this.setup, received.flatMap(({ lines }) => lines));
    // Bytes after the switch, and the leftover before it, are not HTTP and are left out.
    const bytes = program.steps.map((step) => step.bytes).join("");
    const leftover = end < 0 ? 0 : this.moments[end].bytes;
    const isBroken = this.moments.some(({ what }) => what === "error");
    return `${curl(bytes.slice(0, bytes.length - leftover), isBroken, origin)}\n`;
  }

  /** Returns the scenario for the playground that repeats the exchange. */
  scenario() {
    return ofVector({ info: this.setup, lines: this.#engineLines });
  }

  /** Returns the exchange as a test vector of the engine, in Markdown. */
  vector() {
    const lines = this.#engineLines;
    const name = `${this.asked || "connection"} ${this.number}`.toLowerCase().replace(/[^a-z0-9]+/g, "-").replace(/^-|-$/g, "");
    return `## ${name}\n${sentence(this.summary)}\n\nProves: \n\n\`\`\`${this.setup}\n${lines.join("\n")}\n\`\`\`\n`;
  }
}

/**
 * Returns the bytes that a received line of a transcript stands for.
 *
 * After the mark `<` they end with CRLF, after `<<` they do not.
 */
function bytesOf(text) {
  return text.startsWith("<<") ? unescape(text.slice(2).replace(/^ /, "")) : `${unescape(text.slice(1).replace(/^ /, ""))}\r\n`;
}

function sentence(text) {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
}
