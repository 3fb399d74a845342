// What several views are made of.

import { h } from "./dom.js";
import { Refused } from "./server.js";
import { MODALITIES, STATUS } from "./words.js";

const PATHS = {
  text: "M4 6h16M4 11h16M4 16h10",
  image: "M4 5h16v14H4zM4 16l5-5 4 4 3-3 4 4M15.5 9.2h.01",
  video: "M4 6h11v12H4zM15 10.5l5-3v9l-5-3",
  audio: "M4 10v4M8 7v10M12 4v16M16 8v8M20 11v2",
  check: "M5 12.5l4.5 4.5L19 7.5",
  ask: "M12 7.5v5.5M12 16.6h.01M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18",
  bad: "M6.5 6.5l11 11M17.5 6.5l-11 11",
  quiet: "M6 12h12",
  close: "M6 6l12 12M18 6L6 18",
  grip: "M9 6h.01M15 6h.01M9 12h.01M15 12h.01M9 18h.01M15 18h.01",
  plus: "M12 5v14M5 12h14",
  back: "M14 6l-6 6 6 6",
  on: "M10 6l6 6-6 6",
  play: "M8 5.5v13l10-6.5z",
  pause: "M8 5v14M16 5v14",
  down: "M12 4v12M6 11l6 6 6-6M5 20h14",
  up: "M12 20V8M6 13l6-6 6 6M5 4h14",
  out: "M8 16L17 7M9 7h8v8",
  again: "M19 12a7 7 0 1 1-2.2-5.1M19 4v4h-4",
  sun: "M12 8a4 4 0 1 0 0 8 4 4 0 0 0 0-8M12 2.5v2M12 19.5v2M2.5 12h2M19.5 12h2M5.3 5.3l1.4 1.4M17.3 17.3l1.4 1.4M18.7 5.3l-1.4 1.4M6.7 17.3l-1.4 1.4",
  moon: "M19.5 14.5A8 8 0 0 1 9.5 4.5a8 8 0 1 0 10 10",
  stack: "M12 4l8 4-8 4-8-4zM4 12l8 4 8-4M4 16l8 4 8-4",
};

export const icon = (name) =>
  h("svg", { class: "icon", viewBox: "0 0 24 24", "aria-hidden": "true" }, h("path", { d: PATHS[name] }));

const MARKS = { good: "check", ask: "ask", bad: "bad", quiet: "quiet" };

/** A status in words, with a mark of its own: colour alone says nothing. */
export function pill(status, text) {
  const [words, tone] = STATUS[status] ?? [status, "quiet"];
  const mark = tone === "busy" ? h("span", { class: "spin", "aria-hidden": "true" }) : icon(MARKS[tone]);
  return h("span", { class: `pill ${tone}` }, mark, text ?? words);
}

export const kind = (modality) => h("span", { class: "kind" }, icon(modality), MODALITIES[modality]);

/** Which of a view's actions run, and what the API said to those that failed. */
export class Acts {
  constructor(app) {
    this.app = app;
    this.running = new Set();
    this.said = new Map();
  }

  busy(key) {
    return this.running.has(key);
  }

  /** Run once at a time; what was refused is kept for `note`. Returns whether it went well. */
  async run(key, action) {
    if (this.running.has(key)) return false;
    this.running.add(key);
    this.said.delete(key);
    this.app.update();
    try {
      await action();
      return true;
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      this.said.set(key, error.problem);
      return false;
    } finally {
      this.running.delete(key);
      this.app.update();
    }
  }

  note(key) {
    const problem = this.said.get(key);
    return problem ? problemNote(problem) : null;
  }
}

export function problemNote(problem) {
  const lines = (problem.errors ?? []).filter((e) => e.message);
  return h(
    "div",
    { class: "note bad", role: "alert" },
    icon("ask"),
    h(
      "div",
      null,
      lines.length
        ? lines.slice(0, 8).map(
          (e) => h("p", null, sentence(`${label(e.field)}${e.message}`), e.remedy ? ` ${sentence(e.remedy)}` : ""),
        )
        : h("p", null, problem.detail || problem.title),
      lines.length > 8 && h("p", null, `And ${lines.length - 8} more.`),
    ),
  );
}

