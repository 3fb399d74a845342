// The signed-in user, and what this browser stores for that user: a name, a theme, a draft.

/** localStorage, or nothing where the browser permits none: then values last as long as the page. */
export const storage = {
  get(key) {
    try {
      return localStorage.getItem(key);
    } catch {
      return null;
    }
  },
  set(key, value) {
    try {
      value === null ? localStorage.removeItem(key) : localStorage.setItem(key, value);
    } catch {
      // The value stays in the page's own state.
    }
  },
};

let session = null;

/** The session that the API reported; null before its response, and where nobody is signed in. */
export const currentSession = () => session;
export const setSession = (reported) => (session = reported);

/** Whether the user has a role. The API decides; the page only hides what the API would refuse. */
export const hasRole = (role) => !session || session.roles.some((mine) => mine === role || mine === "operator");

/** The name that is recorded with the user's decisions. */
export const actorName = () => session?.name || storage.get("name")?.trim() || "someone";
