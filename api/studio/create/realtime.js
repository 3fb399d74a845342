// A conversation with a realtime model of OpenAI over a WebSocket: the microphone, the voice, and the events.
//
// The page asks for each answer itself, and only while its highest price fits what is left of the cap: the vendor does
// not know the cap. Costs are counted as the vendor reports them after each answer.

const RATE = 24_000;
const GOODBYE_MS = 4_000; // for the counts of an answer that is cancelled at the end
const SPEECH_MS = 300_000; // of a person without a pause: what is longer does not fit the price of an answer
const MILLION = 1_000_000;

/** The microphone and the loudspeaker. */
export class Sound {
  /** Throws Error with what to do where there is no microphone, or where it is refused. */
  static async open() {
    let stream;
    try {
      stream = await navigator.mediaDevices.getUserMedia({ audio: { echoCancellation: true, noiseSuppression: true } });
    } catch (error) {
      throw new Error(error.name === "NotAllowedError"
        ? "The microphone is blocked. Allow it for this page in the browser, and try again."
        : "There is no microphone. Connect one, or write the brief.");
    }
    const context = new AudioContext();
    await context.audioWorklet.addModule("/studio/create/pcm.js");
    return new Sound(stream, context);
  }

  constructor(stream, context) {
    Object.assign(this, { stream, context, playing: new Set(), next: 0, item: null });
  }

  /** Call `onChunk` with each 100 ms of the microphone, as base64. */
  listen(onChunk) {
    this.microphone = new AudioWorkletNode(this.context, "pcm", { numberOfOutputs: 0 });
    this.microphone.port.onmessage = ({ data }) => onChunk(btoa(String.fromCharCode(...new Uint8Array(data))));
    this.context.createMediaStreamSource(this.stream).connect(this.microphone);
    this.context.resume();
  }

  /** Play a piece of an answer after those before it. */
  play(item, base64) {
    const bytes = Uint8Array.from(atob(base64), (c) => c.charCodeAt(0));
    const samples = new Int16Array(bytes.buffer, 0, bytes.length >> 1);
    if (!samples.length) return;
    const buffer = this.context.createBuffer(1, samples.length, RATE);
    const channel = buffer.getChannelData(0);
    samples.forEach((sample, n) => (channel[n] = sample / 32_768));
    const source = new AudioBufferSourceNode(this.context, { buffer });
    source.connect(this.context.destination);
    source.onended = () => this.playing.delete(source);
    this.playing.add(source);
    this.next = Math.max(this.context.currentTime, this.next);
    if (this.item?.id !== item) this.item = { id: item, since: this.next };
    source.start(this.next);
    this.next += buffer.duration;
  }

  /** Be silent. Returns the answer that was interrupted, and how much of it was heard. */
  hush() {
    const { item, playing } = this;
    const cut = playing.size > 0 && item;
    for (const source of playing) source.stop();
    playing.clear();
    const heard = cut ? Math.max(this.context.currentTime - item.since, 0) : 0;
    Object.assign(this, { next: 0, item: null });
    return cut ? { id: item.id, heard_ms: Math.floor(heard * 1_000) } : null;
  }

  close() {
    for (const track of this.stream.getTracks()) track.stop();
    this.microphone?.port.close();
    this.context.close();
  }
}

/** The tokens of one answer by kind. What the vendor does not tell apart counts as sound, the most expensive. */
export function tokensOf(usage) {
  const input = usage.input_token_details ?? {};
  const output = usage.output_token_details ?? {};
  const cached = input.cached_tokens_details ?? {};
  const text_in = input.text_tokens ?? 0;
  const text_out = output.text_tokens ?? 0;
  const audio_in = Math.max((usage.input_tokens ?? 0) - text_in, 0);
  return {
    answers: 1,
    text_in,
    text_cached: Math.min(cached.text_tokens ?? 0, text_in),
    audio_in,
    audio_cached: Math.min(cached.audio_tokens ?? 0, audio_in),
    text_out,
    audio_out: Math.max((usage.output_tokens ?? 0) - text_out, 0),
  };
}

/** USD of tokens at the rates of a session, which are for a million. */
export const usdOf = (tokens, rates) =>
  ((tokens.text_in - tokens.text_cached) * rates.text_in + tokens.text_cached * rates.text_cached
    + (tokens.audio_in - tokens.audio_cached) * rates.audio_in + tokens.audio_cached * rates.audio_cached
    + tokens.text_out * rates.text_out + tokens.audio_out * rates.audio_out) / MILLION;

/**
 * One conversation. `call` gets each completed call of a function and returns `{ output, again }`; `said` gets what the
 * model said, `failed` an error of the vendor, `changed` each change of state, and `over` the reason of the end, once.
 */
