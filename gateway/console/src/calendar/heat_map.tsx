// A month day by stage. What a cell means is said by its sign and its words, not by its colour alone.

import { useComputed, useSignal } from "@preact/signals";
import { memo } from "preact/compat";
import { useEffect, useRef, useState } from "preact/hooks";
import type { Stage } from "@potok/web/gen/potok/status/v1/stage_pb.ts";
import { known } from "../live/current.ts";
import { dayKey, type Known, NOTHING } from "../live/fold.ts";
import { openLive } from "../live/live.ts";
import { activeRun } from "../panel/buttons.ts";
import { type DayState, dayState, daysOf, STAGES, type Tally, tallyDay } from "../panel/ledger.ts";
import { day as dayInWords, number } from "../shell/formats.ts";
import { language, texts } from "../shell/language.ts";
import { clientId, range, type Range } from "../shell/selection.ts";
import { stageName } from "../shell/words.ts";
import { dayAfter, isWeekend, type Month, monthOf, rangeOf, spanOf } from "./month.ts";

const t = texts({
  ru: {
    states: {
      never: "не выполнялось",
      done: "готово",
      partial: "частично",
      failed: "ошибка",
      stale: "устарело",
      running: "выполняется",
    },
    future: "ещё не наступил",
    counts: (tally: Tally) =>
      `${number(tally.success)} готово, ${number(tally.failed)} с ошибкой, ${number(tally.pending + tally.processing)} ждут, ${number(tally.skipped)} пропущено`,
    legend: "Обозначения",
    map: "Дни и этапы",
    short: ["Звонки", "Тексты", "Анализ", "Советы", "Отчёт"],
  },
  en: {
    states: {
      never: "never covered",
      done: "done",
      partial: "partial",
      failed: "failed",
      stale: "stale",
      running: "running",
    },
    future: "is yet to come",
    counts: (tally: Tally) =>
      `${number(tally.success)} done, ${number(tally.failed)} failed, ${number(tally.pending + tally.processing)} waiting, ${number(tally.skipped)} skipped`,
    legend: "Legend",
    map: "Days and stages",
    short: ["Calls", "Texts", "Analysis", "Advice", "Report"],
  },
});

const SIGNS: Record<DayState, string> = { never: "·", done: "✓", partial: "◐", failed: "✕", stale: "↻", running: "▶" };

interface Cell {
  stage: Stage;
  state: DayState;
  /** What a screen reader and a pointer are told. */
  told: string;
  /** Items done. */
  success: number;
}

export function HeatMap({ month, today }: { month: Month; today: string }) {
  const told = useMonth(month);
  const days = daysOf(rangeOf(month));
  const made = useRef(new Map<string, Made>());
  const rows = useComputed(() => new Map(days.map((day) => [day, cellsOf(told.value, day, made.current)]))).value;
  const drag = useSignal<{ from: string; to: string } | undefined>(undefined);
  const [focused, setFocused] = useState(() => firstFocus(month, today));
  const most = Math.max(1, ...[...rows.values()].flatMap((cells) => cells.map((each) => each.success)));
  const scale = 2 ** Math.ceil(Math.log2(most)); // so that one day more does not colour all others anew

  useEffect(() => {
    const done = () => {
      if (drag.value) range.value = spanOf(drag.value.from, drag.value.to, today);
      drag.value = undefined;
    };
    const drop = () => (drag.value = undefined); // a finger that scrolls chooses nothing
    window.addEventListener("pointerup", done);
    window.addEventListener("pointercancel", drop);
    return () => {
      window.removeEventListener("pointerup", done);
      window.removeEventListener("pointercancel", drop);
    };
  }, [today]);

  function move(event: KeyboardEvent, day: string): void {
    const steps: Record<string, number> = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -1, ArrowDown: 1, PageUp: -7, PageDown: 7 };
    const step = steps[event.key];
    if (step === undefined) return;
    event.preventDefault();
    const next = dayAfter(day, step);
    if (monthOf(next) !== month || next > today) return;
    setFocused(next);
    document.getElementById(`day-${next}`)?.focus();
    if (event.shiftKey) range.value = stretched(range.value, day, next, today);
  }

  const shown = drag.value ? spanOf(drag.value.from, drag.value.to, today) : range.value;
  return (
    <div class="heat" role="group" aria-label={t().map} aria-busy={!told.value.complete}>
      <div class="heat-head" aria-hidden="true">
        <span />
        {STAGES.map((stage, index) => (
          <span key={stage}><span class="wide">{stageName(stage)}</span><span class="narrow">{t().short[index]}</span></span>
        ))}
      </div>
      {days.map((day) => (
        <DayColumn
          key={day}
          day={day}
          cells={rows.get(day)!}
          most={scale}
          future={day > today}
          chosen={day >= shown.start && day <= shown.end}
          tabbable={day === focused}
          language={language.value}
          onPoint={(kind) => {
            if (kind === "down") drag.value = { from: day, to: day };
            else if (drag.value) drag.value = { ...drag.value, to: day };
          }}
          onChoose={(stretch) => (range.value = stretch ? stretched(range.value, day, day, today) : { start: day, end: day })}
          onMove={(event) => move(event, day)}
          onFocus={() => setFocused(day)}
        />
      ))}
    </div>
  );
}

