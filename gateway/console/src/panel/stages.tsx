// The stages as a stepper: a button for each that people start, the fifth for itself.

import { Ban, Check, CircleDashed, LoaderCircle, Lock, TriangleAlert, X } from "lucide";
import { useComputed } from "@preact/signals";
import { Stage } from "@potok/web/gen/potok/status/v1/stage_pb.ts";
import { known } from "../live/current.ts";
import { now } from "../live/now.ts";
import { clock, days, number, timeOfDay } from "../shell/formats.ts";
import { plural, texts } from "../shell/language.ts";
import { clientId, range } from "../shell/selection.ts";
import { stageName } from "../shell/words.ts";
import { Icon } from "../ui/icon.tsx";
import { type Button, buttonOf, type ButtonName } from "./buttons.ts";
import { buttonText } from "./button_words.ts";
import { STAGES, type Tally } from "./ledger.ts";
import { StageCounts, StageMeter, StageOutlook, whyOf } from "./progress.tsx";

const t = texts({
  ru: {
    loading: "Загрузка…",
    never: "Ещё не выполнялось за этот период",
    cancelled: "Отменено, можно начать снова",
    stopping: "Останавливается…",
    starting: "Запускается…",
    complete: (count: number) => `Готово: ${number(count)} ${plural(count, ["звонок", "звонка", "звонков"])}`,
    done: (count: string) => `${count} готово`,
    waiting: (count: string) => `${count} ждут`,
    failed: (count: number) => `${number(count)} с ошибкой`,
    skipped: (count: string) => `${count} пропущено`,
    stale: (count: number) => `${count} ${plural(count, ["день устарел", "дня устарели", "дней устарели"])}`,
    covered: (covered: number, all: number) => `пройдено ${covered} из ${all} ${plural(all, ["дня", "дней", "дней"])}`,
    locked: (stage: string, since: string, who: string) => `Идёт «${stage}» с ${since}, запустил ${who}`,
    lockedOver: (days: string) => `за ${days}`,
    itself: "Выполняется автоматически после анализа рекомендаций",
    step: (step: number, of: number, stage: string) => `Этап ${step} из ${of}: ${stage}`,
  },
  en: {
    loading: "Loading…",
    never: "Not run over these days yet",
    cancelled: "Cancelled; it can be started again",
    stopping: "Stopping…",
    starting: "Starting…",
    complete: (count: number) => `Done: ${number(count)} ${plural(count, ["call", "calls"])}`,
    done: (count: string) => `${count} done`,
    waiting: (count: string) => `${count} waiting`,
    failed: (count: number) => `${number(count)} failed`,
    skipped: (count: string) => `${count} skipped`,
    stale: (count: number) => `${count} stale ${plural(count, ["day", "days"])}`,
    covered: (covered: number, all: number) => `${covered} of ${all} days covered`,
    locked: (stage: string, since: string, who: string) => `“${stage}” is under way since ${since}, started by ${who}`,
    lockedOver: (days: string) => `over ${days}`,
    itself: "Runs by itself after the recommendations",
    step: (step: number, of: number, stage: string) => `Stage ${step} of ${of}: ${stage}`,
  },
});

const ICONS = {
  idle: CircleDashed,
  running: LoaderCircle,
  completed: Check,
  partial: TriangleAlert,
  failed: X,
  disabled: Lock,
} as const;

export function Stages({ asking, onPress }: { asking: ButtonName | undefined; onPress: (name: ButtonName) => void }) {
  return (
    <ol class="stages">
      {STAGES.map((stage) => <StageRow key={stage} stage={stage} asking={asking === stage} onPress={onPress} />)}
    </ol>
  );
}

function StageRow({ stage, asking, onPress }: { stage: Stage; asking: boolean; onPress: (name: ButtonName) => void }) {
  const told = useComputed(() => known.value.complete).value;
  const button = useComputed(() => buttonOf(known.value, clientId.value, range.value, stage)).value;
  const byItself = stage === Stage.REPORTING;
  const kind = byItself && button.kind === "disabled" ? "idle" : button.kind;
  return (
    <li class="stage" data-state={kind}>
      <span class="mark" aria-hidden="true"><Icon of={button.kind === "idle" && button.cancelled ? Ban : ICONS[kind]} /></span>
      {byItself
        ? <div class="by-itself"><b>{stageName(stage)}</b><span class="soft small">{t().itself}</span></div>
        : <PressButton name={stage} button={button} asking={asking || !told} onPress={onPress} />}
      <div class="detail" id={`detail-${stage}`}>
        {!told ? <p class="soft">{t().loading}</p> : !(byItself && button.kind === "disabled") && <Detail button={button} />}
      </div>
    </li>
  );
}

