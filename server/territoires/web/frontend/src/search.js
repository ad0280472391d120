/* Suggestions below each input[data-suggest] (its value: the address that answers ?q= with JSON).

   A combobox with a list (WAI-ARIA 1.2, APG "editable combobox with list autocomplete", manual selection): the focus stays in the input,
   aria-activedescendant names the option. Down and Up move, Enter goes to the option or sends the form, Escape closes and then empties,
   Alt+Down opens. Nothing is chosen until somebody chooses: the form works as it does without this script. */

const WAIT = 120; // milliseconds without a key before the server is asked
const KEPT = 60; // answers that are kept
const french = (document.documentElement.lang || "fr").startsWith("fr");
const words = french
  ? { list: "Suggestions", none: "Aucune suggestion", one: "1 suggestion", many: (n) => `${n} suggestions`, how: "flèches haut et bas pour choisir" }
  : { list: "Suggestions", none: "No suggestion", one: "1 suggestion", many: (n) => `${n} suggestions`, how: "up and down arrows to choose" };
const answers = new Map();
let count = 0;

/** An element with attributes and children; texts become text nodes, so nothing that the server sends is markup. */
function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) if (value) made.setAttribute(name, value);
  made.append(...children);
  return made;
}

/** Loads the styles of the list, where the page hasn't. */
function dress() {
  const address = new URL("../css/search.css", import.meta.url);
  const there = [...document.styleSheets].some((sheet) => sheet.href && new URL(sheet.href).pathname === address.pathname);
  if (!there) document.head.append(element("link", { rel: "stylesheet", href: address.href }));
}

/** The suggestions for a text; rejects when it is aborted or the server doesn't answer. */
async function ask(address, text, signal) {
  const query = text.trim().replace(/\s+/g, " ").slice(0, 200);
  const url = `${address}?${new URLSearchParams({ q: query, lang: french ? "fr" : "en" })}`;
  if (!answers.has(url)) {
    const response = await fetch(url, { signal, headers: { Accept: "application/json" } });
    if (!response.ok) throw new Error(`${response.status}`);
    const { suggestions } = await response.json();
    if (answers.size >= KEPT) answers.delete(answers.keys().next().value);
    answers.set(url, suggestions);
  }
  return answers.get(url);
}

/** One option of the list. */
function option(found, id) {
  const foreign = found.language && found.language !== document.documentElement.lang ? found.language : "";
  const name = element("span", { class: "suggestion-name", lang: foreign });
  for (const [text, matches] of found.pieces) name.append(matches ? element("mark", {}, text) : text);
  const parts = [name, element("span", { class: "suggestion-kind" }, found.kind)];
  const places = [found.also, found.places.slice(0, 2).join(" · ")].filter(Boolean).join(" — ");
  if (places) parts.push(element("span", { class: "suggestion-places" }, places));
  const made = element("li", { role: "option", id, "aria-selected": "false" }, ...parts);
  made.dataset.href = found.url;
  return made;
}

/** Makes a combobox of an input. */
function improve(input) {
  const id = `suggestions-${++count}`;
  const list = element("ul", { class: "suggestions", role: "listbox", id, "aria-label": words.list });
  const status = element("div", { class: "visually-hidden", role: "status" });
  list.hidden = true;
  input.form.append(list, status);
  for (const [name, value] of Object.entries({ role: "combobox", "aria-autocomplete": "list", "aria-expanded": "false", "aria-controls": id, "aria-haspopup": "listbox", autocomplete: "off" }))
    input.setAttribute(name, value);

  let timer = 0;
  let request = null;
  let active = -1;

  const options = () => [...list.children];

  function activate(index) {
    const all = options();
    active = index;
    all.forEach((each, at) => each.setAttribute("aria-selected", String(at === index)));
    if (index < 0) input.removeAttribute("aria-activedescendant");
    else {
      input.setAttribute("aria-activedescendant", all[index].id);
      all[index].scrollIntoView({ block: "nearest" });
    }
  }

  function close() {
    clearTimeout(timer);
    request?.abort();
    list.hidden = true;
    input.setAttribute("aria-expanded", "false");
    activate(-1);
  }

  function show(found) {
    list.replaceChildren(...found.map((each, at) => option(each, `${id}-${at}`)));
    activate(-1);
    list.hidden = !found.length;
    input.setAttribute("aria-expanded", String(!list.hidden));
    status.textContent = found.length ? `${found.length === 1 ? words.one : words.many(found.length)}, ${words.how}` : words.none;
  }

  async function update() {
    request?.abort();
    request = new AbortController();
    const { signal } = request;
    if (input.value.trim().length < 2) {
      close();
      status.textContent = "";
      return;
    }
    try {
      const found = await ask(input.dataset.suggest, input.value, signal);
      if (!signal.aborted && document.activeElement === input) show(found);
    } catch {
      if (!signal.aborted) close(); // the form still works
    }
  }

  function move(step) {
    const last = options().length - 1;
    if (active < 0) activate(step > 0 ? 0 : last);
    else activate(active + step > last ? -1 : active + step); // below -1 there is only -1: the input itself
  }

  input.addEventListener("input", (event) => {
    clearTimeout(timer);
    if (!event.isComposing) timer = setTimeout(update, WAIT);
  });
  input.addEventListener("compositionend", () => { timer = setTimeout(update, WAIT); });
  input.addEventListener("keydown", (event) => {
    if (event.isComposing || event.ctrlKey || event.metaKey) return;
    const open = !list.hidden;
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      if (!open) update();
      else if (!event.altKey) move(event.key === "ArrowDown" ? 1 : -1);
      else if (event.key === "ArrowUp") close();
    } else if (event.key === "Enter" && open && active >= 0) {
      event.preventDefault();
      location.assign(options()[active].dataset.href);
    } else if (event.key === "Escape" && open) {
      event.preventDefault();
      close();
    } else if (event.key === "Tab") close();
  });
  input.addEventListener("blur", close);
  list.addEventListener("mousedown", (event) => event.preventDefault()); // the focus stays in the input
  list.addEventListener("click", (event) => {
    const chosen = event.target.closest("[role=option]");
    if (chosen) location.assign(chosen.dataset.href);
  });
}

const inputs = document.querySelectorAll("input[data-suggest]");
if (inputs.length) dress();
inputs.forEach(improve);
