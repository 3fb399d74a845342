// Requests to the API that a view makes for its user.

import { ApiError } from "./api.js";
import { problemNote } from "./components.js";

/** A view's actions by key: which of them run, and the problems of those that failed. */
export class Actions {
  constructor(app) {
    this.app = app;
    this.running = new Set();
    this.problems = new Map();
  }

  busy(key) {
    return this.running.has(key);
  }

  /** Run an action unless it runs already, or as `again` permits. Returns whether it succeeded; keeps the problem of an ApiError. */
  async run(key, action, again = false) {
    if (this.running.has(key) && !again) return false;
    this.running.add(key);
    this.problems.delete(key);
    this.app.update();
    try {
      await action();
      return true;
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      this.problems.set(key, error.problem);
      return false;
    } finally {
      this.running.delete(key);
      this.app.update();
    }
  }

  /** Whether the last run failed with this type of problem, e.g. "price-unknown". */
  failedWith(key, type) {
    return Boolean(this.problems.get(key)?.type?.endsWith(type));
  }

  note(key) {
    const problem = this.problems.get(key);
    return problem ? problemNote(problem) : null;
  }
}
