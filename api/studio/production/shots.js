// Shots: the assets that make one moment of a film, shown as one card. Every other asset is a card of its own.

import { languageNames } from "../create/fields.js";
import { dotted, excerpt } from "../lib/format.js";
import { MODALITIES } from "../lib/platforms.js";

const PART_TYPES = ["image", "audio"];
const PART_ROLES = ["still", "narration"];
const PART_LABELS = { still: "Still", narration: "Narration" };
const NAME_CHARS = 56;
const ABBREVIATION = /^\p{Lu}{1,4}\.$/u;

/** Labels that only count or classify, such as "Shot 2 · Closing"; the content says more. */
const COUNTING = /^(shot|scene|still|take|clip|video)[\s#·:-]*\d*(\s*[·:-].*)?$/i;

const numberOf = (asset) => asset.asset_id.match(/-(\d+)$/)?.[1];

/**
 * The plan's assets as [{main, parts}] in order. A video has the images and sounds that only it is made from, and the
 * still and the narration of its number; a still without a video has its narration.
 */
export function shotsOf(assets) {
  const mains = [...assets.filter((a) => a.asset_type === "video"), ...assets.filter((a) => a.role === "still")];
  const users = new Map();
  for (const { asset_id, asset_type, depends_on } of assets) {
    if (asset_type === "video") for (const id of depends_on) users.set(id, [...(users.get(id) ?? []), asset_id]);
  }
  const owner = new Map(); // asset id of a part -> its main asset's id
  for (const main of mains) {
    if (owner.has(main.asset_id)) continue;
    for (const part of assets) {
      const free = part !== main && !owner.has(part.asset_id) && PART_TYPES.includes(part.asset_type);
      const used = users.get(part.asset_id) ?? [];
      const own = used.length === 1 && used[0] === main.asset_id;
      const number = !used.length && PART_ROLES.includes(part.role) && numberOf(part);
      const numbered = number && number === numberOf(main);
      if (free && (own || numbered)) owner.set(part.asset_id, main.asset_id);
    }
  }
  for (const { asset_id, translates } of assets) {
    if (translates && !owner.has(asset_id)) owner.set(asset_id, owner.get(translates) ?? translates);
  }
  const shots = new Map(); // in the order of the first asset of each
  for (const asset of assets) {
    const id = owner.get(asset.asset_id) ?? asset.asset_id;
    if (!shots.has(id)) shots.set(id, { main: null, parts: [] });
    if (owner.has(asset.asset_id)) shots.get(id).parts.push(asset);
    else shots.get(id).main = asset;
  }
  return [...shots.values()];
}

/** What a card is called: a shot by its content, another asset by its label. */
export function shotName({ main, parts }) {
  const label = main.label || main.asset_id;
  if (!parts.length || !COUNTING.test(label)) return label;
  const [first, ...rest] = (main.original || main.prompt).trim().split(/(?<=[.!?])\s+|(?<=[。！？])|\n/);
  // "INT. KITCHEN" of a screenplay: an abbreviation ends no sentence.
  const name = ABBREVIATION.test(first) && rest.length ? `${first} ${rest[0]}` : first;
  return excerpt(name.replace(/[.。]$/, ""), NAME_CHARS) || label;
}

export const partName = ({ role, asset_type, language }) =>
  dotted(PART_LABELS[role] ?? MODALITIES[asset_type], language && languageNames.of(language));

/** The names of all assets by their ids: of a shot, and of its parts, such as Still · The lamp is lit. */
export function assetNames(assets) {
  const names = new Map();
  for (const shot of shotsOf(assets)) {
    const name = shotName(shot);
    names.set(shot.main.asset_id, name);
    for (const part of shot.parts) names.set(part.asset_id, `${partName(part)} · ${name}`);
  }
  return names;
}

/** The ids of all assets after the shot at `from` has moved to the index `to`. */
export function reordered(shots, from, to) {
  const order = [...shots];
  order.splice(to, 0, ...order.splice(from, 1));
  return order.flatMap(({ main, parts }) => inPlanOrder([...parts, main]).map((asset) => asset.asset_id));
}

const inPlanOrder = (assets) => assets.sort((one, other) => one.position - other.position);

/** The fewest moves that this finds from one order of ids to another, as edits of a plan. */
export function movesBetween(before, after) {
  const forwards = moves(before, after, after.map((_, n) => n));
  const backwards = moves(before, after, after.map((_, n) => after.length - 1 - n));
  return forwards.length <= backwards.length ? forwards : backwards;
}

function moves(before, after, indexes) {
  const order = [...before];
  const edits = [];
  for (const n of indexes) {
    const id = after[n];
    if (order[n] === id) continue;
    order.splice(order.indexOf(id), 1);
    order.splice(n, 0, id);
    edits.push({ op: "move", asset_id: id, position: n + 1 });
  }
  return edits;
}
