// Blind votes: two takes of one case without the names of their models, until a person has compared all pairs.

import { Actions } from "../lib/actions.js";
import { get, post } from "../lib/api.js";
import { button, icon, loadFailure } from "../lib/components.js";
import { html } from "../lib/dom.js";
import { emptyState, loading } from "../lib/parts.js";
import { progressBar } from "../lib/regions.js";
import { actorName } from "../lib/session.js";
import { takeMedia } from "./report.js";

export function openVotes(id, app) {
  const actions = new Actions(app);
  const path = `evaluations/${encodeURIComponent(id)}`;
  const voter = actorName();
  let pair = null;
  let problem = null;

  const load = async () => {
    try {
      pair = await get(`${path}/pair?voter=${encodeURIComponent(voter)}`);
      problem = null;
    } catch (error) {
      problem = error.problem ?? { status: 0, title: String(error) };
    }
    app.update();
  };
  load();

  const vote = (choice) =>
    actions.run("vote", async () => {
      pair = await post(`${path}/votes`, { pair_id: pair.pair_id, choice, voter });
      document.getElementById("pair")?.focus();
    });

  const side = (name, { media_type, media, text }) => html`
    <article class="take" key="${pair.pair_id}-${name}">
      <div class="frame">
        ${takeMedia(media_type, media && `${media}?voter=${encodeURIComponent(voter)}`, text, `The ${name} take`)}
      </div>
      ${button(`The ${name} one is better`, () => vote(name), { variant: "primary", disabled: actions.busy("vote") })}
    </article>
  `;

  const pairView = () => html`
    <section class="stack">
      <h2 id="pair" tabindex="-1" dir="auto">${pair.prompt}</h2>
      <div class="takes">${side("left", pair.left)}${side("right", pair.right)}</div>
      <div class="row">${button("They are equal", () => vote("tie"), { disabled: actions.busy("vote") })}</div>
      ${actions.note("vote")}
    </section>
  `;

  const allDone = () => emptyState(
    pair.total ? "All pairs are compared" : "There is nothing to compare",
    pair.total ? "The report shows the strengths of the models." : "Each case has only one take.",
    html`<a class="button primary" href="#/evaluations/${id}">Show the report</a>`,
  );

  return {
    title: () => "Blind comparison",
    accepts: ([other, part]) => other === id && part === "votes",
    render() {
      if (!pair) return problem ? loadFailure(problem, load) : loading;
      return html`
        <div class="list" key="votes-${id}">
          <div class="stack">
            <a class="crumb" href="#/evaluations/${id}">${icon("back")}Evaluation</a>
            <h1>Which take is better?</h1>
            <p class="quiet">${pair.done} of ${pair.total} compared by ${voter}</p>
            ${progressBar(pair.total ? pair.done / pair.total : 1, "Pairs compared")}
          </div>
          ${pair.pair_id ? pairView() : allDone()}
        </div>
      `;
    },
  };
}
