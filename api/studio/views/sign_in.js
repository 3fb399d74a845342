// The form that signs a user in with an API key.

import { Actions } from "../lib/actions.js";
import { post } from "../lib/api.js";
import { button, field } from "../lib/components.js";
import { html } from "../lib/dom.js";

/** Shown while the API requires a key; `entered` gets the session. */
export function signIn(app, entered) {
  const actions = new Actions(app);
  let key = "";

  const send = (event) => {
    event.preventDefault(); // the browser must not submit the form
    actions.run("enter", async () => entered(await post("session", { key })));
  };

  return {
    title: () => "Sign in",
    render: () => html`
      <form class="stack narrow signin" onsubmit=${send}>
        <h1 tabindex="-1">Sign in</h1>
        ${field("key", "Your API key", html`
          <input id="key" type="password" autocomplete="current-password" maxlength="200" aria-describedby="key-hint"
            .value=${key} oninput=${(e) => ((key = e.target.value), app.update())}>
        `, "The key starts with gl_. An administrator of this studio creates it with `greenlight keys create`.")}
        ${actions.note("enter")}
        <div class="row end">
          ${button("Sign in", null, {
            variant: "primary large", type: "submit", busy: actions.busy("enter"), disabled: !key.trim(),
          })}
        </div>
      </form>
    `,
  };
}
