// What was said, by whom, following the sound.

import { effect } from "@preact/signals";
import { ArrowDown } from "lucide";
import { Fragment } from "preact";
import { memo } from "preact/compat";
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import type { Segment, Transcript } from "@potok/web/gen/potok/transcription/v1/transcript_pb.ts";
import { clock, share } from "../shell/formats.ts";
import { language } from "../shell/language.ts";
import { speakerName } from "../shell/words.ts";
import { Icon } from "../ui/icon.tsx";
import { Notice } from "../ui/parts.tsx";
import { t } from "./call_texts.ts";
import { heardAt, lastBegun } from "./follow.ts";
import type { Rest } from "./marks.ts";
import { isUnsure, SURE, useReading, voiceOf } from "./reading.ts";
import { intoView } from "./scrolling.ts";

/** The name of a language, in the language that is shown. */
export function languageName(code: string): string {
  return new Intl.DisplayNames([language.value], { type: "language", fallback: "code" }).of(code) ?? code;
}

export function TranscriptText({ transcript, marked }: { transcript: Transcript; marked: readonly Rest[] }) {
  const { sound } = useReading();
  const region = useRef<HTMLDivElement>(null);
  const [following, setFollowing] = useState(true);
  const follows = useRef(following);
  follows.current = following;
  const { segments } = transcript;

  // Straight on the elements: drawing hundreds of turns anew for each word would be too slow.
  useEffect(() => {
    let [turn, word]: (Element | undefined)[] = [];
    let jumps = sound.jumps.peek();
    return effect(() => {
      const at = sound.time.value;
      const index = lastBegun(segments, at);
      const nextTurn = region.current?.children[index] ?? undefined;
      const spoken = segments[index] ? heardAt(segments[index].words, at) : -1;
      const nextWord = nextTurn?.querySelector(".turn-text")?.children[spoken] ?? undefined;
      if (nextTurn !== turn) {
        turn?.removeAttribute("data-current");
        nextTurn?.setAttribute("data-current", "");
        turn = nextTurn;
      }
      const jumped = jumps !== sound.jumps.value;
      jumps = sound.jumps.value;
      if (jumped) setFollowing(true);
      if (nextWord === word && !jumped) return;
      word?.removeAttribute("data-current");
      nextWord?.setAttribute("data-current", "");
      word = nextWord;
      const target = nextWord ?? nextTurn;
      const wanted = jumped || (follows.current && sound.playing.peek());
      if (region.current && target && wanted) intoView(region.current, target);
    });
  }, [sound, segments]);

  function onKeyDown(event: KeyboardEvent): void {
    if (["ArrowUp", "ArrowDown", "PageUp", "PageDown"].includes(event.key)) setFollowing(false);
  }

  function onPointerDown(event: PointerEvent): void {
    if (event.target === region.current) setFollowing(false); // its scroll bar
  }

  function followAgain(): void {
    setFollowing(true);
    const turn = region.current?.children[lastBegun(segments, sound.time.peek())];
    if (region.current && turn) intoView(region.current, turn);
  }

  function onClick(event: MouseEvent): void {
    const place = event.target as Element;
    const turn = segments[placeOf(place.closest(".turn"))];
    const spoken = place.parentElement?.matches(".turn-text") && !window.getSelection()?.toString();
    if (turn && spoken) sound.seek((turn.words[placeOf(place)] ?? turn).startSeconds);
    else if (turn && place.matches(".turn-time")) sound.seek(turn.startSeconds);
  }

  const unsure = useMemo(
    () => segments.flatMap((each) => each.words).filter((word) => isUnsure(word.probability)).length,
    [segments],
  );
  return (
    <div class="transcript">
      <Doubts transcript={transcript} />
      {segments.length === 0 && <p class="soft">{t().noTurns}</p>}
      <div
        class="turns"
        ref={region}
        tabIndex={0}
        role="region"
        aria-label={t().transcript}
        onWheel={() => setFollowing(false)}
        onTouchMove={() => setFollowing(false)}
        onKeyDown={onKeyDown}
        onPointerDown={onPointerDown}
        onClick={onClick}
      >
        {segments.map((segment, index) => (
          <Turn
            key={index}
            segment={segment}
            continued={segments[index - 1]?.speaker === segment.speaker}
            marked={marked}
          />
        ))}
      </div>
      {!following && (
        <button type="button" class="button small primary follow-again" onClick={followAgain}>
          <Icon of={ArrowDown} size={15} />
          {t().follow}
        </button>
      )}
      {(unsure > 0 || marked.length > 0) && (
        <p class="turns-legend soft small">
          {unsure > 0 && <span>{t().unsure(share(SURE), unsure)} </span>}
          {marked.length > 0 && <span>{t().evidenceWords}</span>}
        </p>
      )}
    </div>
  );
}

/** Where an element stands among its like; words carry nothing of their own, since there are thousands. */
function placeOf(element: Element | null): number {
  return element?.parentElement ? Array.prototype.indexOf.call(element.parentElement.children, element) : -1;
}

const Turn = memo(function Turn({ segment, continued, marked }: {
  segment: Segment;
  continued: boolean;
  marked: readonly Rest[];
}) {
  const { employee } = useReading();
  const voice = voiceOf(segment.speaker);
  const name = (voice === "operator" && employee) || speakerName(segment.speaker);
  const here = marked.filter((each) => each.start < segment.endSeconds && each.end > segment.startSeconds);
  return (
    <div class="turn" data-voice={voice}>
      <button type="button" class="turn-time" aria-label={t().turnAt(clock(segment.startSeconds))}>
        {clock(segment.startSeconds)}
      </button>
      <span class={continued ? "visually-hidden" : "turn-name"}>{name}</span>
      <p class="turn-text" lang={segment.language || undefined}>
        {segment.words.length === 0 ? (
          <span>{segment.text}</span>
        ) : (
          segment.words.map((word, index) => {
            const middle = (word.startSeconds + word.endSeconds) / 2;
            const rests = here.filter((each) => each.start <= middle && middle <= each.end);
            const marked = rests.length > 0;
            const spaced = word.text.startsWith(" ");
            const unsure = isUnsure(word.probability);
            return (
              <Fragment key={index}>
                {spaced && " "}
                <span
                  class={marked ? "turn-rests" : undefined}
                  data-spaced={(marked && spaced) || undefined}
                  data-unsure={unsure || undefined}
                  title={titleOf(rests, unsure ? t().unsureWord(share(word.probability)) : "")}
                >
                  {word.text.trimStart()}
                </span>
              </Fragment>
            );
          })
        )}
      </p>
    </div>
  );
});

/** Says what rests on a word, and how surely it was heard; nothing where there is nothing to say. */
function titleOf(rests: readonly Rest[], unsure: string): string | undefined {
  return [rests.map((each) => each.label).join(", "), unsure].filter(Boolean).join(" · ") || undefined;
}

/** What has to be known before the words are believed. */
function Doubts({ transcript }: { transcript: Transcript }) {
  const unsure = [...new Set(transcript.languages.filter((each) => each.unsure).map((each) => each.language))];
  return (
    <>
      {transcript.speakersGuessed && <Notice>{t().guessed}</Notice>}
      {unsure.length > 0 && <Notice tone="warn">{t().unsureLanguage(unsure.map(languageName).join(", "))}</Notice>}
      {transcript.toldSeconds > 0 && (
        <Notice tone="warn">{t().cut(clock(transcript.durationSeconds), clock(transcript.toldSeconds))}</Notice>
      )}
    </>
  );
}
