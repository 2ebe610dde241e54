// The ledger of the selected days: that no call is lost, stage by stage, or what is missing.

import { CircleCheck, CircleX } from "lucide";
import { useComputed } from "@preact/signals";
import { useEffect, useState } from "preact/hooks";
import type { StageLedger } from "@potok/web/gen/potok/coordinator/v1/range_status_pb.ts";
import type { ReportedCalls } from "@potok/web/gen/potok/recommendations/v1/reported_calls_pb.ts";
import { known } from "../live/current.ts";
import { coordinator, recommendations } from "../shell/api.ts";
import { useAnswer } from "../shell/asking.ts";
import { days as daysInWords, number } from "../shell/formats.ts";
import { texts } from "../shell/language.ts";
import { clientId, owner, range } from "../shell/selection.ts";
import { stageName } from "../shell/words.ts";
import { Icon } from "../ui/icon.tsx";
import { Answered, AsOf, Card, Scroll } from "../ui/parts.tsx";
import { type Gap, gapsOf } from "./gaps.ts";

const t = texts({
  ru: {
    title: (days: string) => `Баланс звонков за ${days}`,
    holds: "Баланс сходится: ни один звонок не потерян",
    broken: "Баланс не сходится",
    explained: "На каждом этапе: найдено = готово + пропущено + ошибки + ожидают + повторы.",
    stage: "Этап",
    found: "Найдено",
    success: "Готово",
    skipped: "Пропущено",
    failed: "Ошибки",
    pending: "Ожидают",
    merged: "Повторы",
    available: "С результатом",
    gone: "Исчезли",
    stale: "Устаревшие дни",
    rows: "Строк в отчётной базе",
    untold: (stage: string, expected: string, found: string) => `${stage}: найдено ${expected}, а учтено ${found}`,
    unlisted: (stage: string, expected: string, found: string) =>
      `${stage}: в источнике ${expected}, а найдено ${found}. Выполните этап ещё раз`,
    rolledUp: (expected: string, found: string) => `Рекомендации: с результатом ${expected}, а обобщено ${found}`,
    table: (table: string, expected: string, found: string) => `Таблица ${table}: строк ${found}, а должно быть ${expected}`,
  },
  en: {
    title: (days: string) => `Ledger of ${days}`,
    holds: "The ledger holds: no call is lost",
    broken: "The ledger does not hold",
    explained: "At every stage: found = done + skipped + failed + waiting + merged.",
    stage: "Stage",
    found: "Found",
    success: "Done",
    skipped: "Skipped",
    failed: "Failed",
    pending: "Waiting",
    merged: "Merged",
    available: "With result",
    gone: "Gone",
    stale: "Stale days",
    rows: "Rows of the reporting database",
    untold: (stage: string, expected: string, found: string) => `${stage}: ${expected} found, but ${found} accounted for`,
    unlisted: (stage: string, expected: string, found: string) =>
      `${stage}: the source has ${expected}, but ${found} are found. Run the stage again`,
    rolledUp: (expected: string, found: string) => `Recommendations: ${expected} calls have a result, but ${found} are rolled up`,
    table: (table: string, expected: string, found: string) => `Table ${table}: ${found} rows, but ${expected} expected`,
  },
});

/** Milliseconds for which nothing has to change before the ledger is asked for again. */
const SETTLED = 1_000;

export function LedgerCard() {
  const days = { startDate: range.value.start, endDate: range.value.end };
  const turn = useSettled(useComputed(() => String(known.value.changedAt?.getTime() ?? 0)).value);
  const answer = useAnswer(
    async (signal) => {
      const [ledger, counted] = await Promise.all([
        coordinator.getLedger({ clientId: clientId.value, range: days }, { signal }),
        recommendations.countReportedCalls({ owner: owner.value, range: days }, { signal }),
      ]);
      return { stages: ledger.stages, reported: counted.reported! };
    },
    [clientId.value, range.value, turn],
  );
  return (
    <Card title={t().title(daysInWords(range.value.start, range.value.end))} aside={<AsOf time={answer.asOf} />}>
      <Answered answer={answer}>{({ stages, reported }) => <Ledger stages={stages} reported={reported} />}</Answered>
    </Card>
  );
}

/** Returns a value once it has stayed the same for a while. */
function useSettled(value: string): string {
  const [settled, setSettled] = useState(value);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(value), SETTLED);
    return () => clearTimeout(timer);
  }, [value]);
  return settled;
}

const COLUMNS = ["found", "success", "skipped", "failed", "pending", "merged", "available", "gone"] as const;

function Ledger({ stages, reported }: { stages: StageLedger[]; reported: ReportedCalls }) {
  const gaps = gapsOf(stages, reported);
  return (
    <>
      <p class="verdict" data-tone={gaps.length ? "bad" : "good"} role="status">
        <Icon of={gaps.length ? CircleX : CircleCheck} size={22} />
        {gaps.length ? t().broken : t().holds}
      </p>
      {gaps.length > 0 && <ul class="gaps">{gaps.map((gap) => <li key={inWords(gap)}>{inWords(gap)}</li>)}</ul>}
      <Scroll label={t().explained}>
        <table>
          <thead>
            <tr>
              <th>{t().stage}</th>
              {COLUMNS.map((each) => <th key={each} class="number">{t()[each]}</th>)}
              <th class="number">{t().stale}</th>
            </tr>
          </thead>
          <tbody>
            {stages.map((stage) => (
              <tr key={stage.stage}>
                <td>{stageName(stage.stage)}</td>
                {COLUMNS.map((each) => (
                  <td key={each} class={`number ${each === "failed" && stage.failed ? "bad" : stage[each] ? "" : "soft"}`}>
                    {number(stage[each])}
                  </td>
                ))}
                <td class={stage.staleDays ? "number" : "number soft"}>{number(stage.staleDays)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </Scroll>
      <p class="soft small">{t().explained}</p>
      <p class="soft small">
        {t().rows}: {reported.tables.map((each) => `${each.table} ${number(each.rows)}`).join(", ")}
      </p>
    </>
  );
}

function inWords(gap: Gap): string {
  const [expected, found] = [number(gap.expected), number(gap.found)];
  switch (gap.kind) {
    case "rolledUp":
      return t().rolledUp(expected, found);
    case "table":
      return t().table(gap.table, expected, found);
    default:
      return t()[gap.kind](stageName(gap.stage), expected, found);
  }
}
