// @ts-check
// The recording: play, pause, jump, speed, repeat, and which of it was really played.

import { Spans } from "./spans.js";

const SLOWEST = 0.6;
const FASTEST = 2;

export class Player {
  /**
   * @param {HTMLAudioElement} audio
   * @param {string} source
   * @param {{ time: (time: number) => void, state: () => void, heard: (from: number, to: number) => void, failed: () => void }} tell
   */
  constructor(audio, source, tell) {
    this.audio = audio;
    this.tell = tell;
    /** Seconds to go back when play goes on after a pause. */
    this.rewind = 1.5;
    /** What is played again and again. @type {{ start: number, end: number } | null} */
    this.loop = null;
    /** Where to stop by itself. */
    this.until = Infinity;
    this._paused = false;
    this._from = -1;
    this._last = -1;
    audio.src = source;
    audio.addEventListener("play", () => this._begin());
    audio.addEventListener("pause", () => this._rest());
    audio.addEventListener("seeking", () => this._cut());
    audio.addEventListener("seeked", () => this.tell.time(audio.currentTime));
    audio.addEventListener("ended", () => this._rest());
    audio.addEventListener("error", () => this.tell.failed());
  }

  get time() {
    return this.audio.currentTime;
  }

  get playing() {
    return !this.audio.paused;
  }

  toggle() {
    if (this.playing) {
      this._paused = true;
      this.audio.pause();
      return;
    }
    // Only where one stopped to type: who has jumped somewhere wants to hear that place.
    if (this._paused) this.seek(this.time - this.rewind);
    this.until = Infinity;
    this.play();
  }

  play() {
    this._paused = false;
    this.audio.play().catch(() => this.tell.state());
  }

  /** @param {number} time */
  seek(time) {
    this._cut();
    this._paused = false;
    this.until = Infinity;
    this.audio.currentTime = Math.max(0, time);
    this.tell.time(Math.max(0, time));
  }

  /** Play a stretch once. @param {number} from @param {number} to */
  once(from, to) {
    this.seek(from);
    this.until = to;
    this.play();
  }

  /** @param {number} steps */
  faster(steps) {
    const speed = Math.round((this.audio.playbackRate + steps / 10) * 10) / 10;
    this.audio.playbackRate = this.audio.defaultPlaybackRate = Math.min(FASTEST, Math.max(SLOWEST, speed));
    this.tell.state();
  }

  _begin() {
    this.tell.state();
    this._from = this._last = this.time;
    const frame = () => {
      if (!this.playing) return;
      this._hear();
      const { time } = this;
      if (this.loop && time >= this.loop.end) this.seek(this.loop.start);
      else if (time >= this.until) this.audio.pause();
      this.tell.time(time);
      requestAnimationFrame(frame);
    };
    requestAnimationFrame(frame);
  }

  _rest() {
    this._cut();
    this.tell.state();
  }

  /** Nobody heard what was skipped, or played without a sound. */
  _hear() {
    const { time, audio } = this;
    const silent = audio.muted || audio.volume === 0;
    if (silent || audio.seeking || this._from < 0 || time < this._last) return;
    this._last = time;
    if (time - this._from > 1) {
      this.tell.heard(this._from, time);
      this._from = time;
    }
  }

  _cut() {
    if (this._from >= 0 && this._last > this._from) this.tell.heard(this._from, this._last);
    this._from = this._last = this.playing ? this.time : -1;
  }
}

/** What was played and is not yet told to the server. */
export class Heard {
  /** @param {(spans: string) => Promise<unknown>} tell */
  constructor(tell) {
    this._tell = tell;
    this._new = new Spans();
    this._timer = 0;
  }

  /** @param {number} from @param {number} to */
  add(from, to) {
    this._new.add(from, to);
    if (!this._timer) this._timer = window.setTimeout(() => this.flush(), 5_000);
  }

  flush() {
    window.clearTimeout(this._timer);
    this._timer = 0;
    const spans = this._new;
    if (!spans.all.length) return;
    this._new = new Spans();
    this._tell(spans.text).catch(() => {
      for (const [from, to] of spans.all) this.add(from, to);
    });
  }
}
