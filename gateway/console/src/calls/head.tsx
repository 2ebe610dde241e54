// Who spoke with whom and when, and what became of the call in every stage.

import { ArrowLeft, ExternalLink } from "lucide";
import type { Analysis } from "@potok/web/gen/potok/analysis/v1/analysis_pb.ts";
import { Direction } from "@potok/web/gen/potok/call_sync/v1/call_pb.ts";
import type { ListedCall } from "@potok/web/gen/potok/call_sync/v1/listed_call_pb.ts";
import { ItemState, Stage } from "@potok/web/gen/potok/status/v1/stage_pb.ts";
import type { Transcript } from "@potok/web/gen/potok/transcription/v1/transcript_pb.ts";
import { clock } from "../shell/formats.ts";
import { href } from "../shell/router.ts";
import { directionName, itemStateName, reasonName, stageName } from "../shell/words.ts";
import { Icon } from "../ui/icon.tsx";
import { AsOf } from "../ui/parts.tsx";
import { t } from "./call_texts.ts";
import { DirectionIcon } from "./direction.tsx";
import { contactQuery, lastListed } from "./filters.ts";
import { StageChip } from "./stage_chip.tsx";
import { languageName } from "./transcript.tsx";
import { whenIn } from "./when.ts";

export function CallHead({ callId, call, analysis, transcript, asOf }: {
  callId: string;
  call: ListedCall | undefined;
  analysis: Analysis | null;
  transcript: Transcript | null;
  asOf: Date | undefined;
}) {
  const told = call?.call;
  const start = told?.startTime ?? analysis?.startTime;
  const direction = told?.direction ?? analysis?.direction ?? Direction.UNKNOWN;
  const length = transcript?.durationSeconds ?? told?.durationSeconds ?? analysis?.durationSeconds;
  const language = transcript?.language || call?.language;
  return (
    <header class="call-head">
      <a class="call-back small" href={lastListed.value}>
        <Icon of={ArrowLeft} size={15} />
        {lastListed.value.startsWith(href("search")) ? t().backToSearch : t().back}
      </a>
      <div class="page-head">
        <h1>
          <DirectionIcon direction={direction} answered={told?.answered ?? true} size={24} />
          {(told?.employee ?? analysis?.employee) || t().unknownEmployee}
          {told && (
            <span class="soft">
              {" "}
              · {told.contact ? <Contact of={told.contact} masked={call.contactMasked} /> : t().unknownContact}
            </span>
          )}
        </h1>
        {told?.card?.link && /^https?:/.test(told.card.link) && (
          <a class="button small" href={told.card.link} target="_blank" rel="noopener noreferrer">
            {t().card}
            <Icon of={ExternalLink} size={15} />
          </a>
        )}
      </div>
      <p class="told-line soft">
        <span>{whenIn(start)}</span>
        <span>{directionName(direction)}</span>
        {told && !told.answered && <span>{t().missed}</span>}
        {length !== undefined && length > 0 && <span>{t().length(clock(length))}</span>}
        {language && <span>{t().language(languageName(language))}</span>}
        <span class="mono">{callId}</span>
        <AsOf time={asOf} />
      </p>
      {call && call.stages.length > 0 && (
        <div class="stage-chips">
          {call.stages.map((each) => <StageChip key={each.stage} stage={each} named />)}
        </div>
      )}
      {call && <Lacks call={call} />}
    </header>
  );
}

/** Leads to the other calls with a contact; one that is shown in part is looked for by what is shown. */
function Contact({ of: contact, masked }: { of: string; masked: boolean }) {
  const wanted = contactQuery(contact, masked);
  const title = [masked && t().masked, wanted && t().callsOfContact].filter(Boolean).join(" ");
  return wanted ? <a href={`${href("calls")}?contact=${encodeURIComponent(wanted)}`} title={title}>{contact}</a> : <span title={title}>{contact}</span>;
}

/** Of every stage that did not simply succeed: why, in plain words. */
function Lacks({ call }: { call: ListedCall }) {
  const lacking = call.stages.filter((each) => each.reason || each.message);
  if (lacking.length === 0) return null;
  return (
    <ul class="call-lacks small">
      {lacking.map((each) => (
        <li key={each.stage}>
          <strong>{stageName(each.stage)}</strong>:{" "}
          {[reasonName(each.reason), each.message].filter(Boolean).join(" — ")}
          {each.available && each.state !== ItemState.SUCCESS && <span class="soft"> ({t().older})</span>}
        </li>
      ))}
    </ul>
  );
}

/** Says that something is not there, and why: by its own stage, or by an earlier one that had nothing to hand on. */
export function WhyNot({ what, call, stage }: { what: string; call: ListedCall | undefined; stage: Stage }) {
  const until = call?.stages.filter((each) => each.stage <= stage) ?? [];
  const lacking = until.find((each) => each.state !== ItemState.SUCCESS);
  const cause = lacking ?? until.find((each) => each.reason || each.message);
  const why = cause && (reasonName(cause.reason) || cause.message || itemStateName(cause.state));
  return (
    <p class="soft">
      {what} {cause && why && t().because(stageName(cause.stage), why)}
      {call && until.at(-1)?.stage !== stage && !cause && t().because(stageName(stage), t().neverReached)}
    </p>
  );
}
