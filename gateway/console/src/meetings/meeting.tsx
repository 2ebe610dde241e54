// One meeting: where its bot is, and what came of it.

import { timestampDate } from "@bufbuild/protobuf/wkt";
import type { StageStatus } from "@potok/web/gen/potok/status/v1/event_pb.ts";
import { ArrowLeft } from "lucide";
import { useState } from "preact/hooks";
import type { Live } from "../live/live.ts";
import { bots, coordinator, meetingAnalysis, meetingTasks, transcription } from "../shell/api.ts";
import { useAnswer } from "../shell/asking.ts";
import { useDoing } from "../shell/doing.ts";
import { moment } from "../shell/formats.ts";
import { href } from "../shell/router.ts";
import { session } from "../shell/session.ts";
import { botStateName, stageName, waitName } from "../shell/words.ts";
import { Icon } from "../ui/icon.tsx";
import { Badge, Card, Dialog, Empty, Notice } from "../ui/parts.tsx";
import { found } from "./found.ts";
import { Observations } from "./observations.tsx";
import { Stepper } from "./stepper.tsx";
import { canStop, hasEnded, stepsOf } from "./steps.ts";
import { Summary } from "./summary.tsx";
import { Tasks } from "./tasks.tsx";
import { t } from "./texts.ts";
import { botTone, Told } from "./told.tsx";
import { Transcript } from "./transcript.tsx";

/** A record goes so long after its last change. */
const KEPT_MS = 24 * 3_600_000;

export function Meeting({ botId, live }: { botId: string; live: Live }) {
  const known = live.known.value;
  const bot = known.bots.get(botId);
  const moved = bot ? `${bot.state} ${bot.runId}` : "";
  const owner = bot?.owner ?? `user:${session.value?.userId ?? ""}`;
  const observations = useAnswer(
    (signal) => found(bots.listBotObservations({ botId, pageSize: 200 }, { signal })),
    [botId, moved, bot?.updateTime?.seconds],
  );
  const run = useAnswer(async (signal) => bot?.runId ? found(coordinator.getRun({ runId: bot.runId }, { signal })) : null, [moved]);
  const analysis = useAnswer((signal) => found(meetingAnalysis.getMeetingAnalysis({ owner, botId }, { signal })), [owner, moved]);
  const tasks = useAnswer((signal) => found(meetingTasks.getMeetingTasks({ owner, botId }, { signal })), [owner, moved]);
  const transcript = useAnswer((signal) => found(transcription.getTranscript({ owner, callId: botId }, { signal })), [owner, moved]);

  const segments = transcript.value?.transcript?.segments ?? [];
  const results = [analysis, tasks, transcript];
  const refusal = [observations, run, ...results].find((each) => each.refusal)?.refusal;
  const nothing = results.every((each) => each.value === null);
  return (
    <>
      <header class="page-head">
        <div>
          <a class="small" href={href("meetings")}><Icon of={ArrowLeft} size={14} /> {t().back}</a>
          <h1>{bot ? bot.botName || t().recording : botId}</h1>
          {bot && (
            <p class="soft">
              {bot.meetUrl && <span>{bot.meetUrl} · </span>}
              {moment(bot.createTime)} · {t().of(bot.owner.replace(/^user:/, ""))}
            </p>
          )}
        </div>
        <div class="row">
          <Told live={live} />
          {bot && <Badge tone={botTone(bot.state)}>{botStateName(bot.state)}</Badge>}
          {bot && canStop(bot.state) && <Stop botId={botId} />}
        </div>
      </header>
      {refusal && <Notice tone="bad">{refusal}</Notice>}
      {bot && (
        <Card title={t().steps}>
          <Stepper
            steps={stepsOf(bot, observations.value?.observations ?? [], stagesOf(), known.log)}
            recording={!bot.meetUrl}
          />
          {bot.errorMessage && (
            <Notice tone="bad">
              <strong>{t().error}</strong>
              {bot.errorMessage}
            </Notice>
          )}
          {bot.detail && <Notice tone="warn"><strong>{t().detail}</strong>{bot.detail}</Notice>}
          {!hasEnded(bot.state) && <Waiting stages={stagesOf()} />}
          <p class="soft small">
            {hasEnded(bot.state) && bot.updateTime
              ? t().ends(moment(new Date(timestampDate(bot.updateTime).getTime() + KEPT_MS)))
              : t().endsLater}
          </p>
        </Card>
      )}
      {!bot && known.complete && <Notice tone="warn">{t().gone}</Notice>}
      {!bot && known.complete && nothing && <Empty>{t().nothing}</Empty>}
      {bot && nothing && !hasEnded(bot.state) && <Empty>{t().afterEnd}</Empty>}
      {!nothing && <div class="meeting-columns">
        <div class="stack-large">
          {tasks.value?.meeting && <Tasks meeting={tasks.value.meeting} segments={segments} />}
          {analysis.value?.analysis && <Summary analysis={analysis.value.analysis} segments={segments} />}
        </div>
        {transcript.value?.transcript && <Transcript transcript={transcript.value.transcript} />}
      </div>}
      {observations.value && <Observations observations={observations.value.observations} asOf={observations.asOf} />}
    </>
  );

  function stagesOf() {
    return (bot && known.stages.get(bot.runId)) ?? run.value?.run?.stages ?? [];
  }
}

/** Why the processing of a meeting stands still, where it does. */
function Waiting({ stages }: { stages: readonly StageStatus[] }) {
  const stage = stages.at(-1);
  const wait = stage?.wait ?? stage?.progress?.wait;
  if (!wait) return null;
  return <Notice tone="warn">{t().waits(stageName(stage!.stage), waitName(wait.reason))}</Notice>;
}

function Stop({ botId }: { botId: string }) {
  const [asking, setAsking] = useState(false);
  const [asked, setAsked] = useState(false);
  const doing = useDoing();
  async function stop() {
    const answer = await doing.run(() => bots.stopBot({ botId }));
    if (!answer) return;
    setAsked(true);
    setAsking(false);
  }
  if (asked) return <span class="soft small" role="status">{t().stopped}</span>;
  return (
    <>
      <button type="button" class="button danger" onClick={() => setAsking(true)}>{t().stop}</button>
      {asking && (
        <Dialog
          title={t().stopTitle}
          onClose={() => setAsking(false)}
          actions={
            <button type="button" class="button danger" disabled={doing.busy} onClick={() => void stop()}>
              {doing.busy ? t().stopping : t().stop}
            </button>
          }
        >
          <div class="stack-large">
            <p>{t().stopText}</p>
            {doing.rest && <Notice tone="bad">{doing.rest}</Notice>}
          </div>
        </Dialog>
      )}
    </>
  );
}
