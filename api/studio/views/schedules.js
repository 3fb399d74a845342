// Briefs that are made again and again.

import { h } from "../lib/dom.js";
import { Acts, button, empty, failure, field, icon, input, may, me, pill, select } from "../lib/parts.js";
import { tabs } from "./productions.js";
import { ask, get, post, Refused } from "../lib/server.js";
import { ago, PLATFORMS, when } from "../lib/words.js";

const DAYS = [
  ["MON", "Every Monday"],
  ["TUE", "Every Tuesday"],
  ["WED", "Every Wednesday"],
  ["THU", "Every Thursday"],
  ["FRI", "Every Friday"],
  ["MON-FRI", "Every weekday"],
  ["*", "Every day"],
];
const AGAIN_MS = 5_000;

export function open(_, app) {
  const acts = new Acts(app);
  const fresh = { text: "", platform: "social_post", name: "", days: "MON", time: "09:00", below: "" };
  let draft = { ...fresh };
  let adding = false;
  let list = null;
  let problem = null;
  let timer = 0;
  let closed = false;

  async function load() {
    clearTimeout(timer);
    try {
      list = (await get("schedules")).schedules;
      problem = null;
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      problem = error.problem;
    }
    if (!closed) timer = setTimeout(load, AGAIN_MS);
    app.update();
  }

  const set = (change) => ((draft = { ...draft, ...change }), app.update());
  const slug = () => draft.name.toLowerCase().replace(/[^a-z0-9]+/g, "-").replace(/^-|-$/g, "").slice(0, 60);

  const create = () =>
    acts.run("create", async () => {
      const [hour, minute] = draft.time.split(":").map(Number);
      const brief = { text: draft.text, platform: draft.platform, title: draft.name, requester: me() };
      if (draft.below) brief.approval = { auto_below_usd: draft.below };
      const made = await post(
        "schedules",
        {
          schedule_id: slug(),
          brief,
          cron: `${minute} ${hour} * * ${draft.days}`,
          timezone: Intl.DateTimeFormat().resolvedOptions().timeZone,
        },
      );
      list = [...(list ?? []).filter((s) => s.schedule_id !== made.schedule_id), made];
      draft = { ...fresh };
      adding = false;
    });

  const act = (schedule, how) =>
    acts.run(schedule.schedule_id, async () => {
      const path = `schedules/${encodeURIComponent(schedule.schedule_id)}`;
      if (how === "delete") {
        await ask("DELETE", path);
        list = list.filter((s) => s !== schedule);
        return;
      }
      const now = await post(`${path}/${how}`, {});
      list = list.map((s) => (s.schedule_id === now.schedule_id ? now : s));
      if (how === "run") app.say("A production was started; it appears among the productions in a moment.");
    });

  load();

  const form = () =>
    h(
      "section",
      { class: "stack sunk", key: "form" },
      field(
        "s-name",
        "Name",
        input(
          "s-name",
          {
            value: draft.name,
            maxlength: 60,
            placeholder: "e.g. Monday post",
            oninput: (e) => set({ name: e.target.value }),
          },
        ),
      ),
      field(
        "s-text",
        "Brief",
        input(
          "s-text",
          { rows: 3, value: draft.text, maxlength: 20000, dir: "auto", oninput: (e) => set({ text: e.target.value }) },
        ),
      ),
      h(
        "div",
        { class: "grid four" },
        field(
          "s-platform",
          "Platform",
          select(
            "s-platform",
            Object.entries(PLATFORMS).map(([name, [words]]) => [name, words]),
            draft.platform,
            (platform) => set({ platform }),
          ),
        ),
        field("s-days", "When", select("s-days", DAYS, draft.days, (days) => set({ days }))),
        field(
          "s-time",
          "At",
          input("s-time", { type: "time", value: draft.time, oninput: (e) => set({ time: e.target.value }) }),
        ),
        field(
          "s-below",
          "Approve by itself up to",
          h(
            "div",
            { class: "money" },
            h("span", { "aria-hidden": "true" }, "$"),
            input(
              "s-below",
              {
                inputmode: "decimal",
                value: draft.below,
                placeholder: "Always ask",
                oninput: (e) => set({ below: e.target.value.replace(",", ".").trim() }),
              },
            ),
          ),
        ),
      ),
      acts.note("create"),
      h(
        "div",
        { class: "row tight end" },
        button("Not now", () => ((adding = false), app.update()), { look: "ghost" }),
        button(
          "Make the schedule",
          create,
          { look: "primary", busy: acts.busy("create"), disabled: !slug() || !draft.text.trim() },
        ),
      ),
    );

  const line = (s) =>
    h(
      "li",
      { key: s.schedule_id, class: "schedule" },
      h(
        "div",
        { class: "name" },
        h("strong", { dir: "auto" }, s.title || s.schedule_id),
        h("span", { class: "quiet small" }, `${PLATFORMS[s.platform][0]} · ${s.cron} · ${s.timezone}`),
      ),
      pill(s.paused ? "paused" : "active"),
      h(
        "p",
        { class: "quiet small" },
        s.next_runs[0] ? `Next ${when(s.next_runs[0])}` : "No next time",
        s.recent[0] && [" · last ", h("a", { href: `#/p/${s.recent[0].production_id}` }, ago(s.recent[0].at))],
      ),
      h(
        "div",
        { class: "row tight" },
        may("operator") && [
          button("Run now", () => act(s, "run"), { busy: acts.busy(s.schedule_id) }),
          button(s.paused ? "Resume" : "Pause", () => act(s, s.paused ? "resume" : "pause"), { look: "ghost" }),
          button("Delete", () => act(s, "delete"), { look: "ghost", "aria-label": `Delete ${s.title || s.schedule_id}` }),
        ],
      ),
      acts.note(s.schedule_id),
    );

  return {
    title: () => "Schedules",
    close: () => ((closed = true), clearTimeout(timer)),
    render() {
      if (!list && problem) return failure(problem, load);
      return h(
        "div",
        { class: "list", key: "schedules" },
        h(
          "div",
          { class: "row" },
          h("h1", null, "Schedules"),
          h("span", { class: "grow" }),
          !adding && may("operator") && button("New", () => ((adding = true), app.update()), { look: "primary", mark: "plus" }),
        ),
        tabs("schedules"),
        adding && form(),
        list?.length ? h("ul", { class: "rows", key: "rows" }, list.map(line)) : list && !adding && empty(
          "No schedules yet",
          "A schedule starts a production of the same brief at set times, and each waits for an approval or is approved up to a sum.",
        ),
        !list && h("p", { class: "hint", role: "status" }, "Loading…"),
        problem && list && h("p", { class: "banner", role: "status" }, icon("ask"), problem.detail),
      );
    },
  };
}
