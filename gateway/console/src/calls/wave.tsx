// The waveform: drawn twice, what was heard over what was not, so that playing moves an edge and draws nothing.

import { effect, useComputed } from "@preact/signals";
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import type { ChannelWaveform } from "@potok/web/gen/potok/call_sync/v1/recording_service_pb.ts";
import { Speaker } from "@potok/web/gen/potok/transcription/v1/transcript_pb.ts";
import { clock } from "../shell/formats.ts";
import { theme } from "../shell/theme.ts";
import { speakerName } from "../shell/words.ts";
import { t } from "./call_texts.ts";
import { bars, channelVoices, type Turn, voices } from "./loudness.ts";
import type { Rest } from "./marks.ts";
import { useReading, voiceOf } from "./reading.ts";
import { STEP } from "./sound.ts";

const BAR = 3;
const FAR = 30;
const NO_TURNS: readonly Turn<Speaker>[] = [];

export function Wave({ channels, length, marks }: {
  /** None where there is no sound: then turns are drawn. */
  channels: readonly ChannelWaveform[];
  length: number;
  marks: readonly Rest[];
}) {
  const { sound, transcript } = useReading();
  const slider = useRef<HTMLDivElement>(null);
  const legend = useRef<HTMLDivElement>(null);
  const [ahead, behind] = [useRef<HTMLCanvasElement>(null), useRef<HTMLCanvasElement>(null)];
  const head = useRef<HTMLSpanElement>(null);
  const [width, setWidth] = useState(0);
  const dark = useDark();
  const turns = transcript?.segments ?? NO_TURNS;
  const lanes = useMemo(() => lanesOf(channels, turns, length), [channels, turns, length]);

  useEffect(() => {
    const observer = new ResizeObserver(([entry]) => setWidth(Math.round(entry!.contentRect.width)));
    observer.observe(slider.current!);
    return () => observer.disconnect();
  }, []);

  useEffect(() => {
    const inks = inksOf(legend.current!);
    for (const canvas of [ahead.current, behind.current]) {
      if (canvas && width > 0) draw(canvas, lanes, turns, length, inks, width, slider.current!.clientHeight);
    }
  }, [lanes, turns, length, width, theme.value, dark]);

  useEffect(
    () =>
      effect(() => {
        const part = length > 0 ? Math.min(1, sound.time.value / length) : 0;
        if (!behind.current || !head.current) return; // the page is being left
        behind.current.style.clipPath = `inset(0 ${(1 - part) * 100}% 0 0)`;
        head.current.style.left = `${part * 100}%`;
      }),
    [sound, length],
  );

  const second = useComputed(() => Math.floor(sound.time.value));

  function seekTo(event: PointerEvent): void {
    const box = slider.current!.getBoundingClientRect();
    sound.seek(((event.clientX - box.left) / box.width) * length);
  }

  function onKeyDown(event: KeyboardEvent): void {
    const go = {
      ArrowUp: () => sound.step(STEP),
      ArrowDown: () => sound.step(-STEP),
      PageUp: () => sound.step(FAR),
      PageDown: () => sound.step(-FAR),
      Home: () => sound.seek(0),
      End: () => sound.seek(length),
    }[event.key];
    if (!go) return;
    event.preventDefault();
    go();
  }

  return (
    <div class="wave">
      {marks.length > 0 && (
        <div class="wave-marks" aria-hidden="true">
          {marks.map((mark, index) => (
            <span
              key={index}
              style={{ left: `${(mark.start / length) * 100}%` }}
              title={`${clock(mark.start)} ${mark.label}`}
              onClick={() => sound.seek(mark.start)}
            />
          ))}
        </div>
      )}
      <div
        ref={slider}
        class="wave-line"
        role="slider"
        tabIndex={0}
        aria-label={t().position}
        aria-valuemin={0}
        aria-valuemax={Math.ceil(length)}
        aria-valuenow={second.value}
        aria-valuetext={t().at(clock(second.value), clock(length))}
        onKeyDown={onKeyDown}
        onPointerDown={(event) => {
          event.currentTarget.setPointerCapture(event.pointerId);
          seekTo(event);
        }}
        onPointerMove={(event) => {
          if (event.currentTarget.hasPointerCapture(event.pointerId)) seekTo(event);
        }}
      >
        <canvas ref={ahead} class="ahead" />
        <canvas ref={behind} />
        <span ref={head} class="playhead" />
      </div>
      <div ref={legend} class="wave-voices small">
        {[Speaker.OPERATOR, Speaker.CLIENT, Speaker.UNKNOWN].map((each) => (
          <span key={each} data-voice={voiceOf(each)} hidden={!turns.some((turn) => turn.speaker === each)}>
            <i />
            {speakerName(each)}
          </span>
        ))}
        {transcript?.speakersGuessed && <span class="soft">{t().guessedChannels}</span>}
      </div>
    </div>
  );
}

