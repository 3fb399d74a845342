// In the audio thread: the microphone's samples as 16 bit PCM of 24,000 a second, in messages of 100 ms.

const RATE = 24_000;
const CHUNK = RATE / 10;

class Pcm extends AudioWorkletProcessor {
  constructor() {
    super();
    Object.assign(this, { step: sampleRate / RATE, place: 0, sum: 0, count: 0, last: 0 });
    Object.assign(this, { made: new Int16Array(CHUNK), size: 0 });
  }

  /** Each sample that is sent is the mean of those that it stands for. */
  process([[channel]]) {
    for (const sample of channel ?? []) {
      this.sum += sample;
      this.count += 1;
      this.place += 1;
      while (this.place >= this.step) {
        this.place -= this.step;
        if (this.count) this.last = this.sum / this.count;
        this.sum = this.count = 0;
        this.push(this.last);
      }
    }
    return true;
  }

  push(value) {
    this.made[this.size] = Math.max(-1, Math.min(1, value)) * 32_767;
    this.size += 1;
    if (this.size < CHUNK) return;
    this.port.postMessage(this.made.slice().buffer);
    this.size = 0;
  }
}

registerProcessor("pcm", Pcm);
