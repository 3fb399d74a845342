// Components that the form of a brief shares with the other views.

import { html } from "./dom.js";
import { count } from "./format.js";

const PATHS = {
  text: "M4 6h16M4 11h16M4 16h10",
  image: "M4 5h16v14H4zM4 16l5-5 4 4 3-3 4 4M15.5 9.2h.01",
  video: "M4 6h11v12H4zM15 10.5l5-3v9l-5-3",
  audio: "M4 10v4M8 7v10M12 4v16M16 8v8M20 11v2",
  check: "M5 12.5l4.5 4.5L19 7.5",
  alert: "M12 7.5v5.5M12 16.6h.01M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18",
  cross: "M6.5 6.5l11 11M17.5 6.5l-11 11",
  minus: "M6 12h12",
  close: "M6 6l12 12M18 6L6 18",
  grip: "M9 6h.01M15 6h.01M9 12h.01M15 12h.01M9 18h.01M15 18h.01",
  plus: "M12 5v14M5 12h14",
  back: "M14 6l-6 6 6 6",
  play: "M8 5.5v13l10-6.5z",
  pause: "M8 5v14M16 5v14",
  download: "M12 4v12M6 11l6 6 6-6M5 20h14",
  upload: "M12 20V8M6 13l6-6 6 6M5 4h14",
  external: "M8 16L17 7M9 7h8v8",
  redo: "M19 12a7 7 0 1 1-2.2-5.1M19 4v4h-4",
  sun: "M12 8a4 4 0 1 0 0 8 4 4 0 0 0 0-8M12 2.5v2M12 19.5v2M2.5 12h2M19.5 12h2M5.3 5.3l1.4 1.4M17.3 17.3l1.4 1.4M18.7 5.3l-1.4 1.4M6.7 17.3l-1.4 1.4",
  moon: "M19.5 14.5A8 8 0 0 1 9.5 4.5a8 8 0 1 0 10 10",
};

export const icon = (name) =>
  html`<svg class="icon" viewBox="0 0 24 24" aria-hidden="true"><path d=${PATHS[name]} /></svg>`;

export const spinner = html`<span class="spin" aria-hidden="true"></span>`;

// Notes

/** A problem of RFC 9457: its first eight errors, each with its field or file, and its remedy. */
export function problemNote(problem) {
  const errors = (problem.errors ?? []).filter((e) => e.message);
  const file = problem.file ? `“${problem.file}”: ` : "";
  return html`
    <div class="note bad" role="alert">
      ${icon("alert")}
      <div>
        ${errors.length
          ? errors.slice(0, 8).map(({ field, message, remedy }) => html`
              <p dir="auto">
                ${sentence(`${file}${fieldLabel(field)}${message}`)}${remedy ? ` ${sentence(remedy)}` : ""}
              </p>
            `)
          : html`<p dir="auto">${file}${problem.detail || problem.title}</p>`}
        ${errors.length > 8 && html`<p>And ${errors.length - 8} more.</p>`}
      </div>
    </div>
  `;
}

