// What can be made here, what enables more, and whether everything answers.

import { h } from "../lib/dom.js";
import { button, failure, icon, kind, nameField, pill, who } from "../lib/parts.js";
import { ask, get, Refused, SIGNED_OUT } from "../lib/server.js";
import { MODALITIES, named, when } from "../lib/words.js";

const AGAIN_MS = 5_000;

export function open(_, app) {
  let report = null;
  let problem = null;
  let checks = null;
  let timer = 0;
  let closed = false;

  async function load() {
    clearTimeout(timer);
    try {
      checks = (await get("/readyz")).checks;
    } catch (error) {
      checks = error.problem?.checks ?? { api: error.message };
    }
    try {
      report = await get("providers");
      problem = null;
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      problem = error.problem;
      if (!closed) timer = setTimeout(load, AGAIN_MS);
    }
    app.update();
  }
  load();

  const check = (name, said) =>
    h(
      "li",
      { key: name },
      pill(said === "ok" ? "active" : "failed", said === "ok" ? "Answers" : "Missing"),
      h("strong", null, name),
      said !== "ok" && h("span", { class: "quiet" }, said),
    );

  return {
    title: () => "Settings",
    close: () => ((closed = true), clearTimeout(timer)),
    render() {
      if (!report && problem && problem.status === 0) return failure(problem, load);
      return h(
        "div",
        { class: "settings", key: "settings" },
        h("h1", null, "Settings"),
        h(
          "section",
          { key: "you" },
          h("h2", null, "You"),
          h(
            "div",
            { class: "narrow" },
            nameField(app, "name", "Your name, kept in this browser and written beside what you decide") || signedIn(),
          ),
        ),
        h(
          "section",
          { key: "well" },
          h("h2", null, "Is everything there?"),
          h(
            "ul",
            { class: "checks" },
            Object.entries(checks ?? {}).map(
              ([name, said]) => check({ temporal: "Temporal", storage: "Storage", api: "API" }[name] ?? name, said),
            ),
            check("Worker", problem ? problem.detail : report ? "ok" : "…"),
          ),
        ),
        report && [
          h(
            "section",
            { key: "modalities" },
            h("h2", null, "What can be made"),
            h(
              "p",
              { class: "hint" },
              report.planner === "template" ? "Plans are made by template: the key of a text provider lets a language model write them." : `Plans are written by ${report.planner}.`,
              " Keys belong in the worker's environment; the page never sees them.",
            ),
            h(
              "div",
              { class: "modalities" },
              Object.keys(MODALITIES).map((m) => {
                const by = report.enabled_providers[m] ?? [];
                return h(
                  "article",
                  { key: m, class: by.length ? "" : "off" },
                  h("h3", null, kind(m)),
                  h("p", null, by.length ? `Made by ${named(by)}.` : report.reasons[m] || "Nothing makes it yet."),
                  report.missing[m]?.length > 0 && h(
                    "ul",
                    { class: "hint" },
                    report.missing[m].map((words) => h("li", { key: words }, coded(words))),
                  ),
                );
              }),
            ),
            report.webhooks && h("p", { class: "hint" }, "Webhooks: ", coded(report.webhooks)),
          ),
          h(
            "section",
            { key: "providers" },
            h("h2", null, "Providers"),
            report.providers.map((p) =>
              h(
                "details",
                { key: p.provider, class: "provider" },
                h(
                  "summary",
                  null,
                  h("strong", null, p.provider),
                  pill(p.enabled ? "active" : "cancelled", p.enabled ? "Enabled" : "Off"),
                  h("span", { class: "quiet" }, p.enabled ? `${p.models.length} models` : coded(p.reason)),
                ),
                h(
                  "div",
                  { class: "scroll", tabindex: "0", role: "region", "aria-label": `Models of ${p.provider}` },
                  h(
                    "table",
                    null,
                    h(
                      "thead",
                      null,
                      h(
                        "tr",
                        null,
                        ["Model", "Makes", "Price", "Good at"].map((t) => h("th", { key: t, scope: "col" }, t)),
                      ),
                    ),
                    h(
                      "tbody",
                      null,
                      p.models.map((m) =>
                        h(
                          "tr",
                          { key: m.model },
                          h(
                            "td",
                            null,
                            h("code", null, m.model),
                            (m.retires || m.unavailable) && h(
                              "p",
                              { class: "hint" },
                              m.unavailable || `Retires ${when(m.retires).split(",").slice(0, 2).join(",")}${m.replacement.length ? `; use ${named(m.replacement)}` : ""}`,
                            ),
                          ),
                          h("td", null, MODALITIES[m.modality]),
                          h("td", null, m.price),
                          h("td", null, m.best_for),
                        ),
                      ),
                    ),
                  ),
                ),
              ),
            ),
          ),
        ],
        !report && !problem && h("p", { class: "hint", role: "status" }, "Asking the workers…"),
        problem && h("p", { class: "banner", role: "status", key: "banner" }, icon("ask"), problem.detail),
      );
    },
  };
}

/** Whose key it is, what it allows, and the way out. */
function signedIn() {
  const { name, tenant, roles } = who();
  const leave = () => ask("DELETE", "session").finally(() => dispatchEvent(new Event(SIGNED_OUT)));
  return h(
    "div",
    { class: "row" },
    h("p", { class: "grow" }, "Signed in as ", h("strong", { dir: "auto" }, name), ` of ${tenant}: ${named(roles)}.`),
    button("Sign out", leave),
  );
}

/** Words in which VARIABLES_LIKE_THIS, and what stands between backticks, stand out. */
const coded = (words) => words.split(/(`[^`]+`|[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+(?:=\S+?(?=[\s,;.]|$))?)/).map(
  (part, n) => (n % 2 ? h("code", { key: n }, part.replaceAll("`", "")) : part),
);
