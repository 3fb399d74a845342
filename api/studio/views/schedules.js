// Schedules: productions of the same brief at set times.

import { formatFields, languageNames, lengthOf } from "../create/fields.js";
import { Actions } from "../lib/actions.js";
import { get, listPages, post, request } from "../lib/api.js";
import { button, excess, excessNote, field, icon, loadFailure, moneyInput, select } from "../lib/components.js";
import { html } from "../lib/dom.js";
import { ago, dateTime, dateTimeIn, dotted, duration } from "../lib/format.js";
import { emptyState, form, loading, pill } from "../lib/parts.js";
import { PLATFORM_OPTIONS, PLATFORMS } from "../lib/platforms.js";
import { Poller } from "../lib/poller.js";
import { actorName, drafts, hasRole } from "../lib/session.js";
import { tabs } from "./productions.js";

const DAYS = [
  ["MON", "Every Monday"],
  ["TUE", "Every Tuesday"],
  ["WED", "Every Wednesday"],
  ["THU", "Every Thursday"],
  ["FRI", "Every Friday"],
  ["MON-FRI", "Every weekday"],
  ["*", "Every day"],
  ["cron", "By a cron expression"],
];
const OWN_ZONE = Intl.DateTimeFormat().resolvedOptions().timeZone;
const ZONES = [...new Set([OWN_ZONE, "UTC", ...(Intl.supportedValuesOf?.("timeZone") ?? [])])];
const POLL_MS = 5_000;
const EMPTY = {
  text: "",
  platform: "social_post",
  name: "",
  days: "MON",
  time: "09:00",
  cron: "",
  timezone: OWN_ZONE,
  language: "en",
  aspect: "16:9",
  duration_seconds: "",
  below: "",
};

