// The drawing of what lies around a thing. The list below it on the page says the same.
import cytoscape from "cytoscape";

const SHAPES = {
  territory: "ellipse", organisation: "round-rectangle", cluster: "hexagon", programme: "diamond", call: "diamond", label: "star",
  action: "triangle", person: "ellipse", concept: "rectangle", thing: "octagon",
};
const COLOURS = {
  territory: "--chart-1", organisation: "--chart-4", cluster: "--chart-2", programme: "--chart-3", call: "--chart-3", label: "--accent",
  action: "--chart-6", person: "--chart-5", concept: "--soft", thing: "--soft",
};
const STILL = matchMedia("(prefers-reduced-motion: reduce)");
const DARK = matchMedia("(prefers-color-scheme: dark)");

const figure = document.querySelector("figure.network");
if (figure) draw(figure);

/** Draws the network of a figure, and lets keys and pointers walk through it. */
async function draw(figure) {
  const answer = await fetch(figure.dataset.network, { headers: { Accept: "application/json" } });
  if (!answer.ok) return;
  const { nodes, edges } = await answer.json();
  adoptStyle();
  figure.hidden = false;
  const container = figure.querySelector(".canvas");
  const graph = cytoscape({
    container,
    elements: [
      ...nodes.map((node) => ({ data: { ...node, short: short(node.label) }, classes: node.kind })),
      ...edges.map((edge, number) => ({ data: { ...edge, id: `edge-${number}` } })),
    ],
    style: sheet(),
    minZoom: 0.15,
    maxZoom: 3,
    userZoomingEnabled: false, // the wheel scrolls the page; with Ctrl it zooms, and so do the buttons
    autoungrabify: false,
    boxSelectionEnabled: false,
    layout: arrangement(nodes, container),
  });
  DARK.addEventListener("change", () => graph.style(sheet()));
  const told = figure.querySelector(".told");
  const tell = (node) => (told.textContent = node ? describe(node) : figure.dataset.hint);
  tell(null);
  pointers(graph, container, tell);
  keys(graph, container, figure.dataset.label, tell);
  for (const button of figure.querySelectorAll("[data-zoom]")) {
    button.addEventListener("click", () => (button.dataset.zoom === "fit" ? graph.fit(undefined, 24) : zoom(graph, Number(button.dataset.zoom))));
  }
}

/** Cytoscape would put a style element into the page, which its policy forbids; it puts none where one of that name is. */
function adoptStyle() {
  const placeholder = document.createElement("template");
  placeholder.id = "__________cytoscape_stylesheet";
  document.head.append(placeholder);
}

const short = (text) => (text.length <= 42 ? text : `${text.slice(0, 41)}…`);
const token = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

/** The look, in the colours of the page. */
function sheet() {
  const [ink, soft, paper, line, accent] = ["--ink", "--soft", "--paper", "--line", "--accent"].map(token);
  const kinds = Object.keys(SHAPES).map((kind) => ({
    selector: `node.${kind}`,
    style: { shape: SHAPES[kind], "background-color": token(COLOURS[kind]), ...(kind === "person" ? { height: 16, width: 26 } : {}) },
  }));
  return [
    {
      selector: "node",
      style: {
        label: "data(short)", color: ink, "font-size": 12, "text-wrap": "wrap", "text-max-width": 110, "min-zoomed-font-size": 7, "text-valign": "bottom", "text-margin-y": 4,
        "text-outline-color": paper, "text-outline-width": 2, width: 22, height: 22, "border-width": 1, "border-color": paper,
      },
    },
    ...kinds,
    { selector: "node[depth = 0]", style: { width: 40, height: 40, "font-size": 15, "font-weight": 700, "border-width": 3, "border-color": accent } },
    { selector: "node[depth = 2]", style: { width: 14, height: 14, "font-size": 10, color: soft } },
    {
      selector: "edge",
      style: { width: 1.2, "line-color": line, "target-arrow-color": line, "target-arrow-shape": "triangle", "arrow-scale": 0.7, "curve-style": "bezier" },
    },
    { selector: "edge[via != '']", style: { "line-style": "dashed", "target-arrow-shape": "none" } },
    { selector: ".faint", style: { opacity: 0.18 } },
    {
      selector: "edge.near",
      style: {
        "line-color": soft, "target-arrow-color": soft, width: 2, label: "data(label)", "font-size": 10, color: ink, "text-rotation": "autorotate",
        "text-background-color": paper, "text-background-opacity": 0.9, "text-background-padding": 2, "z-index": 10,
      },
    },
    { selector: "node.at", style: { "border-width": 4, "border-color": accent, "z-index": 20 } },
  ];
}

