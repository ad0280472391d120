// The page of the endpoint: the field becomes an editor, and the answer comes without leaving the page.
import { enhance } from "./sparql/answer.js";
import { createEditor } from "./sparql/editor.js";

const bench = document.querySelector(".workbench");
const form = bench.querySelector("form.editor");
const field = form.querySelector("textarea");
const progress = bench.querySelector(".progress");
const cancel = bench.querySelector(".cancel");
const LONGEST = 15000; // bytes: a longer query goes by POST, and has no link
let controller = null;

const editor = createEditor(bench.querySelector(".code"), field, bench.dataset, () => run());
showExamples(editor.vocabulary);
enhance(document.getElementById("result"), bench.dataset);
editor.markError(document.getElementById("error"));

form.addEventListener("submit", (event) => {
  event.preventDefault();
  run();
});
cancel.hidden = true;
cancel.addEventListener("click", () => controller?.abort());
window.addEventListener("popstate", () => location.reload());

const share = bench.querySelector(".share");
share.hidden = false;
share.addEventListener("click", async () => {
  const url = addressOf(editor.text());
  if (url.length > LONGEST) progress.textContent = bench.dataset.toolong;
  else if (await copied(url)) progress.textContent = bench.dataset.copied;
});
for (const hint of bench.querySelectorAll(".keys")) hint.hidden = false;

/** The address that shows this page with the answer to `text`. */
function addressOf(text) {
  const url = new URL(form.action);
  const language = new URLSearchParams(location.search).get("lang");
  url.searchParams.set("query", text);
  if (language) url.searchParams.set("lang", language);
  return url.href;
}

/** Runs the query of the editor, and shows its answer in place of the last one. */
async function run() {
  controller?.abort();
  const mine = (controller = new AbortController());
  const address = addressOf(editor.text());
  const clock = startClock();
  editor.markError(null);
  cancel.hidden = false;
  try {
    const answer = await ask(address, mine.signal);
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    if (controller !== mine) return;
    show(page.getElementById("result") ?? message(page.querySelector("main")?.textContent));
    if (address.length <= LONGEST && address !== location.href) history.pushState(null, "", address);
    progress.textContent = "";
  } catch (error) {
    if (controller !== mine) return;
    show(message(error.name === "AbortError" ? bench.dataset.cancelled : bench.dataset.unreachable));
    progress.textContent = "";
  } finally {
    clearInterval(clock);
    if (controller === mine) {
      controller = null;
      cancel.hidden = true;
    }
  }
}

/** The server's page for that address; aborting closes the connection, whereupon the server ends its work. */
function ask(address, signal) {
  const headers = { Accept: "text/html" };
  if (address.length <= LONGEST) return fetch(address, { headers, signal });
  const url = new URL(address);
  const body = new URLSearchParams({ query: url.searchParams.get("query") });
  url.searchParams.delete("query");
  return fetch(url, { method: "POST", headers, body, signal });
}

/** Tells how long the query has run, of how long it may. */
function startClock() {
  const began = performance.now();
  const tell = () => {
    const seconds = Math.floor((performance.now() - began) / 1000);
    progress.textContent = seconds < 1 ? bench.dataset.running : `${bench.dataset.running} ${seconds} / ${bench.dataset.seconds} s`;
  };
  tell();
  return setInterval(tell, 1000);
}

/** Puts a new answer in place of the last one. */
function show(result) {
  const shown = document.importNode(result, true);
  document.getElementById("result").replaceWith(shown);
  enhance(shown, bench.dataset);
  editor.markError(shown.querySelector("#error"));
  document.dispatchEvent(new CustomEvent("territoires:shown", { detail: shown }));
  (shown.querySelector("h2, .error") ?? shown).scrollIntoView({ block: "nearest" });
}

/** A result that is only a sentence. */
function message(text) {
  const result = document.createElement("div");
  result.id = "result";
  const said = document.createElement("p");
  said.className = "error";
  said.setAttribute("role", "alert");
  said.textContent = (text ?? "").trim().replace(/\s+/g, " ");
  result.append(said);
  return result;
}

/** Puts `text` on the clipboard; says whether that went well. */
async function copied(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    window.prompt("", text); // a page without a secure origin has no clipboard
    return false;
  }
}

/** Fills the select box with the questions of the gallery; choosing one loads its text. */
async function showExamples(coming) {
  const { examples = [] } = await coming;
  const select = document.getElementById("examples");
  for (const { theme, questions } of examples) {
    const group = document.createElement("optgroup");
    group.label = theme;
    for (const { name, title } of questions) group.append(new Option(title, name));
    select.append(group);
  }
  select.closest(".examples").hidden = examples.length === 0;
  const texts = new Map(examples.flatMap(({ questions }) => questions.map(({ name, text }) => [name, text])));
  select.addEventListener("change", () => texts.has(select.value) && editor.load(texts.get(select.value)));
}
