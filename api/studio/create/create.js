// From a brief to a production that plans itself.

import { approval, platformChoice, shape, terms } from "./brief.js";
import { h } from "../lib/dom.js";
import { EXAMPLES } from "./examples.js";
import { Acts, button, failure, icon, may, me, memory, tip } from "../lib/parts.js";
import { references, store } from "./references.js";
import { get, post } from "../lib/server.js";
import { MODALITIES, named, PLATFORMS } from "../lib/words.js";

const FRESH = {
  text: "",
  platform: "video",
  off: [],
  title: "",
  style: "",
  language: "en",
  aspect: "16:9",
  duration_seconds: 12,
  budget_usd: "",
  references: [],
  stills_first: false,
  approvers: 1,
};
const ALL = Object.keys(MODALITIES);
const AGAIN_MS = 4_000;

const newKey = () => Array.from(
  crypto.getRandomValues(new Uint8Array(12)),
  (b) => b.toString(16).padStart(2, "0"),
).join("");

export function open([from], app) {
  const acts = new Acts(app);
  let draft = { ...FRESH, ...JSON.parse(memory.get("draft") ?? "{}") };
  let key = newKey();
  let platforms = null;
  let trouble = null;
  let timer = 0;
  const typed = {}; // what is on its way into the draft

  function set(change) {
    draft = { ...draft, ...change };
    key = newKey(); // another brief is another production
    memory.set("draft", JSON.stringify(draft));
    app.update();
  }

  async function load() {
    try {
      platforms = (await get("platforms")).platforms;
      trouble = platforms.every((p) => p.enabled_providers) ? null : "No worker is answering. Start one with `make up`; a brief that is sent now is planned when it comes.";
    } catch (error) {
      trouble = error.message;
    }
    if (trouble) timer = setTimeout(load, AGAIN_MS);
    app.update();
  }

  async function adopt() {
    const { brief } = await get(`productions/${encodeURIComponent(from)}`);
    const off = ALL.filter((m) => !brief.modalities.includes(m));
    set(
      {
        ...FRESH,
        ...brief,
        off,
        language: brief.languages[0],
        budget_usd: brief.budget_usd ?? "",
        stills_first: brief.approval.stills_first,
        approvers: brief.approval.approvers,
      },
    );
  }

  load();
  if (from) acts.run("adopt", adopt);

  const about = () => platforms?.find((p) => p.platform === draft.platform);

  function modality(name) {
    const allowed = about()?.modalities.includes(name) ?? true;
    const known = about()?.enabled_providers;
    const possible = !known || !allowed || known[name]?.length > 0;
    const locked = name === "text";
    const why = !allowed
      ? `${PLATFORMS[draft.platform][0]} has no ${MODALITIES[name].toLowerCase()}`
      : !possible
        ? `Configure a ${name} provider in Settings first`
        : locked
          ? "Text is always on"
          : "";
    const on = allowed && possible && (locked || !draft.off.includes(name));
    const fixed = locked || !allowed || !possible;
    return h(
      "span",
      { class: "tipped", key: name },
      h(
        "button",
        {
          type: "button",
          class: "chip",
          "aria-pressed": String(on),
          "aria-disabled": fixed ? "true" : undefined,
          "aria-describedby": why ? `why-${name}` : undefined,
          "data-modality": name,
          onclick: () => !fixed && set({ off: on ? [...draft.off, name] : draft.off.filter((m) => m !== name) }),
        },
        icon(on ? "check" : name),
        MODALITIES[name],
      ),
      why && tip(`why-${name}`, why),
    );
  }

  function missing() {
    const known = about()?.enabled_providers;
    return known ? about().modalities.filter((m) => !known[m]?.length) : [];
  }

  async function send() {
    if (!platforms) await load(); // whoever is quick: what a platform takes is not known yet
    const chosen = about()?.modalities.filter(
      (m) => m === "text" || (!draft.off.includes(m) && !missing().includes(m)),
    );
    const brief = {
      text: draft.text,
      platform: draft.platform,
      ...(chosen && { modalities: chosen }),
      title: draft.title,
      style: draft.style,
      languages: [draft.language],
      aspect: draft.aspect,
      requester: me() === "someone" ? "anonymous" : me(),
      approval: { stills_first: draft.stills_first && draft.platform === "video", approvers: Number(draft.approvers) },
    };
    if (draft.platform === "video") brief.duration_seconds = Number(draft.duration_seconds);
    if (draft.references.length) brief.references = draft.references;
    if (draft.budget_usd !== "") brief.budget_usd = String(draft.budget_usd);
    const started = await post("productions", brief, { headers: { "Idempotency-Key": key } });
    memory.set("draft", null);
    location.hash = `#/p/${started.production_id}`;
  }

  function paste(event) {
    if (event.clipboardData.files.length) acts.run(
      "references",
      async () => set({ references: [...draft.references, ...(await store(event.clipboardData.files))] }),
    );
  }

  function submit(event) {
    event.preventDefault();
    if (!draft.text.trim()) return document.getElementById("brief").focus();
    return acts.run("send", send);
  }

  return {
    title: () => "Create",
    close: () => clearTimeout(timer),
    goes: () => false,
    render() {
      const lost = acts.said.get("adopt");
      if (lost) return failure(lost, () => acts.run("adopt", adopt));
      return h(
        "form",
        { class: "create", onsubmit: submit, onpaste: paste, novalidate: true },
        h("h1", null, "What shall we make?"),
        trouble && h("p", { class: "note", role: "status" }, icon("ask"), h("span", null, trouble)),
        h("label", { class: "sr", for: "brief" }, "Brief"),
        h("textarea", {
          id: "brief",
          rows: 4,
          maxlength: 20000,
          required: true,
          placeholder: "Say it as you would to a colleague: what it is about, who it is for, how it should feel.",
          value: draft.text,
          oninput: (e) => set({ text: e.target.value }),
          onkeydown: (e) => e.key === "Enter" && (e.metaKey || e.ctrlKey) && submit(e),
        }),
        !draft.text && h(
          "div",
          { class: "row examples", key: "examples" },
          h("span", { class: "hint" }, "Start from"),
          EXAMPLES.map(([name, example]) =>
            h(
              "button",
              { type: "button", class: "link", key: name, onclick: () => set({ ...FRESH, ...example }) },
              name,
            ),
          ),
        ),
        platformChoice(draft, set),
        h(
          "fieldset",
          { key: "made" },
          h("legend", null, "Made of"),
          h("div", { class: "row tight chips" }, ALL.map(modality)),
          missing().length > 0 &&
            h(
              "p",
              { class: "hint" },
              `Nothing makes ${named(missing().map((m) => MODALITIES[m].toLowerCase()))} yet. `,
              h("a", { href: "#/settings" }, "See what enables it"),
            ),
        ),
        shape(draft, set),
        terms(draft, set),
        references(draft.references, { acts, state: typed, app, set: (list) => set({ references: list }) }),
        approval(draft, set),
        acts.note("send"),
        h(
          "div",
          { class: "row end send", key: "send" },
          h(
            "p",
            { class: "hint grow" },
            may("requester") ? "You see every asset with its price before anything is made." : "A requester starts productions.",
          ),
          button(
            "Plan it",
            null,
            { look: "primary large", type: "submit", busy: acts.busy("send"), disabled: !draft.text.trim() || !may("requester") },
          ),
        ),
      );
    },
  };
}
