// A month day by stage. What a cell means is said by its sign and its words, not by its colour alone.

import { useComputed, useSignal } from "@preact/signals";
import { useEffect, useRef, useState } from "preact/hooks";
import { known } from "../live/current.ts";
import { type Known, NOTHING } from "../live/fold.ts";
import { openLive } from "../live/live.ts";
import { daysOf, STAGES } from "../panel/ledger.ts";
import { language, texts } from "../shell/language.ts";
import { clientId, range, type Range } from "../shell/selection.ts";
import { stageName } from "../shell/words.ts";
import { cellsOf, type Made } from "./cells.ts";
import { DayColumn } from "./day_column.tsx";
import { dayAfter, type Month, monthOf, rangeOf, spanOf } from "./month.ts";

const t = texts({
  ru: {
    map: "Дни и этапы",
    short: ["Звонки", "Тексты", "Анализ", "Советы", "Отчёт"],
  },
  en: {
    map: "Days and stages",
    short: ["Calls", "Texts", "Analysis", "Advice", "Report"],
  },
});

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
