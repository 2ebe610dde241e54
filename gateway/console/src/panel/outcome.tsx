// The run that is under way, or how the last one ended: by whom, since when, and what can be done about it.

import { useComputed } from "@preact/signals";
import { useState } from "preact/hooks";
import { RunState } from "@potok/web/gen/potok/status/v1/stage_pb.ts";
import { known } from "../live/current.ts";
import { asDate, clock, days, moment, timeOfDay } from "../shell/formats.ts";
import { texts } from "../shell/language.ts";
import { href } from "../shell/router.ts";
import { clientId } from "../shell/selection.ts";
import { reasonName, runModeName, runStateName, runTone, stageName } from "../shell/words.ts";
import { Badge, Card, Empty } from "../ui/parts.tsx";
import { activeRun, type KnownRun, lastRun } from "./buttons.ts";
import { cancelRun, refusedInWords, retryRun } from "./commands.ts";
import { Countdown, countsOf, StageCounts, StageMeter, waitOf } from "./progress.tsx";
import { Running } from "./stages.tsx";

const t = texts({
  ru: {
    now: "Сейчас",
    last: "Последний запуск",
    none: "За последние сутки запусков не было.",
    who: "Запустил",
    since: "Начало",
    lasts: "Идёт",
    took: "Длился",
    over: "Период",
    stages: "Этапы",
    mode: "Что берёт",
    ends: "До конца",
    why: "Причина",
    stoppedBy: "Отменил",
    cancel: "Отменить запуск",
    cancelling: "Останавливается…",
    retry: "Повторить ошибки",
    goOn: "Продолжить",
    more: "Ход запуска",
  },
  en: {
    now: "Now",
    last: "Last run",
    none: "There was no run in the last day.",
    who: "Started by",
    since: "Since",
    lasts: "Running for",
    took: "Took",
    over: "Days",
    stages: "Stages",
    mode: "Takes",
    ends: "Whole run",
    why: "Reason",
    stoppedBy: "Cancelled by",
    cancel: "Cancel the run",
    cancelling: "Stopping…",
    retry: "Retry what failed",
    goOn: "Go on",
    more: "Course of the run",
  },
});

export function CurrentRun({ onRefusal }: { onRefusal: (refusal: string) => void }) {
  const active = useComputed(() => activeRun(known.value, clientId.value)).value;
  const last = useComputed(() => lastRun(known.value, clientId.value)).value;
  const shown = active ?? last;
  return (
    <Card title={active ? t().now : t().last} aside={shown && <RunBadge run={shown} />}>
      {shown ? <RunFacts run={shown} /> : <Empty>{t().none}</Empty>}
      {shown && <RunActions run={shown} onRefusal={onRefusal} />}
    </Card>
  );
}

export function RunBadge({ run }: { run: KnownRun }) {
  return <Badge tone={runTone(run.status.state)}>{runStateName(run.status.state)}</Badge>;
}

/** What there is to know of a run. */
export function RunFacts({ run: { status, stages } }: { run: KnownRun }) {
  const [start, end] = [asDate(status.createTime), asDate(status.endTime)];
  const current = stages.at(-1);
  const why = [reasonName(status.reason), status.message].filter(Boolean).join(": ");
  const over = status.range ? days(status.range.startDate, status.range.endDate) : "";
  const named = status.firstStage === status.lastStage
    ? stageName(status.firstStage)
    : `${stageName(status.firstStage)} → ${stageName(status.lastStage)}`;
  return (
    <>
      <dl class="facts">
        <dt>{t().over}</dt><dd>{over}</dd>
        <dt>{t().stages}</dt><dd>{named}</dd>
        <dt>{t().mode}</dt><dd>{runModeName(status.mode)}</dd>
        <dt>{t().who}</dt><dd>{status.actor}</dd>
        <dt>{t().since}</dt><dd>{moment(start)}</dd>
        <dt>{end ? t().took : t().lasts}</dt>
        <dd>{end && start ? clock((end.getTime() - start.getTime()) / 1000) : <Running since={start} />}</dd>
        {!end && current?.runExpectedEndTime && (
          <><dt>{t().ends}</dt><dd><Countdown to={asDate(current.runExpectedEndTime)} /></dd></>
        )}
        {status.cancelledBy && <><dt>{t().stoppedBy}</dt><dd>{status.cancelledBy}, {timeOfDay(status.cancelTime)}</dd></>}
        {why && <><dt>{t().why}</dt><dd class={status.state === RunState.FAILED ? "bad" : ""}>{why}</dd></>}
      </dl>
      <ul class="executions">
        {stages.map((stage) => (
          <li key={String(stage.execution)}>
            <span class="small"><b>{stageName(stage.stage)}</b> <StageCounts stage={stage} /></span>
            {(countsOf(stage).all > 0 || !stage.endTime) && <StageMeter stage={stage} />}
            {waitOf(stage) && <span class="waits small">{waitOf(stage)}</span>}
          </li>
        ))}
      </ul>
    </>
  );
}

/** What can be done about a run. Nothing is asked twice: a cancelled run goes on where it was by another press. */
export function RunActions({ run: { status, stages }, onRefusal, onDone }: {
  run: KnownRun;
  onRefusal: (refusal: string) => void;
  /** Where it stands on the page of the run: called once something was done, with the id of the run to show. Else it links there. */
  onDone?: (runId: string) => void;
}) {
  const [busy, setBusy] = useState(false);
  async function perform(command: () => Promise<string>): Promise<void> {
    setBusy(true);
    onRefusal("");
    try {
      const runId = await command();
      onDone?.(runId);
    } catch (error) {
      onRefusal(refusedInWords(error));
    } finally {
      setBusy(false);
    }
  }
  const brokenOff = status.state === RunState.CANCELLED || status.state === RunState.FAILED;
  const failed = stages.some((stage) => countsOf(stage).failed + (stage.progress?.unchangedFailed ?? 0) > 0);
  const stopping = status.state === RunState.CANCELLING;
  return (
    <div class="row">
      {!status.endTime && (
        <button
          type="button"
          class="button danger small"
          aria-disabled={busy || stopping}
          onClick={() => !busy && !stopping && void perform(() => cancelRun(status.runId))}
        >
          {stopping ? t().cancelling : t().cancel}
        </button>
      )}
      {status.endTime && (failed || brokenOff) && (
        <button type="button" class="button small" aria-disabled={busy} onClick={() => !busy && void perform(() => retryRun(status.runId))}>
          {failed ? t().retry : t().goOn}
        </button>
      )}
      {!onDone && <a class="button quiet small" href={href("runs", status.runId)}>{t().more}</a>}
    </div>
  );
}