/** One step wide: rings around the thing, like beside like. Wider: springs, from the same beginning each time. */
function arrangement(nodes, container) {
  const ratio = container.clientWidth / container.clientHeight;
  if (nodes.some((node) => node.depth > 1)) {
    const near = (edge) => edge.source().data("depth") === 0 || edge.target().data("depth") === 0;
    return {
      name: "cose", animate: false, randomize: false, padding: 24, numIter: 1200, gravity: 0.25, nodeOverlap: 40, nodeDimensionsIncludeLabels: true,
      boundingBox: { x1: 0, y1: 0, w: 1400 * Math.sqrt(ratio), h: 1400 / Math.sqrt(ratio) },
      nodeRepulsion: () => 400000, idealEdgeLength: (edge) => (near(edge) ? 190 : 60),
    };
  }
  const places = new Map(rings(nodes, ratio));
  return { name: "preset", positions: (node) => places.get(node.id()), fit: true, padding: 30 };
}

/** Where each node stands: the thing in the middle, the others on ellipses of the form of the drawing, more on the outer ones. */
function rings(nodes, ratio) {
  const others = nodes.filter((node) => node.depth).sort((a, b) => a.kind.localeCompare(b.kind) || a.label.localeCompare(b.label));
  const count = others.length <= 10 ? 1 : others.length <= 26 ? 2 : 3;
  const [wide, high] = [Math.sqrt(ratio), Math.sqrt(1 / ratio)];
  const shares = Array.from({ length: count }, (_, ring) => (ring + 1) / ((count * (count + 1)) / 2));
  const given = shares.map(() => 0);
  const placed = others.map((node, place) => {
    // Going round once, each place falls to the ring that is furthest behind its share: one kind stays in one direction.
    const behind = shares.map((share, ring) => (place + 1) * share - given[ring]);
    const ring = behind.indexOf(Math.max(...behind));
    given[ring] += 1;
    const angle = evenly(place / others.length, wide, high);
    const radius = count === 1 ? 200 : 90 + 130 * (ring + 0.4);
    return [node.id, { x: radius * wide * Math.cos(angle), y: radius * high * Math.sin(angle) }];
  });
  const middle = nodes.find((node) => !node.depth);
  apart([box(middle, { x: 0, y: 0 }, 0), ...others.map((node, place) => box(node, placed[place][1], 1))]);
  return [[middle.id, { x: 0, y: 0 }], ...placed];
}

/** What a node covers with its name, about a place: half its width, what is above it and below, and whether it can be moved. */
function box(node, place, free) {
  const letters = short(node.label).length;
  const [wide, high, own] = free ? [6.2, 13, 13] : [8, 17, 22];
  return { place, free, half: Math.max(Math.min(letters * wide, 112), 26) / 2 + 3, above: own, below: own + 6 + high * Math.ceil((letters * wide) / 100) };
}

/** Moves what overlaps apart, by the shorter way, a little at a time. */
function apart(boxes) {
  for (let turn = 0; turn < 300; turn += 1) {
    let moved = false;
    boxes.forEach((one, number) => {
      for (const other of boxes.slice(number + 1)) {
        const [dx, dy] = [other.place.x - one.place.x, other.place.y - one.place.y];
        const across = one.half + other.half - Math.abs(dx);
        const along = (dy < 0 ? one.above + other.below : one.below + other.above) - Math.abs(dy);
        if (across <= 0 || along <= 0) continue;
        moved = true;
        const [axis, by] = across < along ? ["x", (dx < 0 ? -across : across) / 2] : ["y", (dy < 0 ? -along : along) / 2];
        const shares = one.free + other.free;
        one.place[axis] -= (by * one.free * 1.02) / shares;
        other.place[axis] += (by * other.free * 1.02) / shares;
      }
    });
    if (!moved) return;
  }
}

