// What a waveform is drawn from: peaks brought to the width of the screen, and who speaks in them. Pure.

import { lastBegun, type Timed } from "./follow.ts";

/** Returns `count` bars of 0 to 1: the loudest of the peaks that fall into each, the loudest of all being 1. */
export function bars(peaks: Uint8Array, count: number): number[] {
  if (peaks.length === 0 || count <= 0) return [];
  const loudest = Math.max(1, ...peaks);
  return Array.from({ length: count }, (_, index) => {
    const from = Math.floor((index * peaks.length) / count);
    const to = Math.max(from + 1, Math.floor(((index + 1) * peaks.length) / count));
    return Math.max(...peaks.subarray(from, to)) / loudest;
  });
}

export interface Turn<Voice> extends Timed {
  speaker: Voice;
}

/** A turn that begins where a part ends is not in it. */
const MOMENT = 1e-6;

/** Returns who speaks in each of `count` equal parts of `duration`; undefined where nobody does. */
export function voices<Voice>(turns: readonly Turn<Voice>[], duration: number, count: number): (Voice | undefined)[] {
  return Array.from({ length: count }, (_, index) => {
    const turn = turns[lastBegun(turns, ((index + 1) * duration) / count - MOMENT)];
    return turn && turn.endSeconds > (index * duration) / count ? turn.speaker : undefined;
  });
}

/**
 * Returns for two channels which of two voices each carries: the pairing in which channels are loud while their voices
 * speak. Undefined where the turns do not tell.
 */
export function channelVoices<Voice>(
  channels: readonly Uint8Array[],
  turns: readonly Turn<Voice>[],
  duration: number,
  pair: readonly [Voice, Voice],
): readonly [Voice, Voice] | undefined {
  const [left, right] = channels;
  if (!left || !right || duration <= 0) return undefined;
  const count = Math.min(left.length, right.length);
  let straight = 0;
  voices(turns, duration, count).forEach((voice, index) => {
    const difference = left[index]! - right[index]!;
    if (voice === pair[0]) straight += difference;
    if (voice === pair[1]) straight -= difference;
  });
  if (straight === 0) return undefined;
  return straight > 0 ? pair : [pair[1], pair[0]];
}