const HIDDEN_FIELDS = new Set(["production_id", "asset_id", "body", "plan_digest", "action"]);
const label = (field) => (!field || HIDDEN_FIELDS.has(field) || /\[/.test(field) ? "" : `${field.replaceAll("_", " ")}: `);
const sentence = (words) => `${words.charAt(0).toUpperCase()}${words.slice(1)}${/[.!?]$/.test(words) ? "" : "."}`;

export function button(text, onclick, { look = "", mark, busy = false, disabled = false, ...more } = {}) {
  const inner = [
    busy ? h("span", { class: "spin", "aria-hidden": "true" }) : mark && icon(mark),
    text && h("span", null, text),
  ];
  return h("button", { type: "button", class: `button ${look}`, onclick, disabled: disabled || busy, ...more }, inner);
}

/** A labelled control; `hint` says what is expected before anything goes wrong. */
export function field(id, words, control, hint) {
  return h(
    "div",
    { class: "field" },
    h("label", { for: id }, words),
    control,
    hint && h("p", { class: "hint", id: `${id}-hint` }, hint),
  );
}

export function input(id, props, hinted = false) {
  return h(props.rows ? "textarea" : "input", { id, ...props, "aria-describedby": hinted ? `${id}-hint` : undefined });
}

export function select(id, options, value, onchange, more = {}) {
  return h(
    "select",
    { id, value, onchange: (e) => onchange(e.target.value), ...more },
    options.map(
      ([each, words, disabled]) => h("option", { value: each, key: each, disabled, selected: each === value }, words),
    ),
  );
}

/** Shown on hover and focus; screen readers get it as the description of its owner. */
export const tip = (id, words) => h("span", { class: "tip", role: "tooltip", id }, words);

export function empty(title, words, ...actions) {
  return h("div", { class: "empty" }, h("h2", null, title), h("p", null, words), h("div", { class: "row" }, actions));
}

/** Where nothing could be loaded: what is wrong, and another try. */
export function failure(problem, again) {
  const title = { 0: "No connection to the studio", 404: "There is no such thing", 503: "Something is not answering" };
  return h(
    "div",
    { class: "empty", role: "alert" },
    h("h1", { tabindex: "-1" }, title[problem.status] ?? "That did not work"),
    h("p", null, problem.detail || problem.title),
    problem.status !== 404 && h("p", { class: "hint" }, "It is tried again by itself."),
    h(
      "div",
      { class: "row" },
      button("Try again", again, { mark: "again" }),
      h("a", { class: "button", href: "#/productions" }, "All productions"),
    ),
  );
}

export function bar(share, words, { reserved = 0, tone = "" } = {}) {
  return h(
    "div",
    {
      class: `progress ${tone}`,
      role: "progressbar",
      "aria-label": words,
      "aria-valuemin": "0",
      "aria-valuemax": "100",
      "aria-valuenow": share === null ? undefined : Math.round(share * 100),
      vars: { "--done": Math.min(share ?? 0, 1), "--reserved": Math.min((share ?? 0) + reserved, 1) },
      "data-open": share === null ? "" : undefined,
    },
    h("span", null),
  );
}

export const skeleton = (count) =>
  h(
    "div",
    { class: "board", "aria-hidden": "true" },
    Array.from(
      { length: count },
      (_, n) => h(
        "div",
        { class: "card ghosted", key: `ghost-${n}` },
        h("div", { class: "frame" }),
        h("div", { class: "under" }),
      ),
    ),
  );

/** A sheet at the side, modal: focus stays in it, Escape closes it, and the page behind keeps its place. */
export function sheet(key, title, onclose, ...inside) {
  return h(
    "dialog",
    {
      key,
      class: "sheet",
      "aria-label": title,
      created: (node) => queueMicrotask(() => node.isConnected && node.showModal()),
      removed: (node) => node.open && node.close(),
      oncancel: (e) => (e.preventDefault(), onclose()),
      onclick: (e) => e.target === e.currentTarget && onclose(),
    },
    h(
      "div",
      { class: "inner" },
      h(
        "div",
        { class: "head" },
        h("h2", { tabindex: "-1", autofocus: true }, title),
        button("", onclose, { look: "ghost square", mark: "close", "aria-label": "Close" }),
      ),
      inside,
    ),
  );
}

const remembered = (key) => {
  try {
    return localStorage.getItem(key);
  } catch {
    return null;
  }
};

/** What this browser remembers for its person: a name, a theme, a draft. */
export const memory = {
  get: remembered,
  set(key, value) {
    try {
      value === null ? localStorage.removeItem(key) : localStorage.setItem(key, value);
    } catch {
      // Without storage it lasts as long as the page.
    }
  },
};

let session = null;

/** Who the API says sits here; null before it has said so. */
export const who = () => session;
export const signed = (found) => (session = found);

/** Whether the API would let whoever sits here. It decides itself; the page only leaves out what it would refuse. */
export const may = (role) => !session || session.roles.some((mine) => mine === role || mine === "operator");

export const me = () => session?.name || memory.get("name")?.trim() || "someone";

/** Where no key says it, people say who they are. */
export const nameField = (app, id, words = "Your name") =>
  !session?.name && field(
    id,
    words,
    input(id, {
      value: memory.get("name") ?? "",
      maxlength: 200,
      autocomplete: "name",
      placeholder: "someone",
      oninput: (e) => (memory.set("name", e.target.value), app.update()),
    }),
  );

/** Rows under their heads, to scroll sideways where they do not fit; `words` names it. */
export const table = (heads, rows, words) =>
  h(
    "div",
    { class: "scroll", tabindex: "0", role: "region", "aria-label": words, key: words },
    h(
      "table",
      null,
      h(
        "thead",
        null,
        h("tr", null, heads.map((t, n) => h(t ? "th" : "td", { key: n, scope: t ? "col" : undefined }, t))),
      ),
      h(
        "tbody",
        null,
        rows.map((cells, n) => h("tr", { key: n }, cells.map((c, k) => h("td", { key: k, dir: "auto" }, c)))),
      ),
    ),
  );

/** The tick that models of unknown price need. It is never ticked by the page itself. */
export function unknownTick(names, checked, tick, key = "unknown") {
  return h(
    "label",
    { class: "check", key },
    h("input", { type: "checkbox", checked: Boolean(checked), onchange: (e) => tick(e.target.checked) }),
    h("span", null, `Also spend on ${names}, whose price is not published and no budget can hold`),
  );
}

/** Why a button that spends is disabled while the tick is missing. */
export const UNTICKED = "Some prices are not published. Tick the box to spend on them, or choose models with a price.";
