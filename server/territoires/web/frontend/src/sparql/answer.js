// An answer that the server has written becomes sortable and filterable, and is shown as table, map or chart.
import { draw } from "./chart.js";

/** Enhances the answer inside `result`. */
export function enhance(result, texts) {
  for (const button of result.querySelectorAll("button.copy")) offerCopy(button, texts);
  const table = result.querySelector("table");
  if (!table || !table.tBodies[0].rows.length) return;
  sortable(table, texts);
  filterable(result, table, texts);
  const charted = chart(result, table);
  switchable(result, charted);
}

/** Shows a button that copies the program beside it. */
function offerCopy(button, texts) {
  if (!navigator.clipboard) return;
  button.hidden = false;
  const name = button.textContent;
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(button.parentElement.querySelector("code").textContent);
    button.textContent = texts.copied;
    setTimeout(() => (button.textContent = name), 2000);
  });
}

/** What a cell is sorted by: its number where it has one, else its text. */
const keyOf = (cell) => (cell.dataset.number === undefined ? cell.textContent.trim() : Number(cell.dataset.number));

/** Gives each heading a button that sorts by it; a second press turns the order round. */
function sortable(table, texts) {
  const collator = new Intl.Collator(document.documentElement.lang, { numeric: true, sensitivity: "base" });
  const compare = (a, b) => (typeof a === "number" && typeof b === "number" ? a - b : collator.compare(String(a), String(b)));
  [...table.tHead.rows[0].cells].forEach((heading, column) => {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "sort";
    button.title = `${texts.sort} ${heading.textContent}`;
    button.append(...heading.childNodes);
    heading.append(button);
    button.addEventListener("click", () => {
      const up = heading.getAttribute("aria-sort") !== "ascending";
      for (const other of table.tHead.rows[0].cells) other.removeAttribute("aria-sort");
      heading.setAttribute("aria-sort", up ? "ascending" : "descending");
      const rows = [...table.tBodies[0].rows].map((row) => [keyOf(row.cells[column]), row]);
      rows.sort(([a], [b]) => (up ? compare(a, b) : compare(b, a)));
      table.tBodies[0].append(...rows.map(([, row]) => row));
    });
  });
}

/** Text without case and accents, as people type it. */
const plain = (text) => text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();

/** Shows only the rows that hold every word of the filter. */
function filterable(result, table, texts) {
  const input = result.querySelector(".filter input");
  const kept = result.querySelector(".kept");
  const rows = [...table.tBodies[0].rows].map((row) => [row, plain(row.textContent)]);
  input.addEventListener("input", () => {
    const words = plain(input.value).split(/\s+/).filter(Boolean);
    let count = 0;
    for (const [row, text] of rows) {
      row.hidden = !words.every((word) => text.includes(word));
      count += row.hidden ? 0 : 1;
    }
    kept.textContent = words.length ? `${texts.kept} ${count}` : "";
  });
}

/** Prepares the chart where a column holds numbers; says whether there is one. */
function chart(result, table) {
  const rows = [...table.tBodies[0].rows];
  const headings = [...table.tHead.rows[0].cells].map((heading) => heading.textContent.trim());
  const isNumeric = (column) => rows.filter((row) => row.cells[column].dataset.number !== undefined).length >= rows.length / 2;
  const numeric = headings.map((_, column) => column).filter(isNumeric);
  const chooser = result.querySelector(".chooser");
  if (!numeric.length || rows.length < 2) return false;
  const fallback = headings.findIndex((_, column) => !numeric.includes(column));
  headings.forEach((heading, column) => {
    chooser.elements.names.append(new Option(heading, column, false, column === Math.max(fallback, 0)));
    if (numeric.includes(column)) chooser.elements.numbers.append(new Option(heading, column));
  });
  const redraw = () => {
    const [names, numbers] = [Number(chooser.elements.names.value), Number(chooser.elements.numbers.value)];
    const points = [...table.tBodies[0].rows]
      .filter((row) => !row.hidden && row.cells[numbers].dataset.number !== undefined)
      .map((row) => ({ name: row.cells[names].textContent.trim(), number: Number(row.cells[numbers].dataset.number), shown: row.cells[numbers].textContent.trim() }));
    result.querySelector(".drawing").replaceChildren(draw(points, chooser.elements.form.value, headings[numbers], result.clientWidth));
  };
  chooser.addEventListener("change", redraw);
  chooser.addEventListener("submit", (event) => event.preventDefault());
  chooser.hidden = false;
  result.querySelector(".view[data-view=chart] > .chart")?.remove();
  result.querySelector("button[data-view=chart]").addEventListener("click", redraw);
  return true;
}

/** One view at a time, chosen by the buttons above: the table first. */
function switchable(result, charted) {
  const buttons = [...result.querySelectorAll("button[data-view]")];
  const choose = (name) => {
    for (const view of result.querySelectorAll(".view")) view.hidden = view.dataset.view !== name;
    for (const button of buttons) button.setAttribute("aria-pressed", String(button.dataset.view === name));
  };
  for (const button of buttons) {
    if (button.dataset.view === "chart") button.hidden = !charted;
    button.addEventListener("click", () => choose(button.dataset.view));
  }
  result.querySelector(".views").hidden = false;
  choose("table");
}
