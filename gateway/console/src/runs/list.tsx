// The runs of the client, the newest first; those of today as the watch tells them.

import { useComputed } from "@preact/signals";
import { memo } from "preact/compat";
import { useState } from "preact/hooks";
import type { Run } from "@potok/web/gen/potok/coordinator/v1/run_pb.ts";
import { RunState } from "@potok/web/gen/potok/status/v1/stage_pb.ts";
import { timestampMs } from "@bufbuild/protobuf/wkt";
import { known } from "../live/current.ts";
import type { Known } from "../live/fold.ts";
import { now } from "../live/now.ts";
import { type KnownRun, shareOf } from "../panel/buttons.ts";
import { countsOf } from "../panel/progress.tsx";
import { coordinator } from "../shell/api.ts";
import { useAnswer } from "../shell/asking.ts";
import { asDate, clock, days, moment, number, share } from "../shell/formats.ts";
import { plural, texts } from "../shell/language.ts";
import { href } from "../shell/router.ts";
import { clientId } from "../shell/selection.ts";
import { reasonName, runStateName, runTone, stageName } from "../shell/words.ts";
import { Answered, AsOf, Badge, Card, Empty } from "../ui/parts.tsx";

const PAGE = 20;

const t = texts({
  ru: {
    title: "Запуски",
    none: "Запусков ещё не было.",
    noneOf: "Среди показанных таких запусков нет.",
    which: "Какие запуски",
    all: "Все",
    failing: "С ошибками",
    broken: "Прерванные",
    more: "Показать более ранние",
    retry: "повтор ошибок",
    failed: (count: number) => `${number(count)} ${plural(count, ["ошибка", "ошибки", "ошибок"])}`,
  },
  en: {
    title: "Runs",
    none: "There has been no run yet.",
    noneOf: "None of those that are shown.",
    which: "Which runs",
    all: "All",
    failing: "With failures",
    broken: "Broken off",
    more: "Show earlier ones",
    retry: "retry",
    failed: (count: number) => `${number(count)} failed`,
  },
});

const WHICH = {
  all: () => true,
  failing: ({ stages }: KnownRun) => failuresOf(stages) > 0,
  broken: ({ status }: KnownRun) => status.state === RunState.CANCELLED || status.state === RunState.FAILED,
} as const;

export function RunList() {
  const [which, setWhich] = useState<keyof typeof WHICH>("all");
  const [pages, setPages] = useState(1);
  const answer = useAnswer(
    async (signal) => {
      const runs: Run[] = [];
      let pageToken = "";
      for (let page = 0; page < pages; page++) {
        const found = await coordinator.listRuns({ clientId: clientId.value, pageSize: PAGE, pageToken }, { signal });
        runs.push(...found.runs);
        pageToken = found.nextPageToken;
        if (!pageToken) break;
      }
      return { runs, more: pageToken !== "" };
    },
    [clientId.value, pages],
  );
  const live = useComputed(() => runsOf(known.value, clientId.value)).value;
  return (
    <Card title={t().title} aside={<AsOf time={answer.asOf} />}>
      <Answered answer={answer}>
        {({ runs, more }) => {
          const known = merged(live, runs);
          const shown = known.filter(WHICH[which]);
          return (
            <>
              {known.length > 0 && (
                <div class="chips" role="group" aria-label={t().which}>
                  {(Object.keys(WHICH) as (keyof typeof WHICH)[]).map((each) => (
                    <button key={each} type="button" class="chip" aria-pressed={each === which} onClick={() => setWhich(each)}>
                      {t()[each]}
                    </button>
                  ))}
                </div>
              )}
              {shown.length === 0 ? <Empty>{known.length === 0 ? t().none : t().noneOf}</Empty> : (
                <ul class="runs">
                  {shown.map((run) => <RunRow key={run.status.runId} status={run.status} stages={run.stages} />)}
                </ul>
              )}
              {more && (
                <div class="row">
                  <button type="button" class="button small" onClick={() => setPages(pages + 1)}>{t().more}</button>
                </div>
              )}
            </>
          );
        }}
      </Answered>
    </Card>
  );
}

function runsOf(told: Known, of: string): KnownRun[] {
  return [...told.runs.values()]
    .filter((status) => status.clientId === of && !status.botId)
    .map((status) => ({ status, stages: told.stages.get(status.runId) ?? [] }));
}

/** Returns the listed runs and those that began since, each as it was told last. */
function merged(live: readonly KnownRun[], listed: readonly Run[]): KnownRun[] {
  const byId = new Map<string, KnownRun>();
  for (const { status, stages } of listed) if (status) byId.set(status.runId, { status, stages });
  for (const run of live) byId.set(run.status.runId, run);
  const began = ({ status }: KnownRun) => (status.createTime ? timestampMs(status.createTime) : 0);
  return [...byId.values()].sort((one, other) => began(other) - began(one));
}

const RunRow = memo(
  function RunRow({ status, stages }: KnownRun) {
    const [start, end] = [asDate(status.createTime), asDate(status.endTime)];
    const failed = failuresOf(stages);
    const stage = stages.at(-1);
    return (
      <li>
        <a class="run" href={href("runs", status.runId)}>
          <Badge tone={runTone(status.state)}>{runStateName(status.state)}</Badge>
          <span class="run-what">
            <b>{status.range && days(status.range.startDate, status.range.endDate)}</b>
            <span class="soft small">
              {status.firstStage === status.lastStage ? stageName(status.firstStage) : `${stageName(status.firstStage)} → ${stageName(status.lastStage)}`}
              {status.retryOf && ` · ${t().retry}`}
              {!end && stage && ` · ${stageName(stage.stage)} ${share(shareOf(stage))}`}
            </span>
          </span>
          <span class="run-why small">
            {failed > 0 && <span class="bad">{t().failed(failed)}</span>}
            {status.reason > 0 && <span class="bad">{reasonName(status.reason)}</span>}
          </span>
          <span class="run-when soft small">
            <span>{status.actor}</span>
            <span>{moment(start)}</span>
          </span>
          <span class="number run-took">{start && <Took since={start} until={end} />}</span>
        </a>
      </li>
    );
  },
  (before, after) => before.status === after.status && before.stages === after.stages,
);

function failuresOf(stages: KnownRun["stages"]): number {
  return stages.reduce((sum, stage) => sum + countsOf(stage).failed + (stage.progress?.unchangedFailed ?? 0), 0);
}

/** How long a run took, counting while it goes on. */
function Took({ since, until }: { since: Date; until: Date | undefined }) {
  return <>{clock(((until?.getTime() ?? now.value) - since.getTime()) / 1000)}</>;
}
