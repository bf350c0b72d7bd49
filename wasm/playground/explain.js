// Explanations in words: of a byte that was received, of a line that was sent, and of a step, each with its clause.
//
// The switchboard and the playground use this file. It does not run the engine: it reads what the engine has reported.

import { DECIDED, FIELDS, of, shortened, STATUSES, WAITS } from "./explain/words.js";

/**
 * An explanation: a title, sentences, and the RFC section that they follow.
 *
 * A section is written as `RFC 9110, 7.8`; it is empty for none.
 * @typedef {{ title: string, words: string, clause: string }} Explanation
 */

/**
 * An event or error of the engine: its line in a test vector, without the `= `.
 *
 * `to` is the offset after its last byte; for an error, it is the offset of the faulty byte. If `null`, the line's
 * `@offset` is used, if it has one. After a switch, `left` is the number of leftover bytes.
 * @typedef {{ line: string, to: number | null, left?: number }} Consumed
 */

/**
 * A range of received bytes, and the line of the step that they belong to.
 *
 * If an error left them unread, `line` is that of the error; if nothing has taken them yet, it is empty. `head` is the
 * head of their message.
 * @typedef {{ kind: "head" | "content" | "leftover" | "error" | "unread", from: number, to: number, line: string, head: string }} Range
 */

/** @param {string} title @param {string} words @param {string} [clause] @returns {Explanation} */
const say = (title, words, clause = "") => ({ title, words, clause });

