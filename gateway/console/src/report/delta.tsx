// How much something rose or fell, by a sign and a colour.

import { number } from "../shell/formats.ts";
import { Badge } from "../ui/parts.tsx";

/** `scale` turns the value into what is shown: 100 makes per cent of a share. */
export function Delta({ value, scale = 1, unit = "" }: { value: number; scale?: number; unit?: string }) {
  const shown = Math.round(value * scale * 10) / 10;
  if (shown === 0) return <Badge>±0{unit}</Badge>;
  return (
    <Badge tone={shown > 0 ? "good" : "bad"}>
      {shown > 0 ? "▲ +" : "▼ −"}{number(Math.abs(shown), 1)}{unit}
    </Badge>
  );
}
