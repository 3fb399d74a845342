// A brief by voice: a recording is written down, and fills the form, which a person corrects and sends.

import { ApiError, get, post } from "../lib/api.js";
import { button, fileButton, icon, spinner } from "../lib/components.js";
import { html } from "../lib/dom.js";
import { clock, usd } from "../lib/format.js";
import { hasRole } from "../lib/session.js";
import { canRecord, Recorder } from "./recorder.js";

const POLL_MS = 700;
const MOST_SECONDS = 1_800;
const LABELS = {
  title: "Title",
  platform: "Platform",
  duration_seconds: "Length",
  aspect: "Aspect ratio",
  languages: "Languages",
  budget_usd: "Budget",
};

/**
 * `fill` gets the draft of a brief that was heard; `requester` is the name of the person. `memo` is what the API says
 * of the recording, until it is discarded. `interviews` are the terms of interviews; null where they are not known.
 */
export class VoiceMemo {
  constructor(app, actions, { fill, requester, interviews }) {
    Object.assign(this, { app, actions, fill, requester, interviews, memo: null, recorder: null, closed: false });
    this.interview = null;
  }

  close() {
    this.closed = true;
    this.recorder?.stop();
    this.interview?.close();
  }

  /** A conversation with a realtime model, which is paid for: it begins with the person's click. */
  async talk() {
    const { Interview } = await import("./interview.js");
    this.interview ??= new Interview(this.app, this.actions, { fill: this.fill, requester: this.requester });
    await this.interview.begin();
  }

  /** What was heard in the memo of a draft that an earlier visit left. */
  async recall(id) {
    this.memo = await get(`voice-memos/${encodeURIComponent(id)}`).catch(() => null);
    this.app.update();
  }

  async record() {
    const recorder = new Recorder(MOST_SECONDS, () => this.app.update());
    try {
      await recorder.start();
    } catch (error) {
      throw new ApiError({ status: 0, title: error.message, detail: error.message });
    }
    this.recorder = recorder;
    recorder.ended.then(() => this.recorder === recorder && !this.closed && this.actions.run("voice", () => this.stop()));
  }

  async stop() {
    const { recorder } = this;
    this.recorder = null;
    const file = await recorder.stop();
    await this.writeDown(file);
  }

  async discard() {
    const { recorder } = this;
    this.recorder = null;
    await recorder.stop();
    this.app.update();
  }

  /** Send a recording and fill the form with what is said in it; nothing is started. */
  async writeDown(file) {
    this.memo = null;
    if (!file.size) throw new ApiError({ status: 0, title: "The recording is empty.", detail: "" });
    const { sendFile } = await import("./reference_upload.js");
    const { source } = await sendFile(file, () => {});
    await this.transcribe({ source, name: file.name.replace(/\.\w+$/, "").slice(0, 200) });
  }

  /** Write down a stored recording; `limit` may have the `max_usd` that a person allows. */
  async transcribe({ source, name }, limit = {}) {
    let memo = await post("voice-memos", { source, name, requester: this.requester(), ...limit });
    while (memo.status === "reading" && !this.closed) {
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
      memo = await get(`voice-memos/${encodeURIComponent(memo.memo_id)}`);
    }
    this.memo = memo;
    if (memo.brief?.text && !this.closed) this.fill(memo.brief);
  }

  allow(memo) {
    const [recording] = memo.brief.references;
    return this.actions.run("voice", () => this.transcribe(recording, { max_usd: memo.waiting_usd }));
  }

  /** The controls, and below them what was heard. */
  render() {
    const busy = this.actions.busy("voice");
    return html`
      <div class="voice">
        <div class="row tight">
          ${this.recorder
            ? html`
                ${button("Stop and write it down", () => this.actions.run("voice", () => this.stop()), { mark: "pause" })}
                ${button("Discard", () => this.discard(), { variant: "ghost" })}
                <span class="hint" role="timer">Recording ${clock(this.recorder.elapsed)}</span>
              `
            : html`
                ${canRecord() && button("Speak the brief", () => this.actions.run("voice", () => this.record()), {
                  mark: "audio", busy,
                })}
                ${this.talkButton(busy)}
                ${fileButton("Use a recording", ([file]) => this.actions.run("voice", () => this.writeDown(file)), {
                  busy, accept: "audio/*,.m4a,.mp3,.wav,.ogg,.flac,.webm",
                })}
                ${!canRecord() && html`<span class="hint">The microphone needs an https address, or this machine.</span>`}
                ${busy && html`<span class="hint" role="status">${spinner} Writing down what is said…</span>`}
              `}
        </div>
        ${this.actions.note("voice")}
        ${this.actions.note("interview")}
        ${this.interview?.render()}
        ${this.memo && this.heard(this.memo)}
      </div>
    `;
  }

  talkButton(busy) {
    const terms = this.interviews();
    if (!terms?.enabled || !canRecord() || this.interview?.talk) return null;
    const label = `Be interviewed, up to ${usd(terms.max_usd)} and ${terms.minutes} min`;
    return button(label, () => this.actions.run("interview", () => this.talk()), {
      busy: busy || this.actions.busy("interview"),
    });
  }

  heard(memo) {
    if (memo.error) return note(memo.error);
    const { transcript, found, notes, unread } = memo;
    return html`
      <section class="heard" aria-labelledby="heard">
        <h2 id="heard">What was heard</h2>
        ${unread.map((each) => note(`Not written down: ${each.what}. ${each.remedy}.`))}
        ${memo.waiting_usd && hasRole("approver") && html`
          <div class="row">
            ${button(`Write it down for up to ${usd(memo.waiting_usd)}`, () => this.allow(memo), {
              busy: this.actions.busy("voice"),
            })}
          </div>
        `}
        ${notes.map(note)}
        ${found.length > 0 && html`
          <dl>
            ${found.filter((each) => LABELS[each.field]).map((each) => html`
              <div key=${each.field}>
                <dt>${LABELS[each.field]}</dt>
                <dd dir="auto">${`${valueOf(each)} ${each.at ? `(${each.at}) ` : ""}`}<q>${each.said}</q></dd>
              </div>
            `)}
          </dl>
        `}
        ${transcript.length > 0 && html`
          <details>
            <summary>Transcript</summary>
            ${transcript.map((each) => html`
              <p dir="auto">
                ${each.start_seconds === null ? "" : `${clock(each.start_seconds)} `}${each.text}
              </p>
            `)}
          </details>
        `}
        <p class="hint">
          ${Number(memo.billed_usd)
            ? `The transcript cost ${usd(memo.billed_usd)}. `
            : "The transcript cost nothing. "}
          ${transcript.length > 0 && "Correct the form below. Nothing is started before you create the plan."}
        </p>
      </section>
    `;
  }
}

const valueOf = ({ field, value }) => {
  if (field === "duration_seconds") return `${value} s`;
  if (field === "budget_usd") return usd(value);
  return Array.isArray(value) ? value.join(", ") : value;
};

const note = (text) => html`<p class="note" role="status" dir="auto">${icon("alert")}<span>${text}</span></p>`;
