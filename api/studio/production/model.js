// One production as this page knows it: its snapshot, its events, and what happens right now.

import { follow, get, post, Refused, ask, words } from "../lib/server.js";
import { ASKS_FOR_MONEY, BUSY, CLOSED } from "../lib/words.js";
import { me } from "../lib/parts.js";

const AGAIN_MS = 3_000;
const SOON_MS = 60;

export class Production {
  constructor(id, app) {
    this.id = id;
    this.app = app;
    this.path = `productions/${encodeURIComponent(id)}`;
    this.data = null;
    this.problem = null;
    this.events = [];
    this.draft = null; // what the planner has written so far: {count, assets}
    this.live = new Map(); // asset -> what its provider's heartbeat says
    this.began = new Map(); // asset -> when its take was started
    this.connected = true;
    this.stalled = "";
    this.allowed = {}; // ticks of unknown prices, by what they are for
    this.texts = new Map(); // address -> words, or null while they are on their way
    this.order = null; // asset ids as they are being moved
    this.editing = Promise.resolve();
    this.changing = 0; // edits that the server has not answered yet
    this.followed = null;
    this.seen = 0;
    this.load();
    this.follow();
    this.turned = () => (document.hidden ? this.rest() : this.wake());
    document.addEventListener("visibilitychange", this.turned);
    this.tick = setInterval(() => this.data && BUSY.has(this.data.status) && app.update(), 1_000);
  }

  close() {
    this.closed = true;
    this.followed?.();
    document.removeEventListener("visibilitychange", this.turned);
    clearInterval(this.tick);
    clearTimeout(this.timer);
  }

  // What is known

  get plan() {
    return this.data?.plan;
  }

  get status() {
    return this.data?.status;
  }

  /** The plan's assets in their order, each with its record where there is one. */
  get assets() {
    if (!this.plan) return [];
    const records = new Map(this.data.assets.map((a) => [a.asset_id, a]));
    const whole = this.plan.assets.map((asset) => ({ ...asset, record: records.get(asset.asset_id) }));
    if (!this.order) return whole;
    const place = new Map(this.order.map((id, n) => [id, n]));
    return whole.sort((a, b) => (place.get(a.asset_id) ?? 1e6) - (place.get(b.asset_id) ?? 1e6));
  }

  get planning() {
    return this.status === "awaiting_approval";
  }

  /** Whether takes can be asked for, chosen and sent. */
  get produced() {
    return Boolean(this.data?.approved_at) && (!CLOSED.has(this.status) || this.status === "delivered");
  }

  /** What another approval releases: the assets that wait for money. */
  get asking() {
    return (this.data?.assets ?? []).map((a) => a.waiting).filter(
      (w) => w && ASKS_FOR_MONEY.has(w.reason) && w.answers.includes("approve"),
    );
  }

  /** What generating assets may still cost. */
  get reserved() {
    return this.assets.filter((a) => a.record?.status === "generating").reduce((sum, a) => sum + highest(a), 0);
  }

  url(part) {
    return `/api/v1/${this.path}/${part}`;
  }

  text(address) {
    if (!this.texts.has(address)) {
      this.texts.set(address, null);
      words(address).then(
        (found) => (this.texts.set(address, found), this.app.update()),
        () => this.texts.set(address, ""),
      );
    }
    return this.texts.get(address);
  }

  // Looking

  /** The newest snapshot; however many ask at once, one request follows the one that runs. */
  load() {
    this.next ??= Promise.resolve(this.loading).then(() => {
      this.next = null;
      this.loading = this.fetch();
      return this.loading;
    });
    return this.next;
  }

  async fetch() {
    try {
      this.data = await get(this.path);
      this.problem = null;
      this.stalled = "";
      if (this.status !== "planning") this.draft = null;
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      const { status, type } = error.problem;
      if (status === 404 || !this.data) this.problem = error.problem;
      if (type?.endsWith("no-worker")) this.stalled = error.problem.detail;
      if (status !== 404) this.later(AGAIN_MS);
    }
    this.app.update();
  }

  later(ms) {
    if (this.closed) return;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.load(), ms);
  }

  follow() {
    this.followed?.();
    this.followed = follow(this.id, this.seen, {
      event: (event) => this.hear(event),
      line: (up) => {
        if (up && !this.connected) this.load();
        this.connected = up;
        this.app.update();
      },
      end: async () => {
        await this.load();
        this.followed = this.data && CLOSED.has(this.status) ? null : this.followed;
        return this.closed || this.followed === null;
      },
    });
  }

  /** A hidden page holds no connection: browsers give six to all tabs of a site together. */
  rest() {
    this.followed?.();
    this.followed = null;
  }

  wake() {
    this.load();
    if (!this.followed) this.follow();
  }

  hear(event) {
    if (event.name === "stalled") this.stalled = event.data.reason;
    else if (event.name === "plan_progress") this.draft = event.data.count ? event.data : null;
    else if (event.name === "asset_progress") this.live.set(event.asset_id, event.data);
    if (event.id) {
      this.seen = event.id;
      this.stalled = "";
      this.events.push(event);
      if (event.name === "asset_start") this.began.set(event.asset_id, new Date(event.at).getTime());
      if (event.name === "plan_start") this.draft = null;
      if (event.name.startsWith("asset_") && event.name !== "asset_stale") this.live.delete(event.asset_id);
      if (event.id > (this.data?.last_event_id ?? 0)) this.later(SOON_MS);
    }
    this.app.update();
  }

  // Doing. Each raises Refused; what is shown afterwards comes from the server.

  async send(part, body) {
    const answer = await post(`${this.path}/${part}`, body);
    await this.answered();
    return answer;
  }

  /** Something was decided: look at what is now. A closed production may be open again. */
  async answered() {
    await this.load();
    if (!this.followed) this.follow();
    this.app.look();
  }

  approve(digest, budget, unknown) {
    const body = { plan_digest: digest, approver: me(), allow_unknown_prices: unknown };
    if (budget !== "") body.budget_usd = String(budget);
    return this.send("approve", body);
  }

  /** Edits go one after another, each on the plan that the one before it made. */
  edit(edits, more = {}) {
    this.changing += 1;
    const next = this.editing.then(async () => {
      try {
        const body = { plan_digest: this.plan.digest, edits, editor: me(), ...more };
        this.data = { ...this.data, plan: await ask("PATCH", `${this.path}/plan`, body) };
        await this.answered();
      } catch (error) {
        this.order = null;
        if (error instanceof Refused && error.problem.status === 409) await this.load();
        throw error;
      } finally {
        this.changing -= 1;
      }
    });
    this.editing = next.catch(() => {});
    return next;
  }

  /** Put an asset at a position (from 1), seen at once. */
  async move(assetId, position) {
    const ids = this.assets.map((a) => a.asset_id).filter((id) => id !== assetId);
    ids.splice(position - 1, 0, assetId);
    this.order = ids;
    this.app.update();
    await this.edit([{ op: "move", asset_id: assetId, position }]);
    if (this.order === ids) this.order = null;
  }

  async upload(assetId, file) {
    const query = new URLSearchParams({ filename: file.name, uploaded_by: me() });
    const path = `${this.path}/assets/${encodeURIComponent(assetId)}/takes?${query}`;
    await ask("POST", path, file, { headers: { "Content-Type": "application/octet-stream" } });
    await this.answered();
  }
}

/** The most that one take of an asset may cost, whichever of its models makes it. */
export function highest(asset) {
  return Math.max(
    0,
    ...[asset.quote, ...(asset.fallbacks ?? []).map((f) => f.quote)].filter(Boolean).map((q) => Number(q.high_usd)),
  );
}