/** The button of a stage, or that of all. */
export function PressButton({ name, button, asking, onPress }: {
  name: ButtonName;
  button: Button;
  asking: boolean;
  onPress: (name: ButtonName) => void;
}) {
  const locked = button.kind === "running" || button.kind === "disabled";
  return (
    <button
      type="button"
      class="press"
      data-name={name === "all" ? name : Stage[name]}
      data-state={button.kind}
      // A button that people are on keeps the focus when it is locked, and says why.
      aria-disabled={locked || asking}
      aria-busy={button.kind === "running" || asking}
      aria-describedby={`detail-${name}`}
      onClick={() => !locked && !asking && onPress(name)}
    >
      <span>{buttonText(name, button)}</span>
      {button.kind === "running" && <span class="fill" style={{ width: `${(button.share ?? 0) * 100}%` }} aria-hidden="true" />}
    </button>
  );
}

/** What is to be said of all stages. */
export function AllStages({ asking, onPress }: { asking: boolean; onPress: (name: ButtonName) => void }) {
  const told = useComputed(() => known.value.complete).value;
  const button = useComputed(() => buttonOf(known.value, clientId.value, range.value, "all")).value;
  return (
    <div class="all-stages">
      <PressButton name="all" button={button} asking={asking || !told} onPress={onPress} />
      <p class="soft small" id="detail-all">
        {button.kind === "running" && t().step(button.run.status.stage, STAGES.length, stageName(button.run.status.stage))}
        {button.kind === "disabled" && lockedBy(button)}
      </p>
    </div>
  );
}

function lockedBy({ by }: Extract<Button, { kind: "disabled" }>): string {
  const { stage, range: over, createTime, actor } = by.status;
  const said = t().locked(stageName(stage), timeOfDay(createTime), actor);
  if (!over || (over.startDate === range.value.start && over.endDate === range.value.end)) return said;
  return `${said}, ${t().lockedOver(days(over.startDate, over.endDate))}`;
}

function Detail({ button }: { button: Button }) {
  switch (button.kind) {
    case "idle":
      return <p class="soft">{button.cancelled ? t().cancelled : t().never}<Remarks tally={button.tally} /></p>;
    case "completed":
      return <p>{t().complete(button.tally.success)}<Remarks tally={{ ...button.tally, success: 0 }} /></p>;
    case "partial":
      return <p><Remarks tally={button.tally} lead /></p>;
    case "failed":
      return (
        <>
          {button.stage && <p class="bad">{whyOf(button.stage)}</p>}
          <p><Remarks tally={button.tally} lead /></p>
        </>
      );
    case "disabled":
      return <p class="soft">{lockedBy(button)}</p>;
    case "running":
      if (button.stopping) return <p class="soft">{t().stopping}</p>;
      if (!button.stage) return <p class="soft">{t().starting}</p>;
      return (
        <>
          <StageMeter stage={button.stage} />
          <div class="under"><StageCounts stage={button.stage} /><StageOutlook stage={button.stage} /></div>
        </>
      );
  }
}

function Remarks({ tally, lead = false }: { tally: Tally; lead?: boolean }) {
  const said = [
    tally.success && t().done(number(tally.success)),
    tally.failed && t().failed(tally.failed),
    tally.pending && t().waiting(number(tally.pending)),
    tally.skipped && t().skipped(number(tally.skipped)),
    tally.stale && t().stale(tally.stale),
    tally.covered < tally.days && (tally.covered > 0 || tally.success > 0) && t().covered(tally.covered, tally.days),
  ].filter(Boolean);
  return said.length ? <span class={lead ? "" : "soft"}>{lead ? "" : " · "}{said.join(" · ")}</span> : null;
}

/** How long a run takes, counting. */
export function Running({ since }: { since: Date | undefined }) {
  return <>{since && clock((now.value - since.getTime()) / 1000)}</>;
}
