// What the checks of a take found, with a jump to the place in its media.

import { icon, sentence } from "../lib/components.js";
import { html } from "../lib/dom.js";
import { count } from "../lib/format.js";
import { pill } from "../lib/parts.js";

/** 75.5 -> 1:15.5 */
const clock = (seconds) => {
  const minutes = Math.floor(seconds / 60);
  return `${minutes}:${(seconds - 60 * minutes).toFixed(1).padStart(4, "0")}`;
};

/** Moves the player of the same take to a time. */
function jump(event, seconds) {
  const player = event.target.closest(".take")?.querySelector("video, audio");
  if (!player) return;
  player.pause();
  player.currentTime = seconds;
  player.focus();
}

/** The findings of a take, hard ones first; null if it has none. Pictures and texts have no times. */
export function findingsList({ checks, number }, timed) {
  const found = checks?.findings ?? [];
  if (!found.length) return null;
  return html`
    <ul class="findings" aria-label="Checks of take ${number}">
      ${found.map((each) => html`
        <li data-check=${each.check} class=${each.hard ? "bad" : null}>
          ${icon(each.hard ? "cross" : "alert")}
          <span>${sentence(each.message)}</span>
          ${timed && typeof each.at_seconds === "number" && html`
            <button type="button" class="link" onclick=${(e) => jump(e, each.at_seconds)}
              aria-label="Go to ${clock(each.at_seconds)} of take ${number}">${clock(each.at_seconds)}</button>
          `}
        </li>
      `)}
    </ul>
  `;
}

/** The measured values, e.g. length 5.04 · black 0. */
export function measuredValues({ checks, number }) {
  const values = Object.entries(checks?.measured ?? {});
  if (!values.length) return null;
  return html`
    <details>
      <summary>${count(values.length, "check")}</summary>
      <dl class="measured" aria-label="Measured values of take ${number}">
        ${values.map(([name, value]) => html`
          <div key=${name}><dt>${name.replaceAll("_", " ")}</dt><dd class="tabular">${String(value)}</dd></div>
        `)}
      </dl>
    </details>
  `;
}

/** A pill for a card whose take has notes; a failed take has the pill of its decision. */
export function notesPill({ record }) {
  const notes = (record?.findings ?? []).filter((each) => !each.hard);
  if (!notes.length || record.attention) return null;
  const text = notes.length === 1 ? `Note: ${notes[0].check.replaceAll("_", " ")}` : count(notes.length, "note");
  return html`<span title=${notes.map((each) => each.message).join("\n")}>${pill("paused", text)}</span>`;
}
