// What was read in the references of a production: each part with its page, time or picture, and its correction.

import { get, post, request } from "../lib/api.js";
import { button, icon } from "../lib/components.js";
import { html } from "../lib/dom.js";
import { count, dotted, excerpt, usd } from "../lib/format.js";
import { actorName, draftMap } from "../lib/session.js";
import { ExtractedFields } from "./extracted_fields.js";

const KIND_ICONS = { picture: "image", video: "video", sound: "audio", document: "text" };
const SHOWN_PARTS = 40; // at once; a document of 500 pages has thousands

/** The section of references. Parts are loaded when a reference is opened. */
export class References {
  #list = null;
  #event = -1; // the last event when the list was loaded
  #open = new Map(); // number -> the reference with its parts
  #edited; // "number/part_id" -> the typed text
  #more = new Set();
  #fields = new Map(); // number -> its extracted fields

  constructor(production, actions, app) {
    Object.assign(this, { production, actions, app });
    this.#edited = draftMap(`p/${production.id}/references`);
  }

  get #path() {
    return `${this.production.path}/references`;
  }

  async #load() {
    this.#list = (await get(this.#path)).references;
    for (const number of this.#open.keys()) await this.#loadOne(number);
  }

  async #loadOne(number) {
    this.#open.set(number, await get(`${this.#path}/${number}`));
    if (!this.#list.find((each) => each.reference === number)?.extracted) return;
    const path = `${this.#path}/${number}/fields`;
    const fields = this.#fields.get(number)
      ?? new ExtractedFields(path, () => this.production.load(), this.actions, this.app);
    this.#fields.set(number, fields);
    await fields.load();
  }

  async #correct(number, part, text) {
    const body = { changes: [{ part_id: part.part_id, text }], editor: actorName() };
    await request("PATCH", `${this.#path}/${number}`, body);
    this.#edited.delete(`${number}/${part.part_id}`);
    await this.#loadOne(number);
    await this.production.load();
  }

  async #analyse(each) {
    await post(`${this.#path}/${each.reference}/analyse`, { max_usd: each.waiting_usd, requested_by: actorName() });
    await this.#load();
    await this.production.load();
  }

  view(data) {
    if (this.#event !== data.last_event_id) {
      this.#event = data.last_event_id;
      this.actions.run("references", () => this.#load(), true);
    }
    if (!this.#list?.length) return this.actions.note("references");
    return html`
      <section class="readings" aria-label="References">
        <h2>References</h2>
        ${this.actions.note("references")}
        ${this.#list.map((each) => this.#card(each))}
      </section>
    `;
  }

  #card(each) {
    const { reference: number } = each;
    const open = this.#open.get(number);
    const toggle = (event) =>
      event.target.open && !open && this.actions.run("references", () => this.#loadOne(number), true);
    return html`
      <details class="files reading" key=${number} ontoggle=${toggle}>
        <summary>
          <span class="thumb">${each.thumbnail_url
            ? html`<img src=${each.thumbnail_url} alt="" loading="lazy">`
            : icon(KIND_ICONS[each.kind])}</span>
          <span class="about" dir="auto">
            <strong>${each.name || each.reference_id}</strong>
            <span class="hint">${dotted(
              each.reference_id, each.kind, each.use !== "material" && each.use.replaceAll("_", " "),
              excerpt(each.summary, 140), each.to_review > 0 && `${each.to_review} to review`, each.corrections > 0 && count(each.corrections, "correction"),
            )}</span>
          </span>
        </summary>
        ${each.unread.map(({ what, remedy }) => html`
          <p class="hint" key=${what} dir="auto">Not read: ${what}; ${remedy}.</p>
        `)}
        ${each.waiting_usd && button(`Read it for up to ${usd(each.waiting_usd)}`,
          () => this.actions.run("references", () => this.#analyse(each), true), { busy: false })}
        ${open && this.#fields.get(number)?.view()}
        ${open && this.#parts(number, open.parts)}
      </details>
    `;
  }

  #parts(number, parts) {
    const shown = this.#more.has(number) ? parts : parts.slice(0, SHOWN_PARTS);
    const more = parts.length - shown.length;
    return html`
      <ul class="parts">
        ${shown.map((part) => this.#part(number, part))}
      </ul>
      ${more > 0 && button(`Show ${count(more, "further part")}`, () => (this.#more.add(number), this.app.update()))}
    `;
  }

  #part(number, part) {
    const key = `${number}/${part.part_id}`;
    const typed = this.#edited.get(key);
    const run = (text) => this.actions.run("references", () => this.#correct(number, part, text), true);
    const edit = (text) => (this.#edited.set(key, text), this.app.update());
    return html`
      <li key=${part.part_id} data-struck=${part.struck}>
        <p class="hint">${dotted(
          part.source, part.kind, part.speaker, part.read_by, part.struck ? "struck out" : "", part.corrected_by && `by ${part.corrected_by}`,
        )}</p>
        ${part.picture_url && html`<img src=${part.picture_url} alt="${part.source}" loading="lazy">`}
        ${typed === undefined
          ? html`<p class="text" dir="auto">${part.text}</p>`
          : html`<textarea id="part-${key}" aria-label="Text of ${part.source}" rows="4" dir="auto"
              .value=${typed} oninput=${(e) => edit(e.target.value)}></textarea>`}
        ${part.words.length > 0 && html`
          <details class="word-times">
            <summary>${count(part.words.length, "word")} with times</summary>
            <p class="hint" dir="auto">${part.words.map((each) => `${each.start.toFixed(2)} ${each.word}`).join("  ")}</p>
          </details>
        `}
        <div class="row tight">
          ${typed === undefined
            ? button("Edit", () => edit(part.text), { variant: "ghost", "aria-label": `Edit ${part.part_id}` })
            : button("Save", () => run(typed), { "aria-label": `Save ${part.part_id}` })}
          ${typed !== undefined && button("Discard", () => (this.#edited.delete(key), this.app.update()), { variant: "ghost" })}
          ${!part.struck && typed === undefined && button("Strike out", () => run(null), {
            variant: "ghost", "aria-label": `Strike out ${part.part_id}`,
          })}
        </div>
      </li>
    `;
  }
}
