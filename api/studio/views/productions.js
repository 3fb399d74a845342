// All productions: their status and what they cost.

import { listPages } from "../lib/api.js";
import { button, icon, loadFailure, select, spinner } from "../lib/components.js";
import { html } from "../lib/dom.js";
import { aboveListPrice, ago, dateTime, dotted, spentSoFar, usd } from "../lib/format.js";
import { STATUS } from "../lib/labels.js";
import { emptyState, loading, pill } from "../lib/parts.js";
import { PLATFORM_OPTIONS, PLATFORMS } from "../lib/platforms.js";
import { Poller } from "../lib/poller.js";

const FILTERS = ["", "awaiting_approval", "producing", "needs_attention", "delivered", "failed"];
const PLATFORM_ICONS = { video: "video", design: "image", social_post: "image" };
const WITH_PICTURES = new Set(Object.keys(PLATFORM_ICONS));
const BEFORE_PICTURES = new Set(["planning", "awaiting_approval", "rejected", "expired"]);
const POLL_MS = 8_000;
const TYPING_MS = 250;

/** The tabs of the three lists. */
export const tabs = (current) => html`
  <nav class="tabs" aria-label="Lists">
    ${[["productions", "Productions"], ["batches", "Batches"], ["evaluations", "Evaluations"], ["schedules", "Schedules"]].map(([name, label]) => html`
      <a href="#/${name}" key=${name} aria-current=${name === current ? "page" : null}>${label}</a>
    `)}
  </nav>
`;

export function open(_, app) {
  let status = "";
  let platform = "";
  let search = "";
  let typing = 0;
  let pages = 1;

  const read = () => {
    const words = search.trim();
    const query = { ...(status && { status }), ...(platform && { platform }), ...(words && { words }) };
    return listPages("productions", "production_id", query, pages);
  };
  const poller = new Poller(app, read, () => POLL_MS);

  const filter = () => {
    pages = 1;
    poller.load();
    app.update();
  };
  const type = (text) => {
    search = text;
    clearTimeout(typing);
    typing = setTimeout(filter, TYPING_MS);
    app.update();
  };

  const filters = () => html`
    <div class="row tight filters" role="search">
      ${FILTERS.map((each) => html`
        <button type="button" class="chip" key=${each || "all"} aria-pressed=${String(status === each)}
          onclick=${() => ((status = each), filter())}>
          ${each ? STATUS[each][0] : "All"}
        </button>
      `)}
      <span class="grow"></span>
      <label class="sr" for="of-platform">Platform</label>
      ${select("of-platform", [["", "Every platform"], ...PLATFORM_OPTIONS], platform, (chosen) => {
        platform = chosen;
        filter();
      })}
      <label class="sr" for="search">Search</label>
      <input id="search" type="search" placeholder="Title, ID or person" .value=${search}
        oninput=${(e) => type(e.target.value)}>
    </div>
  `;

  function list({ items, more }) {
    if (items.length) return html`<ul class="rows pictured">${items.map(row)}</ul>`;
    if (status || platform || search) return emptyState(
      "No matches",
      search
        ? `No title, ID or person ${more ? "of the first thousand " : ""}matches the search.`
        : "No production has that status and platform.",
      button("Show all", () => ((status = platform = search = ""), filter())),
    );
    return emptyState(
      "No productions yet",
      "Write a brief, and see the plan with its prices before anything is generated.",
      html`<a class="button primary" href="#/">Write a brief</a>`,
    );
  }

  return {
    title: () => "Productions",
    close: () => (poller.close(), clearTimeout(typing)),
    render() {
      const { data, problem } = poller;
      if (!data && problem) return loadFailure(problem, poller.load);
      if (!data) return html`<div class="list">${tabs("productions")}${loading}</div>`;
      return html`
        <div class="list">
          <div class="row">
            <h1>Productions</h1>
            <span class="grow"></span>
            <a class="button primary" href="#/">${icon("plus")}<span>New</span></a>
          </div>
          ${tabs("productions")}
          ${filters()}
          ${problem && html`<p class="banner" role="status">${spinner}${problem.detail}</p>`}
          ${list(data)}
          ${data.more && html`
            <div class="row end">${button("Show more", () => ((pages += 1), poller.load()))}</div>
          `}
        </div>
      `;
    },
  };
}

/** The first picture of a production that may have one. Another status asks again, because there may be one by then. */
function thumbnail({ production_id: id, platform, status }) {
  const url = `/api/v1/productions/${encodeURIComponent(id)}/thumbnail?status=${status}`;
  const possible = WITH_PICTURES.has(platform) && !BEFORE_PICTURES.has(status);
  return html`
    <span class="thumb" aria-hidden="true">
      ${icon(PLATFORM_ICONS[platform] ?? "text")}
      ${possible && html`
        <img key=${url} src=${url} alt="" width="96" height="54" loading="lazy" decoding="async"
          onerror=${(e) => (e.target.hidden = true)}>
      `}
    </span>
  `;
}

const row = (production) => html`
  <li key=${production.production_id}>
    <a href="#/p/${production.production_id}">
      ${thumbnail(production)}
      <span class="name">
        <strong dir="auto">${production.title || production.production_id}</strong>
        <span class="quiet small">
          ${dotted(
            PLATFORMS[production.platform]?.[0],
            production.requester !== "anonymous" && production.requester,
          )}
          ${production.title && html`<span class="wide-only"> · ${production.production_id}</span>`}
        </span>
      </span>
      ${pill(production.status)}
      <span class="cost tabular">
        ${spentSoFar(production.spent_usd)}
        ${Number(production.overrun_usd) > 0 && html`
          <span class="bad small" title=${aboveListPrice(production.overrun_usd)}>
            ${usd(production.overrun_usd)} over
          </span>
        `}
      </span>
      <time class="quiet small" datetime=${production.created_at} title=${dateTime(production.created_at)}>
        ${ago(production.created_at)}
      </time>
    </a>
  </li>
`;
