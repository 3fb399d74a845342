// An interview about the brief: a realtime model asks, the person answers, and the form fills as fields arrive.

import { ApiError, post } from "../lib/api.js";
import { button, icon } from "../lib/components.js";
import { html } from "../lib/dom.js";
import { clock, usd } from "../lib/format.js";
import { Conversation, Sound } from "./realtime.js";

const LABELS = {
  text: "Brief",
  title: "Title",
  style: "Style",
  platform: "Platform",
  duration_seconds: "Length",
  aspect: "Aspect ratio",
  languages: "Languages",
  budget_usd: "Budget",
};

const REFUSED = "Not filled in: ";
const latest = (notes) => [...new Set(notes)].slice(-5);

/** `fill` gets the fields of the brief as they arrive; `requester` is the name of the person. */
export class Interview {
  constructor(app, actions, { fill, requester }) {
    Object.assign(this, { app, actions, fill, requester });
    Object.assign(this, { fields: {}, notes: [], said: [], bill: null, talk: null, closed: false });
  }

  /** Nothing is minted before the person has allowed the microphone. */
  async begin() {
    let sound;
    try {
      sound = await Sound.open();
    } catch (error) {
      throw new ApiError({ status: 0, title: error.message, detail: error.message });
    }
    try {
      const session = await post("voice-sessions", { requester: this.requester() });
      if (!session.client_secret) throw new ApiError({ title: "The interview is over already.", detail: "" });
      this.start(session, sound);
      if (this.closed) this.talk.end();
    } catch (error) {
      sound.close();
      throw error;
    }
  }

  start(session, sound) {
    Object.assign(this, { session, fields: {}, notes: [], said: [], bill: null, reason: "" });
    this.talk = new Conversation(session, sound, {
      call: (name, given) => this.take(name, given),
      said: (text) => (this.said.push(text), this.app.update()),
      failed: (text) => ((this.notes = latest([...this.notes, text])), this.app.update()),
      changed: () => this.app.update(),
      over: (reason, usage) => this.settle(reason, usage),
    });
    this.tick = setInterval(() => this.app.update(), 1_000);
  }

  /** The API checks what the model fills in, as text from outside. */
  async take(name, given) {
    try {
      const call = { name: name.slice(0, 200), arguments: given.slice(0, 100_000) };
      const taken = await post(`${this.path()}/fields`, call);
      this.fields = { ...this.fields, ...taken.fields };
      const filled = Object.keys(taken.fields).map((name) => `${REFUSED}${name}:`);
      const open = this.notes.filter((text) => !filled.some((each) => text.startsWith(each)));
      this.notes = latest([...open, ...taken.problems.map((text) => `${REFUSED}${text}`)]);
      if (Object.keys(taken.fields).length && !this.closed) this.fill(taken.fields);
      return { output: taken.output, again: taken.problems.length > 0 };
    } catch (error) {
      this.notes = latest([...this.notes, error.message]);
      return { output: JSON.stringify({ not_taken: [error.message] }), again: false };
    }
  }

  async settle(reason, usage) {
    clearInterval(this.tick);
    Object.assign(this, { reason, talk: null });
    await this.actions.run("interview", async () => (this.bill = await post(`${this.path()}/end`, { usage })));
    this.app.update();
  }

  path() {
    return `voice-sessions/${encodeURIComponent(this.session.session_id)}`;
  }

  close() {
    this.closed = true;
    this.talk?.end();
  }

  render() {
    if (!this.session) return null;
    const filled = Object.entries(this.fields).filter(([name]) => LABELS[name] && name !== "text");
    return html`
      <section class="heard" aria-labelledby="interview">
        <h2 id="interview">Interview</h2>
        ${this.talk && html`
          <div class="row tight">
            ${button("End the interview", () => this.talk?.end(), { mark: "pause" })}
            <span class="hint" role="timer">${clock(this.talk.secondsLeft)} left</span>
            <span class="hint" role="status">
              ${stateOf(this.talk)}
            </span>
          </div>
        `}
        ${this.notes.map(note)}
        ${filled.length > 0 && html`
          <dl>
            ${filled.map(([name, value]) => html`
              <div key=${name}><dt>${LABELS[name]}</dt><dd dir="auto">${shown(name, value)}</dd></div>
            `)}
          </dl>
        `}
        ${this.said.length > 0 && html`
          <details>
            <summary>What the model said</summary>
            ${this.said.map((text) => html`<p dir="auto">${text}</p>`)}
          </details>
        `}
        ${this.bill && html`
          <p class="hint">
            ${`${this.reason} It counts as ${usd(this.bill.cost_usd)}, its cap. `}
            ${this.bill.reported_usd === null
              ? "The vendor's own counts are not known. "
              : `The vendor's own counts come to ${usd(this.bill.reported_usd)}. `}
            ${"Correct the form below. Nothing is started before you create the plan."}
          </p>
        `}
      </section>
    `;
  }
}

const stateOf = ({ ended, answering, greeted }) =>
  ended ? "Ending…" : answering ? "Answering…" : greeted ? "Listening…" : "Connecting…";

const shown = (name, value) => {
  if (name === "duration_seconds") return `${value} s`;
  if (name === "budget_usd") return usd(value);
  return Array.isArray(value) ? value.join(", ") : value;
};

const note = (text) => html`<p class="note" role="status" dir="auto">${icon("alert")}<span>${text}</span></p>`;
