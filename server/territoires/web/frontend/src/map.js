// Makes a drawn map zoomable: the outlines come from the address in data-map as GeoJSON, names and colours from the drawing itself.
// No tiles: what is drawn is ours. Place, zoom and ground stand in the address after #carte=, so that a view can be shared.
import "leaflet/dist/leaflet.css"; // becomes map.css beside this file; it is fetched when a map is opened

const STILL = matchMedia("(prefers-reduced-motion: reduce)");
const FRANCE = [[41.3, -5.2], [51.1, 9.7]];
const STATE = /^#carte=(\d+(?:\.\d+)?)\/(-?\d+(?:\.\d+)?)\/(-?\d+(?:\.\d+)?)(?:\/(regions|departements))?$/;

document.querySelectorAll("figure[data-map]").forEach(prepare);
document.addEventListener("territoires:shown", (event) => event.detail.querySelectorAll("figure[data-map]").forEach(prepare)); // an answer came in

/** Puts the button below the drawing that opens the zoomable map and closes it again; an address that holds a view opens it at once. */
function prepare(figure, number) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "button-quiet map-toggle";
  button.textContent = figure.dataset.open;
  button.setAttribute("aria-expanded", "false");
  figure.querySelector(".map-sheets").after(button);
  let live = null;
  button.addEventListener("click", async () => {
    button.disabled = true;
    try {
      live = live ? close(figure, live) : await open(figure);
    } catch (problem) {
      console.warn("The map can't be opened:", problem); // the drawing stays
    }
    button.disabled = false;
    button.textContent = live ? figure.dataset.close : figure.dataset.open;
    button.setAttribute("aria-expanded", String(Boolean(live)));
  });
  if (number === 0 && STATE.test(location.hash)) button.click();
}

/** Takes the live map away and shows the drawing again. */
function close(figure, { map, holder }) {
  map.remove();
  holder.remove();
  figure.querySelector(".map-sheets").hidden = false;
  history.replaceState(null, "", location.pathname + location.search);
  return null;
}

/** Puts the live map where the drawing was. */
async function open(figure) {
  const address = new URL(figure.dataset.map, location.href);
  const ground = (layer) => `${address.pathname}?layer=${layer}`;
  const start = STATE.exec(location.hash);
  const near = Boolean(figure.querySelector(".map-overview"));
  const chosen = start?.[4] ?? (near ? "departements" : "regions");
  const [{ default: L }, shapes, below] = await Promise.all([import("leaflet"), read(address), read(ground(chosen)), styled()]);
  const holder = document.createElement("div");
  holder.className = "map-live";
  figure.querySelector(".map-sheets").before(holder);
  figure.querySelector(".map-sheets").hidden = true;
  const moves = !STILL.matches;
  const map = L.map(holder, {
    zoomSnap: 0.5, minZoom: 3, maxZoom: 12, zoomAnimation: moves, fadeAnimation: moves, markerZoomAnimation: moves, inertia: moves,
    scrollWheelZoom: false, // the wheel scrolls the page until the map is used
  });
  holder.setAttribute("role", "region");
  holder.setAttribute("aria-label", figure.querySelector("svg").getAttribute("aria-label"));
  holder.addEventListener("focusin", () => map.scrollWheelZoom.enable());
  holder.addEventListener("focusout", () => map.scrollWheelZoom.disable());
  map.attributionControl.setPrefix(false).addAttribution(figure.dataset.credit);
  map.createPane("ground").classList.add("map-pane-ground");
  const grounds = grounded(L, map, figure, ground, chosen, below);
  const subject = drawn(L, figure, shapes).addTo(map);
  if (start) map.setView([Number(start[2]), Number(start[3])], Number(start[1]), { animate: false });
  else map.fitBounds(near ? subject.extent.pad(0.15) : FRANCE, { animate: false, padding: [20, 20] });
  const remember = () => {
    const { lat, lng } = map.getCenter();
    history.replaceState(null, "", `#carte=${map.getZoom()}/${lat.toFixed(3)}/${lng.toFixed(3)}/${grounds.chosen}`);
  };
  map.on("moveend", remember);
  map.on("baselayerchange", ({ layer }) => {
    grounds.chosen = layer.options.ground;
    remember();
  });
  return { map, holder };
}

/** A GeoJSON document. */
async function read(address) {
  const answer = await fetch(address, { headers: { Accept: "application/geo+json" } });
  if (!answer.ok) throw new Error(`${address}: ${answer.status}`);
  return answer.json();
}

/** Waits for Leaflet's style sheet, which only pages with an open map need. */
function styled() {
  const href = new URL("map.css", import.meta.url).href;
  if ([...document.styleSheets].some((sheet) => sheet.href?.startsWith(href))) return Promise.resolve();
  const link = document.createElement("link");
  link.rel = "stylesheet";
  link.href = href;
  return new Promise((done, failed) => {
    link.addEventListener("load", done);
    link.addEventListener("error", () => failed(new Error(`${href} can't be read`)));
    document.head.prepend(link);
  });
}

/** The two grounds to choose from; the one that isn't shown is fetched when it is chosen. */
function grounded(L, map, figure, address, chosen, below) {
  const names = { regions: figure.dataset.regions, departements: figure.dataset.departements };
  const layers = {};
  for (const [layer, name] of Object.entries(names)) {
    const empty = { type: "FeatureCollection", features: [] };
    layers[name] = L.geoJSON(layer === chosen ? below : empty, { pane: "ground", interactive: false, ground: layer, className: "map-shape" });
    let filled = layer === chosen;
    layers[name].on("add", async () => {
      if (filled) return;
      filled = true;
      layers[name].addData(await read(address(layer)));
    });
  }
  layers[names[chosen]].addTo(map);
  L.control.layers(layers, null, { collapsed: false }).addTo(map);
  return { chosen };
}

/** What the map is about: the places with the colours, words and links that they have in the drawing; `extent` is around those. */
function drawn(L, figure, shapes) {
  const known = [...figure.querySelectorAll(".map-areas path, .map-marks path")].map((path) => ({
    text: path.querySelector("title").textContent,
    kind: path.getAttribute("class") ?? "",
    href: path.closest("a")?.getAttribute("href"),
    mark: Boolean(path.closest(".map-marks")),
  }));
  const found = (feature) => known.find(({ text }) => text === feature.properties.name || text.startsWith(`${feature.properties.name} : `));
  const layer = L.geoJSON(shapes, {
    filter: (feature) => Boolean(found(feature)),
    style: (feature) => ({ className: `map-shape ${found(feature).kind}${found(feature).mark ? " other" : ""}` }),
    onEachFeature: (feature, shape) => explained(shape, found(feature)),
  });
  const extent = L.latLngBounds([]);
  layer.eachLayer((shape) => found(shape.feature).mark || extent.extend(shape.getBounds()));
  return Object.assign(layer, { extent });
}

/** Lets pointers and keys open what is said of a place: its name, its figure, the way to its page. */
function explained(shape, { text, href }) {
  const said = document.createElement(href ? "a" : "span");
  said.textContent = text;
  if (href) said.href = href;
  shape.bindPopup(said).bindTooltip(text, { sticky: true, opacity: 1 });
  shape.on("add", () => {
    const path = shape.getElement();
    path.setAttribute("tabindex", "0");
    path.setAttribute("role", "button");
    path.setAttribute("aria-label", text);
    path.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" && event.key !== " ") return;
      event.preventDefault();
      shape.openPopup();
      if (href) said.focus();
    });
  });
}
