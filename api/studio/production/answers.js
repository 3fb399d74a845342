// What waits for a person, with the evidence, and every possible answer in its place.

import { h } from "../lib/dom.js";
import { button, field, icon, input, may, me, unknownTick } from "../lib/parts.js";
import { post } from "../lib/server.js";
import { ago, atMost, REASONS, usd, when } from "../lib/words.js";

/** What an answer asks of whoever gives it; the others are anybody's. */
const NEEDS = {
  approve: "approver",
  reject: "approver",
  retry: "approver",
  accept_without: "approver",
  adopt: "approver",
  resubmit: "approver",
  raise_budget: "approver",
  upload: "requester",
};

/** The approval at the foot of the page is of all that waits for money: go there. */
function toDecision() {
  document.querySelector(".decision")?.setAttribute("data-terms", "");
  document.getElementById("most")?.focus();
}

/**
 * One AttentionItem. `place` has the production's id, `acts`, `state` (what is unfolded and typed) and optionally
 * `done()` after an answer, `asset` (the plan's), `inside` on the production's own page,
 * `sheet` in the sheet of the asset.
 */
export function waiting(item, place) {
  const { acts, id, state, app } = place;
  const key = `${id}/${item.id}`;
  const mine = (state[key] ??= {});
  const path = `productions/${encodeURIComponent(id)}`;
  const link = item.asset_id && !item.asset_id.startsWith("_") ? `#/p/${id}/${item.asset_id}` : `#/p/${id}`;

  const set = (change) => (Object.assign(mine, change), app.update());
  const send = (part, body) =>
    acts.run(key, async () => {
      await post(`${path}/${part}`, body);
      delete state[key];
      await place.done?.();
      await app.look();
    });
  const resolve = (action, more = {}) =>
    send(
      `assets/${encodeURIComponent(item.asset_id)}/resolve`,
      { action, attention: item.id, resolver: me(), ...(mine.unknown && { allow_unknown_prices: true }), ...more },
    );
  const unfold = (name, start = {}) => set({ open: mine.open === name ? null : name, ...start });
  const busy = acts.busy(key);

  const answers = {
    approve: () =>
      item.asset_id
        ? place.inside && !place.sheet
          ? button("Approve again", toDecision, { look: "primary", busy })
          : h("a", { class: "button primary", href: `#/p/${id}` }, "Approve again")
        : item.reason === "price_unknown" || (item.price_usd ?? null) === null
        ? h("a", { class: "button primary", href: link }, "Look at the plan")
        : button(
          `Approve · ${atMost(item.price_usd)}`,
          () => send("approve", { plan_digest: item.plan_digest, approver: me() }),
          { look: "primary", busy },
        ),
    reject: () => button("Reject", () => unfold("reject", { words: "" }), { busy }),
    edit_plan: () => (place.sheet || (place.inside && !item.asset_id) ? null : item.asset_id ? h(
      "a",
      { class: "button", href: link },
      "Edit it",
    ) : h(
      "a",
      { class: "button", href: link },
      item.reason === "stills_to_approve" ? "Look at the stills" : "Look at the plan",
    )),
    revise: () => (place.inside ? null : button("Ask for a new plan", () => unfold("revise", { words: "" }), { busy })),
    pause: () => button("Pause", () => send("pause", { paused_by: me() }), { mark: "pause", busy }),
    resume: () => button("Resume", () => send("resume", { resumed_by: me() }), { look: "primary", busy }),
    retry: () => [
      item.proposal && button(
        "Use the softer prompt",
        () => unfold("prompt", { words: item.proposal }),
        { look: "primary", busy },
      ),
      button("Try again", () => resolve("retry"), { look: item.proposal ? "" : "primary", mark: "again", busy }),
      item.asset_id && !item.asset_id.startsWith("_") && button(
        "Change the prompt",
        () => unfold("prompt", { words: place.asset?.prompt ?? item.proposal ?? "" }),
        { busy },
      ),
    ],
    accept_without: () => button("Go on without it", () => resolve("accept_without"), { busy }),
    adopt: () => button("Adopt a job", () => unfold("adopt", { words: item.job_id ?? "" }), { look: "primary", busy }),
    resubmit: () => button(
      `Send it again · ${atMost(item.price_usd)}${Number(item.price_usd) ? " more" : ""}`,
      () => resolve("resubmit"),
      { busy },
    ),
    raise_budget: () => button(
      "Raise the budget",
      () => unfold("budget", { words: "" }),
      { busy },
    ),
    upload: () =>
      h(
        "label",
        { class: "button" },
        icon("up"),
        h("span", null, "Use a file of mine"),
        h(
          "input",
          {
            type: "file",
            class: "sr",
            onchange: (e) => e.target.files[0] && place.upload?.(item.asset_id, e.target.files[0], key),
          },
        ),
      ),
    cancel: () => button("Cancel", () => unfold("cancel"), { look: "ghost", busy }),
  };

  const typed = (label, rows, more = {}) =>
    field(
      `${key}-words`,
      label,
      input(
        `${key}-words`,
        { rows, value: mine.words, dir: "auto", oninput: (e) => set({ words: e.target.value }), ...more },
      ),
    );

  const forms = {
    prompt: () => [
      typed("Prompt", 4, { maxlength: 8000 }),
      button(
        "Make it from this prompt",
        () => resolve("retry", { prompt: mine.words }),
        { look: "primary", busy, disabled: !mine.words?.trim() },
      ),
    ],
    adopt: () => [
      typed("The provider's job", 0),
      button(
        "Adopt this job",
        () => resolve("adopt", { job_id: mine.words.trim() }),
        { look: "primary", busy, disabled: !mine.words?.trim() },
      ),
    ],
    budget: () => [
      typed("The whole budget, USD", 0, { inputmode: "decimal" }),
      button(
        "Raise it",
        () => resolve("raise_budget", { budget_usd: mine.words.trim() }),
        { look: "primary", busy, disabled: !(Number(mine.words) > 0) },
      ),
    ],
    revise: () => [
      typed("What should be different?", 3, { maxlength: 8000 }),
      button(
        "Plan again",
        () => send("revise", { feedback: mine.words, reviser: me() }),
        { look: "primary", busy, disabled: !mine.words?.trim() },
      ),
    ],
    reject: () => [
      typed("Why? (optional)", 2, { maxlength: 2000 }),
      button(
        "Reject the plan",
        () => send("reject", { rejecter: me(), reason: mine.words ?? "" }),
        { look: "danger", busy },
      ),
    ],
    cancel: () => [
      h("p", null, "What is made stays; what runs is stopped where its provider can."),
      button("Cancel the production", () => send("cancel", {}), { look: "danger", busy }),
    ],
  };

  const evidence = [
    item.provider && `${item.provider} · ${item.model}`,
    item.job_id && `Job ${item.job_id}`,
    Number(item.cost_usd) > 0 && `${usd(item.cost_usd)} so far`,
    item.deadline && `Until ${when(item.deadline)}`,
    item.replacement?.length && `Instead: ${item.replacement.join(", ")}`,
  ].filter(Boolean);

  return h(
    "article",
    { class: item.reason === "overrun" ? "waiting bad" : "waiting", key: `waits-${key}` },
    h(
      "div",
      { class: "why" },
      icon(item.reason === "overrun" ? "bad" : "ask"),
      h(
        "div",
        null,
        h(
          "h3",
          null,
          item.asset_id && !item.asset_id.startsWith("_") ? `${item.asset_id}: ` : "",
          item.reason === "overrun" && !item.asset_id ? "Vendors charged more than their prices" : (REASONS[item.reason] ?? item.reason),
        ),
        item.message && ![
          "approval",
          "stills_to_approve",
          "deadline_near",
        ].includes(item.reason) && h("p", { dir: "auto" }, item.message),
        h(
          "p",
          { class: "hint" },
          [
            ...evidence,
            h("time", { datetime: item.since, title: when(item.since) }, ago(item.since)),
          ].flatMap((part, n) => (n ? [" · ", part] : [part])),
        ),
      ),
    ),
    h(
      "div",
      { class: "row tight" },
      item.answers.map((answer) => ((!NEEDS[answer] || may(NEEDS[answer])) && answers[answer]?.()) || null),
    ),
    !may("approver") && item.answers.some((answer) => NEEDS[answer] === "approver") &&
      h("p", { class: "hint" }, "An approver decides."),
    mine.open && h("div", { class: "unfolded", key: mine.open }, forms[mine.open]()),
    acts.note(key),
    acts.said.get(key)?.type?.endsWith("price-unknown") &&
      unknownTick(item.asset_id ?? "it", mine.unknown, (on) => set({ unknown: on })),
  );
}
