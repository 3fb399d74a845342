// Components that views share, other than the form of a brief.

import { checkbox, field, icon, spinner } from "./components.js";
import { html } from "./dom.js";
import { STATUS } from "./labels.js";
import { MODALITIES } from "./platforms.js";
import { currentSession, storage } from "./session.js";

export const loading = html`<p class="hint" role="status">Loading…</p>`;

const TONE_ICONS = { good: "check", ask: "alert", bad: "cross", quiet: "minus" };

/** A status as text with an icon, because colour alone must not carry meaning. */
export function pill(status, text) {
  const [label, tone] = STATUS[status] ?? [status, "quiet"];
  return html`<span class="pill ${tone}">${tone === "busy" ? spinner : icon(TONE_ICONS[tone])}${text ?? label}</span>`;
}

export const modalityLabel = (modality) => html`<span class="kind">${icon(modality)}${MODALITIES[modality]}</span>`;

export function emptyState(title, text, action) {
  return html`
    <div class="empty">
      <h2>${title}</h2>
      <p>${text}</p>
      <div class="row">${action}</div>
    </div>
  `;
}

/** Permits models of unknown price. Only the user ticks it, never the page. */
export const unknownPriceCheckbox = (names, checked, change, key = "unknown") =>
  checkbox(`Also spend on ${names}: the price is not published and no budget can limit it`, checked, change, key);

/** Why a button that spends is disabled until the checkbox is ticked. */
export const UNKNOWN_PRICE_HINT =
  "Some prices are not published. Tick the box to spend on them, or choose models with a price.";

/** The user's name, where no key states it. */
export const nameField = (app, id, label = "Your name", hint) =>
  !currentSession()?.name && field(id, label, html`
    <input id=${id} autocomplete="name" placeholder="someone" .value=${storage.get("name") ?? ""}
      aria-describedby=${hint ? `${id}-hint` : null}
      oninput=${(e) => (storage.set("name", e.target.value), app.update())}>
  `, hint);

/** The form under a button that unfolds it. */
export const unfolded = (key, ...content) => form("unfolded", key, content);

/** A form in which Enter presses the first button, as in any other. */
export const form = (name, key, ...content) => html`
  <form class=${name} key=${key} novalidate
    onsubmit=${(e) => (e.preventDefault(), e.currentTarget.querySelector(".primary:enabled")?.click())}>
    ${content}
    <input type="submit" hidden>
  </form>
`;
