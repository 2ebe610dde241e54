// The bars of a run.

import { known } from "../live/current.ts";
import { now } from "../live/now.ts";
import type { KnownRun } from "../panel/buttons.ts";
import { countsOf } from "../panel/progress.tsx";
import { clock, timeOfDay } from "../shell/formats.ts";
import { texts } from "../shell/language.ts";
import { executionStateName, executionTone, stageName, waitName } from "../shell/words.ts";
import { Badge } from "../ui/parts.tsx";
import { type Bar, timelineOf } from "./timeline.ts";

const OPENED = now.peek();

const t = texts({
  ru: {
    silent: "сервис этапа молчит",
    took: (stage: string, from: string, to: string, took: string) => `${stage}: ${from} – ${to}, ${took}`,
    wait: (why: string, took: string) => `Ожидание ${took}: ${why}`,
    work: "работа",
    waiting: "ожидание",
    now: "сейчас",
    seen: "Ожидания видны с момента открытия страницы.",
  },
  en: {
    silent: "the service of the stage is silent",
    took: (stage: string, from: string, to: string, took: string) => `${stage}: ${from} – ${to}, ${took}`,
    wait: (why: string, took: string) => `Waited ${took}: ${why}`,
    work: "work",
    waiting: "wait",
    now: "now",
    seen: "Waits are seen from when the page was opened.",
  },
});

export function Timeline({ run }: { run: KnownRun }) {
  // What has ended does not move with the time.
  const moment = run.status.endTime ? 0 : Math.max(now.value, OPENED);
  const { from, to, lanes, ticks } = timelineOf(run.status, run.stages, known.value.log, OPENED, moment);
  const place = (at: number) => `${(100 * (at - from)) / (to - from)}%`;
  const begin = (bar: Bar) => `min(${place(bar.from)}, 100% - 4px)`; // the narrowest bar is so wide
  const wide = (bar: Bar) => `${Math.max(0.3, (100 * (bar.to - bar.from)) / (to - from))}%`;
  return (
    <div class="timeline">
      <ol>
        {lanes.map(({ stage, bars: [whole, ...waits] }) => (
          <li key={String(stage.execution)} class="lane">
            <span class="lane-name">
              {stageName(stage.stage)}
              <Badge tone={executionTone(stage.state)}>{executionStateName(stage.state)}</Badge>
            </span>
            <div class="track">
              {whole && (
                <span
                  class="bar-of-time"
                  data-tone={executionTone(stage.state)}
                  data-live={!stage.endTime}
                  style={{ left: begin(whole), width: wide(whole) }}
                  title={t().took(stageName(stage.stage), timeOfDay(new Date(whole.from)), stage.endTime ? timeOfDay(new Date(whole.to)) : t().now, lasted(whole))}
                />
              )}
              {waits.map((bar) => (
                <span
                  key={bar.from}
                  class="bar-of-time wait"
                  style={{ left: begin(bar), width: wide(bar) }}
                  title={t().wait(bar.wait === "silent" ? t().silent : waitName(bar.wait ?? 0), lasted(bar))}
                />
              ))}
            </div>
            <span class="lane-end number">
              {whole && lasted(whole)}
              {countsOf(stage).failed > 0 && <span class="bad small"> ✕ {countsOf(stage).failed}</span>}
            </span>
          </li>
        ))}
      </ol>
      <div class="axis" aria-hidden="true">
        <div class="track">{ticks.map((at) => <span key={at} style={{ left: place(at) }}>{clock((at - from) / 1000)}</span>)}</div>
      </div>
      <p class="soft small keys">
        <span><i data-kind="work" /> {t().work}</span>
        <span><i data-kind="wait" /> {t().waiting}</span>
        {from < OPENED && <span>{t().seen}</span>}
      </p>
    </div>
  );
}

function lasted(bar: Bar): string {
  return clock((bar.to - bar.from) / 1000);
}
