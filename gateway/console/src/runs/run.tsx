// One run: its course, what came of it, what it cost, and who did what to it.

import { ArrowLeft } from "lucide";
import { useComputed } from "@preact/signals";
import { useState } from "preact/hooks";
import { known } from "../live/current.ts";
import { now } from "../live/now.ts";
import type { KnownRun } from "../panel/buttons.ts";
import { RunActions, RunBadge, RunFacts } from "../panel/outcome.tsx";
import { money } from "../panel/preview.tsx";
import { analysis, coordinator } from "../shell/api.ts";
import { useAnswer } from "../shell/asking.ts";
import { asDate, clock, days, moment, number } from "../shell/formats.ts";
import { texts } from "../shell/language.ts";
import { go, href } from "../shell/router.ts";
import { actionName, reasonName, stageName } from "../shell/words.ts";
import { Icon } from "../ui/icon.tsx";
import { Answered, AsOf, Card, Empty, Notice } from "../ui/parts.tsx";
import { EventLog } from "./event_log.tsx";
import { Timeline } from "./timeline.tsx";

const t = texts({
  ru: {
    back: "Все запуски",
    title: (days: string) => `Запуск за ${days}`,
    course: "Ход запуска",
    facts: "Итог",
    usage: "Языковая модель",
    requests: "Запросов",
    tokens: "Токенов",
    cost: "Стоимость",
    cap: "Предел",
    history: "Кто что делал",
    nobody: "Записей нет.",
    atWork: "Сейчас в работе",
    failures: "Последние ошибки",
    retryOf: "Повторяет ошибки запуска",
  },
  en: {
    back: "All runs",
    title: (days: string) => `Run over ${days}`,
    course: "Course of the run",
    facts: "Outcome",
    usage: "Language model",
    requests: "Requests",
    tokens: "Tokens",
    cost: "Cost",
    cap: "Limit",
    history: "Who did what",
    nobody: "Nothing is written down.",
    atWork: "In work now",
    failures: "Newest failures",
    retryOf: "Takes up the failures of",
  },
});

export function RunPage({ runId }: { runId: string }) {
  const [refusal, setRefusal] = useState("");
  const live = useComputed<KnownRun | undefined>(() => {
    const status = known.value.runs.get(runId);
    return status && { status, stages: known.value.stages.get(runId) ?? [] };
  }).value;
  // One that is watched is not asked for.
  const answer = useAnswer(
    async (signal) => {
      const run = (await coordinator.getRun({ runId }, { signal })).run!;
      return { status: run.status!, stages: run.stages };
    },
    [runId],
  );
  function done(shown: string): void {
    if (shown === runId) answer.again();
    else go(href("runs", shown));
  }
  return (
    <>
      <a class="back" href={href("runs")}><Icon of={ArrowLeft} size={16} /> {t().back}</a>
      {live
        ? <RunView run={live} refusal={refusal} onRefusal={setRefusal} onDone={done} />
        : (
          <Answered answer={answer}>
            {(run) => <><AsOf time={answer.asOf} /><RunView run={run} refusal={refusal} onRefusal={setRefusal} onDone={done} /></>}
          </Answered>
        )}
    </>
  );
}

function RunView({ run, refusal, onRefusal, onDone }: {
  run: KnownRun;
  refusal: string;
  onRefusal: (refusal: string) => void;
  onDone: (runId: string) => void;
}) {
  const { status } = run;
  return (
    <>
      <div class="page-head">
        <div>
          <h1>{t().title(status.range ? days(status.range.startDate, status.range.endDate) : "")}</h1>
          <p class="soft mono">{status.runId}</p>
          {status.retryOf && <p class="soft small">{t().retryOf} <a class="mono" href={href("runs", status.retryOf)}>{status.retryOf.slice(0, 8)}</a></p>}
        </div>
        <RunBadge run={run} />
      </div>
      {refusal && <Notice tone="bad">{refusal}</Notice>}
      <Card title={t().course} aside={<RunActions run={run} onRefusal={onRefusal} onDone={onDone} />}>
        <Timeline run={run} />
        <AtWork run={run} />
      </Card>
      <div class="run-parts">
        <Card title={t().facts}><RunFacts run={run} /><NewestFailures run={run} /></Card>
        <div class="run-side">
          <UsageCard run={run} />
          <HistoryCard run={run} />
        </div>
      </div>
      <EventLog runId={status.runId} />
    </>
  );
}

