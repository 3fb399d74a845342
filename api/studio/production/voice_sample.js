// How a voice sounds, next to its choice: a free sample at once, a paid one for a price that a person accepts.

import { post } from "../lib/api.js";
import { button } from "../lib/components.js";
import { html } from "../lib/dom.js";
import { usd } from "../lib/format.js";
import { actorName, hasRole } from "../lib/session.js";

const POLL_MS = 500;

/** The samples of one visit: "provider/model|voice|language" -> the API's view of it. */
const heard = new Map();

const wait = () => new Promise((resolve) => setTimeout(resolve, POLL_MS));

/** Make a sample, or find it, and keep what the API says of it. */
async function hear(key, wanted, terms) {
  let sample = await post("voice-samples", { ...wanted, ...terms });
  while (sample.status === "making") {
    await wait();
    sample = await post("voice-samples", wanted);
  }
  heard.set(key, sample);
}

/** A button that plays the voice, and below it what became of the sample. `wanted` is a model, a voice and a language. */
export function voiceSample(wanted, actions) {
  const key = `${wanted.model}|${wanted.voice}|${wanted.language}`;
  const sample = heard.get(key);
  const listen = (terms = {}) =>
    actions.run("voice", () => hear(key, { ...wanted, requester: actorName() }, terms));
  const busy = actions.busy("voice");
  const ready = sample?.status === "ready";
  return html`
    <div class="stack" key="voice-sample">
      ${!ready && sample?.status !== "priced" && html`
        <div class="row tight" key="listen">
          ${button(sample ? "Try again" : "Listen to this voice", () => listen(sample ? { again: true } : {}), { mark: "play", busy })}
        </div>
      `}
      ${sample?.status === "failed" && html`<p class="note bad" role="status" key="failed">${sample.message}</p>`}
      ${sample?.status === "priced" && priced(sample, listen, busy)}
      ${ready && html`
        <audio key=${sample.sample_id} src=${sample.media} controls autoplay aria-label="Sample of the voice"></audio>
        <p class="hint" key="said" dir="auto">${sample.text}</p>
      `}
      ${actions.note("voice")}
    </div>
  `;
}

function priced({ price_usd }, listen, busy) {
  const unknown = price_usd === null;
  const label = unknown ? "Listen at an unknown price" : `Listen for up to ${usd(price_usd)}`;
  const terms = unknown ? { allow_unknown_price: true } : { max_usd: price_usd };
  const price = unknown ? "The price of this model is not published." : "A sample of this voice costs money, once.";
  return html`
    <div class="row tight" key="priced" role="status">
      <p class="hint">${price}${!hasRole("approver") && " An approver can make a sample."}</p>
      ${hasRole("approver") && button(label, () => listen(terms), { mark: "play", busy })}
    </div>
  `;
}
