// The requests of a connection as a curl command that sends them again.

import { escape } from "./code.js";

/** The names of fields that are left out of the command, as curl generates them. */
const ITS_OWN = new Set(["host", "content-length"]);

/**
 * Returns the curl command that sends a client's requests again.
 *
 * If curl cannot send the requests as they are, such as malformed or chunked ones, the command sends the raw bytes with curl's telnet.
 * That doubles each byte 0xff (RFC 854).
 * @param {string} bytes all bytes that the client sent in HTTP, one character for each byte
 * @param {boolean} isRaw whether to send the raw bytes in any case
 * @param {string} origin the origin of the server, such as `http://127.0.0.1:8080`
 */
export function curl(bytes, isRaw, origin) {
  const requests = isRaw ? null : parse(bytes);
  if (requests === null) {
    const text = escape(bytes).replaceAll("%", "%%").replaceAll("'", "'\\''").replace(/\\(x..|.)/g, octal);
    return `printf -- '${text}' | curl -sN --max-time 3 telnet://${new URL(origin).host}`;
  }
  return `curl ${requests.map((request) => words(request, origin)).join(" \\\n  --next ")}`;
}

/**
 * Parses a client's bytes as requests.
 *
 * Returns `null` if there is no request, or curl cannot send all of them as HTTP.
 */
function parse(bytes) {
  const requests = [];
  for (let rest = bytes; rest !== ""; ) {
    const end = rest.indexOf("\r\n\r\n");
    const [line, ...fields] = rest.slice(0, end).split("\r\n");
    const [method, target, version] = line.split(" ");
    const pairs = fields.map((field) => /^([\w!#$%&'*+.^`|~-]+):[ \t]*(.*)$/.exec(field));
    if (end < 0 || version !== "HTTP/1.1" || !/^\/[^#]*$/.test(target) || pairs.includes(null)) return null;
    const headers = pairs.map(([, name, value]) => [name, value]);
    const value = (wanted) => headers.find(([name]) => name.toLowerCase() === wanted)?.[1];
    const length = Number(value("content-length") ?? 0);
    const content = rest.slice(end + 4, end + 4 + length);
    if (value("transfer-encoding") !== undefined || content.length < length || /[^\x20-\x7e]/.test(line + fields.join("") + content)) return null;
    requests.push({ method, target, headers, content, hasContent: length > 0 });
    rest = rest.slice(end + 4 + length);
  }
  return requests.length > 0 ? requests : null;
}

/**
 * Returns the curl options of a request, with its URL and all text quoted.
 *
 * The options make curl send the client's text literally: not as a file name, a range, or a normalised path.
 */
function words({ method, target, headers, content, hasContent }, origin) {
  const kept = headers.filter(([name]) => !ITS_OWN.has(name.toLowerCase()));
  // curl's notation for a field with an empty value is the name with a semicolon.
  const options = kept.map(([name, value]) => `-H ${quoted(value === "" ? `${name};` : `${name}: ${value}`)}`);
  if (hasContent) options.push(`--data-raw ${quoted(content)}`);
  // curl refuses -I with content.
  const how = method === "HEAD" && !hasContent ? "-I" : `-X ${quoted(method)}`;
  const ask = method === (hasContent ? "POST" : "GET") ? "" : `${how} `;
  return `-v --max-time 3 --http1.1 -g --path-as-is ${ask}${[...options, quoted(origin + target)].join(" \\\n  ")}`;
}

function quoted(text) {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

/** Turns the escapes `\x..` and `\0` into octal ones for printf; others stay. */
function octal(escaped, code) {
  if (code !== "0" && code[0] !== "x") return escaped;
  return `\\${parseInt(code.slice(1) || "0", 16).toString(8).padStart(3, "0")}`;
}
