// A preview of the whole plan, made by previz at no cost before the plan is paid for, for all who see the plan.

import { post } from "../lib/api.js";
import { button } from "../lib/components.js";
import { html } from "../lib/dom.js";
import { count } from "../lib/format.js";
import { progressBar } from "../lib/regions.js";
import { deliverableSection } from "./deliverable.js";
import { CLOSED, Production } from "./model.js";

/** The preview of a production's current plan; after an edit the plan needs another one. */
export class Preview {
  #shown = null; // the Production that makes the preview
  #digest = ""; // of the plan that it shows; after the approval it is still that plan's
  #playback = {};

  constructor(production, actions, app) {
    Object.assign(this, { production, actions, app });
  }

  close() {
    this.#shown?.close();
  }

  /** The preview's production, if one was requested for the current plan. */
  get current() {
    const { plan, data, awaitingApproval } = this.production;
    const id = awaitingApproval ? data.preview : plan?.digest === this.#digest ? this.#shown?.id : null;
    if ((this.#shown?.id ?? null) !== (id ?? null)) {
      this.close();
      this.#shown = id ? new Production(id, this.app) : null;
    }
    this.#digest = plan?.digest;
    return this.#shown;
  }

  async request() {
    await post(`${this.production.path}/preview`);
    await this.production.load();
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
      <section class="preview" aria-label="Preview">
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
