// The days that everything is about: presets, and free dates with what is wrong with them.

import "./range.css";
import { useEffect, useState } from "preact/hooks";
import { faultOf } from "../shell/dates.ts";
import { days as daysInWords } from "../shell/formats.ts";
import { texts } from "../shell/language.ts";
import { type Preset, presetRange, type Range, range } from "../shell/selection.ts";

const PRESETS: readonly Preset[] = ["yesterday", "lastWeek", "thisMonth", "lastMonth"];

const t = texts({
  ru: {
    presets: "Готовые периоды",
    yesterday: "Вчера",
    lastWeek: "Прошлая неделя",
    thisMonth: "Этот месяц",
    lastMonth: "Прошлый месяц",
    start: "Дата начала",
    end: "Дата окончания",
    fault: {
      missing: "Укажите обе даты.",
      order: "Дата окончания раньше даты начала: поменяйте их местами.",
      future: "Период заканчивается в будущем: выберите день не позже сегодняшнего.",
      long: "Период длиннее 366 дней: разделите его на части.",
    },
    kept: (shown: string) => `Показан прежний период: ${shown}.`,
  },
  en: {
    presets: "Presets",
    yesterday: "Yesterday",
    lastWeek: "Last week",
    thisMonth: "This month",
    lastMonth: "Last month",
    start: "First day",
    end: "Last day",
    fault: {
      missing: "Give both days.",
      order: "The last day is before the first: swap them.",
      future: "The range ends in the future: choose a day up to today.",
      long: "The range is longer than 366 days: split it.",
    },
    kept: (shown: string) => `What is shown is still ${shown}.`,
  },
});

function today(): string {
  return presetRange("thisMonth").end;
}

export function RangeChoice() {
  const chosen = range.value;
  const [typed, setTyped] = useState<Range>(chosen);
  useEffect(() => setTyped(chosen), [chosen]);
  const fault = faultOf(typed, today());

  function type(change: Partial<Range>): void {
    const next = { ...typed, ...change };
    setTyped(next);
    if (!faultOf(next, today())) range.value = next;
  }

  return (
    <div class="range">
      <div class="chips" role="group" aria-label={t().presets}>
        {PRESETS.map((preset) => {
          const days = presetRange(preset);
          const pressed = days.start === chosen.start && days.end === chosen.end;
          return (
            <button key={preset} type="button" class="chip" aria-pressed={pressed} onClick={() => (range.value = days)}>
              {t()[preset]}
            </button>
          );
        })}
      </div>
      <div class="dates">
        <input
          type="date"
          aria-label={t().start}
          value={typed.start}
          max={today()}
          aria-invalid={fault !== undefined}
          aria-describedby="range-fault"
          onInput={(event) => type({ start: event.currentTarget.value })}
        />
        <span class="soft" aria-hidden="true">–</span>
        <input
          type="date"
          aria-label={t().end}
          value={typed.end}
          max={today()}
          aria-invalid={fault !== undefined}
          aria-describedby="range-fault"
          onInput={(event) => type({ end: event.currentTarget.value })}
        />
      </div>
      <p class="fault small" id="range-fault" role="alert">
        {fault && `${t().fault[fault]} ${t().kept(daysInWords(chosen.start, chosen.end))}`}
      </p>
    </div>
  );
}
