// What a judge found in a take: its scores with reasons, and the filter of the board by score.

import { select } from "../lib/components.js";
import { html } from "../lib/dom.js";
import { count } from "../lib/format.js";
import { pill } from "../lib/parts.js";
import { estimateRange } from "./costs.js";

/** From this score a take counts as good where the plan has no minimum of its own. */
const GOOD = 0.8;

const isJudged = (verdict) => typeof verdict?.score === "number";

/** A pill for a card: the score, or that the take is unjudged. */
export function scorePill({ record }) {
  const verdict = record?.verdict;
  if (!verdict) return null;
  const title = isJudged(verdict) ? reasons(verdict) : verdict.unjudged;
  const label = isJudged(verdict) ? `Score ${verdict.score.toFixed(2)}` : "Unjudged";
  const tone = !isJudged(verdict) ? "pending" : verdict.matches ? "delivered" : "paused";
  return html`<span data-score=${verdict.score ?? "none"} title=${title}>${pill(tone, label)}</span>`;
}

const reasons = ({ scores }) =>
  scores.filter((s) => s.reason && s.score < 1).map((s) => `${s.criterion}: ${s.reason}`).join("\n");

/** The verdict of a take in its card. */
export function verdictDetails({ verdict, number, refined_from: from }) {
  if (!verdict) return null;
  if (!isJudged(verdict)) {
    return html`<p class="quiet small">Unjudged: ${verdict.unjudged}</p>`;
  }
  return html`
    <details .open=${!verdict.matches}>
      <summary>
        Score ${verdict.score.toFixed(2)}${verdict.matches ? ", matches" : ""}${from ? `, refined from take ${from}` : ""}
      </summary>
      <dl class="measured" aria-label="Scores of take ${number}">
        ${verdict.scores.map(({ criterion, score, reason }) => html`
          <div key=${criterion}>
            <dt>${criterion}</dt><dd><span class="tabular">${score.toFixed(2)}</span> ${reason}</dd>
          </div>
        `)}
      </dl>
      ${verdict.prompt && html`<p class="said" dir="auto">Better prompt: ${verdict.prompt}</p>`}
      <p class="quiet small">
        Judged by ${verdict.judge}${verdict.reused && `, in ${verdict.reused}`}${
          verdict.unseen ? `, which did not see ${count(verdict.unseen, "picture")} of it` : ""}
      </p>
    </details>
  `;
}

/** The choices of the filter, by their name. */
const FILTERS = {
  all: ["All assets", () => true],
  low: ["Below the score", (verdict, least) => isJudged(verdict) && verdict.score < least],
  unjudged: ["Unjudged", (verdict) => Boolean(verdict) && !isJudged(verdict)],
};

const leastScore = (production) => production.data.plan?.quality?.min_score ?? GOOD;

/** The filter over the board; null where no take was judged. */
export function scoreFilter(production, chosen, choose) {
  if (!production.assets.some(({ record }) => record?.verdict)) return null;
  const least = leastScore(production);
  const found = (name) => production.assets.filter((a) => FILTERS[name][1](a.record?.verdict, least)).length;
  const label = { low: `Below ${least.toFixed(2)} (${found("low")})`, unjudged: `Unjudged (${found("unjudged")})` };
  const options = Object.entries(FILTERS).map(([name, [text]]) => [name, label[name] ?? text]);
  return html`
    <div class="row tight">
      <label class="quiet" for="score-filter">Show</label>
      ${select("score-filter", options, chosen ?? "all", choose)}
    </div>
  `;
}

/** Whether the filter keeps a card: its asset or one of its parts. */
export function isShown(production, { main, parts }, chosen) {
  const [, keeps] = FILTERS[chosen] ?? FILTERS.all;
  return [main, ...parts].some(({ record }) => keeps(record?.verdict, leastScore(production)));
}

/** A sentence about the review of a plan that waits for approval; null without one. */
export function reviewFact({ quality, review_usd: price }) {
  if (!quality) return null;
  const refined = quality.refinements ? ` and refined up to ${count(quality.refinements, "time")}` : "";
  const decided = quality.mode === "gate" ? "; you decide about low scores" : "";
  const cost = Number(price?.high) ? `, which is ${estimateRange(price)} of the price` : ", free of charge";
  return `Takes are judged from a score of ${quality.min_score}${refined}${cost}${decided}.`;
}
