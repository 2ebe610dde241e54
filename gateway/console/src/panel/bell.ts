// Says that a stage has ended: to screen readers always, by a sound or a notification where that was asked for.

import { effect, signal } from "@preact/signals";
import type { StageStatus } from "@potok/web/gen/potok/status/v1/event_pb.ts";
import { known } from "../live/current.ts";
import { clientId } from "../shell/selection.ts";
import { executionStateName, stageName } from "../shell/words.ts";
import { endingsOf, secondsOf } from "./endings.ts";

const KEPT = "potok.bell";

export interface Bell {
  sound: boolean;
  notification: boolean;
  /** Stages that took less are not worth it. */
  seconds: number;
}

function remembered(): Bell {
  const off = { sound: false, notification: false, seconds: 30 };
  try {
    const kept = JSON.parse(localStorage.getItem(KEPT) ?? "{}") as Partial<Bell>;
    return { ...off, ...kept, notification: kept.notification === true && permission() === "granted" };
  } catch {
    return off;
  }
}

/** What was asked for; remembered. */
export const bell = signal<Bell>(remembered());

effect(() => {
  localStorage.setItem(KEPT, JSON.stringify(bell.value));
});

/** What ended last, in words. */
export const announced = signal("");

/** Whether the browser shows notifications; it only does on a secure page. */
export function permission(): NotificationPermission | "never" {
  return "Notification" in window ? Notification.permission : "never";
}

/** Turns notifications on or off; the browser asks the person. */
export async function notify(wanted: boolean): Promise<void> {
  const granted = wanted && permission() !== "never" && (await Notification.requestPermission()) === "granted";
  bell.value = { ...bell.value, notification: granted };
}

/** Follows what ends from now on. */
export function followEndings(): void {
  let open: ReadonlySet<bigint> = new Set();
  effect(() => {
    const now = endingsOf(open, known.value);
    open = now.open;
    for (const stage of now.ended) say(stage);
  });
}

function say(stage: StageStatus): void {
  const text = `${stageName(stage.stage)}: ${executionStateName(stage.state)}`;
  announced.value = text;
  const { sound, notification, seconds } = bell.peek();
  if (secondsOf(stage) < seconds || !(sound || notification)) return;
  // Of several tabs one rings. Where a page is not secure there are no locks, and each of them does.
  const ring = () => {
    if (sound) chime();
    if (notification) new Notification(text, { body: clientId.peek(), tag: `potok-${stage.execution}` });
  };
  if (!("locks" in navigator)) return ring();
  void navigator.locks.request(`potok.bell.${stage.execution}`, { ifAvailable: true }, async (lock) => {
    if (!lock) return;
    ring();
    await new Promise((resolve) => setTimeout(resolve, 5_000));
  });
}

let audio: AudioContext | undefined;

/** Two soft tones. */
export function chime(): void {
  audio ??= new AudioContext();
  void audio.resume();
  const start = audio.currentTime;
  [659.3, 880].forEach((frequency, index) => {
    const tone = new OscillatorNode(audio!, { frequency });
    const gain = new GainNode(audio!, { gain: 0 });
    const at = start + index * 0.18;
    gain.gain.setValueAtTime(0, at);
    gain.gain.linearRampToValueAtTime(0.18, at + 0.03);
    gain.gain.exponentialRampToValueAtTime(0.0001, at + 0.7);
    tone.connect(gain).connect(audio!.destination);
    tone.start(at);
    tone.stop(at + 0.75);
  });
}
