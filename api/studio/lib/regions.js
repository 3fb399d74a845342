// Larger components of the views that are loaded on demand: bars, boards, sheets, tables.

import { button } from "./components.js";
import { html } from "./dom.js";

/** `share` is from 0 to 1, or null where it is unknown; `reserved` is the share that is reserved after it. */
export function progressBar(share, label, { reserved = 0, tone = "" } = {}) {
  const vars = { "--done": Math.min(share ?? 0, 1), "--reserved": Math.min((share ?? 0) + reserved, 1) };
  return html`
    <div class="progress ${tone}" role="progressbar" aria-label=${label} aria-valuemin="0" aria-valuemax="100"
      aria-valuenow=${share === null ? null : Math.round(share * 100)} data-open=${share === null} vars=${vars}>
      <span></span>
    </div>
  `;
}

export const skeleton = (count) => html`
  <div class="board" aria-hidden="true">
    ${Array.from({ length: count }, () => html`
      <div class="card ghosted"><div class="frame"></div><div class="under"></div></div>
    `)}
  </div>
`;

/** A modal sheet at the side: focus stays in it, Escape closes it, and the page behind it keeps its scroll position. */
export function sheet(key, title, close, ...content) {
  return html`
    <dialog class="sheet" key=${key} aria-label=${title}
      created=${(node) => queueMicrotask(() => node.isConnected && node.showModal())}
      removed=${(node) => node.open && node.close()}
      oncancel=${(e) => (e.preventDefault(), close())}
      onclick=${(e) => e.target === e.currentTarget && close()}>
      <div class="inner">
        <div class="head">
          <h2 tabindex="-1" autofocus>${title}</h2>
          ${button("", close, { variant: "ghost square", mark: "close", "aria-label": "Close" })}
        </div>
        ${content}
      </div>
    </dialog>
  `;
}

/** A table that scrolls sideways where it does not fit; `label` names it for screen readers. */
export const table = (label, heads, rows) => html`
  <div class="scroll" tabindex="0" role="region" aria-label=${label} key=${label}>
    <table>
      <thead>
        <tr>
          ${heads.map((head) => (head ? html`<th scope="col">${head}</th>` : html`<td></td>`))}
        </tr>
      </thead>
      <tbody>
        ${rows.map((cells) => html`
          <tr>${cells.map((cell) => html`<td dir="auto">${cell}</td>`)}</tr>
        `)}
      </tbody>
    </table>
  </div>
`;
