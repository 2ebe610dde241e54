// Which side placed a call, and whether it was answered.

import { Phone, PhoneIncoming, PhoneMissed, PhoneOutgoing } from "lucide";
import { Direction } from "@potok/web/gen/potok/call_sync/v1/call_pb.ts";
import { texts } from "../shell/language.ts";
import { directionName } from "../shell/words.ts";
import { Icon } from "../ui/icon.tsx";

const t = texts({
  ru: { missed: "не отвечен" },
  en: { missed: "missed" },
});

const ICONS = {
  [Direction.UNSPECIFIED]: Phone,
  [Direction.INCOMING]: PhoneIncoming,
  [Direction.OUTGOING]: PhoneOutgoing,
  [Direction.UNKNOWN]: Phone,
};

export function DirectionIcon({ direction, answered, size }: {
  direction: Direction;
  answered: boolean;
  size?: number;
}) {
  const name = answered ? directionName(direction) : `${directionName(direction)}, ${t().missed}`;
  return (
    <span class="call-direction" data-missed={!answered || undefined} title={name}>
      <Icon of={answered ? ICONS[direction] : PhoneMissed} size={size} title={name} />
    </span>
  );
}
