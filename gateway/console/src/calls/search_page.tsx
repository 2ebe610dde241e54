// Search in what was said: every hit leads to the second it was said in.

import "./calls.css";
import "./list.css";
import { timestampDate } from "@bufbuild/protobuf/wkt";
import { Play, Search } from "lucide";
import { useEffect, useState } from "preact/hooks";
import type { FoundCall, Passage } from "@potok/web/gen/potok/call_sync/v1/listed_call_pb.ts";
import { calls } from "../shell/api.ts";
import { clock, day, days, number } from "../shell/formats.ts";
import { go, href, query, withQuery } from "../shell/router.ts";
import { owner, range } from "../shell/selection.ts";
import { speakerName } from "../shell/words.ts";
import { Icon } from "../ui/icon.tsx";
import { AsOf, Empty } from "../ui/parts.tsx";
import { RangeChoice } from "../ui/range.tsx";
import { DirectionIcon } from "./direction.tsx";
import { filterOf } from "./filters.ts";
import { Filters } from "./filters_bar.tsx";
import { label } from "./labels.ts";
import { Beginning, Ending } from "./list.tsx";
import { t } from "./list_texts.ts";
import { type ListPage, useListing } from "./listing.ts";
import { voiceOf } from "./reading.ts";
import { ScoreMark } from "./score.tsx";
import { pieces } from "./spans.ts";
import { timeIn } from "./when.ts";

const NOTHING: ListPage<FoundCall> = { items: [], next: "", total: undefined, asOf: undefined };

export default function Page() {
  const asked = query.value.get("q") ?? "";
  const filter = filterOf(query.value, range.value);
  const listing = useListing<FoundCall>(
    async (pageToken, pageSize, signal) => {
      if (!asked) return NOTHING;
      const request = { owner: owner.value, query: asked, filter, pageSize, pageToken };
      const answer = await calls.searchCalls(request, { signal });
      return {
        items: answer.calls,
        next: answer.nextPageToken,
        total: undefined,
        asOf: answer.asOfTime && timestampDate(answer.asOfTime),
      };
    },
    (each) => each.call!.call!.callId,
    JSON.stringify([owner.value, asked, filter]),
  );
  const items = listing.page?.items ?? [];
  return (
    <>
      <div class="page-head">
        <h1>{t().search}</h1>
        <RangeChoice />
      </div>
      <Box asked={asked} />
      <Filters changes={0} />
      <Beginning listing={listing} />
      {!asked && <Empty><p>{t().start}</p></Empty>}
      {asked && items.length > 0 && (
        <>
          <p class="soft small told-line">
            <span>{days(range.value.start, range.value.end)}</span>
            <span>{t().found(number(items.length), items.length)}</span>
            <AsOf time={listing.page?.asOf} />
          </p>
          <ol class="hits" aria-busy={listing.asking}>
            {items.map((each) => <Hit key={each.call!.call!.callId} found={each} />)}
          </ol>
          <Ending listing={listing} />
        </>
      )}
      {asked && listing.page && items.length === 0 && !listing.asking && !listing.refusal && (
        <Empty>
          <p>{t().nothing(asked)}</p>
          <p class="small">{t().widen}</p>
        </Empty>
      )}
    </>
  );
}

function Box({ asked }: { asked: string }) {
  const [typed, setTyped] = useState(asked);
  useEffect(() => setTyped(asked), [asked]);
  function find(event: SubmitEvent): void {
    event.preventDefault();
    go(withQuery({ q: typed.trim() }));
  }
  return (
    <form class="search-box" role="search" onSubmit={find}>
      <label>
        <Icon of={Search} size={20} />
        <span class="visually-hidden">{t().query}</span>
        <input
          type="search"
          name="q"
          value={typed}
          maxLength={256}
          placeholder={t().placeholder}
          aria-describedby="search-syntax"
          autofocus
          onInput={(event) => setTyped(event.currentTarget.value)}
        />
      </label>
      <button type="submit" class="button primary">{t().find}</button>
      <p id="search-syntax" class="soft small">{t().syntax}</p>
    </form>
  );
}

function Hit({ found }: { found: FoundCall }) {
  const listed = found.call!;
  const call = listed.call!;
  return (
    <li class="card hit">
      <div class="hit-head">
        <DirectionIcon direction={call.direction} answered={call.answered} size={16} />
        <a href={href("calls", call.callId)}>{day(call.day)} {timeIn(call.startTime)}</a>
        <span>{call.employee || t().nobody}</span>
        <span class="soft">{call.contact}</span>
        {listed.callType && <span class="soft">{label("call_types", listed.callType)}</span>}
        {listed.score !== undefined && <span class="hit-score"><ScoreMark score={listed.score} /></span>}
      </div>
      <ul>
        {found.passages.map((each) => <Said key={each.turn} callId={call.callId} passage={each} />)}
      </ul>
      {found.morePassages > 0 && <p class="soft small">{t().morePassages(found.morePassages)}</p>}
    </li>
  );
}

function Said({ callId, passage }: { callId: string; passage: Passage }) {
  return (
    <li class="passage" data-voice={voiceOf(passage.speaker)}>
      <a class="said-at" href={`${href("calls", callId)}?t=${passage.startSeconds.toFixed(2)}`}>
        <Icon of={Play} size={12} />
        {clock(passage.startSeconds)}
      </a>
      <strong class="small">{speakerName(passage.speaker)}</strong>
      <span>
        {pieces(passage.text, passage.highlights).map((each, index) =>
          each.marked ? <mark key={index}>{each.text}</mark> : each.text,
        )}
      </span>
    </li>
  );
}