/** The calls that workers hold, and for how long. */
function AtWork({ run }: { run: KnownRun }) {
  const stage = run.status.endTime ? undefined : run.stages.at(-1);
  const items = stage?.progress?.atWork ?? [];
  if (!stage || !items.length) return null;
  return (
    <div class="at-work small">
      <h3>{t().atWork}: {stageName(stage.stage)}</h3>
      <ul>
        {items.map((item) => {
          const since = asDate(item.beginTime);
          return (
            <li key={item.itemId}>
              <a class="mono" href={href("calls", item.itemId)}>{item.itemId}</a>{" "}
              <span class="soft">{since && clock((now.value - since.getTime()) / 1000)}</span>
            </li>
          );
        })}
      </ul>
    </div>
  );
}

function NewestFailures({ run }: { run: KnownRun }) {
  const failures = run.stages.flatMap((stage) => (stage.progress?.failures ?? []).map((each) => ({ ...each, stage: stage.stage })));
  if (!failures.length) return null;
  return (
    <div class="newest">
      <h3>{t().failures}</h3>
      <ul>
        {failures.map((each) => (
          <li key={`${each.stage} ${each.itemId}`}>
            <a class="mono" href={href("calls", each.itemId)}>{each.itemId}</a>
            <span>{reasonName(each.reason)}<span class="soft"> · {stageName(each.stage)}{each.message && ` · ${each.message}`}</span></span>
          </li>
        ))}
      </ul>
    </div>
  );
}

function UsageCard({ run: { status, stages } }: { run: KnownRun }) {
  // It is asked for as stages end, not as items do.
  const ended = stages.filter((stage) => stage.endTime).length;
  const answer = useAnswer(
    (signal) => analysis.getRunUsage({ owner: status.owner, runId: status.runId }, { signal }),
    [status.runId, ended],
  );
  return (
    <Card title={t().usage} aside={<AsOf time={answer.asOf} />}>
      <Answered answer={answer}>
        {({ usage, cap }) => (
          <dl class="facts">
            <dt>{t().requests}</dt><dd>{number(usage?.requests ?? 0)}</dd>
            <dt>{t().tokens}</dt><dd>{number(Number((usage?.promptTokens ?? 0n) + (usage?.completionTokens ?? 0n)))}</dd>
            <dt>{t().cost}</dt><dd>{money(usage?.cost)}</dd>
            <dt>{t().cap}</dt><dd>{money(cap)}</dd>
          </dl>
        )}
      </Answered>
    </Card>
  );
}

/** Who started, took up and cancelled it; what else the audit keeps of that stands in the outcome, in words. */
function HistoryCard({ run: { status } }: { run: KnownRun }) {
  const answer = useAnswer(
    (signal) => coordinator.listAuditEntries({ runId: status.runId }, { signal }),
    [status.runId, status.state],
  );
  return (
    <Card title={t().history}>
      <Answered answer={answer}>
        {({ entries }) => entries.length === 0 ? <Empty>{t().nobody}</Empty> : (
          <ul class="history">
            {entries.map((entry) => (
              <li key={`${entry.action} ${entry.time?.seconds}`}>
                <span><b>{entry.actor}</b> {actionName(entry.action)}</span>
                <span class="soft small">{moment(entry.time)}</span>
              </li>
            ))}
          </ul>
        )}
      </Answered>
    </Card>
  );
}
