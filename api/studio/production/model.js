// One production as the page knows it: its snapshot, its events, and the progress of what runs now.

import { ApiError, get, getText, post, postFile, request } from "../lib/api.js";
import { actorName } from "../lib/session.js";
import { followEvents } from "./event_stream.js";
import { movesBetween, reordered, shotsOf } from "./shots.js";

export const CLOSED = new Set(["delivered", "rejected", "expired", "cancelled", "failed"]);
export const BUSY = new Set(["planning", "producing", "finishing"]);

/** The reasons for which an asset waits for money; approving the plan again releases it. */
const MONEY_REASONS = new Set(["price_unknown", "budget_short", "overrun", "change_to_approve"]);

const RETRY_MS = 3_000;
const RELOAD_MS = 60; // several events load one snapshot

export class Production {
  data = null; // the newest snapshot
  problem = null;
  events = [];
  draft = null; // what the planner has written so far: {count, assets}
  live = new Map(); // asset id -> its provider's last progress
  startedAt = new Map(); // asset id -> when its take was started, ms
  connected = true;
  stalled = "";
  unknownAllowed = {}; // ticks of unknown prices, by action
  pendingEdits = 0;
  #texts = new Map(); // path -> text; null while it is loading
  #order = null; // asset ids while a move is pending
  #edits = Promise.resolve();
  #lastEvent = 0;
  #stopFollowing = null;
  #closed = false;

  constructor(id, app) {
    this.id = id;
    this.app = app;
    this.path = `productions/${encodeURIComponent(id)}`;
    this.load();
    this.follow();
    this.onVisibility = () => (document.hidden ? this.disconnect() : this.reconnect());
    document.addEventListener("visibilitychange", this.onVisibility);
    this.clock = setInterval(() => this.data && BUSY.has(this.status) && app.update(), 1_000);
  }

  close() {
    this.#closed = true;
    this.#stopFollowing?.();
    document.removeEventListener("visibilitychange", this.onVisibility);
    clearInterval(this.clock);
    clearTimeout(this.timer);
  }

  // State

  get plan() {
    return this.data?.plan;
  }

  get status() {
    return this.data?.status;
  }

  /** The plan's assets in order, each with its record where it has one. */
  get assets() {
    if (!this.plan) return [];
    const records = new Map(this.data.assets.map((a) => [a.asset_id, a]));
    const assets = this.plan.assets.map((asset) => ({ ...asset, record: records.get(asset.asset_id) }));
    if (!this.#order) return assets;
    const positions = new Map(this.#order.map((id, n) => [id, n]));
    const position = (asset) => positions.get(asset.asset_id) ?? positions.size;
    return assets.sort((a, b) => position(a) - position(b));
  }

  get awaitingApproval() {
    return this.status === "awaiting_approval";
  }

  /** Whether takes can be requested, selected and uploaded. */
  get acceptsTakes() {
    return Boolean(this.data?.approved_at) && (!CLOSED.has(this.status) || this.status === "delivered");
  }

  /** The attention items that another approval releases: of assets that wait for money. */
  get awaitingMoney() {
    return (this.data?.assets ?? []).map((a) => a.waiting).filter(
      (item) => item && MONEY_REASONS.has(item.reason) && item.answers.includes("approve"),
    );
  }

  /** The most that generating assets may still cost, USD. */
  get reserved() {
    return this.assets.filter((a) => a.record?.status === "generating").reduce((sum, a) => sum + highestPrice(a), 0);
  }

  url(part) {
    return `/api/v1/${this.path}/${part}`;
  }

  /** The text at a path; null while it is loading, "" where it cannot be loaded. */
  text(path) {
    if (!this.#texts.has(path)) {
      this.#texts.set(path, null);
      getText(path).then(
        (text) => (this.#texts.set(path, text), this.app.update()),
        () => this.#texts.set(path, ""),
      );
    }
    return this.#texts.get(path);
  }

  // Loading

  /** Load the newest snapshot; all calls during a request share the one that follows it. */
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
      if (!(error instanceof ApiError)) throw error;
      const { status, type, detail } = error.problem;
      if (status === 404 || !this.data) this.problem = error.problem;
      if (type?.endsWith("no-worker")) this.stalled = detail;
      if (status !== 404) this.loadAfter(RETRY_MS);
    }
    this.app.update();
  }

  loadAfter(ms) {
    if (this.#closed) return;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.load(), ms);
  }

  follow() {
    this.#stopFollowing?.();
    this.#stopFollowing = followEvents(this.path, this.#lastEvent, {
      event: (event, id) => this.apply(event, id),
      connection: (up) => {
        if (up && !this.connected) this.load();
        this.connected = up;
        this.app.update();
      },
      end: async () => {
        await this.load();
        if (this.data && CLOSED.has(this.status)) this.#stopFollowing = null;
        return this.#closed || this.#stopFollowing === null;
      },
    });
  }

