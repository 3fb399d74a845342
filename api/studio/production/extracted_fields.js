// The extracted fields of a document: each with the picture of its page, and the answers of a review.

import { get, request } from "../lib/api.js";
import { button } from "../lib/components.js";
import { html } from "../lib/dom.js";
import { count, dotted } from "../lib/format.js";
import { actorName, draftMap } from "../lib/session.js";

const percent = (share) => `${Math.round(Number(share) * 100)} %`;

const waits = ({ waiting }) => waiting !== "";

/** The fields of one reference of a production. */
export class ExtractedFields {
  #found = null;
  #typed; // path -> the typed value
  #shown = ""; // the path of the field whose page is shown

  constructor(path, reviewed, actions, app) {
    Object.assign(this, { path, reviewed, actions, app });
    this.#typed = draftMap(path);
  }

  async load() {
    this.#found = await get(this.path);
    const waiting = this.#found.fields.find(waits) ?? this.#found.fields[0];
    if (!this.#found.fields.some((each) => each.path === this.#shown)) this.#shown = waiting?.path ?? "";
  }

  async #review(changes, accept) {
    await request("PATCH", this.path, { changes, accept, reviewer: actorName() });
    for (const { path } of changes) this.#typed.delete(path);
    await this.load();
    await this.reviewed();
  }

  #run(changes, accept = []) {
    return this.actions.run("references", () => this.#review(changes, accept), true);
  }

  view() {
    const found = this.#found;
    if (!found) return null;
    const waiting = found.waiting.length;
    return html`
      <section class="extracted" aria-label="Fields of ${found.name || `reference-${found.reference}`}">
        <h3>${dotted(`Fields: ${found.kind.replaceAll("_", " ")}`, waiting > 0 && `${waiting} to review`)}</h3>
        ${found.unread.map((text) => html`<p class="hint" key=${text} dir="auto">Not read: ${text}.</p>`)}
        <div class="sheet-of-fields">
          ${this.#page(found.fields.find((each) => each.path === this.#shown))}
          <div>
            ${found.rules.filter(({ outcome }) => outcome === "failed").map((rule) => this.#rule(rule))}
            ${found.waiting.filter(({ item }) => item === "kind").map(({ reason }) => html`
              <p>${reason} ${button("The kind is right", () => this.#run([], ["kind"]))}</p>
            `)}
            <ul class="parts">${[...found.fields.filter(waits), ...found.fields.filter((each) => !waits(each))]
              .map((each) => this.#field(each))}</ul>
            ${waiting > 0 && button(`Accept ${count(waiting, "entry", "entries")} as they are`, () => this.#run([], ["*"]))}
          </div>
        </div>
      </section>
    `;
  }

  #page(field) {
    if (!field) return null;
    const [left, top, right, bottom] = field.box.map((edge) => edge * 100);
    const place = {
      "--left": `${left}%`, "--top": `${top}%`, "--width": `${right - left}%`, "--height": `${bottom - top}%`,
    };
    return html`
      <figure class="page-of-field">
        ${field.picture_url
          ? html`<div><img src=${field.picture_url} alt="${field.source}, with ${field.label}" loading="lazy">
              ${field.box.length === 4 && html`<span class="place" vars=${place} aria-hidden="true"></span>`}</div>`
          : html`<p class="hint">This document has no picture of a page; its words are next to each field.</p>`}
        <figcaption class="hint" dir="auto">${dotted(field.label, field.source, field.quote && `“${field.quote}”`)}</figcaption>
      </figure>
    `;
  }

  #field(field) {
    const typed = this.#typed.get(field.path);
    const edit = (text) => (this.#typed.set(field.path, text), this.#show(field));
    const value = [field.value, field.currency].filter(Boolean).join(" ");
    const save = () => this.#run([{ path: field.path, value: typed || null }]);
    return html`
      <li key=${field.path} data-waiting=${waits(field)}>
        <p class="hint">${dotted(
          field.path, field.reviewed_by ? `by ${field.reviewed_by}` : percent(field.confidence), field.source,
        )}</p>
        ${typed === undefined
          ? html`<p class="text" dir="auto">${value || "–"}</p>`
          : html`<input id="field-${field.path}" aria-label="Value of ${field.path}" .value=${typed} dir="auto"
              oninput=${(event) => edit(event.target.value)}
              onkeydown=${({ key, isComposing }) => key === "Enter" && !isComposing && save()}>`}
        ${field.waiting && html`<p class="hint warn" dir="auto">${field.waiting}</p>`}
        <div class="row tight">
          ${button("Show", () => this.#show(field), { variant: "ghost", "aria-label": `Show the page of ${field.path}` })}
          ${typed === undefined
            ? button("Correct", () => edit(value), { variant: "ghost", "aria-label": `Correct ${field.path}` })
            : button("Save", save, { busy: false,
                "aria-label": `Save ${field.path}` })}
          ${typed === undefined && field.waiting && button("It is right", () => this.#run([], [field.path]), {
            variant: "ghost", "aria-label": `Accept ${field.path}` })}
          ${typed !== undefined && button("Discard", () => (this.#typed.delete(field.path), this.app.update()), {
            variant: "ghost" })}
        </div>
      </li>
    `;
  }

  #rule(rule) {
    return html`
      <p key=${rule.rule_id} class="hint warn" dir="auto">
        ${rule.text}: ${rule.message}${rule.accepted_by && ` (accepted by ${rule.accepted_by})`}
        ${!rule.accepted_by && button("Accept", () => this.#run([], [rule.rule_id]), {
          variant: "ghost", "aria-label": `Accept ${rule.rule_id}` })}
      </p>
    `;
  }

  #show(field) {
    this.#shown = field.path;
    this.app.update();
  }
}
