// Greenlight's own prompts in the settings: their versions, and which one new productions use.

import { Actions } from "../lib/actions.js";
import { get, post } from "../lib/api.js";
import { button } from "../lib/components.js";
import { html } from "../lib/dom.js";
import { dateTime } from "../lib/format.js";
import { pill } from "../lib/parts.js";
import { actorName, hasRole } from "../lib/session.js";

const HINT = "Greenlight sends these texts to language models. A choice applies to productions that start from now on.";

/** The section of the settings. It loads by itself, and is absent where the API cannot read the versions. */
export function promptVersions(app) {
  const actions = new Actions(app);
  let prompts = null;
  const texts = new Map();

  const load = () => get("prompts").then((found) => ((prompts = found.prompts), app.update()), () => {});
  const change = (name, path, body = {}) => actions.run(name, async () => {
    await post(`prompts/${name}/${path}`, { ...body, requester: actorName() });
    await load();
  });
  const show = (name, version) => actions.run(name, async () => {
    const found = await get(`prompts/${name}/versions/${version}`);
    texts.set(`${name}/${version}`, found.text);
  });

  const row = (name) => (version) => {
    const text = texts.get(`${name}/${version.version}`);
    return html`
      <tr key=${version.version}>
        <td>${versionLabel(version.version)} ${version.in_use && pill("active", "In use")}</td>
        <td>
          <span dir="auto">${version.unreadable || version.note}</span>
          ${text && html`<p class="hint" dir="auto">${text}</p>`}
        </td>
        <td class="tabular">${gain(version.gain)}</td>
        <td>${version.created_at && dateTime(version.created_at)}</td>
        <td>
          ${!text && !version.unreadable && button("Show", () => show(name, version.version), {
            "aria-label": `Show version ${versionLabel(version.version)} of ${name}`,
          })}
          ${hasRole("operator") && !version.in_use && !version.unreadable && button(
            "Use", () => change(name, "use", { version: version.version }),
            { busy: actions.busy(name), "aria-label": `Use version ${versionLabel(version.version)} of ${name}` },
          )}
        </td>
      </tr>
    `;
  };

  const prompt = (each) => html`
    <details class="provider" key=${each.name}>
      <summary>
        <strong>${each.name}</strong>
        ${pill(each.version ? "active" : "cancelled", versionLabel(each.version))}
        <span class="quiet">${each.meaning}</span>
      </summary>
      <div class="scroll" tabindex="0" role="region" aria-label="Versions of ${each.name}">
        <table>
          <thead>
            <tr>
              ${["Version", "Note", "Gain", "Created", "Action"].map((head) => html`
                <th key=${head} scope="col">${head}</th>
              `)}
            </tr>
          </thead>
          <tbody>${each.versions.map(row(each.name))}</tbody>
        </table>
      </div>
      ${hasRole("operator") && each.before !== null && html`
        <div class="row">
          ${button(`Roll back to ${versionLabel(each.before)}`, () => change(each.name, "rollback"), {
            busy: actions.busy(each.name),
          })}
        </div>
      `}
      ${actions.note(each.name)}
    </details>
  `;

  load();
  return () => prompts && html`
    <section>
      <h2>Prompts</h2>
      <p class="hint">${HINT}</p>
      ${prompts.map(prompt)}
    </section>
  `;
}

const versionLabel = (version) => (version ? String(version) : "built-in");

/** The gain of an optimisation on held-out cases, with its interval. */
function gain(found) {
  if (!found) return "";
  const signed = (value) => `${value < 0 ? "−" : "+"}${Math.abs(value).toPrecision(3)}`;
  const { mean, low, high } = found.gain;
  const interval = low === null ? "" : ` (${signed(low)} to ${signed(high)})`;
  return `${signed(mean)}${interval} ${found.metric}`;
}