/** What is drawn above and below the middle: the peaks of a channel and whose voice it is, where one has a channel. */
interface Lane {
  peaks: Uint8Array;
  voice: Speaker | undefined;
}

function lanesOf(channels: readonly ChannelWaveform[], turns: readonly Turn<Speaker>[], length: number): Lane[] {
  const peaks = channels.map((each) => each.peaks);
  const pair = channelVoices(peaks, turns, length, [Speaker.OPERATOR, Speaker.CLIENT]);
  const lanes = peaks.map((each, index) => ({ peaks: each, voice: pair?.[index] }));
  return pair?.[0] === Speaker.CLIENT ? lanes.reverse() : lanes; // the employee is above
}

type Inks = Record<"operator" | "client" | "unknown", string>;

/** The colours as they are on the screen now: a canvas knows none of the page's variables. */
function inksOf(legend: HTMLElement): Inks {
  const ink = (voice: keyof Inks) =>
    getComputedStyle(legend.querySelector(`[data-voice="${voice}"] i`)!).backgroundColor;
  return { operator: ink("operator"), client: ink("client"), unknown: ink("unknown") };
}

function draw(
  canvas: HTMLCanvasElement,
  lanes: readonly Lane[],
  turns: readonly Turn<Speaker>[],
  length: number,
  inks: Inks,
  width: number,
  height: number,
): void {
  const scale = window.devicePixelRatio;
  canvas.width = width * scale;
  canvas.height = height * scale;
  const pen = canvas.getContext("2d")!;
  pen.scale(scale, scale);
  const middle = height / 2;
  if (lanes.length === 0) {
    for (const turn of turns) {
      const voice = voiceOf(turn.speaker);
      pen.fillStyle = inks[voice];
      const left = (turn.startSeconds / length) * width;
      const right = (turn.endSeconds / length) * width;
      const top = { operator: middle * 0.35, client: middle * 1.15, unknown: middle * 0.75 }[voice];
      pen.beginPath();
      pen.roundRect(left, top, Math.max(2, right - left - 1), middle * 0.5, 4);
      pen.fill();
    }
    return;
  }
  const count = Math.floor(width / BAR);
  const spoken = voices(turns, length, count);
  const below = lanes[1];
  lanes.slice(0, 2).forEach((lane, index) => {
    bars(lane.peaks, count).forEach((loudness, at) => {
      const voice = lane.voice ?? spoken[at];
      pen.fillStyle = inks[voice === undefined ? "unknown" : voiceOf(voice)];
      const tall = Math.max(1, loudness * (middle - 2));
      if (below) pen.fillRect(at * BAR, index ? middle + 1 : middle - tall - 1, BAR - 1, tall);
      else pen.fillRect(at * BAR, middle - tall, BAR - 1, tall * 2);
    });
  });
}

function useDark(): boolean {
  const wanted = useMemo(() => window.matchMedia("(prefers-color-scheme: dark)"), []);
  const [dark, setDark] = useState(wanted.matches);
  useEffect(() => {
    const change = () => setDark(wanted.matches);
    wanted.addEventListener("change", change);
    return () => wanted.removeEventListener("change", change);
  }, [wanted]);
  return dark;
}
