// @ts-check
// The whole recording as a ribbon: the waveform, what was heard, what is checked, where doubts are, and where one is.

import { clock } from "./text.js";

/** @typedef {{ heard: import("./spans.js").Span[], checked: import("./spans.js").Span[], doubts: number[] }} Marks */

const KEYS = new Map([["ArrowLeft", -5], ["ArrowRight", 5], ["ArrowDown", -5], ["ArrowUp", 5], ["PageDown", -60], ["PageUp", 60]]);

export class Ribbon {
  /**
   * @param {HTMLElement} element
   * @param {HTMLCanvasElement} canvas
   * @param {number} seconds
   * @param {(time: number) => void} jump
   */
  constructor(element, canvas, seconds, jump) {
    this.element = element;
    this.canvas = canvas;
    this.seconds = Math.max(seconds, 0.01);
    this.needle = element.appendChild(document.createElement("div"));
    this.needle.className = "ribbon-needle";
    /** @type {Int8Array} */
    this.peaks = new Int8Array(0);
    this.channels = 1;
    /** @type {Marks} */
    this.marks = { heard: [], checked: [], doubts: [] };
    this._queued = false;
    this._told = -1;
    new ResizeObserver(() => this.draw()).observe(element);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.draw());
    element.addEventListener("pointerdown", (event) => {
      element.setPointerCapture(event.pointerId);
      jump(this._under(event));
    });
    element.addEventListener("pointermove", (event) => {
      if (element.hasPointerCapture(event.pointerId)) jump(this._under(event));
    });
    element.addEventListener("keydown", (event) => {
      const by = KEYS.get(event.key);
      const to = event.key === "Home" ? 0 : event.key === "End" ? this.seconds : by === undefined ? null : this._time + by;
      if (to === null || event.ctrlKey || event.altKey) return;
      event.preventDefault();
      jump(Math.min(this.seconds, Math.max(0, to)));
    });
    this._time = 0;
  }

  /** @param {PointerEvent} event */
  _under(event) {
    const { left, width } = this.element.getBoundingClientRect();
    return (Math.min(width, Math.max(0, event.clientX - left)) / width) * this.seconds;
  }

  /** @param {number} time */
  at(time) {
    this._time = time;
    this.needle.style.transform = `translateX(${(time / this.seconds) * this.element.clientWidth}px)`;
    const whole = Math.floor(time);
    if (whole === this._told) return;
    this._told = whole;
    this.element.setAttribute("aria-valuenow", String(whole));
    this.element.setAttribute("aria-valuetext", `${clock(time)} of ${clock(this.seconds)}`);
  }

  /** Draw before the next frame, once. */
  draw() {
    if (this._queued) return;
    this._queued = true;
    requestAnimationFrame(() => {
      this._queued = false;
      this._draw();
    });
  }

  _draw() {
    const { canvas, element, seconds, marks } = this;
    const scale = window.devicePixelRatio;
    const [width, height] = [element.clientWidth, element.clientHeight];
    canvas.width = Math.round(width * scale);
    canvas.height = Math.round(height * scale);
    const context = canvas.getContext("2d");
    if (!context || !width) return;
    context.scale(scale, scale);
    const style = getComputedStyle(element);
    /** @param {string} name */
    const colour = (name) => style.getPropertyValue(`--ribbon-${name}`);
    const x = (/** @type {number} */ time) => (time / seconds) * width;
    const band = 4;
    const middle = (height - 2 * band) / 2;
    this._wave(context, width, middle, colour("wave"), colour("other"));
    /** @type {[import("./spans.js").Span[], string, number][]} */
    const bands = [[marks.heard, colour("heard"), height - 2 * band], [marks.checked, colour("checked"), height - band]];
    for (const [spans, fill, top] of bands) {
      context.fillStyle = colour("ground");
      context.fillRect(0, top, width, band - 1);
      context.fillStyle = fill;
      for (const [from, to] of spans) context.fillRect(x(from), top, Math.max(1, x(to) - x(from)), band - 1);
    }
    context.fillStyle = colour("doubt");
    for (const time of marks.doubts) context.fillRect(x(time) - 1, 0, 2, 7);
    this.at(this._time);
  }

  /** @param {CanvasRenderingContext2D} context @param {number} width @param {number} middle @param {string} one @param {string} other */
  _wave(context, width, middle, one, other) {
    const { peaks, channels } = this;
    const points = peaks.length / 2 / channels;
    if (!points) return;
    let loudest = 16;
    for (const peak of peaks) loudest = Math.max(loudest, Math.abs(peak));
    for (let pixel = 0; pixel < width; pixel += 2) {
      const point = Math.floor((pixel / width) * points);
      for (let channel = 0; channel < channels; channel += 1) {
        const place = (point * channels + channel) * 2;
        const size = (Math.max(-(peaks[place] ?? 0), peaks[place + 1] ?? 0) / loudest) * (middle - 1) + 0.5;
        context.fillStyle = channel ? other : one;
        // Two microphones: the first above the line, the second below it.
        if (channels === 1) context.fillRect(pixel, middle - size, 1.2, 2 * size);
        else context.fillRect(pixel, channel ? middle : middle - size, 1.2, size);
      }
    }
  }
}
