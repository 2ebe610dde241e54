// How far an execution is: a bar with counts, rate and the time that is left, or what it waits for.

import type { StageStatus } from "@potok/web/gen/potok/status/v1/event_pb.ts";
import { ExecutionState, Reason } from "@potok/web/gen/potok/status/v1/stage_pb.ts";
import { now } from "../live/now.ts";
import { asDate, clock, number, timeOfDay } from "../shell/formats.ts";
import { plural, texts } from "../shell/language.ts";
import { reasonName, waitName } from "../shell/words.ts";
import { Meter } from "../ui/parts.tsx";

const t = texts({
  ru: {
    of: (ended: string, all: string) => `${ended} из ${all}`,
    nothing: "нечего делать",
    found: (count: string) => `найдено ${count}, ищем дальше`,
    failed: (count: number) => `${number(count)} ${plural(count, ["ошибка", "ошибки", "ошибок"])}`,
    skipped: (count: number) => `${number(count)} пропущено`,
    unchanged: (count: number) => `${number(count)} без изменений`,
    undone: (count: number) => `${number(count)} не сделано`,
    leftAlone: (count: number) => `${number(count)} с прежней ошибкой`,
    perMinute: (rate: string) => `${rate} в минуту`,
    left: (time: string) => `осталось ${time}`,
    soon: "вот-вот закончится",
    waits: (why: string, until: string) => (until ? `Ожидание: ${why}, до ${until}` : `Ожидание: ${why}`),
    silent: "Сервис этапа молчит, запрос повторяется",
    progress: "Ход этапа",
  },
  en: {
    of: (ended: string, all: string) => `${ended} of ${all}`,
    nothing: "nothing to do",
    found: (count: string) => `${count} found, still looking`,
    failed: (count: number) => `${number(count)} failed`,
    skipped: (count: number) => `${number(count)} skipped`,
    unchanged: (count: number) => `${number(count)} unchanged`,
    undone: (count: number) => `${number(count)} left undone`,
    leftAlone: (count: number) => `${number(count)} failed before`,
    perMinute: (rate: string) => `${rate} a minute`,
    left: (time: string) => `${time} left`,
    soon: "due at any moment",
    waits: (why: string, until: string) => (until ? `Waits: ${why}, until ${until}` : `Waits: ${why}`),
    silent: "The service of the stage is silent; it is asked again",
    progress: "Progress of the stage",
  },
});

/** What an ended execution left undone is counted as failed, for these reasons. */
const UNDONE: readonly Reason[] = [Reason.CANCELLED, Reason.EXECUTION_FAILED];

export interface Counts {
  all: number;
  done: number;
  failed: number;
  skipped: number;
  undone: number;
}

/** Returns the items of an execution; what it left undone is apart from what failed. */
export function countsOf(stage: StageStatus): Counts {
  const items = stage.progress?.items;
  if (!items) return { all: 0, done: 0, failed: 0, skipped: 0, undone: 0 };
  const undone = (stage.progress?.reasons ?? [])
    .filter((each) => UNDONE.includes(each.reason))
    .reduce((sum, each) => sum + each.count, 0);
  const all = items.pending + items.processing + items.success + items.failed + items.skipped;
  return { all, done: items.success, failed: items.failed - undone, skipped: items.skipped, undone };
}

export function StageMeter({ stage }: { stage: StageStatus }) {
  const { all, done, failed, skipped } = countsOf(stage);
  const share = (count: number) => (all ? count / all : 0);
  const running = !stage.endTime;
  return (
    <Meter
      label={t().progress}
      parts={[
        { share: share(done), tone: running ? "busy" : "good" },
        { share: share(skipped), tone: "plain" },
        { share: share(failed), tone: "bad" },
      ]}
    />
  );
}

/** The counts in words. */
export function StageCounts({ stage }: { stage: StageStatus }) {
  const { all, done, failed, skipped, undone } = countsOf(stage);
  const leftAlone = stage.progress?.unchangedFailed ?? 0;
  const unchanged = (stage.progress?.unchanged ?? 0) - leftAlone;
  const told = stage.progress?.discovered || stage.endTime;
  const nothing = told && all === 0;
  return (
    <span class="counts">
      <b>{nothing ? t().nothing : told ? t().of(number(done + failed + skipped), number(all)) : t().found(number(all))}</b>
      {failed > 0 && <span class="bad">{t().failed(failed)}</span>}
      {undone > 0 && <span>{t().undone(undone)}</span>}
      {skipped > 0 && <span>{t().skipped(skipped)}</span>}
      {leftAlone > 0 && <span class="bad">{t().leftAlone(leftAlone)}</span>}
      {unchanged > 0 && <span>{t().unchanged(unchanged)}</span>}
    </span>
  );
}

/** Rate and time that is left, counting down; what it waits for in their place. */
export function StageOutlook({ stage }: { stage: StageStatus }) {
  const waits = waitOf(stage);
  if (waits) return <span class="waits">{waits}</span>;
  if (stage.endTime) return null;
  return (
    <span class="counts">
      {stage.itemsPerSecond > 0 && <span>{t().perMinute(number(stage.itemsPerSecond * 60, 1))}</span>}
      <Countdown to={asDate(stage.expectedEndTime)} />
    </span>
  );
}

export function Countdown({ to }: { to: Date | undefined }) {
  if (!to) return null;
  const seconds = (to.getTime() - now.value) / 1000;
  return <span>{seconds >= 1 ? t().left(clock(seconds)) : t().soon}</span>;
}

/** Returns why an execution does not move, in words; empty where it does. */
export function waitOf(stage: StageStatus): string {
  if (stage.endTime) return "";
  if (stage.state === ExecutionState.STALLED) return t().silent;
  const wait = stage.wait?.reason ? stage.wait : stage.progress?.wait;
  if (!wait?.reason) return "";
  return t().waits(waitName(wait.reason), wait.untilTime ? timeOfDay(wait.untilTime) : "");
}

/** Returns why an execution failed, in words; empty where it did not. */
export function whyOf(stage: StageStatus): string {
  const reason = stage.reason || stage.progress?.reason || Reason.UNSPECIFIED;
  return [reasonName(reason), stage.message || stage.progress?.message].filter(Boolean).join(": ");
}
