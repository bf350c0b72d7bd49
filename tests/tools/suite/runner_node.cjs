#!/usr/bin/env node
// A runner for the suite: the parser that is built into Node, which is llhttp as Node's own server and client set it up.
//
// It only parses, so a server's decisions are ignored, except those that determine whether the bytes after an offer are HTTP.
// If they are, a new parser reads them. A client's requests tell it of HEAD and of CONNECT.
"use strict";
process.noDeprecation = true;
const { HTTPParser, allMethods } = process.binding("http_parser");
const { createInterface } = require("node:readline");

/** The results of the callback for a head: content, no content, or no more HTTP. */
const CONTENT = 0;
const NO_CONTENT = 1;
const NO_HTTP = 2;

/** The exception for a case that the parser cannot express. */
class Skip extends Error {}

class Runner {
  events = [];
  #asked = [];
  #fields = [];
  #parser = null;
  /** The bytes after a request with an offer that is not decided yet. */
  #undecided = null;
  /** The decision about an offer whose request has not ended. */
  #early = null;
  /** True at the end of a message after which no HTTP may follow. */
  #isAtSwitch = false;
  #hasSwitched = false;
  #hasFailed = false;

  constructor({ role, config }) {
    if (Object.keys(config).length > 0) throw new Skip(`no such setting: ${Object.keys(config).join(" ")}`);
    this.isServer = role === "server";
    this.#begin();
  }

  #begin() {
    const parser = new HTTPParser();
    parser.initialize(this.isServer ? HTTPParser.REQUEST : HTTPParser.RESPONSE, {});
    parser[HTTPParser.kOnHeaders] = (fields) => this.#fields.push(...fields);
    parser[HTTPParser.kOnHeadersComplete] = (...head) => this.#head(...head);
    parser[HTTPParser.kOnBody] = (bytes) => this.#add("content", bytes.toString("latin1"));
    parser[HTTPParser.kOnMessageComplete] = () => this.#end();
    this.#parser = parser;
  }

  play(steps) {
    for (const step of steps) {
      if ("receive" in step) this.#receive(step.receive);
      else if ("end" in step) this.#finish(step.end);
      else if (step.do === "request") this.#asked.push(step.method);
      else if (step.do === "reject" || has(step.fields ?? [], "connection", "close")) throw new Skip("no call for a `close` that is sent");
      else if (["switch", "response", "respond"].includes(step.do) && this.hasOffer) this.#decide(step);
    }
    return this.events;
  }

  #receive(text) {
    if (this.#hasFailed) return;
    if (this.#hasSwitched) this.#add("rest", text);
    else if (this.#undecided !== null) this.#undecided += text;
    else this.#parse(text);
  }

  #parse(text) {
    const parsed = this.#parser.execute(Buffer.from(text, "latin1"));
    if (parsed instanceof Error) this.#fail(parsed);
    else if (this.#isAtSwitch) {
      this.#isAtSwitch = false;
      this.#undecided = text.slice(parsed);
      if (!this.isServer) this.#switch();
      else if (this.#early !== null) this.#decide(this.#early);
    }
  }

  #finish(end) {
    if (end === "truncated") throw new Skip("no way to say that an end was not clean");
    if (this.#hasFailed || this.#hasSwitched || this.#undecided !== null) return;
    const error = this.#parser.finish();
    if (error instanceof Error) this.#fail(error);
  }

  #fail(error) {
    this.#hasFailed = true;
    this.events.push({ event: "error", kind: error.reason ?? error.code });
  }

  #decide(step) {
    if (this.#undecided === null) {
      this.#early = step;
      return;
    }
    this.#early = null;
    this.hasOffer = false;
    const { do: what, status } = step;
    const isConnect = this.method === "CONNECT";
    if (what === "switch" || (isConnect && status >= 200 && status < 300)) this.#switch();
    else if (!isConnect && this.persists) {
      const text = this.#undecided;
      this.#undecided = null;
      this.#begin();
      this.#parse(text);
    }
  }

  #switch() {
    this.#hasSwitched = true;
    this.events.push({ event: "switched" });
    this.#add("rest", this.#undecided);
  }

  /** Records bytes in a new event, or in the last event if it has the same kind. */
  #add(event, bytes) {
    const last = this.events.at(-1);
    if (last?.event === event) last.bytes += bytes;
    else if (bytes !== "") this.events.push({ event, bytes });
  }

  #head(major, minor, list, method, target, status, reason, upgrade, persists) {
    const fields = pairs([...this.#fields.splice(0), ...(list ?? [])]);
    const version = `${major}.${minor}`;
    this.persists = persists;
    this.hasOffer = upgrade;
    if (this.isServer) {
      this.method = allMethods[method];
      this.events.push({ event: "request", method: this.method, target, version, fields });
      return CONTENT;
    }
    this.isFinal = status >= 200;
    const asked = this.#asked[0];
    if (this.isFinal) this.#asked.shift();
    const isTunnel = asked === "CONNECT" && status >= 200 && status < 300;
    this.hasOffer = isTunnel || (upgrade && status === 101);
    if (isTunnel) return NO_HTTP;
    if (this.isFinal) this.events.push({ event: "response", status, version, fields });
    else if (!this.hasOffer) this.events.push({ event: "informational", status, fields });
    if (this.hasOffer) return NO_HTTP;
    return !this.isFinal || asked === "HEAD" ? NO_CONTENT : CONTENT;
  }

  #end() {
    this.#isAtSwitch = this.hasOffer;
    if (this.isServer || (this.isFinal && !this.hasOffer)) this.events.push({ event: "end", trailers: pairs(this.#fields.splice(0)) });
  }
}

function pairs(list) {
  return Array.from({ length: list.length / 2 }, (_, index) => [list[2 * index], list[2 * index + 1]]);
}

function has(fields, name, value) {
  return fields.some(([each, text]) => each.toLowerCase() === name && text.toLowerCase() === value);
}

createInterface({ input: process.stdin }).on("line", (line) => {
  const { id, steps, ...about } = JSON.parse(line);
  let answer;
  try {
    answer = { events: new Runner(about).play(steps) };
  } catch (error) {
    if (!(error instanceof Skip)) throw error;
    answer = { skip: error.message };
  }
  console.log(JSON.stringify({ id, ...answer }));
});
