// The question in which language a brief is, where it reads like another one than the chosen one.

import { post } from "../lib/api.js";
import { icon } from "../lib/components.js";
import { html } from "../lib/dom.js";
import { languageNames } from "./fields.js";

const PAUSE_MS = 700;
/** Briefs for productions in other languages are often written in it. */
const INSTRUCTIONS = "en";
const base = (tag) => tag.split("-")[0].toLowerCase();

/** The language of the text that was checked last. It is checked when the user pauses, and before a start. */
export class LanguageQuestion {
  constructor(app) {
    this.app = app;
    this.text = "";
    this.found = null;
    this.checked = null;
    this.timer = 0;
  }

  close() {
    clearTimeout(this.timer);
  }

  checkSoon(text) {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.check(text), PAUSE_MS);
  }

  /** Resolves when the language of the text is detected, or cannot be: then the plan warns. */
  check(text) {
    clearTimeout(this.timer);
    if (text !== this.text) {
      this.text = text;
      this.checked = text.trim() ? this.detect(text) : Promise.resolve();
      if (!text.trim()) this.found = null;
    }
    return this.checked;
  }

  async detect(text) {
    const found = await post("languages/detect", { text }).catch(() => null);
    if (text !== this.text) return;
    this.found = found?.language ? found : null;
    this.app.update();
  }

  /** The detected language where it differs from the draft's, and the user has not kept that one; otherwise null. */
  open(draft) {
    const tag = this.found?.language;
    if (!tag || tag === INSTRUCTIONS || tag === draft.kept_language || !draft.text.trim()) return null;
    return [tag, ...(this.found.alike ?? [])].includes(base(draft.language)) ? null : tag;
  }

  /** The question in one line; `answer` gets the change of the draft. */
  note(draft, answer) {
    const tag = this.open(draft);
    if (!tag) return null;
    const name = languageNames.of(tag);
    return html`
      <p class="note question" role="status">
        ${icon("alert")}
        <span class="row tight">
          <span>${`This brief looks like ${name}.`}</span>
          <button type="button" class="link" id="use-language" onclick=${() => answer({ language: tag })}>
            ${`Use ${name}`}
          </button>
          <button type="button" class="link" onclick=${() => answer({ kept_language: tag })}>
            ${`Keep ${languageNames.of(draft.language)}`}
          </button>
        </span>
      </p>
    `;
  }
}
