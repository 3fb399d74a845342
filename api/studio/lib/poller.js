// The data of a view, read again and again.

import { ApiError } from "./api.js";

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
