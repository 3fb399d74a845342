// Who sits here: the holder of a key, or, where none is asked for, whoever is on this machine.

import { h } from "../lib/dom.js";
import { Acts, button, field, input } from "../lib/parts.js";
import { post } from "../lib/server.js";

/** The way in, shown until somebody is signed in. `entered` hears who it is. */
export function signIn(app, entered) {
  const acts = new Acts(app);
  let key = "";

  const send = (event) => {
    event.preventDefault(); // it never leaves as a form
    acts.run("enter", async () => entered(await post("session", { key })));
  };

  return {
    title: () => "Sign in",
    render: () =>
      h(
        "form",
        { class: "stack narrow signin", key: "signin", onsubmit: send },
        h("h1", { tabindex: "-1" }, "Sign in"),
        field(
          "key",
          "Your API key",
          input("key", {
            type: "password",
            value: key,
            autocomplete: "current-password",
            maxlength: 200,
            oninput: (e) => ((key = e.target.value), app.update()),
          }, true),
          "It begins with gl_. Whoever runs this studio makes it with `greenlight keys create`.",
        ),
        acts.note("enter"),
        h(
          "div",
          { class: "row end" },
          button("Sign in", null, { look: "primary large", type: "submit", busy: acts.busy("enter"), disabled: !key.trim() }),
        ),
      ),
  };
}
