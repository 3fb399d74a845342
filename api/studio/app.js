// The frame around the views: routes, the session, the theme, titles, the number of pending decisions.

import * as create from "./create/create.js";
import { get, SIGNED_OUT } from "./lib/api.js";
import { icon, loadFailure } from "./lib/components.js";
import { render } from "./lib/dom.js";
import { setSession, storage } from "./lib/session.js";

/** [address after the hash, entry of the navigation, module]; a module's open(groups, app) returns the view. */
const ROUTES = [
  [/^(?:from\/([^/]+))?$/, "create", async () => create],
  [/^p\/([^/]+)(?:\/([^/]+))?$/, "productions", () => import("./production/production.js")],
  [/^productions$/, "productions", () => import("./views/productions.js")],
  [/^batches(?:\/([^/]+))?$/, "productions", () => import("./views/batches.js")],
  [/^evaluations(?:\/([^/]+)(?:\/(votes))?)?$/, "productions", () => import("./evaluation/evaluations.js")],
  [/^schedules(?:\/([^/]+))?$/, "productions", () => import("./views/schedules.js")],
  [/^attention$/, "attention", () => import("./views/attention.js")],
  [/^settings$/, "settings", () => import("./views/settings.js")],
];
const ATTENTION_MS = 10_000;
const TOAST_MS = 6_000;

const element = (id) => document.getElementById(id);
const main = element("main");
let current = null; // {route, view}
let drawing = false;
let signedOut = false; // the API requires a key, and nobody is signed in

const app = {
  attention: null,
  readAttention: () => get("attention"),

  /** Draw the view again soon; several calls draw once. */
  update() {
    if (drawing) return;
    drawing = true;
    queueMicrotask(() => {
      drawing = false;
      draw();
    });
  },

  toast(text) {
    const toast = document.createElement("p");
    toast.textContent = text;
    element("toasts").append(toast);
    setTimeout(() => toast.remove(), TOAST_MS);
  },

  /** Load the pending decisions of all productions. */
  async loadAttention() {
    if (signedOut) return;
    try {
      app.attention = await app.readAttention();
      const { length } = app.attention.entries;
      const badge = element("count");
      badge.textContent = length || "";
      badge.hidden = !length;
      badge.title = "pending decisions";
      app.update();
    } catch {
      // The view itself reports that the API does not respond.
    }
  },
};

function draw() {
  if (!current?.view) return;
  render(main, current.view.render());
  const pending = app.attention?.entries.length;
  document.title = `${pending ? `(${pending}) ` : ""}${current.view.title()} · Greenlight`;
}

/** A part of the address; one that is not valid percent-encoding is kept as it is. */
function decoded(part) {
  try {
    return part && decodeURIComponent(part);
  } catch {
    return part;
  }
}

let styled = null;

const SHEETS = ["views.css", "production/timeline/timeline.css"];

/** Load the style sheets of all views but the form of a brief, once; after a failure the next view loads them. */
const styleViews = () => (styled ??= Promise.all(SHEETS.map(loadSheet)));

const loadSheet = (name) => new Promise((done) => {
  const link = document.createElement("link");
  const failed = () => ((styled = null), link.remove(), done());
  Object.assign(link, { rel: "stylesheet", href: new URL(name, import.meta.url).href, onload: done, onerror: failed });
  document.head.append(link);
});

/** A view whose files cannot be loaded; a reload gets a newer version. */
const UNLOADED = "This view could not be loaded. What you typed is kept.";
const unloaded = {
  open: () => ({ title: () => "Studio", render: () => loadFailure({ title: UNLOADED }, () => location.reload()) }),
};

async function navigate() {
  if (signedOut) return;
  const path = location.hash.replace(/^#\/?/, "");
  const [route, groups] = ROUTES.map((each) => [each, path.match(each[0])]).find(([, m]) => m) ?? [ROUTES[2], []];
  const [, entry, load] = route;
  const args = groups.slice(1).map(decoded);
  for (const link of document.querySelectorAll("#nav a")) {
    if (link.dataset.view === entry) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  if (current?.route === route && current.view?.accepts?.(args)) return draw();
  current?.view?.close?.();
  const first = current === null;
  const next = { route, view: null };
  current = next;
  const [module] = await Promise.all([load().catch(() => unloaded), entry !== "create" && styleViews()]);
  if (current !== next) return;
  render(main);
  next.view = module.open(args, app);
  draw();
  scrollTo(0, 0);
  if (!first) main.focus({ preventScroll: true });
}

// The session

async function start() {
  try {
    enter(await get("session"));
  } catch {
    if (!signedOut) enter(null); // the view itself reports that the API does not respond
  }
}

function enter(session) {
  signedOut = false;
  current = null;
  setSession(session);
  const link = element("who");
  link.textContent = session?.name ?? "";
  link.title = session?.name ? `Signed in, tenant ${session.tenant}` : "";
  link.hidden = !session?.name;
  element("nav").hidden = false;
  navigate();
  app.loadAttention();
}

/** Remove all that was shown and ask for a key. */
async function leave() {
  if (signedOut) return;
  signedOut = true;
  current?.view?.close?.();
  setSession(null);
  app.attention = null;
  for (const id of ["who", "nav", "count"]) element(id).hidden = true;
  render(main);
  current = { route: null, view: null };
  const { signIn } = await import("./views/sign_in.js");
  if (!signedOut) return;
  current.view = signIn(app, enter);
  draw();
  element("key").focus();
}

// The theme: the system's, until the user chooses one.

const dark = matchMedia("(prefers-color-scheme: dark)");
const isDark = () => (document.documentElement.dataset.theme ?? (dark.matches ? "dark" : "light")) === "dark";
const toggle = element("theme");

function showTheme() {
  const label = isDark() ? "Switch to light" : "Switch to dark";
  toggle.setAttribute("aria-label", label);
  toggle.title = label;
  render(toggle, icon(isDark() ? "sun" : "moon"));
}

toggle.addEventListener("click", () => {
  const chosen = isDark() ? "light" : "dark";
  document.documentElement.dataset.theme = chosen;
  storage.set("theme", chosen);
  showTheme();
});
dark.addEventListener("change", showTheme);

document.querySelector(".skip").addEventListener("click", (e) => {
  e.preventDefault();
  main.focus();
});
// A dropped file must not replace the page.
for (const name of ["dragover", "drop"]) {
  addEventListener(name, (e) => e.dataTransfer?.types.includes("Files") && e.preventDefault());
}
addEventListener(SIGNED_OUT, leave);
addEventListener("hashchange", navigate);
document.addEventListener("visibilitychange", () => document.hidden || app.loadAttention());
setInterval(() => document.hidden || app.loadAttention(), ATTENTION_MS);
showTheme();
start();
