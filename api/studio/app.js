// The frame around the views: addresses, theme, titles, what waits for a person.

import * as create from "./create/create.js";
import { render } from "./lib/dom.js";
import { icon, memory, signed, who } from "./lib/parts.js";
import { get, SIGNED_OUT } from "./lib/server.js";
import { signIn } from "./views/session.js";

const ROUTES = [
  [/^(?:from\/([^/]+))?$/, "create", async () => create],
  [/^p\/([^/]+)(?:\/([^/]+))?$/, "productions", () => import("./production/production.js")],
  [/^productions$/, "productions", () => import("./views/productions.js")],
  [/^batches(?:\/([^/]+))?$/, "productions", () => import("./views/batches.js")],
  [/^schedules(?:\/([^/]+))?$/, "productions", () => import("./views/schedules.js")],
  [/^attention$/, "attention", () => import("./views/attention.js")],
  [/^settings$/, "settings", () => import("./views/settings.js")],
];
const ATTENTION_MS = 10_000;
const TOAST_MS = 6_000;

const main = document.getElementById("main");
let current = null;
let drawing = false;
let out = false; // nobody is signed in, and the API wants somebody

const app = {
  waiting: null,

  /** Draw the view again, once, soon. */
  update() {
    if (drawing) return;
    drawing = true;
    queueMicrotask(() => {
      drawing = false;
      draw();
    });
  },

  say(words) {
    const toast = document.createElement("p");
    toast.textContent = words;
    document.getElementById("toasts").append(toast);
    setTimeout(() => toast.remove(), TOAST_MS);
  },

  /** Look at what waits for a person, over all productions. */
  async look() {
    if (out) return;
    try {
      app.waiting = await get("attention");
      const badge = document.getElementById("count");
      badge.textContent = app.waiting.entries.length || "";
      badge.hidden = !app.waiting.entries.length;
      badge.title = "waiting for a person";
      app.update();
    } catch {
      // The view itself says when nobody answers.
    }
  },
};

function draw() {
  if (!current?.view) return;
  render(main, current.view.render());
  const waiting = app.waiting?.entries.length;
  document.title = `${waiting ? `(${waiting}) ` : ""}${current.view.title()} · Greenlight`;
}

/** A part of the address; one that nobody encoded is itself. */
function decoded(part) {
  try {
    return part && decodeURIComponent(part);
  } catch {
    return part;
  }
}

async function go() {
  if (out) return;
  const path = location.hash.replace(/^#\/?/, "");
  const [route, found] = ROUTES.map((r) => [r, path.match(r[0])]).find(([, m]) => m) ?? [ROUTES[2], []];
  const args = found.slice(1).map(decoded);
  for (const link of document.querySelectorAll("#nav a")) {
    link.toggleAttribute("aria-current", link.dataset.view === route[1]);
    if (link.dataset.view === route[1]) link.setAttribute("aria-current", "page");
  }
  if (current?.route === route && current.view?.goes?.(args)) return draw();
  const here = { route, view: null };
  current?.view?.close?.();
  const first = current === null;
  current = here;
  const module = await route[2]();
  if (current !== here) return;
  main.replaceChildren();
  main.made = [];
  here.view = module.open(args, app);
  draw();
  scrollTo(0, 0);
  if (!first) main.focus({ preventScroll: true });
}

// Who sits here

async function begin() {
  try {
    enter(await get("session"));
  } catch {
    if (!out) enter(null); // the view itself says when nobody answers
  }
}

function enter(session) {
  out = false;
  current = null;
  signed(session);
  const link = document.getElementById("who");
  link.textContent = session?.name ?? "";
  link.title = session?.name ? `Signed in, tenant ${session.tenant}` : "";
  link.hidden = !session?.name;
  document.getElementById("nav").hidden = false;
  go();
  app.look();
}

addEventListener(SIGNED_OUT, () => {
  if (out) return;
  out = true;
  current?.view?.close?.();
  enterless();
});

/** Nothing of what was shown stays. */
function enterless() {
  signed(null);
  app.waiting = null;
  for (const id of ["who", "nav", "count"]) document.getElementById(id).hidden = true;
  main.replaceChildren();
  main.made = [];
  current = { route: null, view: signIn(app, enter) };
  draw();
  document.getElementById("key").focus();
}

// The theme: the system's, until somebody chooses.

const dark = matchMedia("(prefers-color-scheme: dark)");
const isDark = () => (document.documentElement.dataset.theme ?? (dark.matches ? "dark" : "light")) === "dark";
const toggle = document.getElementById("theme");

function showTheme() {
  const words = isDark() ? "Switch to light" : "Switch to dark";
  toggle.setAttribute("aria-label", words);
  toggle.title = words;
  render(toggle, icon(isDark() ? "sun" : "moon"));
}

toggle.addEventListener("click", () => {
  const chosen = isDark() ? "light" : "dark";
  document.documentElement.dataset.theme = chosen;
  memory.set("theme", chosen);
  showTheme();
});
dark.addEventListener("change", showTheme);

document.querySelector(".skip").addEventListener("click", (e) => {
  e.preventDefault();
  main.focus();
});
addEventListener("hashchange", go);
document.addEventListener("visibilitychange", () => document.hidden || app.look());
setInterval(() => document.hidden || app.look(), ATTENTION_MS);
showTheme();
begin();
