// A person's draft of something that others change at the same time: both changes stay, unless they are of one value.

const isMap = (value) => typeof value === "object" && value !== null && !Array.isArray(value);
const same = (one, other) => JSON.stringify(one ?? null) === JSON.stringify(other ?? null);
const has = (list, value) => list.some((each) => same(each, value));

/**
 * What the draft changed of `base`, applied to what it is `now`. Lists are merged as sets, objects by their keys.
 * `onConflict` is called with the keys of each value that both have changed, and that differs.
 */
export function rebased(base, draft, now, onConflict = () => {}, keys = []) {
  if (Array.isArray(draft) && Array.isArray(base) && Array.isArray(now)) {
    const kept = now.filter((each) => has(draft, each) || !has(base, each));
    return [...kept, ...draft.filter((each) => !has(base, each) && !has(kept, each))];
  }
  if (!isMap(draft) || !isMap(base) || !isMap(now)) {
    if (same(draft, base)) return now;
    if (!same(now, base) && !same(now, draft)) onConflict(keys);
    return draft;
  }
  const merged = Object.keys({ ...now, ...draft }).map((key) => [
    key, rebased(base[key], draft[key], now[key], onConflict, [...keys, key]),
  ]);
  return Object.fromEntries(merged.filter(([, value]) => value !== undefined));
}
