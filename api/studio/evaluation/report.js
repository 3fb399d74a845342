// The parts of a report: the figures, the strengths by votes, a comparison, and the takes of each case side by side.

import { button, field, select } from "../lib/components.js";
import { html } from "../lib/dom.js";
import { count, percent } from "../lib/format.js";
import { table } from "../lib/regions.js";

const number = new Intl.NumberFormat(navigator.language, { maximumSignificantDigits: 4 });

const isKnown = ({ low, high }) => typeof low === "number" && typeof high === "number";

const range = (interval) => isKnown(interval) && `${number.format(interval.low)} to ${number.format(interval.high)}`;

const isClear = (interval) => isKnown(interval) && (interval.low > 0 || interval.high < 0);

const against = (difference) =>
  `${difference.mean > 0 ? "+" : ""}${number.format(difference.mean)} against the first`
  + (isClear(difference) ? ", clearly" : "");

const figure = (interval, difference) => html`
  <span class="figure">
    <strong>${number.format(interval.mean)}</strong>
    <span class="quiet small">${range(interval)}</span>
    ${difference && html`
      <span class="small ${isClear(difference) ? "" : "quiet"}">
        ${against(difference)}
      </span>
    `}
  </span>
`;

/** A row for each model, a column for each metric. */
export function figuresTable({ view, metrics, figures, differences }) {
  const find = (list, metric, column) => list.find((each) => each.metric === metric && each.column === column);
  const rows = view.columns.map((column, n) => [
    column.label,
    `${view.progress[n].made} of ${column.cells}`,
    ...metrics.map(({ name }) => {
      const found = find(figures, name, n);
      return found ? figure(found.interval, find(differences, name, n)?.difference) : "–";
    }),
  ]);
  const heads = metrics.map(({ title, unit }) => (unit ? `${title} (${unit})` : title));
  return html`
    <section class="stack">
      <h2>Figures</h2>
      <p class="hint">Means with their intervals of 95 %; a difference is clear where its interval excludes zero.</p>
      ${table("Figures", ["Model", "Made", ...heads], rows)}
    </section>
  `;
}

export function preferenceSection({ view, preference }) {
  if (!preference) return null;
  const rows = preference.strengths.map((s) => [
    view.columns[s.column].label,
    figure({ mean: s.strength, low: s.low, high: s.high }),
    percent(s.beats_average),
    String(s.wins),
    String(s.losses),
    String(s.ties),
  ]);
  return html`
    <section class="stack">
      <h2>Preference</h2>
      <p class="hint">
        ${count(preference.votes, "blind vote")} of ${count(preference.voters, "person", "people")};
        strengths by Bradley and Terry${preference.with_prior && ", with half a win added to both sides of each pair"}.
      </p>
      ${table("Preference", ["Model", "Strength", "Beats the average", "Wins", "Losses", "Ties"], rows)}
    </section>
  `;
}

export function comparisonSection(state, actions, compare, app) {
  if (!state.others.length) return null;
  const name = ({ evaluation_id: id, title }) => (title ? `${title} (${id})` : id);
  const options = [["", "Choose"], ...state.others.map((each) => [each.evaluation_id, name(each)])];
  const choose = (value) => ((state.other = value), (state.comparison = null), app.update());
  const { comparison } = state;
  return html`
    <section class="stack">
      <h2>Against another evaluation</h2>
      <div class="row">
        ${field("other", "Evaluation", select("other", options, state.other, choose))}
        ${button("Compare", compare, { busy: actions.busy("compare"), disabled: !state.other })}
      </div>
      ${actions.note("compare")}
      ${comparison && html`<p class="hint">${count(comparison.same_cases, "case")} in both</p>`}
      ${comparison && (comparison.rows.length
        ? table("Comparison", ["Model", "Metric", "This one", "The other", "Difference"], comparison.rows.map((row) => [
          row.model, row.metric, figure(row.first), figure(row.second), figure(row.difference),
        ]))
        : html`<p class="hint">They share no model.</p>`)}
    </section>
  `;
}

/** One take: `source` is the address of its file. */
export function takeMedia(type, source, text, label) {
  if (type.startsWith("image/")) return html`<img src=${source} alt=${label} loading="lazy">`;
  if (type.startsWith("audio/")) return html`<audio src=${source} controls preload="none" aria-label=${label}></audio>`;
  if (type.startsWith("video/")) {
    return html`<video src=${source} controls preload="metadata" playsinline aria-label=${label}></video>`;
  }
  return html`<div class="document" dir="auto" tabindex="0" role="region" aria-label=${label}>${text}</div>`;
}

export function casesSection(state, path, more, actions) {
  const columns = state.report.view.columns;
  return html`
    <section class="stack">
      <h2>${count(state.total, "case")}</h2>
      ${state.cases.map((each) => caseRow(each, columns, path))}
      ${state.cases.length < state.total && html`
        <div class="row end">${button("Show more", more, { busy: actions.busy("cases") })}</div>
      `}
      ${actions.note("cases")}
    </section>
  `;
}

const caseRow = (each, columns, path) => html`
  <section class="stack" key="${each.line}-${each.modality}">
    <h3 dir="auto">${each.case_id}</h3>
    <p class="quiet" dir="auto">${each.prompt}</p>
    <div class="takes">${each.cells.map((cell) => cellCard(cell, columns[cell.column].label, path))}</div>
  </section>
`;

const cellCard = (cell, label, path) => html`
  <article class="take" key=${cell.number}>
    ${cell.media && html`
      <div class="frame">
        ${takeMedia(cell.media.media_type, `/api/v1/${path}/cells/${cell.number}/media`, cell.excerpt, label)}
      </div>
    `}
    <div class="line"><strong title=${label}>${label}</strong></div>
    ${cell.failure && html`<p class="bad small" dir="auto">${cell.failure}</p>`}
    <dl class="measured">
      ${Object.entries(cell.values ?? {}).map(([name, value]) => html`
        <div key=${name}><dt>${name}</dt><dd>${number.format(value)}</dd></div>
      `)}
    </dl>
    ${Object.entries(cell.notes ?? {}).map(([name, note]) => html`
      <p class="quiet small" dir="auto" key="note-${name}">${name}: ${note}</p>
    `)}
  </article>
`;
