// How a line of speech is said, next to its words.

import { field } from "../lib/components.js";
import { html } from "../lib/dom.js";

const UNSPOKEN_ROLES = ["music", "effects", "ambience"];
const MAX_CHARS = 500;

export const isSpoken = ({ asset_type, role }) => asset_type === "audio" && !UNSPOKEN_ROLES.includes(role);

/** The field for a delivery; `change(text)` is called while it is typed. */
export const deliveryField = (id, text, change) => html`
  <div key=${id}>
    ${field(id, "Delivery", html`
      <input id=${id} dir="auto" maxlength=${MAX_CHARS} aria-describedby="${id}-hint" placeholder="e.g. sad, slowly"
        .value=${text ?? ""} oninput=${(e) => change(e.target.value)}>
    `, "How it is said: emotion, pace, volume. It is never spoken.")}
  </div>
`;