const HIDDEN_FIELDS = new Set(["production_id", "asset_id", "body", "plan_digest", "action"]);
const fieldLabel = (name) =>
  !name || HIDDEN_FIELDS.has(name) || /\[/.test(name) ? "" : `${name.replaceAll("_", " ")}: `;
/** A message of the API as a sentence. */
export const sentence = (text) => `${text.charAt(0).toUpperCase()}${text.slice(1)}${/[.!?]$/.test(text) ? "" : "."}`;

const FAILURE_TITLES = { 0: "No connection to the studio", 404: "Not found", 503: "Service unavailable" };

/** Shown in place of a view whose data could not be loaded. */
export function loadFailure(problem, retry) {
  return html`
    <div class="empty" role="alert">
      <h1 tabindex="-1">${FAILURE_TITLES[problem.status] ?? "The request failed"}</h1>
      <p>${problem.detail || problem.title}</p>
      <div class="row">
        ${button("Try again", retry, { mark: "redo" })}
        <a class="button" href="#/productions">All productions</a>
      </div>
    </div>
  `;
}

// Controls

/**
 * `variant` is its classes: primary, ghost, danger, large, square; `mark` is an icon before its text. A button that sends
 * a request has `busy`, and ignores a second click.
 */
export function button(text, onclick, { variant = "", mark, busy, disabled = false, ...attributes } = {}) {
  const once = busy === undefined ? onclick : onclick && ((e) => e.detail < 2 && onclick(e));
  return html`
    <button type="button" class="button ${variant}" onclick=${once} disabled=${disabled || busy} ...${attributes}>
      ${busy ? spinner : mark && icon(mark)}
      ${text && html`<span>${text}</span>`}
    </button>
  `;
}

/** A button that opens a file chooser; `choose` gets its FileList. */
export function fileButton(text, choose, { mark = "upload", busy = false, ...attributes } = {}) {
  return html`
    <label class="button" data-busy=${busy}>
      ${icon(mark)}
      <span>${text}</span>
      <input type="file" class="sr" onchange=${(e) => e.target.files.length && choose(e.target.files)} ...${attributes}>
    </label>
  `;
}

/** A labelled control; the control names the hint as its description with aria-describedby="<id>-hint". */
export function field(id, label, control, hint) {
  return html`
    <div class="field">
      <label for=${id}>${label}</label>
      ${control}
      ${hint && html`<p class="hint" id="${id}-hint">${hint}</p>`}
    </div>
  `;
}

/** By how many characters a text exceeds the API's limit, which is not known before the first response. */
export const excess = (text, limit) => (limit ? Math.max(0, [...text.trim()].length - limit) : 0);

/** What to do about a text that is too long. The page cuts no text. */
export function excessNote(text, limit, id) {
  const over = excess(text, limit);
  return over > 0 && html`
    <p class="hint bad" role="status" id=${id} key=${id}>
      ${`The text is ${count(over, "character")} longer than the limit of ${count(limit, "character")}. `}
      Nothing was cut: shorten it, then send it.
    </p>
  `;
}

/** A typed amount in USD with a decimal point: 12.50 of "12,50" or "$12.50". "1,000" is ambiguous, and stays as it is. */
export function plainAmount(typed) {
  const text = typed.normalize("NFKC").replace(/[\s$]|USD/gi, "");
  const [, mark] = /^\d{1,3}(?:([.,])\d{3})(?:(?:\1\d{3})+|(?:\1\d{3})*(?!\1)[.,]\d*)$/.exec(text) ?? [];
  const whole = mark ? text.replaceAll(mark, "") : text;
  return /^[1-9]\d{0,2},\d{3}$/.test(whole) ? whole : whole.replace(",", ".");
}

/** An amount in USD; `change` gets it with a decimal point. What is typed stays. */
export function moneyInput(id, value, placeholder, change) {
  const wrong = Number.isNaN(Number(value));
  return html`
    <div class="money">
      <span aria-hidden="true">$</span>
      <input id=${id} type="text" inputmode="decimal" placeholder=${placeholder} aria-invalid=${wrong ? "true" : null}
        aria-describedby=${wrong ? `${id}-wrong` : null} .amount=${value}
        created=${(node) => Object.defineProperty(node, "amount", {
          get: () => plainAmount(node.value), set: (text) => (node.value = text),
        }).amount = value}
        oninput=${(e) => change(e.target.amount)}>
    </div>
    ${wrong && html`<p class="hint bad" id="${id}-wrong">Write an amount like 12.50 or 1000.</p>`}
  `;
}

/** `options` are [value, label]. */
export function select(id, options, value, change, disabled = false) {
  return html`
    <select id=${id} .value=${value} disabled=${disabled} onchange=${(e) => change(e.target.value)}>
      ${options.map(([each, label]) => html`
        <option key=${each} value=${each} .selected=${each === value}>${label}</option>
      `)}
    </select>
  `;
}

export function checkbox(label, checked, change, key) {
  return html`
    <label class="check" key=${key}>
      <input type="checkbox" .checked=${Boolean(checked)} onchange=${(e) => change(e.target.checked)}>
      <span>${label}</span>
    </label>
  `;
}
