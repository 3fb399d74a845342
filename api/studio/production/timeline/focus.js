// The focus of a shot: a point on its still that stays in view in every other aspect, and what is then left of it.

import { html } from "../../lib/dom.js";

const STEP = 0.05;
const KEYS = { ArrowLeft: [-STEP, 0], ArrowRight: [STEP, 0], ArrowUp: [0, -STEP], ArrowDown: [0, STEP] };
const MIDDLE = { x: 0.5, y: 0.5 };

const ratio = (aspect) => aspect.split(":").reduce((across, down) => Number(across) / Number(down));
const within = (value) => Math.min(1, Math.max(0, Math.round(value * 100) / 100));
const inWords = ({ x, y }) => `${Math.round(x * 100)} % from the left, ${Math.round(y * 100)} % from the top`;

/** `picture` is the shot as a node, its still or its video; `aspects` are those of the further renditions. */
export function focusEditor({ id, name, picture, aspect, aspects, focus, change }) {
  const at = focus ?? MIDDLE;
  const put = (x, y) => change({ x: within(x), y: within(y) });
  const follow = (e) => {
    const box = e.currentTarget.closest(".focus-still").getBoundingClientRect();
    put((e.clientX - box.left) / box.width, (e.clientY - box.top) / box.height);
  };
  const onKey = (e) => {
    const step = KEYS[e.key];
    if (!step) return;
    e.preventDefault();
    put(at.x + step[0], at.y + step[1]);
  };
  const axis = (label, value, set) => html`
    <label class="axis">
      <span>${label}</span>
      <input type="range" min="0" max="1" step="0.01" .value=${String(value)} oninput=${(e) => set(Number(e.target.value))}>
    </label>
  `;
  return html`
    <div class="focus" key="focus-${id}" role="group" aria-label=${`Focus of ${name}`}>
      <div class="focus-still" vars=${{ "--ratio": ratio(aspect), "--x": at.x, "--y": at.y }}>
        ${picture}
        <button type="button" class="point" aria-label=${`Focus of ${name}: ${inWords(at)}. Drag it, or press the arrow keys`}
          onkeydown=${onKey}
          onpointerdown=${(e) => e.currentTarget.setPointerCapture(e.pointerId)}
          onpointermove=${(e) => e.currentTarget.hasPointerCapture(e.pointerId) && follow(e)}></button>
      </div>
      <div class="axes">
        ${axis("From the left", at.x, (x) => put(x, at.y))}
        ${axis("From the top", at.y, (y) => put(at.x, y))}
      </div>
      ${aspects.length > 0 && html`
        <ul class="crops" aria-label="What the other aspects show">
          ${aspects.map((each) => crop(each, ratio(aspect), at, picture))}
        </ul>
      `}
    </div>
  `;
}

/** The part of the still that an aspect shows, as the film crops it: around the focus, inside the picture. */
function crop(aspect, whole, at, picture) {
  const wanted = ratio(aspect);
  const [across, down] = wanted < whole ? [wanted / whole, 1] : [1, whole / wanted];
  const vars = { "--ratio": wanted, "--px": position(at.x, across), "--py": position(at.y, down) };
  return html`
    <li key=${aspect}>
      <span class="crop" vars=${vars}>${picture}</span>
      <span class="hint">${aspect}</span>
    </li>
  `;
}

/** The object-position, as a share, of a window that shows `share` of a side around `focus`. */
const position = (focus, share) =>
  share >= 1 ? 0.5 : Math.min(1 - share, Math.max(0, focus - share / 2)) / (1 - share);
