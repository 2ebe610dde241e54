// One day of the calendar, and what its signs mean.

import { memo } from "preact/compat";
import type { DayState } from "../panel/ledger.ts";
import { day as dayInWords } from "../shell/formats.ts";
import { language, texts } from "../shell/language.ts";
import { type Cell, SIGNS, stateName } from "./cells.ts";
import { isWeekend } from "./month.ts";

const t = texts({
  ru: {
    future: "ещё не наступил",
    legend: "Обозначения",
  },
  en: {
    future: "is yet to come",
    legend: "Legend",
  },
});

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

export const DayColumn = memo(
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
          {stateName(state)}
        </li>
      ))}
    </ul>
  );
}