export class Conversation {
  constructor(session, sound, { call, said, failed, changed, over }) {
    Object.assign(this, { session, sound, call, said, failed, changed, over });
    Object.assign(this, { spent: 0, usage: null, known: true, ended: null });
    Object.assign(this, { answering: false, filling: false, wanted: false });
    Object.assign(this, { calls: new Map(), spoken: new Set() }); // spoken: the answers with a voice
    const protocols = ["realtime", `openai-insecure-api-key.${session.client_secret}`];
    this.socket = new WebSocket(session.socket, protocols);
    this.socket.onmessage = ({ data }) => this.receive(JSON.parse(data));
    this.socket.onclose = () => this.end(this.greeted
      ? "The vendor closed the connection."
      : "The browser could not connect to the vendor. Reload this page, and check that nothing blocks its address.");
    this.deadline = Date.now() + session.minutes * 60_000;
    this.timer = setTimeout(() => this.end("The time is up."), session.minutes * 60_000);
  }

  get secondsLeft() {
    return Math.max(Math.round((this.deadline - Date.now()) / 1_000), 0);
  }

  send(event) {
    if (this.socket.readyState === WebSocket.OPEN) this.socket.send(JSON.stringify(event));
  }

  receive(event) {
    switch (event.type) {
      case "session.created":
        return this.greet();
      case "input_audio_buffer.speech_started":
        clearTimeout(this.speech);
        this.speech = setTimeout(() => this.end("Nobody paused for five minutes."), SPEECH_MS);
        return this.interrupt();
      case "input_audio_buffer.speech_stopped":
        return clearTimeout(this.speech);
      case "input_audio_buffer.committed":
        return this.ask();
      case "response.output_audio.delta":
        this.spoken.add(event.response_id);
        return this.ended ? undefined : this.sound.play(event.item_id, event.delta);
      case "response.output_audio_transcript.done":
        return this.said(event.transcript);
      case "response.function_call_arguments.done":
        return this.calls.set(event.call_id, event);
      case "response.done":
        return this.answered(event.response);
      case "error":
        return this.failed(event.error?.message ?? "The vendor reports an error.");
    }
  }

  greet() {
    if (this.greeted) return;
    this.greeted = true;
    this.sound.listen((audio) => this.send({ type: "input_audio_buffer.append", audio }));
    this.ask();
  }

  interrupt() {
    const cut = this.sound.hush();
    if (!cut) return;
    const place = { item_id: cut.id, content_index: 0, audio_end_ms: cut.heard_ms };
    this.send({ type: "conversation.item.truncate", ...place });
  }

  /** Ask for an answer where its highest price fits; a second one only after the first. */
  ask() {
    if (this.ended) return;
    this.wanted = this.answering || this.filling;
    if (this.wanted) return;
    if (this.spent + Number(this.session.turn_usd) > Number(this.session.reserved_usd)) {
      return void this.end("What is left of the cap does not cover another answer.");
    }
    this.answering = true;
    this.send({ type: "response.create" });
    this.changed();
  }

  async answered(response) {
    Object.assign(this, { answering: false, filling: true });
    this.count(response.usage);
    this.settled?.();
    const made = (response.output ?? []).filter((item) => item.type === "function_call");
    const named = new Map(made.map((item) => [item.call_id, item]));
    const isOurs = (each) => each.response_id === response.id || named.has(each.call_id);
    const calls = [...this.calls.values()].filter(isOurs);
    for (const each of made) if (!this.calls.has(each.call_id)) calls.push(each);
    for (const { call_id } of calls) this.calls.delete(call_id);
    let again = false;
    if (response.status === "completed" && !this.ended) {
      for (const { call_id, name, arguments: given } of calls) {
        const taken = await this.call(name ?? named.get(call_id)?.name ?? "", given ?? "");
        this.send({
          type: "conversation.item.create",
          item: { type: "function_call_output", call_id, output: taken.output },
        });
        again ||= taken.again || !this.spoken.has(response.id);
      }
    }
    this.filling = false;
    if (again || this.wanted) this.ask();
    this.changed();
  }

  /** Count an answer; one without counts costs the most that it can, and the report has none then. */
  count(usage) {
    if (usage?.input_tokens === undefined || usage.input_tokens === null) {
      this.known = false;
      this.spent += Number(this.session.turn_usd);
      return;
    }
    const tokens = tokensOf(usage);
    this.spent += usdOf(tokens, this.session.rates);
    const before = this.usage ?? {};
    this.usage = Object.fromEntries(Object.entries(tokens).map(([name, n]) => [name, (before[name] ?? 0) + n]));
  }

  /** End it, once: stop an answer, wait briefly for its counts, and close. */
  async end(reason) {
    if (this.ended) return;
    this.ended = reason || "You ended the conversation.";
    clearTimeout(this.timer);
    clearTimeout(this.speech);
    this.sound.hush();
    if (this.answering && this.socket.readyState === WebSocket.OPEN) {
      this.send({ type: "response.cancel" });
      await new Promise((resolve) => ((this.settled = resolve), setTimeout(resolve, GOODBYE_MS)));
    }
    if (this.answering) this.known = false;
    this.sound.close();
    this.socket.close();
    await this.over(this.ended, this.known ? this.usage : null);
  }
}
