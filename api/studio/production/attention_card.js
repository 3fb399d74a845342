// One attention item: why it waits, and every possible answer.

import { post } from "../lib/api.js";
import { button, field, fileButton, icon, moneyInput, sentence } from "../lib/components.js";
import { html } from "../lib/dom.js";
import { ago, dateTime, priceLimit, usd } from "../lib/format.js";
import { reasonLabel } from "../lib/labels.js";
import { unfolded, unknownPriceCheckbox } from "../lib/parts.js";
import { actorName, hasRole } from "../lib/session.js";

/** The role that an answer requires; every user may give the others. */
const REQUIRED_ROLES = {
  approve: "approver",
  reject: "approver",
  retry: "approver",
  accept_without: "approver",
  adopt: "approver",
  resubmit: "approver",
  raise_budget: "approver",
  upload: "requester",
};

/** Answers that the list of all decisions shows on request. */
const FURTHER = new Set(["revise", "upload", "pause", "cancel"]);

/** A message as a sentence; an id at its start is no word. */
const withCapital = (message) => (/^[a-z0-9]+-\d/.test(message) ? message : sentence(message));

/** Reasons whose message repeats their label. */
const NO_MESSAGE = ["approval", "stills_to_approve", "draft_to_approve", "deadline_near"];

export const CANCEL_EFFECT =
  "Finished assets are kept. Running jobs are stopped where their provider can stop them.";

/** The decision bar at the foot of the page approves everything that waits for money. */
function focusDecision() {
  document.querySelector(".decision")?.setAttribute("data-terms", "");
  document.getElementById("most")?.focus();
}

/**
 * `context` has the production's `id`, `actions`, `app`, `upload(assetId, file, key)` and `state` (by item: the unfolded
 * form, and what is typed into each); optionally `done()`, called after an answer, the plan's `asset`, `inside` on the
 * production's own page, and `sheet` in the sheet of the asset.
 */
