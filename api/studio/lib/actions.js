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

  /** Run an action unless it runs already. Returns whether it succeeded; keeps the problem of an ApiError. */
  async run(key, action) {
    if (this.running.has(key)) return false;
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

/** A view's data: read once, and again after each delay. */
export class Poller {
  data = null;
  problem = null;
  #latest = 0;
  #timer = 0;
  #closed = false;

  /**
   * `read` returns the data; `delay` returns the milliseconds until the next read, or nothing for none.
   */
  constructor(app, read, delay = () => null) {
    Object.assign(this, { app, read, delay });
    this.load();
  }

  /** Read now. The response to an older request is dropped; a problem leaves the data as it was. */
  load = async () => {
    clearTimeout(this.#timer);
    const turn = (this.#latest += 1);
    try {
      const data = await this.read();
      if (turn !== this.#latest) return;
      this.data = data;
      this.problem = null;
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      if (turn !== this.#latest) return;
      this.problem = error.problem;
    }
    const delay = this.delay();
    if (!this.#closed && delay) this.#timer = setTimeout(this.load, delay);
    this.app.update();
  };

  close = () => {
    this.#closed = true;
    clearTimeout(this.#timer);
  };
}
