// The signed-in user, and what this browser stores for that user: a name, a theme, drafts.

/** A storage of the browser, or nothing where the browser permits none: then values last as long as the page. */
const guarded = (name) => ({
  get(key) {
    try {
      return window[name].getItem(key);
    } catch {
      return null;
    }
  },
  set(key, value) {
    try {
      value === null ? window[name].removeItem(key) : window[name].setItem(key, value);
    } catch {
      // The value stays in the page's own state.
    }
  },
  keys() {
    try {
      return Object.keys(window[name]);
    } catch {
      return [];
    }
  },
});

export const storage = guarded("localStorage");
const tab = guarded("sessionStorage");

let session = null;

/** The session that the API reported; null before its response, and where nobody is signed in. */
export const currentSession = () => session;

/** A session that expired leaves its drafts in the tab for the same user; another user does not see them. */
export function setSession(reported) {
  session = reported;
  if (!reported) return;
  const owner = reported.name ? `${reported.tenant}/${reported.name}` : "";
  if ((tab.get("owner") ?? owner) !== owner) forget();
  if (owner) tab.set("owner", owner);
}

/** Remove all that this browser stores for the user; the theme is the browser's own. */
export function forget() {
  for (const each of [storage, tab]) for (const key of each.keys()) if (key !== "theme") each.set(key, null);
}

/** Also after a session that expired. */
const keyed = () => Boolean(session?.name ?? tab.get("owner"));

/**
 * Texts that are typed and not sent yet; they survive a reload. Each tab has its own. Without keys the last one is also
 * there in a new tab; with a key nothing outlives the tab or the sign-out.
 */
export const drafts = {
  get(name) {
    try {
      return JSON.parse(tab.get(`draft/${name}`) ?? (keyed() ? null : storage.get(`draft/${name}`)));
    } catch {
      return null;
    }
  },
  /** An empty value removes the draft. */
  set(name, value) {
    const text = isEmpty(value) ? null : JSON.stringify(value);
    if (tab.get(`draft/${name}`) === text) return;
    tab.set(`draft/${name}`, text);
    if (!keyed()) storage.set(`draft/${name}`, text);
  },
};

/** A map of texts by name, which survives a reload as a draft does. */
export function draftMap(name) {
  const map = new Map(Object.entries(drafts.get(name) ?? {}));
  const keep = () => drafts.set(name, Object.fromEntries(map));
  return {
    get: (key) => map.get(key),
    set: (key, text) => (map.set(key, text), keep()),
    delete: (key) => (map.delete(key), keep()),
  };
}

const isEmpty = (value) => !value || (typeof value === "object" && Object.values(value).every(isEmpty));

/** Whether the user has a role. The API decides; the page only hides what the API would refuse. */
export const hasRole = (role) => !session || session.roles.some((mine) => mine === role || mine === "operator");

/** The name that is recorded with the user's decisions. */
export const actorName = () => session?.name || storage.get("name")?.trim() || "someone";
