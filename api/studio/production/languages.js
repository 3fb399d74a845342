// The languages of a film: each has its narrations and texts, and shares the pictures.

import { LANGUAGES, languageNames } from "../create/fields.js";
import { button, field, moneyInput, select } from "../lib/components.js";
import { html } from "../lib/dom.js";
import { rebased } from "../lib/drafts.js";
import { count, dotted, priceRange } from "../lib/format.js";
import { sheet } from "../lib/regions.js";

const MOST = 8;

/** What the button says about the languages. */
export const languagesSummary = (plan) =>
  plan.languages?.length ? `Languages · ${plan.languages.length}` : "Languages";

const shareOf = ({ low_usd, high_usd, unknown }) =>
  unknown ? "price unknown" : priceRange(low_usd, high_usd).toLowerCase();

/** The share of each language in the price of a plan; nothing for a film in one language. */
export const languageShares = (plan, original) => plan.languages?.length > 0 && html`
  <ul class="languages" aria-label="Languages">
    ${plan.languages.map((each) => html`
      <li key=${each.language}>
        ${dotted(
          languageNames.of(each.language || original),
          each.original ? "the original, with all pictures" : count(each.narrations, "narration"),
          shareOf(each),
          each.outdated.length > 0 && `out of date: ${each.outdated.join(", ")}`,
        )}
      </li>
    `)}
  </ul>
`;

export function languagesSheet(production, { actions, state, set }) {
  const { plan, data, awaitingApproval } = production;
  const [original] = data.brief.languages;
  const planned = plan.cut?.languages ?? [];
  const chosen = state.languages ? rebased(state.languagesBase, state.languages, planned) : planned;
  const free = LANGUAGES.filter((tag) => tag !== original && !chosen.includes(tag));
  const close = () => set({ speaking: false, languages: null, languagesBase: null });
  const choose = (languages) => set({ languages, languagesBase: state.languagesBase ?? planned });
  const untranslated = (plan.languages ?? []).filter((each) => each.untranslated.length > 0);
  const changed = String(chosen) !== String(planned);

  const apply = () => actions.run("languages", async () => {
    const budget = awaitingApproval ? null : state.languageBudget || null;
    await production.edit([{ op: "languages", languages: [original, ...chosen] }], budget);
    close();
  });

  const row = (tag) => html`
    <li class="row tight" key=${tag}>
      <span>${languageNames.of(tag)}</span>
      <span class="grow"></span>
      ${button("Remove", () => choose(chosen.filter((each) => each !== tag)), {
        variant: "ghost", "aria-label": `Remove ${languageNames.of(tag)}`,
      })}
    </li>
  `;

  return sheet("languages", "Languages", close, html`
    <p class="hint">
      ${`The original is ${languageNames.of(original)}. Each further language has narrations, captions and texts of its `}
      ${"own, which a language model translates, and the same pictures."}
    </p>
    ${languageShares(plan, original)}
    <ul class="plain">${chosen.map(row)}</ul>
    ${chosen.length < MOST - 1 && field("add-language", "Add a language", select(
      "add-language",
      [["", "Choose"], ...free.map((tag) => [tag, languageNames.of(tag)])],
      "",
      (tag) => tag && choose([...chosen, tag]),
    ))}
    ${!awaitingApproval && field("language-budget", "Raise the whole budget to", moneyInput(
      "language-budget", state.languageBudget ?? "", "As it is", (languageBudget) => set({ languageBudget }),
    ), "A translation is paid at once; the speech of a new language is approved again, if it costs money.")}
    ${actions.note("languages")}
    ${button(changed ? "Apply the languages" : "Translate what has changed", apply, {
      variant: "primary", busy: actions.busy("languages"), disabled: !changed && !untranslated.length,
    })}
  `);
}