/** The angle at which that part of the way around an ellipse lies behind, from the top. */
function evenly(part, wide, high) {
  const steps = 240;
  const angles = Array.from({ length: steps }, (_, step) => (2 * Math.PI * step) / steps - Math.PI / 2);
  const lengths = angles.map((angle) => Math.hypot(wide * Math.sin(angle), high * Math.cos(angle)));
  let left = part * lengths.reduce((sum, length) => sum + length, 0);
  const step = lengths.findIndex((length) => (left -= length) < 0);
  return angles[Math.max(step, 0)];
}

/** A node in words: its name, its class, and how it is tied to the thing in the middle. */
function describe(node) {
  const ties = [...new Set(node.edgesWith(node.cy().nodes("[depth = 0]")).map((edge) => edge.data("label")))];
  return [node.data("label"), node.data("type"), ties.join(", ")].filter(Boolean).join(" · ");
}

/** Shows one node and what it is tied to; the rest grows faint. Nothing: all as it was. */
function focus(graph, node) {
  graph.elements().removeClass("faint near at");
  if (!node) return;
  graph.elements().not(node.closedNeighborhood()).addClass("faint");
  node.connectedEdges().addClass("near");
  node.addClass("at");
}

function open(node) {
  const href = node.data("href");
  if (href) location.assign(href);
}

/** Zooms about the middle of the drawing. */
function zoom(graph, factor) {
  graph.zoom({ level: graph.zoom() * factor, renderedPosition: { x: graph.width() / 2, y: graph.height() / 2 } });
}

/** What a pointer does: over a node it is told, a click opens it. A first touch tells it, a second one opens it. */
function pointers(graph, container, tell) {
  graph.on("mouseover", "node", ({ target }) => {
    focus(graph, target);
    tell(target);
    container.classList.add("over");
  });
  graph.on("mouseout", "node", () => {
    focus(graph, null);
    tell(null);
    container.classList.remove("over");
  });
  graph.on("tap", ({ target }) => {
    if (target === graph || target.isEdge()) {
      focus(graph, null);
      tell(null);
    } else if (target.hasClass("at")) {
      open(target);
    } else {
      focus(graph, target);
      tell(target);
    }
  });
  container.addEventListener("wheel", (event) => {
    if (!event.ctrlKey) return;
    event.preventDefault();
    zoom(graph, event.deltaY < 0 ? 1.15 : 0.87);
  }, { passive: false });
}

/** What keys do: arrows walk from node to node, Enter opens, plus and minus zoom, Escape leaves. */
function keys(graph, container, label, tell) {
  const nodes = graph.nodes().sort((a, b) => a.data("depth") - b.data("depth") || a.data("label").localeCompare(b.data("label")));
  let place = -1;
  container.tabIndex = 0;
  container.setAttribute("role", "application");
  container.setAttribute("aria-label", label);
  const go = (to) => {
    place = (to + nodes.length) % nodes.length;
    focus(graph, nodes[place]);
    tell(nodes[place]);
    graph.animate({ center: { eles: nodes[place] }, duration: STILL.matches ? 0 : 150 });
  };
  const leave = () => {
    place = -1;
    focus(graph, null);
    tell(null);
  };
  const actions = {
    ArrowRight: () => go(place + 1), ArrowDown: () => go(place + 1), ArrowLeft: () => go(place - 1), ArrowUp: () => go(place - 1),
    Home: () => go(0), End: () => go(-1), Escape: leave,
    Enter: () => place >= 0 && open(nodes[place]), "+": () => zoom(graph, 1.3), "-": () => zoom(graph, 0.77),
  };
  container.addEventListener("keydown", (event) => {
    const action = !event.ctrlKey && !event.metaKey && !event.altKey && actions[event.key];
    if (!action) return;
    event.preventDefault();
    action();
  });
  container.addEventListener("blur", leave);
}
