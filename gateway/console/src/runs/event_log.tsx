// What happens, as it happens: who did what to what, and when.

import { Pause, Play } from "lucide";
import { memo } from "preact/compat";
import { useMemo, useRef, useState } from "preact/hooks";
import { Stage } from "@potok/web/gen/potok/status/v1/stage_pb.ts";
import { known } from "../live/current.ts";
import type { Known } from "../live/fold.ts";
import { STAGES } from "../panel/ledger.ts";
import { number, timeOfDay } from "../shell/formats.ts";
import { language, texts } from "../shell/language.ts";
import { href } from "../shell/router.ts";
import { stageName } from "../shell/words.ts";
import { Icon } from "../ui/icon.tsx";
import { Badge, Card, Empty } from "../ui/parts.tsx";
import { type Line, linesOf, type Subject } from "./event_words.ts";
import { EVERYTHING, type Filter, type Matched, matched } from "./matching.ts";

/** The most lines that are shown. */
const MOST = 500;

const SUBJECTS: readonly Subject[] = ["run", "stage", "day", "bot"];

const t = texts({
  ru: {
    title: "События",
    all: "Все события",
    subjects: { run: "Запуск", stage: "Этап", day: "День", bot: "Бот" },
    subject: "О чём",
    everyStage: "Все этапы",
    stage: "Этап",
    everybody: "Все",
    actor: "Кто",
    text: "Найти в событиях",
    pause: "Остановить",
    go: "Продолжить",
    held: (count: string) => `новых: ${count}`,
    none: "С открытия страницы событий не было. Новые появятся здесь сами.",
    noMatch: "Под условия не подходит ни одно событие.",
    dropped: (count: string) => `Более ранние события (${count}) не показаны.`,
  },
  en: {
    title: "Events",
    all: "All events",
    subjects: { run: "Run", stage: "Stage", day: "Day", bot: "Bot" },
    subject: "Of what",
    everyStage: "All stages",
    stage: "Stage",
    everybody: "Everybody",
    actor: "By whom",
    text: "Find in events",
    pause: "Pause",
    go: "Go on",
    held: (count: string) => `${count} new`,
    none: "No events since this page was opened. New ones appear here by themselves.",
    noMatch: "No event matches.",
    dropped: (count: string) => `Earlier events (${count}) are not shown.`,
  },
});

export function EventLog({ runId = "" }: { runId?: string }) {
  const [asked, setAsked] = useState<Filter>(EVERYTHING);
  const [paused, setPaused] = useState<Known>();
  const shown = paused ?? known.value;
  const filter = useMemo(() => ({ ...asked, runId }), [asked, runId, language.value]);
  const before = useRef<Matched>(undefined);
  before.current = matched(before.current, shown.log, filter, linesOf, MOST);
  const { chunks } = before.current;
  const actors = useActors(shown);
  const held = paused ? known.value.log.length + known.value.dropped - paused.log.length - paused.dropped : 0;
  const change = (fields: Partial<Filter>) => setAsked({ ...asked, ...fields });
  return (
    <Card
      title={t().title}
      aside={
        <button type="button" class="button small" aria-pressed={paused !== undefined} onClick={() => setPaused(paused ? undefined : known.value)}>
          <Icon of={paused ? Play : Pause} size={15} />
          {paused ? t().go : t().pause}
          {held > 0 && <Badge tone="busy">{t().held(number(held))}</Badge>}
        </button>
      }
    >
      <div class="log-filter">
        <select aria-label={t().subject} value={asked.subject} onChange={(event) => change({ subject: event.currentTarget.value as Subject | "" })}>
          <option value="">{t().all}</option>
          {SUBJECTS.map((each) => <option key={each} value={each}>{t().subjects[each]}</option>)}
        </select>
        <select aria-label={t().stage} value={asked.stage} onChange={(event) => change({ stage: Number(event.currentTarget.value) })}>
          <option value={Stage.UNSPECIFIED}>{t().everyStage}</option>
          {STAGES.map((each) => <option key={each} value={each}>{stageName(each)}</option>)}
        </select>
        <select aria-label={t().actor} value={asked.actor} onChange={(event) => change({ actor: event.currentTarget.value })}>
          <option value="">{t().everybody}</option>
          {actors.map((each) => <option key={each} value={each}>{each}</option>)}
        </select>
        <input type="search" placeholder={t().text} aria-label={t().text} value={asked.text} onInput={(event) => change({ text: event.currentTarget.value })} />
      </div>
      {chunks.length === 0
        ? <Empty>{shown.log.length ? t().noMatch : t().none}</Empty>
        : (
          <ol class="log" tabIndex={0} aria-label={t().title}>
            {chunks.map((chunk) => <LogChunk key={chunk.key} lines={chunk.lines} of={runId} />)}
          </ol>
        )}
      {shown.dropped > 0 && <p class="soft small">{t().dropped(number(shown.dropped))}</p>}
    </Card>
  );
}

/** Who did something, as the log tells; each change is looked at once. */
function useActors(shown: Known): readonly string[] {
  const seen = useRef<{ revision: bigint; actors: readonly string[] }>({ revision: 0n, actors: [] });
  const found = new Set(seen.current.actors);
  for (let index = shown.log.length - 1; index >= 0; index--) {
    const change = shown.log[index]!;
    if (change.revision <= seen.current.revision) break;
    if (change.actor) found.add(change.actor);
  }
  const actors = found.size === seen.current.actors.length ? seen.current.actors : [...found].sort();
  seen.current = { revision: shown.log.at(-1)?.revision ?? seen.current.revision, actors };
  return actors;
}

const LogChunk = memo(function LogChunk({ lines, of }: { lines: readonly Line[]; of: string }) {
  return <>{lines.map((line) => <LogLine key={line.key} line={line} of={of} />)}</>;
});

const LogLine = memo(function LogLine({ line, of }: { line: Line; of: string }) {
  return (
    <li>
      <time class="soft">{timeOfDay(line.change.time)}</time>
      <span class="kind" data-subject={line.subject}>{t().subjects[line.subject]}</span>
      <span class="text">
        {line.subject === "run" && line.runId !== of ? <a href={href("runs", line.runId)}>{line.text}</a> : line.text}
      </span>
      <span class="soft actor">{line.change.actor}</span>
    </li>
  );
});
