// The budget of an approved production, which a person can lower while it goes on.

import { button, field, moneyInput } from "../lib/components.js";
import { html } from "../lib/dom.js";
import { usd } from "../lib/format.js";
import { unfolded } from "../lib/parts.js";
import { actorName } from "../lib/session.js";

/** The button below the budget, and its form. A series grants the budgets of its parts. */
export function budgetControl(production, actions, state, set) {
  const { data } = production;
  if (!Number(data.budget_usd) || data.series_id || data.preview_of) return null;
  const open = state.open === "budget";
  return [
    html`
      <div class="row">
        ${button("Lower the budget", () => set({ open: open ? null : "budget" }), {
          variant: "ghost", "aria-expanded": String(open),
        })}
      </div>
    `,
    open && lowerForm(production, actions, state, set),
  ];
}

function lowerForm(production, actions, state, set) {
  const { data } = production;
  const amount = state.lower ?? "";
  const named = amount !== "" && Number.isFinite(Number(amount));
  const lower = () =>
    actions.run("budget", async () => {
      await production.send("budget", { budget_usd: amount, actor: actorName() });
      set({ lower: "", open: null });
    });
  return unfolded("lower-form",
    field("lowered", "Spend at most, in total",
      moneyInput("lowered", amount, Number(data.budget_usd).toFixed(2), (typed) => set({ lower: typed })),
      "What is spent and held for takes under way stays. Assets that do not fit any more wait for a decision.",
    ),
    button(named ? `Lower it to ${usd(amount)}` : "Lower it", lower, {
      variant: "primary", busy: actions.busy("budget"), disabled: !named,
    }),
    actions.note("budget"),
  );
}
