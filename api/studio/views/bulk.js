// One answer to many pending decisions: which decisions it reaches, what it costs, and which of them were refused.

import { ApiError, newKey, post } from "../lib/api.js";
import { button, field, icon, moneyInput } from "../lib/components.js";
import { html } from "../lib/dom.js";
import { count, listed, priceLimit, roundedUp, usd } from "../lib/format.js";
import { unfolded } from "../lib/parts.js";
import { progressBar } from "../lib/regions.js";
import { actorName } from "../lib/session.js";

/** A plan waits for its first approval. */
const PLAN_REASONS = new Set(["approval", "deadline_near", "price_unknown"]);

/** Answers that may cost the price of the asset again. */
const SPENDING = new Set(["retry", "resubmit"]);

/** Answers that many decisions can get at once; a new budget differs for each production. */
const ANSWERS = {
  retry: (assets) => `Try ${assets} again`,
  resubmit: (assets) => `Submit ${assets} again`,
  accept_without: (assets) => `Continue without ${assets}`,
  adopt: (assets) => `Adopt the jobs of ${assets}`,
};

/** The decisions to answer, their price together, and the number of the others by the reason why they are left out. */
function selection(entries, reasonToLeaveOut) {
  const chosen = [];
  const leftOut = new Map();
  for (const entry of entries) {
    const why = reasonToLeaveOut(entry.waiting);
    if (why) leftOut.set(why, (leftOut.get(why) ?? 0) + 1);
    else chosen.push(entry);
  }
  const price = chosen.reduce((sum, { waiting }) => sum + Number(waiting.price_usd ?? 0), 0);
  return { chosen, price, leftOut: [...leftOut].map(([why, n]) => `${n} ${why}`) };
}

const waitingPlans = (entries) =>
  entries.filter(({ waiting }) => PLAN_REASONS.has(waiting.reason) && !waiting.asset_id);

/** The plans whose high price is known and at most `limit` USD. */
const selectPlans = (entries, limit) => selection(waitingPlans(entries), (item) => {
  if ((item.price_usd ?? null) === null || !item.plan_digest) return "of unknown price";
  if (!item.answers.includes("approve")) return "that cannot be approved now";
  if (item.missing_languages?.length > 0) return "without a language of their brief";
  return Number(item.price_usd) > limit && `above ${usd(limit)}`;
});

/** The decisions that accept this answer, and have what it needs. */
const selectAnswers = (entries, answer) => selection(entries, (item) => {
  if (!item.answers.includes(answer) || !item.asset_id) return "that do not accept this answer";
  if (SPENDING.has(answer) && (item.price_usd ?? null) === null) return "of unknown price";
  if (answer === "adopt" && !item.job_id) return "without a known job";
  return answer === "retry" && item.reason === "content_refused" && !item.proposal && "without a proposed prompt";
});

function resolution(item, answer) {
  return {
    action: answer,
    attention: item.id,
    resolver: actorName(),
    ...(answer === "adopt" && { job_id: item.job_id }),
    ...(answer === "retry" && item.reason === "content_refused" && { prompt: item.proposal }),
  };
}

const entryKey = ({ production_id, waiting }) => `${production_id}/${waiting.id}`;
const HIDDEN_MS = 8_000; // the list follows an answer by a second or two

/** Answers to the entries that are shown; `reason` is the one that they are filtered by. */
export class Bulk {
  #app;
  #limit = "";
  #asked = null; // the answer that waits for its confirmation
  #progress = null; // {done, total} while answers are sent
  #refused = []; // {entry, text} of the last answers
  #sent = new Map(); // key of an answered entry -> when

  constructor(app) {
    this.#app = app;
  }

