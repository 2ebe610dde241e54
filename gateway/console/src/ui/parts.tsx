// The parts that pages are made of.

import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { type Answer } from "../shell/asking.ts";
import { timeOfDay } from "../shell/formats.ts";
import { texts } from "../shell/language.ts";

/** What a colour says. */
export type Tone = "plain" | "good" | "warn" | "bad" | "busy" | "stale";

const t = texts({
  ru: {
    asOf: (time: string) => `по состоянию на ${time}`,
    again: "Повторить",
    asking: "Загрузка…",
    cancel: "Отмена",
  },
  en: {
    asOf: (time: string) => `as of ${time}`,
    again: "Try again",
    asking: "Loading…",
    cancel: "Cancel",
  },
});

export function Card({ title, aside, flush, children }: {
  title?: ComponentChildren;
  aside?: ComponentChildren;
  /** Without padding, for tables. */
  flush?: boolean;
  children: ComponentChildren;
}) {
  return (
    <section class={flush ? "card flush" : "card"}>
      {title !== undefined && (
        <header>
          <h2>{title}</h2>
          {aside}
        </header>
      )}
      {children}
    </section>
  );
}

export function Badge({ tone = "plain", children }: { tone?: Tone; children: ComponentChildren }) {
  return <span class="badge" data-tone={tone}>{children}</span>;
}

/** A bar of parts, each a share of 0 to 1 of the whole. */
export function Meter({ parts, label }: { parts: readonly { share: number; tone: Tone }[]; label: string }) {
  const done = Math.round(parts.reduce((sum, part) => sum + part.share, 0) * 100);
  return (
    <div class="meter" role="progressbar" aria-label={label} aria-valuemin={0} aria-valuemax={100} aria-valuenow={done}>
      {parts.map((part, index) => (
        <span key={index} data-tone={part.tone} style={{ width: `${part.share * 100}%` }} />
      ))}
    </div>
  );
}

export function Notice({ tone = "plain", children }: { tone?: Tone; children: ComponentChildren }) {
  return <div class="notice" data-tone={tone} role={tone === "bad" ? "alert" : "status"}>{children}</div>;
}

/** What may be wider than the page, as tables are; it can be scrolled by keyboard too. */
export function Scroll({ label, children }: { label: string; children: ComponentChildren }) {
  return <div class="scroll" role="region" aria-label={label} tabIndex={0}>{children}</div>;
}

export function Empty({ children }: { children: ComponentChildren }) {
  return <div class="empty">{children}</div>;
}

/** A refusal with what is known so far below it, or that it is still asked. */
export function Answered<Value>({ answer, children }: {
  answer: Answer<Value>;
  children: (value: Value) => ComponentChildren;
}) {
  return (
    <>
      {answer.refusal && (
        <Notice tone="bad">
          <span>{answer.refusal}</span>
          <span><button type="button" class="button small" onClick={answer.again}>{t().again}</button></span>
        </Notice>
      )}
      {answer.value !== undefined ? children(answer.value) : answer.asking && <Empty>{t().asking}</Empty>}
    </>
  );
}

/** Says when a figure was true. */
export function AsOf({ time }: { time: Date | undefined }) {
  return time ? <span class="as-of">{t().asOf(timeOfDay(time))}</span> : null;
}

export function Field({ label, children }: { label: string; children: ComponentChildren }) {
  return <label class="field"><span>{label}</span>{children}</label>;
}

/** A question that has to be answered before anything else; Escape is a no. */
export function Dialog({ title, onClose, children, actions }: {
  title: string;
  onClose: () => void;
  children: ComponentChildren;
  actions?: ComponentChildren;
}) {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    dialog.current?.showModal();
  }, []);
  return (
    <dialog ref={dialog} aria-label={title} onClose={onClose} onCancel={onClose}>
      <div class="page-head"><h2>{title}</h2></div>
      {children}
      <div class="row">
        {actions}
        <button type="button" class="button quiet" onClick={onClose}>{t().cancel}</button>
      </div>
    </dialog>
  );
}
