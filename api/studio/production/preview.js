// The whole plan as previz shows it, for nothing, before it is paid for.

import { h } from "../lib/dom.js";
import { Production } from "./model.js";
import { bar, button, memory } from "../lib/parts.js";
import { result } from "./result.js";
import { post } from "../lib/server.js";
import { CLOSED, count } from "../lib/words.js";

/** The preview of the plan that a production has now; an edited plan has another one. */
export class Preview {
  constructor(production, acts, app) {
    Object.assign(this, { production, acts, app, shown: null, digest: "", time: {} });
  }

  close() {
    this.shown?.close();
  }

  /** The production that shows this very plan, if it was asked for. */
  get current() {
    const digest = this.production.plan?.digest;
    if (digest && digest !== this.digest) {
      this.close();
      const known = memory.get(`preview-${digest}`);
      this.shown = known && this.production.planning ? new Production(known, this.app) : null;
      this.digest = digest;
    }
    return this.shown;
  }

  async ask() {
    const { digest } = this.production.plan;
    const { production_id: id } = await post(`${this.production.path}/preview`);
    memory.set(`preview-${digest}`, id);
    this.close();
    this.shown = new Production(id, this.app);
    this.digest = digest;
  }

  /** What is there of an asset already. */
  of(assetId) {
    const found = this.shown?.data?.assets.find((a) => a.asset_id === assetId);
    return found?.file_url ? found : null;
  }

  button() {
    return this.current ? null : button(
      "Watch a free preview",
      () => this.acts.run("preview", () => this.ask()),
      { mark: "play", busy: this.acts.busy("preview") },
    );
  }

  view() {
    const shown = this.current;
    if (!shown?.data) return this.acts.note("preview");
    const { data, assets } = shown;
    const done = assets.filter((a) => a.record?.status === "completed").length;
    return h(
      "section",
      { class: "preview", key: "preview", "aria-label": "Preview" },
      h(
        "div",
        { class: "row" },
        h("h2", null, "Preview"),
        h(
          "p",
          { class: "hint" },
          "Made by previz on this machine, for nothing: framing, order and timing, not the look.",
        ),
      ),
      data.deliverable
        ? result(shown, { acts: this.acts, state: this.time, app: this.app, short: true })
        : CLOSED.has(data.status)
          ? h("p", { class: "hint" }, data.error || "There is no preview of this plan.")
          : h(
            "div",
            { class: "against" },
            h("p", { role: "status" }, `${done} of ${count(assets.length, "asset")}`),
            bar(assets.length ? done / assets.length : 0, "Preview"),
          ),
    );
  }
}
