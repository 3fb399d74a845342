// A recording by the microphone of this browser.

const TYPES = ["audio/webm;codecs=opus", "audio/mp4", "audio/ogg;codecs=opus"];
const ENDINGS = { "audio/webm": "webm", "audio/mp4": "m4a", "audio/ogg": "ogg" };

/** Browsers record only on https pages, and on this machine. */
export const canRecord = () => Boolean(navigator.mediaDevices?.getUserMedia && window.MediaRecorder);

/** Records until `stop`, at most `seconds`; `onTick` is called each second. */
export class Recorder {
  constructor(seconds, onTick) {
    Object.assign(this, { seconds, onTick, chunks: [], since: 0, timer: 0 });
  }

  /** Ask for the microphone, and start. Throws Error with what to do where there is none, or where it is refused. */
  async start() {
    try {
      this.stream = await navigator.mediaDevices.getUserMedia({ audio: true });
    } catch (error) {
      const refused = error.name === "NotAllowedError";
      throw new Error(refused
        ? "The microphone is blocked. Allow it for this page in the browser, and try again."
        : "There is no microphone. Connect one, or use a recording.");
    }
    this.recorder = new MediaRecorder(this.stream, { mimeType: TYPES.find((t) => MediaRecorder.isTypeSupported(t)) });
    this.ended = new Promise((resolve) => (this.recorder.onstop = resolve));
    this.recorder.ondataavailable = ({ data }) => this.chunks.push(data);
    this.recorder.start(1_000);
    this.since = Date.now();
    this.timer = setInterval(() => (this.elapsed >= this.seconds ? this.recorder.stop() : this.onTick()), 1_000);
  }

  get elapsed() {
    return (Date.now() - this.since) / 1_000;
  }

  /** The recording as a file; the microphone is released. */
  async stop() {
    clearInterval(this.timer);
    if (!this.recorder) return null;
    if (this.recorder.state !== "inactive") this.recorder.stop();
    await this.ended;
    for (const track of this.stream.getTracks()) track.stop();
    const type = this.recorder.mimeType.split(";")[0];
    return new File(this.chunks, `memo.${ENDINGS[type] ?? "webm"}`, { type });
  }
}