/** What is known of a month: by the watch of all pages where that holds its days, else by one of its own. */
function useMonth(month: Month) {
  const days = rangeOf(month);
  const inside = range.value.start <= days.start && range.value.end >= days.end;
  const own = useSignal<Known>(NOTHING);
  useEffect(() => {
    if (inside || !clientId.value) return undefined;
    const live = openLive({ clientIds: [clientId.value], ledger: { startDate: days.start, endDate: days.end } });
    const stop = live.known.subscribe((value) => (own.value = value));
    return () => {
      stop();
      live.close();
    };
  }, [clientId.value, month, inside]);
  return useComputed(() => (range.value.start <= days.start && range.value.end >= days.end ? known.value : own.value));
}

/** The cells of a day and what they were made of: what has not changed is not made again. */
interface Made {
  of: readonly unknown[];
  cells: Cell[];
}

function cellsOf(told: Known, day: string, made: Map<string, Made>): Cell[] {
  const owner = `client:${clientId.value}`;
  const run = activeRun(told, clientId.value)?.status;
  const runs = run?.range && run.range.startDate <= day && run.range.endDate >= day ? run.stage : undefined;
  const of = [language.value, runs, ...STAGES.map((stage) => told.days.get(dayKey(owner, stage, day)))];
  const kept = made.get(day);
  if (kept?.of.every((each, index) => each === of[index])) return kept.cells;
  const cells = STAGES.map((stage) => {
    const tally = tallyDay(told.days, owner, stage, day);
    const state = dayState(tally, runs === stage);
    const counts = state === "never" ? "" : ` (${t().counts(tally)})`;
    return { stage, state, told: `${stageName(stage)}: ${t().states[state]}${counts}`, success: tally.success };
  });
  made.set(day, { of, cells });
  return cells;
}

function firstFocus(month: Month, today: string): string {
  const last = range.value.end;
  if (monthOf(last) === month) return last;
  return monthOf(today) === month ? today : rangeOf(month).start;
}

/** Returns a range that goes on to another day from the end that was moved. */
function stretched(chosen: Range, from: string, to: string, today: string): Range {
  if (from === chosen.start && to < from) return spanOf(to, chosen.end, today);
  return spanOf(chosen.start, to, today);
}

interface DayProps {
  day: string;
  cells: Cell[];
  most: number;
  future: boolean;
  chosen: boolean;
  tabbable: boolean;
  language: string;
  onPoint: (kind: "down" | "over") => void;
  onChoose: (stretch: boolean) => void;
  onMove: (event: KeyboardEvent) => void;
  onFocus: () => void;
}

const DayColumn = memo(
  function DayColumn({ day, cells, most, future, chosen, tabbable, onPoint, onChoose, onMove, onFocus }: DayProps) {
    const weekday = new Intl.DateTimeFormat(language.value, { weekday: "short", timeZone: "UTC" });
    const name = dayInWords(day, "long");
    return (
      <button
        type="button"
        id={`day-${day}`}
        class="heat-day"
        data-weekend={isWeekend(day)}
        disabled={future}
        aria-pressed={chosen}
        tabIndex={tabbable ? 0 : -1}
        onPointerDown={(event) => event.button === 0 && !event.shiftKey && onPoint("down")}
        onPointerEnter={() => onPoint("over")}
        onClick={(event) => {
          // A click of the keyboard has no pointer; one with Shift stretches the range.
          if (event.detail === 0 || event.shiftKey) onChoose(event.shiftKey);
        }}
        onKeyDown={onMove}
        onFocus={onFocus}
      >
        <span class="heat-date"><b>{Number(day.slice(8))}</b><span>{weekday.format(new Date(`${day}T00:00:00Z`))}</span></span>
        <span class="visually-hidden">
          {future ? `${name} ${t().future}` : [name, ...cells.map((each) => each.told)].join("; ")}
        </span>
        {cells.map((cell) => (
          <span
            key={cell.stage}
            class="heat-cell"
            data-state={future ? "future" : cell.state}
            title={future ? undefined : cell.told}
            style={{ "--heat": `${35 + Math.round((65 * cell.success) / most)}%` }}
            aria-hidden="true"
          >
            {future ? "" : SIGNS[cell.state]}
          </span>
        ))}
      </button>
    );
  },
  (before, after) =>
    before.chosen === after.chosen &&
    before.tabbable === after.tabbable &&
    before.future === after.future &&
    before.most === after.most &&
    before.language === after.language &&
    before.cells === after.cells,
);

export function Legend() {
  return (
    <ul class="legend" aria-label={t().legend}>
      {(Object.keys(SIGNS) as DayState[]).map((state) => (
        <li key={state}>
          <span class="heat-cell" data-state={state} aria-hidden="true">{SIGNS[state]}</span>
          {t().states[state]}
        </li>
      ))}
    </ul>
  );
}
