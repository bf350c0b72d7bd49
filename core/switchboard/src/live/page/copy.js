// A connection as a command of curl that asks the same again.

import { escape } from "./code.js";

/** Fields that curl writes itself. */
const ITS_OWN = new Set(["host", "content-length"]);

/**
 * Returns the command.
 *
 * A request that curl cannot send, because it breaks a rule or is none, goes out as it is. Its telnet doubles 0xff, though
 * (RFC 854).
 * @param {string} bytes what the client sent in HTTP, one character a byte
 * @param {boolean} isRaw it is to go out as it is
 * @param {string} origin where to, such as `http://127.0.0.1:8080`
 */
export function curl(bytes, isRaw, origin) {
  const requests = isRaw ? null : parse(bytes);
  if (requests === null) {
    const text = escape(bytes).replaceAll("%", "%%").replaceAll("'", "'\\''").replace(/\\(x..|.)/g, octal);
    return `printf -- '${text}' | curl -sN --max-time 3 telnet://${new URL(origin).host}`;
  }
  return `curl ${requests.map((request) => words(request, origin)).join(" \\\n  --next ")}`;
}

/** The requests; `null` where curl could not ask all of it so. */
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
 * Quotes everything that the client has chosen.
 *
 * curl reads it as what it is: no file, no range, no other path.
 */
function words({ method, target, headers, content, hasContent }, origin) {
  const kept = headers.filter(([name]) => !ITS_OWN.has(name.toLowerCase()));
  // Without its colon a name stands for an empty value.
  const options = kept.map(([name, value]) => `-H ${quoted(value === "" ? `${name};` : `${name}: ${value}`)}`);
  if (hasContent) options.push(`--data-raw ${quoted(content)}`);
  const ask = method === (hasContent ? "POST" : "GET") ? "" : `${method === "HEAD" ? "-I" : `-X ${quoted(method)}`} `;
  return `-v --max-time 3 --http1.1 -g --path-as-is ${ask}${[...options, quoted(origin + target)].join(" \\\n  ")}`;
}

function quoted(text) {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

/** The escapes that printf knows; octal digits are for the rest. */
function octal(escaped, code) {
  if (code !== "0" && code[0] !== "x") return escaped;
  return `\\${parseInt(code.slice(1) || "0", 16).toString(8).padStart(3, "0")}`;
}
