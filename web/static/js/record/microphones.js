// @ts-check
// One or two microphones become one stream; two become its left and right channel, which tell later who speaks.

const RATE = 48_000;
// What a browser does to a voice for telephony takes away what tells two people apart, and quiet words.
const UNTOUCHED = { echoCancellation: false, noiseSuppression: false, autoGainControl: false };

/** @returns {Promise<MediaDeviceInfo[]>} the microphones that are there; their names are known once one was allowed */
export async function list() {
  const all = await navigator.mediaDevices.enumerateDevices();
  // "default" and "communications" are further names of microphones that are listed anyway
  return all.filter((one) => one.kind === "audioinput" && !["default", "communications"].includes(one.deviceId));
}

export class Microphones {
  /** @param {MediaStream[]} inputs @param {AudioContext} context */
  constructor(inputs, context) {
    this.context = context;
    this.tracks = inputs.flatMap((one) => one.getAudioTracks());
    this.channels = inputs.length === 1 ? Math.min(2, this.tracks[0]?.getSettings().channelCount ?? 1) : 2;
    const target = context.createMediaStreamDestination();
    target.channelCount = this.channels;
    const merger = context.createChannelMerger(this.channels);
    merger.connect(target);
    this.stream = target.stream;
    /** @type {AnalyserNode[]} */
    this.analysers = [];
    inputs.forEach((input, number) => {
      const source = context.createMediaStreamSource(input);
      if (inputs.length === 1) {
        const splitter = context.createChannelSplitter(this.channels);
        source.connect(splitter);
        for (let channel = 0; channel < this.channels; channel += 1) this.#wire(splitter, channel, merger, channel);
      } else {
        const mono = new GainNode(context, { channelCount: 1, channelCountMode: "explicit" });
        source.connect(mono);
        this.#wire(mono, 0, merger, number);
      }
    });
    this.samples = new Float32Array(2048);
  }

  /** @param {string[]} ids of one or two microphones */
  static async open(ids) {
    const inputs = [];
    try {
      for (const id of ids) {
        const which = id ? { deviceId: { exact: id } } : {};
        const count = { channelCount: { ideal: ids.length === 1 ? 2 : 1 } };
        inputs.push(await navigator.mediaDevices.getUserMedia({ audio: { ...UNTOUCHED, ...which, ...count } }));
      }
    } catch (error) {
      for (const one of inputs) for (const track of one.getTracks()) track.stop();
      throw error;
    }
    const context = new AudioContext({ sampleRate: RATE, latencyHint: "playback" });
    await context.resume();
    return new Microphones(inputs, context);
  }

  /** @param {AudioNode} from @param {number} output @param {AudioNode} merger @param {number} channel */
  #wire(from, output, merger, channel) {
    const analyser = this.context.createAnalyser();
    analyser.fftSize = 2048;
    from.connect(analyser, output);
    from.connect(merger, output, channel);
    this.analysers.push(analyser);
  }

  /** How loud each channel is now: its peak in dB below the loudest there can be. */
  levels() {
    return this.analysers.map((analyser) => {
      analyser.getFloatTimeDomainData(this.samples);
      let peak = 1e-6;
      for (const sample of this.samples) peak = Math.max(peak, Math.abs(sample));
      return 20 * Math.log10(peak);
    });
  }

  async close() {
    for (const track of this.tracks) track.stop();
    await this.context.close();
  }
}
