// Texts with pictures that a model writes in one response.

import { html } from "../lib/dom.js";

/** The parameter with the number of pictures; only models that write illustrated texts have it. */
export const PICTURES = "pictures";
const USUAL_PICTURES = 3;
const LINE = /^!\[([^\]\n]*)\]\(pictures\/([\w.-]{1,100})\)[ \t]*$/gm;

/** The parameters that a newly chosen model of a text needs, or does not take; undefined where nothing changes. */
export function picturesFor(offer, asset) {
  if (!offer || offer.modality !== "text") return undefined;
  const has = asset?.parameters?.[PICTURES] !== undefined;
  if (PICTURES in offer.parameters) return has ? undefined : { [PICTURES]: USUAL_PICTURES };
  return has ? { [PICTURES]: null } : undefined;
}

/** A text without the lines of its pictures, for excerpts. */
export const withoutPictures = (text) => text.replace(LINE, "");

/** The texts and pictures of a take, in their order. */
export function illustrated(text, pictures = []) {
  const known = new Map(pictures.map((picture) => [picture.name, picture]));
  const parts = [];
  let at = 0;
  for (const match of text.matchAll(LINE)) {
    const picture = known.get(match[2]);
    if (!picture) continue;
    parts.push(text.slice(at, match.index).trim(), { ...picture, alt: match[1] });
    at = match.index + match[0].length;
  }
  parts.push(text.slice(at).trim());
  return parts.filter(Boolean).map((part) =>
    typeof part === "string"
      ? html`<div>${part}</div>`
      : html`
          <a href=${part.url} target="_blank" rel="noopener">
            <img src=${part.url} alt=${part.alt} width=${part.width} height=${part.height} loading="lazy">
          </a>
        `,
  );
}
