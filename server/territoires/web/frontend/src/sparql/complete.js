// What the editor proposes: variables of the text, classes and properties of the dataset, keywords; and the declaration of prefixes.
import { EditorView } from "@codemirror/view";

const KEYWORDS = `SELECT CONSTRUCT ASK DESCRIBE WHERE DISTINCT REDUCED FROM NAMED GRAPH OPTIONAL UNION MINUS FILTER BIND VALUES EXISTS NOT
  GROUP BY HAVING ORDER ASC DESC LIMIT OFFSET PREFIX COUNT SUM MIN MAX AVG SAMPLE GROUP_CONCAT AS IN STR LANG LANGMATCHES DATATYPE BOUND
  IF COALESCE REGEX CONTAINS STRSTARTS STRENDS STRBEFORE STRAFTER SUBSTR STRLEN UCASE LCASE REPLACE CONCAT YEAR MONTH DAY ABS ROUND ISIRI
  ISBLANK ISLITERAL SAMETERM`.split(/\s+/).map((label) => ({ label, type: "keyword" }));
const AFTER_A = /(?:^|[\s;{.])(?:a|rdf:type)\s+[\w:-]*$/;

/** A source of completions; `known` gives {prefixes, classes, properties} as far as they have come. */
export function completer(known, texts) {
  return (context) => {
    const variable = context.matchBefore(/[?$]\w*/);
    if (variable) return { from: variable.from, options: variables(context, variable), validFor: /^[?$]\w*$/ };
    const word = context.matchBefore(/[\w-]+(:[\w-]*)?|:[\w-]*/);
    if (!word && !context.explicit) return null;
    const { classes, properties, prefixes } = known();
    const line = context.state.doc.lineAt(context.pos);
    const wantsClass = AFTER_A.test(line.text.slice(0, context.pos - line.from));
    const named = [
      ...classes.map((term) => option(term, prefixes, texts.class, "class", wantsClass ? 20 : 0)),
      ...(wantsClass ? [] : properties.map((term) => option(term, prefixes, texts.property, "property", 10))),
    ];
    const keywords = word?.text.includes(":") || wantsClass ? [] : KEYWORDS;
    return { from: word?.from ?? context.pos, options: [...named, ...keywords], validFor: /^[\w-]*:?[\w-]*$/ };
  };
}

/** The variables of the text, but for the one that is being written. */
function variables(context, word) {
  const text = context.state.doc.toString();
  const others = text.slice(0, word.from) + " " + text.slice(word.to);
  return [...new Set(others.match(/[?$]\w+/g))].map((label) => ({ label, type: "variable" }));
}

/** A class or property as a completion: found by its name and by its label, the more often used first. */
function option({ name, label, count }, prefixes, kind, type, boost) {
  return {
    label: `${name} ${label}`,
    displayLabel: name,
    detail: `${label} · ${kind} · ${count}`,
    type,
    boost: boost + Math.log10(1 + count),
    apply: (view, completion, from, to) => {
      const declaration = missing(view.state.doc.toString(), name.split(":")[0], prefixes);
      const anchor = from + name.length + declaration.length;
      view.dispatch({ changes: [{ from: 0, insert: declaration }, { from, to, insert: name }], selection: { anchor } });
    },
  };
}

/** The line that declares `prefix`, where the text lacks it and we know its namespace; else nothing. */
function missing(text, prefix, prefixes) {
  const declared = new RegExp(`PREFIX\\s+${prefix}:`, "i").test(text);
  return declared || !Object.hasOwn(prefixes, prefix) ? "" : `PREFIX ${prefix}: <${prefixes[prefix]}>\n`;
}

/** Declares a prefix of ours as soon as somebody writes the colon after it. */
export function declaring(prefixes) {
  return EditorView.inputHandler.of((view, from, to, text) => {
    if (text !== ":") return false;
    const line = view.state.doc.lineAt(from);
    const before = line.text.slice(0, from - line.from);
    const prefix = /(?:^|[\s(^/|{,;])([\w-]+)$/.exec(before)?.[1];
    const declaration = prefix && !/PREFIX\s+[\w-]*$/i.test(before) ? missing(view.state.doc.toString(), prefix, prefixes()) : "";
    if (!declaration) return false;
    view.dispatch({
      changes: [{ from: 0, insert: declaration }, { from, to, insert: text }],
      selection: { anchor: from + declaration.length + 1 },
      userEvent: "input.type",
    });
    return true;
  });
}
