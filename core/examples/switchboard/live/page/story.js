// One connection, as far as it has been told.
//
// A moment is what the server says of one thing: `at` in milliseconds, `what`, and as it fits `name`, `lines` (in the language
// of the engine's test vectors), `octets`, `text`, `state`. `transcript/moment.rs` has all of it.

/** What belongs into a vector: what went through the engine, and not what was said behind the switch. */
const OF_THE_ENGINE = new Set(["received", "ended", "event", "error", "decision", "refused"]);

/** How much of a story is kept; the beginning matters most, and the end is always told. */
const MOST = 2000;

export class Story {
  moments = [];
  /** How many were left out. */
  missing = 0;
  peer = "";
  setup = "";
  state = null;
  title = "";
  outcome = "";
  result = "";
  /** What its directions speak now. */
  protocol = "";
  isOver = false;

  constructor(number) {
    this.number = number;
  }

  add(moment) {
    if (this.moments.length < MOST || moment.what === "verdict") this.moments.push(moment);
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
        if (moment.name === "request") this.title = moment.lines[0].split(" ").slice(2, 4).join(" ");
        if (moment.name === "switched") this.protocol = / to ([^@]*?)(?: for | @|$)/.exec(moment.lines[0])?.[1] ?? "";
        break;
      case "verdict":
        this.isOver = true;
        this.outcome = moment.name;
        this.result = moment.text.replace(/^closed; /, "");
        break;
    }
  }

  /** In a few words, as it stands. */
  get summary() {
    if (this.isOver) return this.result;
    if (this.state?.theirs === "switched" || this.state?.ours === "switched") return `speaks ${this.protocol || "something else"}`;
    return "open";
  }

  /** Lines for people: time, then what the vector's language says, then remarks. */
  *lines() {
    for (const moment of this.moments) {
      for (const text of moment.lines ?? []) yield { moment, text };
      if (moment.text) yield { moment, text: `* ${moment.what === "opened" ? `${moment.text} connected` : moment.text}` };
      if (moment.cut) yield { moment, text: "* … and more" };
    }
  }

  text() {
    const rows = [...this.lines()].map(({ moment, text }) => `${moment.at.toFixed(1).padStart(9)} ${text}`);
    return `${[`Connection ${this.number} of the switchboard; times are in milliseconds`, ...rows].join("\n")}\n`;
  }

  /** Why it cannot be a vector; empty where it can. */
  get flaw() {
    if (!this.setup) return "It began before this page came, so it is not all here.";
    if (this.missing > 0 || this.moments.some((moment) => moment.cut && OF_THE_ENGINE.has(moment.what))) {
      return "It is too long to be one.";
    }
    return "";
  }

  /** A case for the engine's tests: what came, what came of it, what was decided, what was sent. */
  vector() {
    const lines = this.moments.filter(({ what }) => OF_THE_ENGINE.has(what)).flatMap((moment) => moment.lines ?? []);
    const name = `${this.title || "connection"} ${this.number}`.toLowerCase().replace(/[^a-z0-9]+/g, "-").replace(/^-|-$/g, "");
    return `## ${name}\n${sentence(this.summary)}\n\nProves: \n\n\`\`\`${this.setup}\n${lines.join("\n")}\n\`\`\`\n`;
  }
}

function sentence(text) {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
}
