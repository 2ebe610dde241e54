// The sound of one call: what is heard, where it is and how fast, as signals that the player and the transcript share.

import { Code, ConnectError } from "@connectrpc/connect";
import { effect, type ReadonlySignal, signal } from "@preact/signals";
import { noteRefusal, sessionState } from "../shell/session.ts";

export const SPEEDS = [0.75, 1, 1.25, 1.5, 2] as const;

/** Seconds that one step goes. */
export const STEP = 5;

const KEPT = "potok.sound";

function remembered(): { speed: number; volume: number } {
  try {
    const kept = JSON.parse(localStorage.getItem(KEPT) ?? "") as { speed?: unknown; volume?: unknown };
    const speed = SPEEDS.find((each) => each === kept.speed) ?? 1;
    const volume = typeof kept.volume === "number" && kept.volume >= 0 && kept.volume <= 1 ? kept.volume : 1;
    return { speed, volume };
  } catch {
    return { speed: 1, volume: 1 };
  }
}

/** How fast and how loud everything is played; remembered. */
export const speed = signal(remembered().speed);
export const volume = signal(remembered().volume);
export const muted = signal(false);

effect(() => localStorage.setItem(KEPT, JSON.stringify({ speed: speed.value, volume: volume.value })));

export interface Sound {
  /** Where it is, in seconds, as exact as frames of the screen are. */
  time: ReadonlySignal<number>;
  /** How long it is by the recording itself; undefined until that has been opened. */
  length: ReadonlySignal<number | undefined>;
  playing: ReadonlySignal<boolean>;
  /** True while it should play and the data does not come. */
  waiting: ReadonlySignal<boolean>;
  /** Why it cannot be played, for people; empty where it can. */
  problem: ReadonlySignal<string>;
  /** Counts the jumps, so that a reader who jumps is followed. */
  jumps: ReadonlySignal<number>;
  toggle: () => void;
  seek: (seconds: number) => void;
  /** Goes forward, or back, by seconds. */
  step: (seconds: number) => void;
  close: () => void;
}

/**
 * Opens the sound at `address`. Nothing is fetched before it is played, since every hearing is kept in the audit: a
 * page that was only looked at is none.
 */
export function openSound(address: string): Sound {
  const audio = new Audio();
  audio.preload = "none";
  audio.src = address;
  audio.preservesPitch = true;
  const time = signal(0);
  const length = signal<number | undefined>(undefined);
  const playing = signal(false);
  const waiting = signal(false);
  const problem = signal("");
  const jumps = signal(0);
  let frame = 0;

  function draw(): void {
    time.value = audio.currentTime;
    frame = playing.value ? requestAnimationFrame(draw) : 0;
  }

  /** Where the sound was asked to be: before it is opened it is nowhere. */
  function arrive(): void {
    if (audio.readyState > 0) time.value = audio.currentTime;
  }

  async function explain(): Promise<void> {
    if (!audio.error) return;
    playing.value = waiting.value = false;
    try {
      const answer = await fetch(address, { headers: { range: "bytes=0-0" } });
      if (answer.status === 401) noteRefusal(new ConnectError("", Code.Unauthenticated));
      problem.value = answer.ok ? audio.error.message : ((await answer.json()) as { message: string }).message;
    } catch (error) {
      problem.value = error instanceof Error ? error.message : String(error);
    }
  }

  const listeners: Record<string, () => void> = {
    play: () => {
      playing.value = true;
      problem.value = "";
      if (!frame) draw();
    },
    pause: () => (playing.value = false),
    waiting: () => (waiting.value = true),
    playing: () => (waiting.value = false),
    canplay: () => (waiting.value = false),
    timeupdate: arrive, // a hidden page has no frames
    seeked: arrive,
    durationchange: () => (length.value = Number.isFinite(audio.duration) ? audio.duration : undefined),
    error: () => void explain(),
  };
  for (const [name, listener] of Object.entries(listeners)) audio.addEventListener(name, listener);
  const stops = [
    effect(() => {
      audio.defaultPlaybackRate = audio.playbackRate = speed.value;
    }),
    effect(() => {
      audio.volume = volume.value;
      audio.muted = muted.value;
    }),
  ];

  function seek(seconds: number): void {
    const to = Math.max(0, Math.min(seconds, length.value ?? seconds));
    audio.currentTime = to;
    time.value = to;
    jumps.value++;
  }

  return {
    time,
    length,
    playing,
    waiting,
    problem,
    jumps,
    toggle() {
      if (playing.value) {
        audio.pause();
        return;
      }
      if (audio.error && sessionState.peek() === "here") {
        const at = time.peek();
        audio.load();
        audio.currentTime = at;
      }
      audio.play().catch(() => undefined); // the event `error` says why
    },
    seek,
    step: (seconds) => seek(time.peek() + seconds),
    close() {
      cancelAnimationFrame(frame);
      for (const [name, listener] of Object.entries(listeners)) audio.removeEventListener(name, listener);
      for (const stop of stops) stop();
      audio.pause();
      audio.removeAttribute("src");
      audio.load();
    },
  };
}
