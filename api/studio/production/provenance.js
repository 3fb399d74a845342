// The provenance of a file: who signed it, and how it was made, as its signature (C2PA) states it.

import { get } from "../lib/api.js";
import { html } from "../lib/dom.js";

/** Loaded when it is opened. `state` keeps what was loaded, by its URL. */
export function provenance(url, state, app, key = "provenance") {
  state.provenance ??= {};
  const load = () =>
    get(url).then(
      (found) => ((state.provenance[url] = found), app.update()),
      (problem) => ((state.provenance[url] = { failed: problem.message }), app.update()),
    );
  const found = state.provenance[url];
  return html`
    <details class="files provenance" key=${key} ontoggle=${(e) => e.target.open && !found?.lines && load()}>
      <summary>Provenance</summary>
      ${found?.failed && html`<p class="hint" role="status">${found.failed}</p>`}
      ${found?.lines && html`
        <dl data-state=${found.state}>
          ${grouped(found.lines).map(([name, texts]) => html`
            <dt key="${name}">${name}</dt>
            <dd key="${name}-texts">${texts.map((text) => html`<p dir="auto">${text}</p>`)}</dd>
          `)}
        </dl>
      `}
    </details>
  `;
}

/** The lines with the same name together: [[name, [text, …]], …]. */
function grouped(lines) {
  const texts = new Map();
  for (const { name, text } of lines) texts.set(name, [...(texts.get(name) ?? []), text]);
  return [...texts];
}
