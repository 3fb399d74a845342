// A preview of the whole plan, made by previz at no cost before the plan is paid for.

import { post } from "../lib/api.js";
import { button, progressBar } from "../lib/components.js";
import { html } from "../lib/dom.js";
import { count } from "../lib/format.js";
import { storage } from "../lib/session.js";
import { deliverableSection } from "./deliverable.js";
import { CLOSED, Production } from "./model.js";

/** The preview of a production's current plan; after an edit the plan needs another one. */
export class Preview {
  #shown = null; // the Production that makes the preview
  #digest = ""; // of the plan that it shows
  #playback = {};

  constructor(production, actions, app) {
    Object.assign(this, { production, actions, app });
  }

  close() {
    this.#shown?.close();
  }

  /** The preview's production, if one was requested for the current plan. */
  get current() {
    const digest = this.production.plan?.digest;
    if (digest && digest !== this.#digest) {
      const id = storage.get(`preview-${digest}`);
      this.#show(digest, id && this.production.awaitingApproval ? id : null);
    }
    return this.#shown;
  }

  #show(digest, id) {
    this.close();
    this.#shown = id ? new Production(id, this.app) : null;
    this.#digest = digest;
  }

  async request() {
    const { digest } = this.production.plan;
    const { production_id: id } = await post(`${this.production.path}/preview`);
    storage.set(`preview-${digest}`, id);
    this.#show(digest, id);
  }

  /** The preview's record of an asset, once it has media. */
  of(assetId) {
    const record = this.#shown?.data?.assets.find((a) => a.asset_id === assetId);
    return record?.file_url ? record : null;
  }

  button() {
    if (this.current) return null;
    const { actions } = this;
    return button("Watch a free preview", () => actions.run("preview", () => this.request()), {
      mark: "play", busy: actions.busy("preview"),
    });
  }

  view() {
    const shown = this.current;
    if (!shown?.data) return this.actions.note("preview");
    return html`
      <section class="preview" key="preview" aria-label="Preview">
        <div class="row">
          <h2>Preview</h2>
          <p class="hint">
            Made by previz on this machine at no cost. It shows framing, order and timing, not the final look.
          </p>
        </div>
        ${this.#content(shown)}
      </section>
    `;
  }

  #content(shown) {
    const { data, assets } = shown;
    const { actions, app } = this;
    if (data.deliverable) return deliverableSection(shown, { actions, app, state: this.#playback, short: true });
    if (CLOSED.has(data.status)) return html`<p class="hint">${data.error || "There is no preview of this plan."}</p>`;
    const done = assets.filter((a) => a.record?.status === "completed").length;
    return html`
      <div class="against">
        <p role="status">${done} of ${count(assets.length, "asset")}</p>
        ${progressBar(assets.length ? done / assets.length : 0, "Preview")}
      </div>
    `;
  }
}
