// The parts that forms are made of.

import type { ComponentChildren, TargetedSubmitEvent } from "preact";
import { useId } from "preact/hooks";

/** What binds a control to its label, help and refusal. */
export interface Bound {
  id: string;
  "aria-describedby": string | undefined;
  "aria-invalid": "true" | undefined;
}

/** A control with its label, what it is for, and what was refused of it. */
export function Control({ label, help, refusal, children }: {
  label: string;
  help?: ComponentChildren;
  refusal?: string | undefined;
  children: (bound: Bound) => ComponentChildren;
}) {
  const id = useId();
  const described = [help !== undefined && `${id}-help`, refusal && `${id}-refusal`].filter(Boolean).join(" ");
  return (
    <div class="control" data-refused={refusal ? "" : undefined}>
      <label for={id}>{label}</label>
      {children({ id, "aria-describedby": described || undefined, "aria-invalid": refusal ? "true" : undefined })}
      {refusal && <p class="refusal" id={`${id}-refusal`} role="alert">{refusal}</p>}
      {help !== undefined && <p class="help" id={`${id}-help`}>{help}</p>}
    </div>
  );
}

/** A choice of a few, all of them seen: one of them is on. */
export function Choice<Value extends string>({ label, options, value, onChoose }: {
  label: string;
  options: readonly { value: Value; label: string; count?: string }[];
  value: Value;
  onChoose: (value: Value) => void;
}) {
  return (
    <div class="choice" role="group" aria-label={label}>
      {options.map((each) => (
        <button
          key={each.value}
          type="button"
          aria-pressed={each.value === value}
          onClick={() => onChoose(each.value)}
        >
          {each.label}
          {each.count !== undefined && <span class="soft"> {each.count}</span>}
        </button>
      ))}
    </div>
  );
}

/** Calls `act` in place of sending the form. */
export function onSubmit(act: (form: HTMLFormElement) => void): (event: TargetedSubmitEvent<HTMLFormElement>) => void {
  return (event) => {
    event.preventDefault();
    act(event.currentTarget);
  };
}