/** The explanation of sent bytes that are not part of a head. */
const SENT = say("Sent", "Bytes of the message, as the engine frames them.", "RFC 9112, 6");
/** Matches the name of a field line, which begins it. */
const FIELD = /^[!#$%&'*+.^`|~\w-]+:/;

/**
 * Divides the received bytes among the steps that consumed them.
 *
 * Content has no offset in a transcript: its range ends at the offset of the message's end.
 * @param {string} bytes @param {Consumed[]} steps @returns {Range[]}
 */
export function rangesOf(bytes, steps) {
  /** @type {Range[]} */
  const ranges = [];
  let [from, head] = [0, ""];
  /** @param {Range["kind"]} kind @param {number} to @param {string} line */
  const add = (kind, to, line) => {
    const last = ranges.at(-1);
    if (kind === "content" && last?.kind === kind) last.to = Math.max(last.to, to);
    else if (to > from) ranges.push({ kind, from, to, line, head });
    from = Math.max(from, to);
  };
  for (const { line, to, left = 0 } of steps) {
    const [word = ""] = line.split(" ");
    const end = to ?? offsetOf(line) ?? from;
    if (word === "data" || word === "end") add("content", end, line);
    else if (word === "error") {
      add("unread", Math.max(end, from), line);
      add("error", Math.min(end + 1, bytes.length), line);
      add("unread", bytes.length, line);
    } else {
      // A client learns of a switch from a head, too. HTTP may go on after the leftover, in TLS.
      head = bytes.slice(from, end);
      add("head", end, line);
      add("leftover", from + left, line);
    }
  }
  add("unread", bytes.length, "");
  return ranges;
}

/** @param {string} line */
function offsetOf(line) {
  const found = /@(\d+)$/.exec(line);
  return found === null ? null : Number(found[1]);
}

/**
 * Explains the received byte at an offset.
 *
 * It names the byte's part of the message, and what the engine takes from it.
 * @param {string} bytes @param {number} at @param {Range[]} ranges @returns {Explanation}
 */
export function explainByte(bytes, at, ranges) {
  const range = ranges.find(({ from, to }) => from <= at && at < to);
  if (range === undefined) return say("Nothing", "No byte has come here.");
  switch (range.kind) {
    case "head":
      return explainHead(bytes.slice(range.from, range.to), at - range.from, range.line);
    case "content":
      return /^transfer-encoding:[^\n]*\bchunked[ \t]*\r?$/im.test(range.head)
        ? explainChunks(bytes.slice(range.from, range.to), at - range.from)
        : say("Content", "The engine passes these bytes on as they are, and counts them.", "RFC 9112, 6.3");
    case "leftover":
      return say("Leftover", "These bytes come after the HTTP message, so they belong to the new protocol. The engine hands them over, and reads none of them.", "RFC 9110, 7.8");
    case "error":
      return explainStep("=", range.line);
    default:
      return range.line === ""
        ? say("Not read", "The engine has not taken these bytes: it waits for more of them, or for a decision.")
        : say("Not read", "An error is in this message, or came before it. The engine takes nothing from these bytes, and reads nothing after them.");
  }
}

/** Returns the start and the text of the line around an offset. @param {string} text @param {number} at */
function lineAround(text, at) {
  const start = text.lastIndexOf("\n", at - 1) + 1;
  const end = text.indexOf("\n", at);
  return { start, line: text.slice(start, end < 0 ? undefined : end).replace(/\r$/, "") };
}

/** @param {string} head @param {number} at @param {string} step @returns {Explanation} */
function explainHead(head, at, step) {
  const { start, line } = lineAround(head, at);
  const first = head.search(/[^\r\n]/);
  if (start < first) return say("An empty line", "A server skips empty lines before a request.", "RFC 9112, 2.2");
  if (line === "") {
    const content = step.startsWith("request") ? "Content follows only if Content-Length or Transfer-Encoding announces it." : "The status and the fields say whether content follows, and where it ends.";
    return say("The end of the head", `An empty line ends the field section. ${content}`, "RFC 9112, 6.3");
  }
  return start === first ? explainStart(line, at - start) : explainField(line, step);
}

/** Explains a request line or a status line. @param {string} line @param {number} at @returns {Explanation} */
function explainStart(line, at) {
  const words = line.split(" ");
  const index = line.slice(0, at).split(" ").length - 1;
  if (line.startsWith("HTTP/")) {
    const [version = "", status = ""] = words;
    if (index === 0) return VERSION(version);
    if (index === 1) return explainStatus(status);
    return say("Reason phrase", "Text for people. Nothing follows from it.", "RFC 9112, 4");
  }
  const [method = "", target = "", version = ""] = words;
  if (index === 0) {
    const what = method === "CONNECT" ? "It asks for a tunnel: a 2xx response opens it." : method === "HEAD" ? "Its response has no content, whatever its fields say." : "The engine passes it on. It is case-sensitive.";
    return say(`Method ${method}`, what, method === "CONNECT" ? "RFC 9110, 9.3.6" : method === "HEAD" ? "RFC 9110, 9.3.2" : "RFC 9110, 9.1");
  }
  if (index === 1) {
    const form = target === "*" ? "asterisk-form" : target.startsWith("/") ? "origin-form" : target.includes("://") ? "absolute-form" : "authority-form";
    return say(`Target ${shortened(target)}`, `The request target, in ${form}. The engine checks its characters and form, and passes it on as it came.`, "RFC 9112, 3.2");
  }
  return VERSION(version);
}

/** @param {string} version */
const VERSION = (version) =>
  version === "HTTP/1.0"
    ? say("Version 1.0", "The connection ends after the response unless Connection has keep-alive. An offer to switch is ignored.", "RFC 9112, 9.3")
    : say("Version", "The connection persists unless Connection has close. HTTP/1.1 may be switched to another protocol.", "RFC 9112, 9.3");

/** @param {string} status @returns {Explanation} */
function explainStatus(status) {
  const known = of(STATUSES, status);
  if (known !== undefined) return say(`Status ${status}`, ...known);
  if (status.startsWith("1")) return say(`Status ${status}`, "Informational: another response to the same request is still to come.", "RFC 9110, 15.2");
  return say(`Status ${status}`, "A final response, which answers the request.", "RFC 9110, 15");
}

/**
 * Explains a field line, received or sent.
 * @param {string} line @param {string} step the line of the event that it belongs to @returns {Explanation}
 */
function explainField(line, step) {
  const colon = line.indexOf(":");
  const [name, value] = [line.slice(0, colon < 0 ? undefined : colon), line.slice(colon + 1).trim()];
  const known = of(FIELDS, name.toLowerCase());
  if (known === undefined) return say(`Field ${shortened(name)}`, "The engine acts on nothing in it. It checks its characters, and passes it on in its place.", "RFC 9110, 5.5");
  const [words, clause] = known;
  return say(`Field ${name}`, typeof words === "string" ? words : words(value, step), clause);
}

/** Explains a byte of chunked content. @param {string} content @param {number} at @returns {Explanation} */
function explainChunks(content, at) {
  for (let from = 0; from < content.length; ) {
    const end = content.indexOf("\n", from) + 1 || content.length;
    // Of a transcript that does not show all bytes, the rest cannot be divided.
    if (!/^[0-9a-fA-F]/.test(content.slice(from, end))) break;
    const size = parseInt(content.slice(from, end), 16);
    if (at < end) {
      const what = size === 0 ? "A chunk of size 0 ends the content. Trailers may follow, and then an empty line." : `A chunk of ${size} bytes follows. The size is hexadecimal, and no part of the content.`;
      return say("Size of a chunk", what, "RFC 9112, 7.1");
    }
    if (size === 0) {
      const { line } = lineAround(content, at);
      if (line === "") return say("The end of the message", "An empty line ends the chunked content.", "RFC 9112, 7.1");
      return say("Trailer", "A field that came after the content. The engine keeps trailers apart from the head's fields.", "RFC 9110, 6.5.1");
    }
    if (at < end + size) return say("Content", `One of ${size} bytes of this chunk. The engine passes them on as they are.`, "RFC 9112, 7.1");
    from = content.indexOf("\n", end + size) + 1 || content.length;
    if (at < from) return say("The end of a chunk", "A line break follows the bytes of each chunk, and is no part of the content.", "RFC 9112, 7.1");
  }
  return say("Content", "The engine passes these bytes on as they are.", "RFC 9112, 7.1");
}

/**
 * Explains a received line by itself, if its place in the message is not known.
 * @param {string} line @returns {Explanation}
 */
export function explainLine(line) {
  if (/^[A-Z]+ \S+ HTTP\/|^HTTP\/1\.\d \d{3}/.test(line)) return explainStart(line, 0);
  if (FIELD.test(line)) return explainField(line, "request");
  return say("Bytes of the client", "Not all bytes of this connection are shown here, so their place in the message is not known.");
}

/**
 * Explains a line of a transcript other than received bytes.
 *
 * It is an event, a decision, a refusal, a line of output, or the end of the input.
 * The explanation of an error says only that the peer is at fault: its rule and advice come with the error.
 * @param {string} mark the mark of the line: `=`, `!`, `?`, `>`, `>>` or `<end`
 * @param {string} line the rest of the line @returns {Explanation}
 */
export function explainStep(mark, line) {
  const [word = "", second = ""] = line.split(" ");
  if (mark === "!") return say(`Decision: ${word}`, ...(of(DECIDED, word) ?? /** @type {const} */ (["Your code has called the engine.", ""])));
  if (mark === "?") return say("Refused", "The engine has refused this call. Nothing has changed, and nothing is sent.");
  if (mark === ">") return explainOutput(line);
  if (mark === ">>") return SENT;
  if (mark === "<end") {
    return line === "clean"
      ? say("End", "The peer sends no more. It may still receive.", "RFC 9112, 9.6")
      : say("End", "The connection was lost. A message that is incomplete stays so.", "RFC 9112, 8");
  }
  switch (word) {
    case "request":
      return say("A request has come", `Its head is whole.${line.includes(" offers [") ? " It offers other protocols; your code may accept one." : ""} Its content, if it has any, and its end follow.`, line.includes(" offers [") ? "RFC 9110, 7.8" : "RFC 9112, 2.1");
    case "response":
      return say("A response has come", "Its head is whole. It is final: the request is answered in HTTP/1.1.", "RFC 9110, 15");
    case "informational":
      return say("An interim response", "A final response, or a 101, is still to come.", "RFC 9110, 15.2");
    case "data":
      return say("Content", "A piece of the content, as it came. Pieces follow the network, not the chunks of the peer.", "RFC 9112, 6");
    case "end":
      return say("The message is whole", "All of its content has come. Trailers, if it has any, are here.", "RFC 9112, 6.3");
    case "switched":
      return say("The protocol has switched", `HTTP/1.1 has ended in the peer's direction${second === "by" ? `, by ${line.split(" ")[2]}` : ""}. Each byte after this belongs to the new protocol.`, line.includes("by connect") ? "RFC 9110, 9.3.6" : "RFC 9110, 7.8");
    case "leftover":
      return say("Leftover", "Bytes of the new protocol that came in one piece with the HTTP message. They must be read first.", "RFC 9110, 7.8");
    case "error":
      return say(`Error ${second}`, "The peer has broken a rule, or gone beyond a limit. The engine reads nothing after it.");
    case "paused":
      return say(second === "closed" ? "The end" : "Your code’s turn", of(WAITS, second) ?? "Your code must act before the next event.");
    case "need-data":
      return say("The engine waits", "It needs more bytes of the peer.");
    default:
      return say("A step", "The engine has reported this.");
  }
}

/** Explains a line that the engine has written. @param {string} line @returns {Explanation} */
function explainOutput(line) {
  const [, status] = /^HTTP\/1\.\d (\d{3})/.exec(line) ?? [];
  if (status !== undefined) return explainStatus(status);
  if (line === "") return say("The end of the head", "An empty line ends the field section.", "RFC 9112, 2.1");
  if (FIELD.test(line)) {
    const [name = ""] = line.split(":");
    const { words, clause } = explainField(line, "response");
    return say(`Sent: ${shortened(name)}`, of(FIELDS, name.toLowerCase()) === undefined ? "A field of your code. The engine checks that it cannot break the message." : words, clause);
  }
  return SENT;
}

/**
 * Returns the address of a section such as `RFC 9112, 6.3`, or `null` for others.
 * @param {string} clause
 */
export function addressOf(clause) {
  const [, rfc, section] = /^RFC (\d+), (.*)$/.exec(clause) ?? [];
  return rfc === undefined ? null : `https://www.rfc-editor.org/rfc/rfc${rfc}#section-${section}`;
}