  /** Whether the entry is still to be answered; the list shows answered ones for a moment longer. */
  isOpen = (entry) => !(Date.now() - this.#sent.get(entryKey(entry)) < HIDDEN_MS);

  view(entries, reason) {
    const answers = reason && !PLAN_REASONS.has(reason) ? this.#possible(entries, reason) : [];
    const plans = waitingPlans(entries);
    if (plans.length < 2 && !answers.length && !this.#progress && !this.#refused.length) return null;
    return html`
      <section class="bulk stack sunk" aria-label="Answer many">
        ${plans.length > 1 && this.#approval(plans)}
        ${answers.length > 0 && this.#answers(answers)}
        ${this.#progress && progressView(this.#progress)}
        ${this.#refused.length > 0 && refusedNote(this.#refused)}
      </section>
    `;
  }

  #approval(plans) {
    const limit = this.#limit === "" ? NaN : Number(this.#limit);
    const { chosen, price, leftOut } = selectPlans(plans, Number.isNaN(limit) ? -1 : limit);
    const approve = () => this.#send(chosen, ({ production_id, waiting }, options) => post(
      `productions/${encodeURIComponent(production_id)}/approve`,
      {
        plan_digest: waiting.plan_digest,
        approver: actorName(),
        budget_usd: roundedUp(Number(waiting.cost_usd ?? 0) + Number(waiting.price_usd)),
      },
      options,
    ));
    const label = chosen.length ? `Approve ${count(chosen.length, "plan")} · ${priceLimit(price)}` : "Approve plans";
    return html`
      <div class="row">
        ${field("bulk-limit", "Approve all plans up to", moneyInput(
          "bulk-limit", this.#limit, "e.g. 0.10", (text) => ((this.#limit = text), this.#app.update()),
        ))}
        ${button(label, approve, { variant: "primary", busy: Boolean(this.#progress), disabled: !chosen.length })}
        <p class="hint grow" role="status">
          ${Number.isNaN(limit)
            ? `${count(plans.length, "plan")} in this list.`
            : leftOut.length > 0 && `Left out: ${listed(leftOut)}.`}
        </p>
      </div>
    `;
  }

  #possible(entries, reason) {
    return Object.keys(ANSWERS)
      .filter((answer) => !(answer === "retry" && reason === "model_retired")) // needs another model, one by one
      .map((answer) => ({ answer, ...selectAnswers(entries, answer) }))
      .filter(({ chosen }) => chosen.length > 1);
  }

  #answers(answers) {
    const label = ({ answer, chosen, price }) => {
      const text = ANSWERS[answer](count(chosen.length, "asset"));
      return SPENDING.has(answer) ? `${text} · ${priceLimit(price)}` : text;
    };
    const ask = (answer) => ((this.#asked = this.#asked === answer ? null : answer), this.#app.update());
    const asked = answers.find(({ answer }) => answer === this.#asked);
    const send = () => this.#send(asked.chosen, ({ production_id, waiting }, options) => post(
      `productions/${encodeURIComponent(production_id)}/assets/${encodeURIComponent(waiting.asset_id)}/resolve`,
      resolution(waiting, asked.answer),
      options,
    ));
    return [
      html`
        <div class="row tight">
          ${answers.map((each) => button(label(each), () => ask(each.answer), {
            busy: Boolean(this.#progress), "aria-expanded": String(asked === each),
          }))}
        </div>
      `,
      asked && unfolded("asked",
        asked.leftOut.length > 0 && html`<p class="hint">Left out: ${listed(asked.leftOut)}.</p>`,
        button(`Yes: ${label(asked)}`, send, { variant: "primary", busy: Boolean(this.#progress) }),
      ),
    ];
  }

  /** Send an answer to each entry, one after another. A refused one does not stop the others. */
  async #send(entries, answer) {
    if (this.#progress) return;
    const key = newKey();
    const total = entries.length;
    let answered = 0;
    this.#progress = { done: 0, total };
    this.#refused = [];
    this.#asked = null;
    for (const [n, entry] of entries.entries()) {
      this.#app.update();
      try {
        await answer(entry, { headers: { "Idempotency-Key": `${key}-${n}` } });
        this.#sent.set(entryKey(entry), Date.now());
        answered += 1;
      } catch (error) {
        if (!(error instanceof ApiError)) throw error;
        this.#refused.push({ entry, text: error.problem.errors?.[0]?.message || error.message });
        if (!error.problem.status || error.problem.status === 401) break; // nothing answers any more
      }
      this.#progress.done += 1;
    }
    this.#progress = null;
    this.#app.toast(`${answered} of ${total} answered.`);
    await this.#app.loadAttention();
    this.#app.update();
  }
}

const progressView = ({ done, total }) => html`
  <div class="against">
    <p role="status">${done} of ${count(total, "answer")} sent</p>
    ${progressBar(done / total, "Answers sent")}
  </div>
`;

const refusedNote = (refused) => html`
  <div class="note bad" role="alert">
    ${icon("alert")}
    <div>
      <p>${count(refused.length, "answer")} refused. What is still pending stays in the list.</p>
      ${refused.slice(0, 8).map(({ entry, text }) => html`
        <p dir="auto" key=${entryKey(entry)}>
          <a href="#/p/${entry.production_id}">${entry.title || entry.production_id}</a>
          ${entry.waiting.asset_id && ` · ${entry.waiting.asset_id}`}${`: ${text}`}
        </p>
      `)}
      ${refused.length > 8 && html`<p>And ${refused.length - 8} more.</p>`}
    </div>
  </div>
`;
