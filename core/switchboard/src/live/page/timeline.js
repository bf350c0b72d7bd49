// A connection as a timeline: the client's bytes in the upper lane, the server's in the lower. Marks are in order, but not to the
// scale of time, because most of a connection happens within the same millisecond. A mark has the number of its step, by which
// its lines are found.

const SVG = "http://www.w3.org/2000/svg";
const HEIGHT = 44;
const GAP = 3;
const ABOVE = 13;
const BELOW = 31;
/** The x coordinate where the marks begin, to the right of the lanes' names. */
const LEFT = 56;

function node(name, attributes, tip) {
  const element = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  if (tip) {
    const title = document.createElementNS(SVG, "title");
    title.textContent = tip;
    element.append(title);
  }
  return element;
}

/** Returns a bar's width for a number of bytes: logarithmic, at most 46 pixels. */
function widthOf(bytes) {
  return Math.min(46, 4 + 4.2 * Math.log2(1 + bytes / 16));
}

/** Returns an entry's mark (width and `draw` function), or `null` if it has none. */
function stepOf(moment, world) {
  const tip = `${moment.at.toFixed(1)} ms: ${moment.lines?.[0] ?? moment.text ?? moment.what}`;
  const bar = (y, bytes, kind) => ({
    width: widthOf(bytes),
    draw: (x) => [node("rect", { class: `bytes ${kind}`, x, y: y - 4, width: widthOf(bytes), height: 8, rx: 1.5 }, tip)],
  });
  const cross = (y) => ({
    width: 9,
    draw: (x) => [node("path", { class: "fault", d: `M${x} ${y - 4.5}l9 9m0-9l-9 9` }, tip)],
  });
  switch (moment.what) {
    case "received":
      return bar(ABOVE, moment.bytes, "http");
    case "heard":
      return bar(ABOVE, moment.bytes, "other");
    case "sent":
      return bar(BELOW, moment.bytes, "http");
    case "spoke":
      return bar(BELOW, moment.bytes, "other");
    case "waited": {
      const width = 8 + 5.6 * moment.text.length;
      return { width, draw: (x) => [Object.assign(node("text", { class: "name", x: x + 4, y: HEIGHT / 2 + 3 }), { textContent: moment.text })] };
    }
    case "decision": {
      const diamond = (x) => node("path", { class: "decision", d: `M${x + 4.5} ${BELOW - 4.5}l4.5 4.5-4.5 4.5-4.5-4.5Z` }, tip);
      if (!moment.bytes) return { width: 9, draw: (x) => [diamond(x)] };
      const width = widthOf(moment.bytes);
      const wrote = `${moment.bytes} bytes: ${moment.lines?.[1] ?? ""}`;
      const bytes = (x) => node("rect", { class: "bytes http", x: x + 11, y: BELOW - 4, width, height: 8, rx: 1.5 }, wrote);
      return { width: 11 + width, draw: (x) => [diamond(x), bytes(x)] };
    }
    case "event":
      if (moment.name === "switched") {
        const name = 12 + 6.1 * world.protocol.length;
        const leftover = moment.bytes > 0 ? widthOf(moment.bytes) : 0;
        const bar = { class: "bytes leftover", y: ABOVE - 4, width: leftover, height: 8, rx: 1.5 };
        return {
          width: Math.max(name, 8 + leftover),
          draw: (x) => [
            node("path", { class: "switch", d: `M${x + 2} 2V${HEIGHT - 2}` }, tip),
            Object.assign(node("text", { class: "sign", x: x + 6, y: HEIGHT / 2 + 4.5 }), { textContent: world.protocol }),
            ...(leftover > 0 ? [node("rect", { ...bar, x: x + 6 }, `${moment.bytes} bytes of it came along`)] : []),
          ],
        };
      }
      if (moment.name === "closed") return { width: 3, draw: (x) => [node("path", { class: "end", d: `M${x} 5v${HEIGHT - 10}` }, tip)] };
      return { width: 9, draw: (x) => [node("circle", { class: "event", cx: x + 4.5, cy: ABOVE, r: 3.8 }, tip)] };
    case "ended": {
      const y = moment.name === "server" ? BELOW : ABOVE;
      return { width: 3, draw: (x) => [node("path", { class: "end", d: `M${x} ${y - 6}v12` }, tip)] };
    }
    case "error":
      return cross(ABOVE);
    case "refused":
      return cross(BELOW);
    default:
      return null;
  }
}

/** Redraws a connection's timeline with `width`; shows the latest marks that fit. */
export function draw(svg, story, width) {
  const steps = [];
  let left = width - LEFT - 4;
  let index = story.moments.length;
  while (index > 0 && left > 0) {
    const step = stepOf(story.moments[--index], story);
    if (step === null) continue;
    left -= step.width + GAP;
    steps.unshift({ ...step, number: story.moments[index].step });
  }
  const isCut = left <= 0;
  const marks = [lane("< client", ABOVE, story.state?.theirs, width), lane("> server", BELOW, story.state?.ours, width)].flat();
  let x = LEFT;
  if (isCut) {
    steps.shift();
    marks.push(Object.assign(node("text", { class: "more", x: LEFT - 2, y: HEIGHT / 2 + 3 }), { textContent: "…" }));
    x += 10;
  }
  for (const step of steps) {
    const mark = node("g", { class: "mark", "data-step": step.number });
    mark.append(node("rect", { class: "ground", x: x - GAP / 2, y: 0, width: step.width + GAP, height: HEIGHT }), ...step.draw(x));
    marks.push(mark);
    x += step.width + GAP;
  }
  svg.setAttribute("viewBox", `0 0 ${width} ${HEIGHT}`);
  svg.replaceChildren(...marks);
}

/**
 * Draws the lane of a direction.
 *
 * The line is solid while the direction carries HTTP, coloured after a switch, dashed after its end or failure.
 */
function lane(name, y, state, width) {
  const kind = state === "switched" ? "other" : state === "closed" || state === "failed" ? "ended" : "";
  const text = Object.assign(node("text", { class: "name", x: 0, y: y + 3.5 }), { textContent: name });
  return [text, node("path", { class: `lane ${kind}`, d: `M${LEFT - 6} ${y}H${width}` })];
}

/** Creates the empty SVG element of a timeline. */
export function blank() {
  return node("svg", { "aria-hidden": "true", preserveAspectRatio: "xMinYMid slice" });
}
