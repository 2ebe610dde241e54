// All calls of the chosen days, whatever became of them.

import { timestampDate } from "@bufbuild/protobuf/wkt";
import { RefreshCw } from "lucide";
import type { ListedCall } from "@potok/web/gen/potok/call_sync/v1/listed_call_pb.ts";
import { calls } from "../shell/api.ts";
import { clock, day, days, number } from "../shell/formats.ts";
import { go, href, query } from "../shell/router.ts";
import { owner, range } from "../shell/selection.ts";
import { Icon } from "../ui/icon.tsx";
import { AsOf, Empty, Notice, Scroll } from "../ui/parts.tsx";
import { RangeChoice } from "../ui/range.tsx";
import { useChanges, useSettled } from "./changes.ts";
import { DirectionIcon } from "./direction.tsx";
import { filterOf, setFilters } from "./filters.ts";
import { Filters, reset } from "./filters_bar.tsx";
import { label } from "./labels.ts";
import { t } from "./list_texts.ts";
import { type Listing, MOST, useListing } from "./listing.ts";
import { ScoreMark } from "./score.tsx";
import { StageChip } from "./stage_chip.tsx";
import { timeIn } from "./when.ts";

export function CallList() {
  const changes = useChanges();
  const filter = filterOf(query.value, range.value);
  const listing = useListing<ListedCall>(
    async (pageToken, pageSize, signal) => {
      const answer = await calls.listCalls({ owner: owner.value, filter, pageSize, pageToken }, { signal });
      return {
        items: answer.calls,
        next: answer.nextPageToken,
        total: answer.total,
        asOf: answer.asOfTime && timestampDate(answer.asOfTime),
      };
    },
    (each) => each.call!.callId,
    JSON.stringify([owner.value, filter]),
    changes,
  );
  const { page } = listing;
  return (
    <>
      <div class="page-head">
        <div>
          <h1>{t().calls}</h1>
          <p class="soft small told-line">
            <span>{days(range.value.start, range.value.end)}</span>
            {page?.total !== undefined && <strong>{t().total(number(page.total), page.total)}</strong>}
            <AsOf time={page?.asOf} />
          </p>
        </div>
        <RangeChoice />
      </div>
      <Filters changes={useSettled(changes)} />
      <Beginning listing={listing} />
      {page && page.items.length > 0 && (
        <section class="card flush" aria-busy={listing.asking}>
          <Scroll label={t().calls}>
            <Table rows={page.items} />
          </Scroll>
          <Ending listing={listing} />
        </section>
      )}
      {page?.items.length === 0 && !listing.asking && <Nothing />}
    </>
  );
}

export function Beginning<Item>({ listing }: { listing: Listing<Item> }) {
  return (
    <>
      {listing.refusal && (
        <Notice tone="bad">
          <span>{listing.refusal}</span>
          <span><button type="button" class="button small" onClick={listing.again}>{t().again}</button></span>
        </Notice>
      )}
      {!listing.page && listing.asking && <Empty>{t().asking}</Empty>}
      {listing.renew && (
        <div class="fresh" role="status">
          <Icon of={RefreshCw} size={15} />
          {t().fresh}
          <button type="button" class="button small primary" onClick={listing.renew}>{t().show}</button>
        </div>
      )}
    </>
  );
}

export function Ending<Item>({ listing }: { listing: Listing<Item> }) {
  const { page, more, asking } = listing;
  if (!page?.next) return null;
  return (
    <div class="list-end">
      {page.items.length >= MOST ? (
        <p class="soft small">{t().most(number(MOST))}</p>
      ) : (
        <button type="button" class="button" disabled={!more} onClick={more}>{asking ? t().asking : t().more}</button>
      )}
    </div>
  );
}

function Nothing() {
  const filtered = setFilters(query.value).length > 0;
  return (
    <Empty>
      <p>{filtered ? t().noneFound : t().none}</p>
      {filtered ? (
        <button type="button" class="button" onClick={reset}>{t().reset}</button>
      ) : (
        <p class="small">{t().noneYet}</p>
      )}
    </Empty>
  );
}

function Table({ rows }: { rows: readonly ListedCall[] }) {
  return (
    <table class="call-list">
      <thead>
        <tr>
          <th scope="col">{t().when}</th>
          <th scope="col">{t().employee}</th>
          <th scope="col">{t().contact}</th>
          <th scope="col" class="number">{t().length}</th>
          <th scope="col">{t().stages}</th>
          <th scope="col">{t().type}</th>
          <th scope="col">{t().outcome}</th>
          <th scope="col">{t().sentiment}</th>
          <th scope="col" class="number">{t().score}</th>
        </tr>
      </thead>
      <tbody>{rows.map((each) => <Row key={each.call!.callId} listed={each} />)}</tbody>
    </table>
  );
}

function Row({ listed }: { listed: ListedCall }) {
  const call = listed.call!;
  return (
    <tr>
      <td class="cell-when">
        <a href={href("calls", call.callId)}>
          <span class="cell-day">{day(call.day)}</span> {timeIn(call.startTime)}
        </a>
      </td>
      <td class="cell-who">
        <span class="cell-name">{call.employee || <span class="soft">{t().nobody}</span>}</span>
      </td>
      <td class="cell-contact">
        <DirectionIcon direction={call.direction} answered={call.answered} size={16} />
        <span class="cell-name">{call.contact || <span class="soft">{t().unknown}</span>}</span>
      </td>
      <td class="cell-length number">{clock(call.durationSeconds)}</td>
      <td class="cell-stages">
        <span class="stage-row" onClick={() => go(href("calls", call.callId))}>{listed.stages.map((each) => <StageChip key={each.stage} stage={each} />)}</span>
      </td>
      <td class="cell-type">{listed.callType && label("call_types", listed.callType)}</td>
      <td class="cell-outcome">{listed.outcome && label("outcomes", listed.outcome)}</td>
      <td class="cell-sentiment">{listed.sentiment && <Sentiment value={listed.sentiment} />}</td>
      <td class="cell-score number"><ScoreMark score={listed.score} /></td>
    </tr>
  );
}

function Sentiment({ value }: { value: string }) {
  return <span class="sentiment" data-value={value}>{label("sentiments", value)}</span>;
}
