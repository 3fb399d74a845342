// The fields of a brief, beside its words and what it is made of.

import { h } from "../lib/dom.js";
import { field, input, select } from "../lib/parts.js";
import { lasting, PLATFORMS } from "../lib/words.js";

const ASPECTS = ["16:9", "9:16", "1:1", "4:3", "3:4", "4:5", "21:9"];
const LANGUAGES = [
  "en",
  "de",
  "fr",
  "es",
  "it",
  "pt",
  "nl",
  "pl",
  "sv",
  "da",
  "fi",
  "cs",
  "el",
  "tr",
  "uk",
  "ja",
  "ko",
  "zh",
  "ar",
  "hi",
];
const languageName = new Intl.DisplayNames([navigator.language, "en"], { type: "language" });

const film = (draft) => draft.platform === "video";

/** What the brief is for. */
export const platformChoice = (draft, set) =>
  h(
    "fieldset",
    { key: "platform" },
    h("legend", null, "Platform"),
    h(
      "div",
      { class: "platforms" },
      Object.entries(PLATFORMS).map(([name, [words, about]]) =>
        h(
          "label",
          { class: "platform", key: name },
          h(
            "input",
            {
              type: "radio",
              name: "platform",
              value: name,
              checked: draft.platform === name,
              onchange: () => set({ platform: name }),
            },
          ),
          h("span", { class: "words" }, h("strong", null, words), h("span", null, about)),
        ),
      ),
    ),
  );

/** Aspect, length and language. */
export const shape = (draft, set) =>
  h(
    "div",
    { class: "grid three", key: "shape" },
    h(
      "fieldset",
      { class: "aspects" },
      h("legend", null, "Shape"),
      h(
        "div",
        { class: "row tight" },
        ASPECTS.map((aspect) => {
          const [w, hh] = aspect.split(":").map(Number);
          return h(
            "label",
            { class: "aspect", key: aspect, title: aspect },
            h(
              "input",
              {
                type: "radio",
                name: "aspect",
                value: aspect,
                checked: draft.aspect === aspect,
                onchange: () => set({ aspect }),
                "aria-label": aspect,
              },
            ),
            h("span", { class: "shape", vars: { "--w": w, "--h": hh, "--m": Math.max(w, hh) } }),
            h("span", { class: "ratio", "aria-hidden": "true" }, aspect),
          );
        }),
      ),
    ),
    h(
      "div",
      { class: "field" },
      h(
        "label",
        { for: "duration" },
        "Length",
        h("output", { for: "duration" }, film(draft) ? lasting(draft.duration_seconds) : "as it comes"),
      ),
      h(
        "input",
        {
          id: "duration",
          type: "range",
          min: 4,
          max: 120,
          step: 1,
          value: String(draft.duration_seconds),
          disabled: !film(draft),
          oninput: (e) => set({ duration_seconds: Number(e.target.value) }),
        },
      ),
    ),
    field(
      "language",
      "Language",
      select(
        "language",
        [...new Set([draft.language, ...LANGUAGES])].map((tag) => [tag, languageName.of(tag)]),
        draft.language,
        (language) => set({ language }),
      ),
    ),
  );

/** Title, style and budget. */
export const terms = (draft, set) =>
  h(
    "div",
    { class: "grid three", key: "more" },
    field(
      "title",
      "Title",
      input(
        "title",
        {
          value: draft.title,
          maxlength: 200,
          placeholder: "Found by itself",
          oninput: (e) => set({ title: e.target.value }),
        },
      ),
    ),
    field(
      "style",
      "Style",
      input(
        "style",
        {
          value: draft.style,
          maxlength: 500,
          placeholder: "e.g. grainy 16 mm, calm, blue hour",
          oninput: (e) => set({ style: e.target.value }),
        },
      ),
    ),
    field(
      "budget",
      "Budget",
      h(
        "div",
        { class: "money" },
        h("span", { "aria-hidden": "true" }, "$"),
        input(
          "budget",
          {
            type: "text",
            inputmode: "decimal",
            value: draft.budget_usd,
            placeholder: "Decide at the plan",
            oninput: (e) => set({ budget_usd: e.target.value.replace(",", ".").trim() }),
          },
        ),
      ),
    ),
  );

/** Who has to approve, and what is looked at before the expensive part. */
export const approval = (draft, set) =>
  h(
    "details",
    { key: "policy", open: draft.stills_first || draft.approvers > 1 },
    h("summary", null, "Approval"),
    h(
      "div",
      { class: "grid two" },
      field(
        "approvers",
        "People who have to approve",
        input(
          "approvers",
          {
            type: "number",
            min: 1,
            max: 10,
            value: String(draft.approvers),
            oninput: (e) => set({ approvers: e.target.value }),
          },
        ),
      ),
      film(draft) &&
        h(
          "label",
          { class: "check" },
          h(
            "input",
            {
              type: "checkbox",
              checked: draft.stills_first,
              onchange: (e) => set({ stills_first: e.target.checked }),
            },
          ),
          h("span", null, "Look at the stills before any video is paid for"),
        ),
    ),
  );