export function attentionCard(item, context) {
  const { actions, id, app, inside, sheet } = context;
  const key = `${id}/${item.id}`;
  const state = (context.state[key] ??= {});
  const path = `productions/${encodeURIComponent(id)}`;
  const ofAsset = item.asset_id && !item.asset_id.startsWith("_"); // ids with _ are steps such as finishing
  const href = ofAsset ? `#/p/${id}/${item.asset_id}` : `#/p/${id}`;
  const overrun = item.reason === "overrun";
  const busy = actions.busy(key);

  const set = (change) => (Object.assign(state, change), app.update());
  /** `text` is what the form begins with; a text that was typed before is kept. */
  const unfold = (form, text = "") => set({
    open: state.open === form ? null : form,
    texts: { ...state.texts, [form]: state.texts?.[form] || text },
  });
  const send = (action, body) =>
    actions.run(key, async () => {
      await post(`${path}/${action}`, body);
      delete context.state[key];
      await context.done?.();
      await app.loadAttention();
    });
  const resolve = (action, more = {}) =>
    send(`assets/${encodeURIComponent(item.asset_id)}/resolve`, {
      action,
      attention: item.id,
      resolver: actorName(),
      ...(state.unknown && { allow_unknown_prices: true }),
      ...more,
    });

  function approveAnswer() {
    if (item.asset_id) {
      return inside && !sheet
        ? button("Approve again", focusDecision, { variant: "primary", busy })
        : html`<a class="button primary" href="#/p/${id}">Approve again</a>`;
    }
    if (item.reason === "price_unknown" || (item.price_usd ?? null) === null) {
      return html`<a class="button primary" href=${href}>View the plan</a>`;
    }
    const approve = () => send("approve", { plan_digest: item.plan_digest, approver: actorName() });
    return button(`Approve · ${priceLimit(item.price_usd)}`, approve, { variant: "primary", busy });
  }

  function editAnswer() {
    if (sheet || (inside && !item.asset_id)) return null;
    const stills = item.reason === "stills_to_approve" ? "View the stills" : item.reason === "draft_to_approve" ? "View the draft" : "View the plan";
    return html`<a class="button" href=${href}>${item.asset_id ? "Edit" : stills}</a>`;
  }

  const retryAnswers = () => [
    item.proposal && button(
      item.reason === "below_score" ? "Use the judge's prompt" : "Use the softer prompt",
      () => unfold("prompt", item.proposal),
      { variant: "primary", busy },
    ),
    button("Try again", () => resolve("retry"), { variant: item.proposal ? "" : "primary", mark: "redo", busy }),
    ofAsset && button(
      "Change the prompt",
      () => unfold("prompt", context.asset?.prompt ?? item.proposal ?? ""),
      { busy },
    ),
  ];

  const resubmitLabel = `Submit again · ${priceLimit(item.price_usd)}${Number(item.price_usd) ? " more" : ""}`;

  const answers = {
    approve: approveAnswer,
    review_fields: () => !inside && html`<a class="button primary" href=${href}>Review the fields</a>`,
    reject: () => button("Reject", () => unfold("reject"), { busy }),
    edit_plan: editAnswer,
    revise: () => !inside && button("Request a new plan", () => unfold("revise"), { busy }),
    pause: () => button("Pause", () => send("pause", { paused_by: actorName() }), { mark: "pause", busy }),
    resume: () => button("Resume", () => send("resume", { resumed_by: actorName() }), { variant: "primary", busy }),
    retry: retryAnswers,
    accept_without: () => button("Continue without it", () => resolve("accept_without"), { busy }),
    adopt: () => button("Adopt a job", () => unfold("adopt", item.job_id ?? ""), { variant: "primary", busy }),
    resubmit: () => button(resubmitLabel, () => resolve("resubmit"), { busy }),
    raise_budget: () => button("Raise the budget", () => unfold("budget"), { busy }),
    upload: () => fileButton("Upload a file", ([file]) => context.upload?.(item.asset_id, file, key)),
    cancel: () => button("Cancel production", () => unfold("cancel"), { variant: "ghost", busy }),
  };
  const permitted = (answer) => !REQUIRED_ROLES[answer] || hasRole(REQUIRED_ROLES[answer]);

  // The forms that answers unfold

  const text = state.texts?.[state.open] ?? "";
  const inputId = `${key}-words`;
  const type = (typed) => set({ texts: { ...state.texts, [state.open]: typed } });
  const oninput = (e) => type(e.target.value);
  const line = (label) => field(inputId, label, html`
    <input id=${inputId} dir="auto" .value=${text} oninput=${oninput}>
  `);
  const paragraph = (label, rows) => field(inputId, label, html`
    <textarea id=${inputId} rows=${rows} dir="auto" .value=${text} oninput=${oninput}></textarea>
  `);
  const confirm = (label, action, valid = true, variant = "primary") =>
    button(label, action, { variant, busy, disabled: !valid });

  const forms = {
    prompt: () => [
      paragraph("Prompt", 4),
      confirm("Make it from this prompt", () => resolve("retry", { prompt: text }), text.trim()),
    ],
    adopt: () => [
      line("Provider job ID"),
      confirm("Adopt this job", () => resolve("adopt", { job_id: text.trim() }), text.trim()),
    ],
    budget: () => [
      field(inputId, "Total budget (USD)", moneyInput(inputId, text, "", type)),
      confirm("Set the budget", () => resolve("raise_budget", { budget_usd: text }), Number(text) > 0),
    ],
    revise: () => [
      paragraph("What should be different?", 3),
      confirm("Plan again", () => send("revise", { feedback: text, reviser: actorName() }), text.trim()),
    ],
    reject: () => [
      paragraph("Reason (optional)", 2),
      confirm("Reject the plan", () => send("reject", { rejecter: actorName(), reason: text }), true, "danger"),
    ],
    cancel: () => [
      html`<p>${CANCEL_EFFECT}</p>`,
      confirm("Yes, cancel it", () => send("cancel", {}), true, "danger"),
    ],
  };

  const evidence = [
    item.provider && `${item.provider} · ${item.model}`,
    item.job_id && `Job ${item.job_id}`,
    Number(item.cost_usd) > 0 && `${usd(item.cost_usd)} so far`,
    item.deadline && `Until ${dateTime(item.deadline)}`,
    item.replacement?.length && `Replacement: ${item.replacement.join(", ")}`,
  ].filter(Boolean).map((each) => `${each} · `);

  const offered = item.answers.filter(permitted);
  const shown = inside || sheet || state.more ? offered : offered.filter((answer) => !FURTHER.has(answer));

  return html`
    <article class=${overrun ? "waiting bad" : "waiting"} key="waits-${key}">
      <div class="why">
        ${icon(overrun ? "cross" : "alert")}
        <div>
          <h3>
            ${ofAsset && `${item.asset_id}: `}
            ${overrun && !item.asset_id ? "Vendors charged more than their prices" : reasonLabel(item.reason)}
          </h3>
          ${item.message && !NO_MESSAGE.includes(item.reason) && html`<p dir="auto">${withCapital(item.message)}</p>`}
          <p class="hint">
            ${evidence}<time datetime=${item.since} title=${dateTime(item.since)}>${ago(item.since)}</time>
          </p>
        </div>
      </div>
      <div class="row tight">
        ${shown.map((answer) => answers[answer]?.())}
        ${shown.length < offered.length && button("More", () => set({ more: true }), {
          variant: "ghost", "aria-label": `More answers to ${ofAsset ? item.asset_id : "the plan"}`,
        })}
      </div>
      ${!hasRole("approver") && item.answers.some((answer) => REQUIRED_ROLES[answer] === "approver") && html`
        <p class="hint">Only an approver can decide.</p>
      `}
      ${state.open && unfolded(state.open, forms[state.open]())}
      ${actions.note(key)}
      ${actions.failedWith(key, "price-unknown") && unknownPriceCheckbox(
        item.asset_id ?? "it", state.unknown, (on) => set({ unknown: on }),
      )}
    </article>
  `;
}
