// Icons of Lucide, drawn in the colour of the text beside them.

import type { IconNode } from "lucide";
import { h } from "preact";

export function Icon({ of, size = 18, title }: { of: IconNode; size?: number; title?: string }) {
  return (
    <svg
      width={size}
      height={size}
      viewBox="0 0 24 24"
      fill="none"
      stroke="currentColor"
      stroke-width="2"
      stroke-linecap="round"
      stroke-linejoin="round"
      role={title ? "img" : undefined}
      aria-label={title}
      aria-hidden={title ? undefined : "true"}
    >
      {of.map(([tag, attributes]) => h(tag, attributes))}
    </svg>
  );
}
