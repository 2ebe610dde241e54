// What failed in the range, with the reason in plain words; new failures appear as they happen.

import { useComputed } from "@preact/signals";
import { memo } from "preact/compat";
import { useEffect, useState } from "preact/hooks";
import type { Item } from "@potok/web/gen/potok/stage/v1/stage_service_pb.ts";
import type { ItemFailure } from "@potok/web/gen/potok/status/v1/progress_pb.ts";
import { ItemState, Stage } from "@potok/web/gen/potok/status/v1/stage_pb.ts";
import { known } from "../live/current.ts";
import { coordinator } from "../shell/api.ts";
import { useAnswer } from "../shell/asking.ts";
import { day, moment, number } from "../shell/formats.ts";
import { texts } from "../shell/language.ts";
import { href } from "../shell/router.ts";
import { clientId, owner, range } from "../shell/selection.ts";
import { reasonName, stageName } from "../shell/words.ts";
import { Answered, AsOf, Card, Empty, Scroll } from "../ui/parts.tsx";
import { activeRun } from "./buttons.ts";
import { STAGES, tallyRange } from "./ledger.ts";

const PAGE = 100;

const t = texts({
  ru: {
    title: "Ошибки",
    none: "Ошибок за этот период нет.",
    fresh: "Только что",
    call: "Звонок",
    day: "День",
    why: "Причина",
    changed: "Когда",
    stages: "Этап",
    more: (left: string) => `Показать ещё, осталось ${left}`,
  },
  en: {
    title: "Failures",
    none: "Nothing failed over these days.",
    fresh: "Just now",
    call: "Call",
    day: "Day",
    why: "Reason",
    changed: "When",
    stages: "Stage",
    more: (left: string) => `Show more, ${left} left`,
  },
});

export function Failures() {
  const counts = useComputed(() => {
    const found = STAGES.map((stage) => tallyRange(known.value.days, owner.value, stage, range.value).failed);
    return JSON.stringify(found);
  }).value;
  const failed = JSON.parse(counts) as number[];
  const fresh = useComputed(() => activeRun(known.value, clientId.value)?.stages.at(-1)?.progress?.failures ?? NONE).value;
  const [chosen, setChosen] = useState<Stage>();
  const failedIn = (of: Stage) => failed[STAGES.indexOf(of)] ?? 0;
  const withFailures = STAGES.filter(failedIn);
  const stage = chosen !== undefined && withFailures.includes(chosen) ? chosen : withFailures[0];
  return (
    <div class="failures"><Card
      title={t().title}
      aside={withFailures.length > 0 && (
        <div class="chips" role="group" aria-label={t().stages}>
          {withFailures.map((each) => (
            <button key={each} type="button" class="chip" aria-pressed={each === stage} onClick={() => setChosen(each)}>
              {stageName(each)} <b>{number(failedIn(each))}</b>
            </button>
          ))}
        </div>
      )}
    >
      <Fresh failures={fresh} />
      {stage === undefined
        ? fresh.length === 0 && <Empty>{t().none}</Empty>
        : <Failed key={`${owner.value} ${stage}`} stage={stage} count={failedIn(stage)} />}
    </Card></div>
  );
}

const NONE: readonly ItemFailure[] = [];

/** The newest failures of the stage that runs, as the watch tells them. */
function Fresh({ failures }: { failures: readonly ItemFailure[] }) {
  if (!failures.length) return null;
  return (
    <div class="newest">
      <h3>{t().fresh}</h3>
      <ul>
        {failures.map((each) => (
          <li key={each.itemId}>
            <a class="mono" href={href("calls", each.itemId)}>{each.itemId}</a>
            <span>{reasonName(each.reason)}<span class="soft">{each.message && ` · ${each.message}`}</span></span>
          </li>
        ))}
      </ul>
    </div>
  );
}

function Failed({ stage, count }: { stage: Stage; count: number }) {
  const [pages, setPages] = useState(1);
  const days = { startDate: range.value.start, endDate: range.value.end };
  useEffect(() => setPages(1), [range.value]);
  // While a run is under way its failures come by the watch; the list is asked for once it has ended.
  const running = useComputed(() => activeRun(known.value, clientId.value) !== undefined).value;
  const answer = useAnswer(
    async (signal) => {
      const items: Item[] = [];
      let pageToken = "";
      for (let page = 0; page < pages; page++) {
        const request = { clientId: clientId.value, stage, range: days, states: [ItemState.FAILED], pageSize: PAGE, pageToken };
        const found = await coordinator.listItems(request, { signal });
        items.push(...found.items);
        pageToken = found.nextPageToken;
        if (!pageToken) break;
      }
      return { items, more: pageToken !== "" };
    },
    [stage, range.value, pages, running || count],
  );
  return (
    <Answered answer={answer}>
      {({ items, more }) => (
        <>
          <Scroll label={t().title}>
            <table class="failed">
              <thead>
                <tr><th>{t().call}</th><th>{t().day}</th><th>{t().why}</th><th>{t().changed}</th></tr>
              </thead>
              <tbody>{items.map((item) => <FailedRow key={item.itemId} item={item} />)}</tbody>
            </table>
          </Scroll>
          <div class="row">
            {more && (
              <button type="button" class="button small" onClick={() => setPages(pages + 1)}>
                {t().more(number(Math.max(0, count - items.length)))}
              </button>
            )}
            <AsOf time={answer.asOf} />
          </div>
        </>
      )}
    </Answered>
  );
}

const FailedRow = memo(function FailedRow({ item }: { item: Item }) {
  return (
    <tr>
      <td><a class="mono" href={href("calls", item.itemId)}>{item.itemId}</a></td>
      <td class="nowrap">{day(item.day)}</td>
      <td>
        {reasonName(item.reason)}
        {item.message && <span class="soft small message">{item.message}</span>}
      </td>
      <td class="soft nowrap">{moment(item.updateTime)}</td>
    </tr>
  );
});
