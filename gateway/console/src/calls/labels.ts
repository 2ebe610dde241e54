// The words of playbooks as they stand at the beginning of a line.

import { type LabelKind, labelTitle, skillTitle } from "../shell/labels.ts";

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

export function label(kind: LabelKind, word: string): string {
  return capital(labelTitle(kind, word));
}

export function skill(word: string): string {
  return capital(skillTitle(word));
}
