// A chart of named numbers as SVG: bars that lie, or a line from left to right.
const SVG = "http://www.w3.org/2000/svg";
const MOST = 80; // names: more can't be told apart

/** An element of SVG with its attributes and content. */
function element(name, attributes, ...content) {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...content);
  return made;
}

const short = (text, length) => (text.length <= length ? text : `${text.slice(0, length - 1)}…`);

/** The chart of points {name, number, shown}, drawn for a width in pixels; the table says the same in words. */
export function draw(points, form, title, room) {
  const shown = points.slice(0, MOST);
  const width = Math.min(Math.max(room, 320), 820);
  const drawing = form === "line" ? line(shown, width) : bars(shown, width);
  drawing.setAttribute("role", "img");
  drawing.setAttribute("aria-label", title);
  return drawing;
}

/** Bars on one scale; those below zero go to the left of it. */
function bars(points, width) {
  const [label, row, end] = [Math.round(width * 0.37), 26, 90];
  const low = Math.min(0, ...points.map(({ number }) => number));
  const high = Math.max(0, ...points.map(({ number }) => number));
  const scale = (number) => label + ((number - low) / (high - low || 1)) * (width - label - end);
  const drawn = points.flatMap(({ name, number, shown }, place) => {
    const [from, to] = [scale(Math.min(number, 0)), scale(Math.max(number, 0))];
    return [
      element("text", { x: label - 8, y: place * row + 18, "text-anchor": "end" }, short(name, Math.floor(label / 7.4)), element("title", {}, name)),
      element("rect", { x: from, y: place * row + 4, width: Math.max(to - from, 1), height: 18, rx: 3 }, element("title", {}, `${name}: ${shown}`)),
      element("text", { x: to + 8, y: place * row + 18 }, shown),
    ];
  });
  return element("svg", { class: "chart", viewBox: `0 0 ${width} ${points.length * row + 4}` }, ...drawn);
}

/** A line through the points in the order of the table, with four lines of the scale behind it. */
function line(points, width) {
  const [height, left, bottom] = [380, 120, 90];
  const low = Math.min(0, ...points.map(({ number }) => number));
  const high = Math.max(0, ...points.map(({ number }) => number));
  const x = (place) => left + (place / Math.max(points.length - 1, 1)) * (width - left - 40);
  const y = (number) => 12 + (1 - (number - low) / (high - low || 1)) * (height - bottom - 12);
  const number = new Intl.NumberFormat(document.documentElement.lang, { maximumSignificantDigits: 4 });
  const scale = [0, 1, 2, 3, 4].map((part) => low + ((high - low) * part) / 4).flatMap((value) => [
    element("line", { class: "rule", x1: left, x2: width - 40, y1: y(value), y2: y(value) }),
    element("text", { x: left - 8, y: y(value) + 4, "text-anchor": "end" }, number.format(value)),
  ]);
  const every = Math.ceil(points.length / (width / 68));
  const marks = points.flatMap((point, place) => [
    element("circle", { cx: x(place), cy: y(point.number), r: 4 }, element("title", {}, `${point.name}: ${point.shown}`)),
    ...(place % every ? [] : [element("text", { x: x(place), y: height - bottom + 18, "text-anchor": "end", transform: `rotate(-30 ${x(place)} ${height - bottom + 18})` }, short(point.name, 16))]),
  ]);
  const path = element("polyline", { points: points.map((point, place) => `${x(place)},${y(point.number)}`).join(" ") });
  return element("svg", { class: "chart chart-line", viewBox: `0 0 ${width} ${height}` }, ...scale, path, ...marks);
}