export function open(_, app) {
  const actions = new Actions(app);
  let pages = 1;
  const poller = new Poller(app, () => listPages("schedules", "schedule_id", {}, pages), () => POLL_MS);
  let draft = { ...EMPTY, ...drafts.get("schedule") };
  let adding = false;
  let limits = {};

  const set = (change) => {
    draft = { ...draft, ...change };
    drafts.set("schedule", draft);
    app.update();
  };
  const changeItems = (of) => (poller.data = { more: false, ...poller.data, items: of(poller.data?.items ?? []) });
  const setAdding = (on) => {
    adding = on;
    if (on) actions.run("limits", async () => ({ limits } = await get("platforms")));
    app.update();
  };
  const scheduleId = () => draft.name.toLowerCase().replace(/[^a-z0-9]+/g, "-").replace(/^-|-$/g, "").slice(0, 60);

  if (drafts.get("schedule")) setAdding(true);

  const isComplete = () =>
    scheduleId() && draft.text.trim() && !excess(draft.text, limits.brief_chars) &&
    (draft.days === "cron" ? draft.cron.trim() : draft.time);

  const create = () =>
    actions.run("create", async () => {
      const [hour, minute] = draft.time.split(":").map(Number);
      const brief = {
        text: draft.text,
        platform: draft.platform,
        title: draft.name,
        languages: [draft.language],
        aspect: draft.aspect,
        requester: actorName(),
      };
      Object.assign(brief, lengthOf(draft));
      if (draft.below) brief.approval = { auto_below_usd: draft.below };
      const created = await post("schedules", {
        schedule_id: scheduleId(),
        brief,
        cron: draft.days === "cron" ? draft.cron : `${minute} ${hour} * * ${draft.days}`,
        timezone: draft.timezone,
      });
      changeItems((items) => [...items.filter((s) => s.schedule_id !== created.schedule_id), created]);
      draft = { ...EMPTY };
      drafts.set("schedule", null);
      adding = false;
    });

  /** Apply pause, resume, run or delete. */
  const apply = (schedule, action) =>
    actions.run(schedule.schedule_id, async () => {
      const path = `schedules/${encodeURIComponent(schedule.schedule_id)}`;
      if (action === "delete") {
        await request("DELETE", path);
        changeItems((items) => items.filter((s) => s.schedule_id !== schedule.schedule_id));
        return;
      }
      const changed = await post(`${path}/${action}`, {});
      changeItems((items) => items.map((s) => (s.schedule_id === changed.schedule_id ? changed : s)));
      if (action === "run") app.toast("A production was started. It appears in the list of productions in a moment.");
    });

  const newSchedule = () => form("stack sunk", "form", html`
      ${field("s-name", "Name", html`
        <input id="s-name" placeholder="e.g. Monday post" .value=${draft.name}
          oninput=${(e) => set({ name: e.target.value })}>
      `)}
      ${field("s-text", "Brief", html`
        <textarea id="s-text" rows="3" dir="auto" .value=${draft.text}
          oninput=${(e) => set({ text: e.target.value })}></textarea>
        ${excessNote(draft.text, limits.brief_chars, "s-text-length")}
      `)}
      <div class="grid four">
        ${field("s-platform", "Platform", select(
          "s-platform", PLATFORM_OPTIONS, draft.platform, (platform) => set({ platform }),
        ))}
        ${field("s-days", "When", select("s-days", DAYS, draft.days, (days) => set({ days })))}
        ${draft.days === "cron"
          ? field("s-cron", "Cron expression", html`
              <input id="s-cron" placeholder="0 9 * * MON" aria-describedby="s-cron-hint" .value=${draft.cron}
                oninput=${(e) => set({ cron: e.target.value })}>
            `, "Minute, hour, day of the month, month, day of the week.")
          : field("s-time", "At", html`
              <input id="s-time" type="time" .value=${draft.time} oninput=${(e) => set({ time: e.target.value })}>
            `)}
        ${field("s-zone", "Time zone", select(
          "s-zone", ZONES.map((zone) => [zone, zone]), draft.timezone, (timezone) => set({ timezone }),
        ))}
        ${field("s-below", "Approve automatically up to", moneyInput(
          "s-below", draft.below, "Always ask", (below) => set({ below }),
        ))}
      </div>
      ${formatFields(draft, set, limits)}
      ${actions.note("create")}
      <div class="row tight end">
        ${button("Close the form", () => setAdding(false), { variant: "ghost" })}
        ${button("Create schedule", create, {
          variant: "primary", busy: actions.busy("create"), disabled: !isComplete(),
        })}
      </div>
  `);

  const row = ({ next_runs: [next], recent: [last], ...schedule }) => html`
    <li class="schedule" key=${schedule.schedule_id}>
      <div class="name">
        <strong dir="auto">${schedule.title || schedule.schedule_id}</strong>
        <span class="quiet small">
          ${dotted(
            PLATFORMS[schedule.platform][0],
            schedule.cron,
            schedule.timezone,
            schedule.language && languageNames.of(schedule.language),
            schedule.aspect,
            schedule.duration_seconds && duration(schedule.duration_seconds),
          )}
        </span>
      </div>
      ${pill(schedule.paused ? "paused" : "active")}
      <p class="quiet small">
        ${next
          ? html`<span title="${dateTime(next)}, your time">Next ${dateTimeIn(next, schedule.timezone)}</span>`
          : "No upcoming run"}
        ${last && html` · last <a href="#/p/${last.production_id}">${ago(last.at)}</a>`}
      </p>
      <div class="row tight">${hasRole("operator") && scheduleButtons(schedule)}</div>
      ${actions.note(schedule.schedule_id)}
    </li>
  `;

  const scheduleButtons = (schedule) => [
    button("Run now", () => apply(schedule, "run"), { busy: actions.busy(schedule.schedule_id) }),
    schedule.paused
      ? button("Resume", () => apply(schedule, "resume"), { variant: "ghost" })
      : button("Pause", () => apply(schedule, "pause"), { variant: "ghost" }),
    button("Delete", () => apply(schedule, "delete"), {
      variant: "ghost", "aria-label": `Delete ${schedule.title || schedule.schedule_id}`,
    }),
  ];

  function list(schedules) {
    if (schedules.length) return html`<ul class="rows">${schedules.map(row)}</ul>`;
    return !adding && emptyState(
      "No schedules yet",
      "A schedule starts a production of one brief at set times. Plans up to a limit can be approved automatically.",
    );
  }

  const newButton = () => button("New", () => setAdding(true), { variant: "primary", mark: "plus" });

  return {
    title: () => "Schedules",
    close: poller.close,
    render() {
      const { data, problem } = poller;
      if (!data && problem) return loadFailure(problem, poller.load);
      return html`
        <div class="list">
          <div class="row">
            <h1>Schedules</h1>
            <span class="grow"></span>
            ${!adding && hasRole("operator") && newButton()}
          </div>
          ${tabs("schedules")}
          ${adding && newSchedule()}
          ${data ? list(data.items) : loading}
          ${data?.more && html`
            <div class="row end">${button("Show more", () => ((pages += 1), poller.load()))}</div>
          `}
          ${data && problem && html`<p class="banner" role="status">${icon("alert")}${problem.detail}</p>`}
        </div>
      `;
    },
  };
}
