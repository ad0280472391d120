// The editor: CodeMirror in a shadow root, where its style sheets are adopted, so that none stands in the page.
import { autocompletion, closeBrackets, closeBracketsKeymap, completionKeymap } from "@codemirror/autocomplete";
import { defaultKeymap, history, historyKeymap } from "@codemirror/commands";
import { HighlightStyle, StreamLanguage, bracketMatching, indentOnInput, syntaxHighlighting } from "@codemirror/language";
import { sparql } from "@codemirror/legacy-modes/mode/sparql";
import { lintGutter, setDiagnostics } from "@codemirror/lint";
import { highlightSelectionMatches, searchKeymap } from "@codemirror/search";
import { EditorState } from "@codemirror/state";
import { EditorView, drawSelection, keymap, lineNumbers, tooltips } from "@codemirror/view";
import { tags } from "@lezer/highlight";
import { completer, declaring } from "./complete.js";

const COLOURS = HighlightStyle.define([
  { tag: tags.keyword, color: "var(--chart-3)", fontWeight: "600" },
  { tag: [tags.variableName, tags.special(tags.variableName), tags.standard(tags.variableName)], color: "var(--chart-2)" },
  { tag: [tags.atom, tags.name, tags.propertyName], color: "var(--chart-1)" },
  { tag: [tags.string, tags.special(tags.string), tags.number, tags.literal], color: "var(--good)" },
  { tag: [tags.meta, tags.url, tags.link], color: "var(--link)" },
  { tag: tags.comment, color: "var(--soft)", fontStyle: "italic" },
]);

const LOOK = EditorView.theme({
  "&": { color: "var(--ink)", backgroundColor: "var(--paper)", border: "1px solid var(--soft)", borderRadius: "var(--radius)", fontSize: ".92rem" },
  "&.cm-focused": { outline: "3px solid var(--accent)", outlineOffset: "1px" },
  ".cm-scroller": { fontFamily: "var(--mono)", lineHeight: "1.5", minHeight: "16rem", maxHeight: "60vh", overflow: "auto", borderRadius: "inherit" },
  ".cm-content": { caretColor: "var(--ink)" },
  ".cm-cursor, .cm-dropCursor": { borderLeftColor: "var(--ink)" },
  ".cm-gutters": { color: "var(--soft)", backgroundColor: "var(--wash)", borderRight: "1px solid var(--line)" },
  "&.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground, .cm-selectionBackground": { backgroundColor: "color-mix(in srgb, var(--link) 28%, transparent)" },
  "&.cm-focused .cm-matchingBracket": { backgroundColor: "color-mix(in srgb, var(--accent) 35%, transparent)" },
  ".cm-tooltip": { color: "var(--ink)", backgroundColor: "var(--paper)", border: "1px solid var(--soft)", borderRadius: "var(--radius)", maxWidth: "calc(100vw - 2rem)" },
  ".cm-tooltip.cm-tooltip-autocomplete > ul": { fontFamily: "var(--mono)", maxHeight: "18rem" },
  ".cm-tooltip.cm-tooltip-autocomplete > ul > li": { padding: ".15rem .5rem" },
  ".cm-tooltip-autocomplete ul li[aria-selected]": { color: "var(--brand-ink)", backgroundColor: "var(--brand)" },
  ".cm-completionDetail": { fontStyle: "normal", fontFamily: "system-ui, sans-serif", opacity: ".85" },
  ".cm-panels": { color: "var(--ink)", backgroundColor: "var(--wash)" },
  ".cm-diagnostic-error": { borderLeftColor: "var(--error)" },
});

/** An editor inside `host` over the text of `field`, which the form keeps sending; `run` is called by Ctrl + Enter. */
export function createEditor(host, field, texts, run) {
  const vocabulary = fetch(texts.vocabulary).then((answer) => (answer.ok ? answer.json() : {})).catch(() => ({}));
  let known = { prefixes: {}, classes: [], properties: [] };
  vocabulary.then((found) => (known = { ...known, ...found }));
  const root = host.attachShadow({ mode: "open" });
  const view = new EditorView({
    root,
    parent: root,
    state: EditorState.create({
      doc: field.value,
      extensions: [
        lineNumbers(), history(), drawSelection(), indentOnInput(), bracketMatching(), closeBrackets(),
        highlightSelectionMatches(), lintGutter(), EditorView.lineWrapping, tooltips({ position: "absolute" }),
        StreamLanguage.define(sparql), syntaxHighlighting(COLOURS), LOOK,
        autocompletion({ override: [completer(() => known, texts)] }),
        declaring(() => known.prefixes),
        keymap.of([
          { key: "Mod-Enter", run: () => (run(), true) },
          ...closeBracketsKeymap, ...completionKeymap, ...searchKeymap, ...historyKeymap, ...defaultKeymap,
        ]),
        EditorView.contentAttributes.of({ "aria-label": document.getElementById("query-label").textContent, spellcheck: "false", tabindex: "0" }),
        EditorView.updateListener.of((update) => update.docChanged && (field.value = update.state.doc.toString())),
      ],
    }),
  });
  host.hidden = false;
  field.hidden = true;
  const label = document.getElementById("query-label");
  label.addEventListener("click", () => view.focus());
  return {
    vocabulary,
    text: () => view.state.doc.toString(),
    load: (text) => view.dispatch({ changes: { from: 0, to: view.state.doc.length, insert: text }, selection: { anchor: 0 }, scrollIntoView: true }),
    markError: (error) => view.dispatch(setDiagnostics(view.state, error?.dataset.line ? [diagnostic(view.state.doc, error)] : [])),
  };
}

/** What the server said of a place in the text, from the column that it names to the end of the word there. */
function diagnostic(doc, error) {
  const line = doc.line(Math.min(Math.max(Number(error.dataset.line), 1), doc.lines));
  const from = Math.max(line.from, Math.min(line.from + Number(error.dataset.column ?? 1) - 1, line.to - 1)); // at the end: the last character
  const word = /^\S+/.exec(doc.sliceString(from, line.to))?.[0].length ?? 0;
  return { from, to: from + word, severity: "error", message: error.textContent.trim().replace(/\s+/g, " ") };
}