  /** A hidden page holds no connection: a browser opens at most six to one origin, over all tabs. */
  disconnect() {
    this.#stopFollowing?.();
    this.#stopFollowing = null;
  }

  reconnect() {
    this.load();
    if (!this.#stopFollowing) this.follow();
  }

  apply(event, id) {
    if (event.name === "stalled") this.stalled = event.data.reason;
    else if (event.name === "plan_progress") this.draft = event.data.count ? event.data : null;
    else if (event.name === "asset_progress") this.live.set(event.asset_id, event.data);
    if (event.id) {
      this.#lastEvent = id;
      this.stalled = "";
      const reset = this.events.at(-1)?.id >= event.id; // the run was reset, and has other events with these numbers
      if (reset) this.events = this.events.filter((each) => each.id < event.id);
      this.events.push(event);
      if (event.name === "asset_start") this.startedAt.set(event.asset_id, new Date(event.at).getTime());
      if (event.name === "plan_start") this.draft = null;
      if (event.name.startsWith("asset_") && event.name !== "asset_stale") this.live.delete(event.asset_id);
      if (reset || event.id > (this.data?.last_event_id ?? 0)) this.loadAfter(RELOAD_MS);
    }
    this.app.update();
  }

  // Actions. Each throws ApiError; the page then shows the state that it loads from the server.

  async send(action, body) {
    const result = await post(`${this.path}/${action}`, body);
    await this.refresh();
    return result;
  }

  /** Load the state after a decision, and follow a production that the decision has reopened. */
  async refresh() {
    await this.load();
    if (!this.#stopFollowing) this.follow();
    this.app.loadAttention();
  }

  approve(digest, budget, allowUnknown) {
    const body = { plan_digest: digest, approver: actorName(), allow_unknown_prices: allowUnknown };
    if (budget !== "") body.budget_usd = String(budget);
    return this.send("approve", body);
  }

  /** Edits are sent one after another, each on the plan that the one before it has made. */
  edit(edits, budget = null) {
    this.pendingEdits += 1;
    const edited = this.#edits.then(async () => {
      try {
        const body = { plan_digest: this.plan.digest, edits, editor: actorName(), budget_usd: budget };
        const plan = await request("PATCH", `${this.path}/plan`, body);
        this.data = { ...this.data, plan, preview: null };
        await this.refresh();
      } catch (error) {
        this.#order = null;
        if (error instanceof ApiError && error.problem.status === 409) await this.load();
        throw error;
      } finally {
        this.pendingEdits -= 1;
      }
    });
    this.#edits = edited.catch(() => {});
    return edited;
  }

  /** Move a shot, with all of its assets, to another index; the page shows it before the server confirms. */
  async move(from, to) {
    const { assets } = this;
    const ids = reordered(shotsOf(assets), from, to);
    const edits = movesBetween(assets.map((a) => a.asset_id), ids);
    if (!edits.length) return;
    this.#order = ids;
    this.app.update();
    await this.edit(edits);
    if (this.#order === ids) this.#order = null;
  }

  async upload(assetId, file) {
    const query = new URLSearchParams({ filename: file.name, uploaded_by: actorName() });
    await postFile(`${this.path}/assets/${encodeURIComponent(assetId)}/takes?${query}`, file);
    await this.refresh();
  }
}

/** The most that one take of an asset may cost by any of its models, USD. */
export function highestPrice(asset) {
  const quotes = [asset.quote, ...(asset.fallbacks ?? []).map((f) => f.quote)].filter(Boolean);
  return Math.max(0, ...quotes.map((q) => Number(q.high_usd))) + Number(asset.review?.high_usd ?? 0);
}

/** A model's key in a select, and back. */
export const modelKey = ({ provider, model }) => `${provider}/${model}`;
export function fromModelKey(key) {
  const [provider, ...model] = key.split("/");
  return { provider, model: model.join("/") };
}
