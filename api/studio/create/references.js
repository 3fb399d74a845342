// Pictures to work from: dropped, pasted, chosen or named by their address.

import { h } from "../lib/dom.js";
import { button, icon, input } from "../lib/parts.js";
import { ask } from "../lib/server.js";

const MOST = 8;
const TYPES = ["image/png", "image/jpeg", "image/webp"];
const THUMB_PX = 160;
const pictures = new Map(); // source -> a small bitmap, as long as the page is open

/** Store pictures and hand on what a brief names them by. */
export async function store(files) {
  const found = [];
  for (const file of [...files].filter((f) => TYPES.includes(f.type))) {
    const { source } = await ask(
      "POST",
      "references",
      file,
      { headers: { "Content-Type": "application/octet-stream" } },
    );
    pictures.set(source, await createImageBitmap(file, { resizeWidth: THUMB_PX }).catch(() => null));
    found.push({ source, name: file.name.replace(/\.\w+$/, "").slice(0, 200), note: "" });
  }
  return found;
}

/** The field. `list` is the brief's references; `set` gets the new ones. */
export function references(list, { acts, state, set, app }) {
  const add = (files) => files.length && acts.run(
    "references",
    async () => set([...list, ...(await store(files))].slice(0, MOST)),
  );
  const change = (index, more) => set(list.map((r, n) => (n === index ? { ...r, ...more } : r)));
  const over = (now) => state.over !== now && ((state.over = now), app.update());
  const link = () => {
    if (!/^https:\/\/[^\s/]/.test(state.address ?? "")) return;
    set([...list, { source: state.address.trim(), name: "", note: "" }]);
    state.address = "";
  };
  return h(
    "fieldset",
    {
      key: "references",
      class: "references",
      "data-over": state.over ? "" : undefined,
      ondragover: (e) => (e.preventDefault(), over(true)),
      ondragleave: () => over(false),
      ondrop: (e) => (e.preventDefault(), over(false), add(e.dataTransfer.files)),
    },
    h("legend", null, "References"),
    list.length > 0 &&
      h(
        "ul",
        null,
        list.map((each, n) =>
          h(
            "li",
            { key: each.source },
            h(
              "span",
              { class: "thumb" },
              pictures.get(each.source) ? h(
                "canvas",
                { created: (node) => paint(node, pictures.get(each.source)), "aria-hidden": "true" },
              ) : icon("image"),
            ),
            input(
              `reference-${n}`,
              {
                value: each.name,
                maxlength: 200,
                "aria-label": `What reference ${n + 1} shows`,
                placeholder: "What it shows",
                oninput: (e) => change(n, { name: e.target.value }),
              },
            ),
            input(
              `note-${n}`,
              {
                value: each.note,
                maxlength: 500,
                "aria-label": `What reference ${n + 1} is for`,
                placeholder: "What it is for, e.g. keep this bottle",
                oninput: (e) => change(n, { note: e.target.value }),
              },
            ),
            button(
              "",
              () => set(list.filter((r) => r !== each)),
              { look: "ghost square", mark: "close", "aria-label": `Remove reference ${n + 1}` },
            ),
          ),
        ),
      ),
    list.length < MOST &&
      h(
        "div",
        { class: "row tight", key: "more" },
        h(
          "label",
          { class: "button" },
          icon("plus"),
          h("span", null, acts.busy("references") ? "Storing…" : "Pictures"),
          h(
            "input",
            { type: "file", class: "sr", multiple: true, accept: TYPES.join(), onchange: (e) => add(e.target.files) },
          ),
        ),
        h("span", { class: "hint" }, "drop or paste them, or"),
        input(
          "address",
          {
            type: "url",
            class: "address",
            value: state.address ?? "",
            placeholder: "https://…",
            "aria-label": "Address of a picture",
            oninput: (e) => ((state.address = e.target.value), app.update()),
            onkeydown: (e) => e.key === "Enter" && (e.preventDefault(), link()),
          },
        ),
        state.address && button("Add", link),
      ),
    acts.note("references"),
  );
}

function paint(canvas, picture) {
  canvas.width = picture.width;
  canvas.height = picture.height;
  canvas.getContext("2d").drawImage(picture, 0, 0);
}
