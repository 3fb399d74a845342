// How a voice sounds, next to its choice: a free sample at once, a paid one for a price that a person accepts.

import { post } from "../lib/api.js";
import { button } from "../lib/components.js";
import { html } from "../lib/dom.js";
import { usd } from "../lib/format.js";
import { actorName, hasRole } from "../lib/session.js";

const POLL_MS = 500;

/** The samples of one visit: a model, a voice and a language -> the API's view. */
const heard = new Map();

async function hear(key, wanted, terms) {
  let sample = await post("voice-samples", { ...wanted, ...terms });
  while (sample.status === "making") {
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    sample = await post("voice-samples", wanted);
  }
  heard.set(key, sample);
}

/** A button that plays the voice `wanted`, and what became of the sample. */
export function voiceSample(wanted, actions) {
  const key = `${wanted.model}|${wanted.voice}|${wanted.language}`;
  const sample = heard.get(key) ?? {};
  const listen = (label, terms) =>
    button(label, () => actions.run("voice", () => hear(key, { ...wanted, requester: actorName() }, terms)), {
      mark: "play", busy: actions.busy("voice"),
    });
  return html`
    <div class="stack">
      ${!["ready", "priced"].includes(sample.status) && html`
        <div class="row tight">
          ${sample.status ? listen("Try again", { again: true }) : listen("Listen to this voice")}
        </div>
      `}
      ${sample.status === "failed" && html`<p class="note bad" role="status">${sample.message}</p>`}
      ${sample.status === "priced" && priced(sample, listen)}
      ${sample.status === "ready" && html`
        <audio key=${sample.sample_id} src=${sample.media} controls autoplay aria-label="Sample of the voice"></audio>
        <p class="hint" dir="auto">${sample.text}</p>
      `}
      ${actions.note("voice")}
    </div>
  `;
}

const priced = ({ price_usd }, listen) => html`
  <div class="row tight" role="status">
    <p class="hint">
      ${price_usd === null ? "The price of this model is not published." : "A sample of this voice costs money, once."}
      ${!hasRole("approver") && " An approver can make a sample."}
    </p>
    ${hasRole("approver") && (price_usd === null
      ? listen("Listen at an unknown price", { allow_unknown_price: true })
      : listen(`Listen for up to ${usd(price_usd)}`, { max_usd: price_usd }))}
  </div>
`;
