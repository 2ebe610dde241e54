// The moments of a call that its judgement rests on.

import type { Analysis, Evidence } from "@potok/web/gen/potok/analysis/v1/analysis_pb.ts";
import type { Transcript } from "@potok/web/gen/potok/transcription/v1/transcript_pb.ts";
import { t } from "./call_texts.ts";
import { label, skill } from "./labels.ts";
import { secondOfQuote } from "./reading.ts";

export interface Rest {
  start: number;
  end: number;
  label: string;
}

type Named = [string, Evidence | undefined];

/** Returns every moment that something rests on, by time; what rests on the same words is one. */
export function restsOf(analysis: Analysis | null, transcript: Transcript | null): Rest[] {
  if (!analysis) return [];
  const named: Named[] = [
    [label("call_types", analysis.callType), analysis.callTypeQuote],
    [label("outcomes", analysis.outcome), analysis.outcomeQuote],
    [label("sentiments", analysis.sentiment), analysis.sentimentQuote],
    ...analysis.checklist.map((each): Named => [label("checklist", each.item), each.quote]),
    ...analysis.objections.map((each): Named => [label("objections", each.kind), each.quote]),
    ...analysis.agreements.map((each): Named => [t().agreement, each.quote]),
    ...analysis.clientFacts.map((each): Named => [label("client_facts", each.kind), each.quote]),
    ...analysis.recommendations.map((each): Named => [skill(each.skill), each.quote]),
  ];
  const byMoment = new Map<string, Rest>();
  for (const [name, quote] of named) {
    const second = quote && secondOfQuote(quote, transcript);
    if (!quote || second === undefined) continue;
    const end = quote.endSeconds || (transcript?.segments[quote.turn]?.endSeconds ?? second);
    const key = `${second} ${end}`;
    const known = byMoment.get(key);
    if (!known) byMoment.set(key, { start: second, end, label: name });
    else if (!known.label.split(", ").includes(name)) known.label += `, ${name}`;
  }
  return [...byMoment.values()].sort((one, other) => one.start - other.start);
}
