// The tracks of a film and where their clips are, in seconds: of the delivered film where it is known, otherwise as the
// plan expects it. The transitions are always those of the cut that is being edited.

import { filmShots, SHARED, versionsOf } from "../cut.js";

const LENGTHS = ["seconds", "duration", "duration_seconds", "durationSeconds", "at_least"];
const DEFAULT_SECONDS = 5;

/** The tracks under the picture: the role of their clips, and the level of the cut that they have. */
export const TRACKS = [
  ["narration", "Narration"], ["music", "Music"], ["effects", "Effects"], ["ambience", "Ambience"],
  ["own_sound", "Own sound"],
];
const ROLES = { "own-sound": "own_sound", music: "music", effects: "effects", ambience: "ambience" };

/** {seconds, picture: [{id, start, seconds}], sounds: [{id, track, start, seconds}], peaks} */
export function layOut(production, cut, overview) {
  const shots = filmShots(production);
  const delivered = renamed(production, shots, overview);
  const known = new Map((delivered?.picture ?? []).map((clip) => [clip.asset_id, clip]));
  const length = (shot) => known.get(shot.asset_id)?.seconds ?? planned(production, shot) ?? DEFAULT_SECONDS;
  const picture = [];
  let at = 0;
  for (const shot of shots) {
    const join = cut.transitions?.[shot.asset_id];
    const seconds = length(shot);
    if (picture.length && SHARED.includes(join?.kind)) at -= Math.min(join.seconds, seconds / 2, picture.at(-1).seconds / 2);
    picture.push({ id: shot.asset_id, start: at, seconds });
    at += seconds;
  }
  const card = cut.end_card?.seconds ?? 0;
  const sounds = delivered ? movedWith(picture, delivered) : expected(production, picture, at);
  return { seconds: Math.max(at + card, 0.1), picture, sounds, peaks: overview?.peaks ?? [], card };
}

/** The overview of a delivered film, where each version has the name of the shot whose place it takes. */
function renamed(production, shots, overview) {
  if (!overview) return overview;
  const names = new Map(shots.flatMap((shot) => versionsOf(production, shot).map((each) => [each.asset_id, shot.asset_id])));
  const named = (id) => names.get(id) ?? id;
  return {
    ...overview,
    picture: overview.picture.map((clip) => ({ ...clip, asset_id: named(clip.asset_id) })),
    sounds: overview.sounds.map((sound) => ({ ...sound, asset_id: named(sound.asset_id) })),
  };
}

const given = (asset) => LENGTHS.map((name) => Number(asset.parameters?.[name])).find((seconds) => seconds > 0);

/** The planned length of a shot with its extensions; nothing where one of them has no length in the plan. */
function planned(production, shot) {
  const [first, ...versions] = versionsOf(production, shot);
  const parts = [first, ...versions.filter((each) => each.role === "extend" || each.parameters?.mode === "extend")];
  return parts.map(given).reduce((sum, seconds) => (sum && seconds ? sum + seconds : undefined));
}

/** The sounds of the delivered film, each moved with the shot in which it begins. */
function movedWith(picture, overview) {
  const now = new Map(picture.map((clip) => [clip.id, clip.start]));
  return overview.sounds.map((sound) => {
    const shot = overview.picture.findLast((clip) => clip.start <= sound.start + 0.01);
    const moved = shot && now.has(shot.asset_id) ? now.get(shot.asset_id) - shot.start : 0;
    return {
      id: sound.asset_id, track: ROLES[sound.role] ?? "narration", start: Math.max(0, sound.start + moved),
      seconds: sound.seconds,
    };
  });
}

/** The sounds of the original in the plan: each with its shots, or under the whole film. */
function expected(production, picture, seconds) {
  const places = new Map(picture.map((clip) => [clip.id, clip]));
  const uses = (one, other) => one.depends_on?.includes(other.asset_id);
  const shots = production.assets.filter((asset) => places.has(asset.asset_id));
  const heard = production.assets.filter((asset) => asset.asset_type === "audio" && !asset.language);
  return heard.map((asset) => {
    const tied = shots.filter((shot) => uses(shot, asset) || uses(asset, shot)).map((shot) => places.get(shot.asset_id));
    const track = ROLES[asset.role] ?? "narration";
    const start = (tied[0]?.start ?? 0) + (Number(asset.parameters?.at_seconds) || 0);
    const end = tied.length ? tied.at(-1).start + tied.at(-1).seconds : seconds;
    return { id: asset.asset_id, track, start, seconds: Math.max(0.2, end - start) };
  });
}
