// The calendar: every day of a month in every stage, and the ledger of the days that are selected.

import "./calendar.css";
import { ChevronLeft, ChevronRight } from "lucide";
import { useEffect, useState } from "preact/hooks";
import { language, texts } from "../shell/language.ts";
import { presetRange, range } from "../shell/selection.ts";
import { Icon } from "../ui/icon.tsx";
import { Card } from "../ui/parts.tsx";
import { Legend } from "./day_column.tsx";
import { HeatMap } from "./heat_map.tsx";
import { LedgerCard } from "./ledger_card.tsx";
import { type Month, monthAfter, monthOf, rangeOf } from "./month.ts";

const t = texts({
  ru: {
    title: "Календарь",
    hint: "Щёлкните день, чтобы выбрать его; потяните, чтобы выбрать период. С клавиатуры: стрелки, Shift и Enter.",
    before: "Предыдущий месяц",
    after: "Следующий месяц",
    whole: "Выбрать весь месяц",
    today: "Сегодня",
  },
  en: {
    title: "Calendar",
    hint: "Click a day to select it, drag to select a range. By keyboard: arrows, Shift and Enter.",
    before: "Month before",
    after: "Month after",
    whole: "Select the whole month",
    today: "Today",
  },
});

export default function Page() {
  const today = presetRange("thisMonth").end;
  const [month, setMonth] = useState<Month>(monthOf(range.value.end));
  useEffect(() => setMonth(monthOf(range.value.end)), [range.value.end]);
  const name = new Intl.DateTimeFormat(language.value, { month: "long", year: "numeric", timeZone: "UTC" });
  const whole = rangeOf(month);
  return (
    <>
      <div class="page-head">
        <div>
          <h1>{t().title}</h1>
          <p class="soft">{t().hint}</p>
        </div>
      </div>
      <Card
        title={<span class="month" aria-live="polite">{name.format(new Date(`${month}-01T00:00:00Z`))}</span>}
        aside={
          <div class="row">
            <button type="button" class="button small" aria-label={t().before} onClick={() => setMonth(monthAfter(month, -1))}>
              <Icon of={ChevronLeft} />
            </button>
            <button type="button" class="button small" onClick={() => setMonth(monthOf(today))}>{t().today}</button>
            <button
              type="button"
              class="button small"
              aria-label={t().after}
              disabled={month >= monthOf(today)}
              onClick={() => setMonth(monthAfter(month, 1))}
            >
              <Icon of={ChevronRight} />
            </button>
            <button
              type="button"
              class="button small"
              disabled={whole.start > today}
              onClick={() => (range.value = { start: whole.start, end: whole.end > today ? today : whole.end })}
            >
              {t().whole}
            </button>
          </div>
        }
      >
        <HeatMap key={month} month={month} today={today} />
        <Legend />
      </Card>
      <LedgerCard />
    </>
  );
}
