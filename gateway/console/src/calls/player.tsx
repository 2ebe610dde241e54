// The player of one call: its waveform by voices, and the controls.

import { type IconNode, Pause, Play, RotateCcw, RotateCw, Volume2, VolumeX } from "lucide";
import { clock, number } from "../shell/formats.ts";
import { Icon } from "../ui/icon.tsx";
import { Notice } from "../ui/parts.tsx";
import { t } from "./call_texts.ts";
import { useReading } from "./reading.ts";
import { muted, speed, SPEEDS, STEP, volume } from "./sound.ts";

export function Controls({ length }: { length: number }) {
  const { sound } = useReading();
  const playing = sound.playing.value;
  return (
    <div class="player-controls">
      <Step by={-STEP} name={t().back5} icon={RotateCcw} />
      <button
        type="button"
        class="play-button"
        aria-label={playing ? t().pause : t().play}
        title={playing ? t().pause : t().play}
        aria-busy={sound.waiting.value}
        onClick={sound.toggle}
      >
        <Icon of={playing ? Pause : Play} size={22} />
      </button>
      <Step by={STEP} name={t().forward5} icon={RotateCw} />
      <Time length={length} />
      <div class="player-speeds" role="group" aria-label={t().speed}>
        {SPEEDS.map((each) => (
          <button key={each} type="button" aria-pressed={speed.value === each} onClick={() => (speed.value = each)}>
            {number(each, 2)}×
          </button>
        ))}
      </div>
      <div class="player-volume">
        <button
          type="button"
          class="player-button"
          aria-label={muted.value ? t().unmute : t().mute}
          title={muted.value ? t().unmute : t().mute}
          onClick={() => (muted.value = !muted.value)}
        >
          <Icon of={muted.value ? VolumeX : Volume2} />
        </button>
        <input
          type="range"
          min="0"
          max="1"
          step="0.05"
          value={muted.value ? 0 : volume.value}
          aria-label={t().volume}
          onInput={(event) => {
            volume.value = event.currentTarget.valueAsNumber;
            muted.value = false;
          }}
        />
      </div>
      {sound.problem.value && (
        <Notice tone="bad">
          {t().cannotPlay} {sound.problem.value}
        </Notice>
      )}
    </div>
  );
}

function Step({ by, name, icon }: { by: number; name: string; icon: IconNode }) {
  const { sound } = useReading();
  return (
    <button type="button" class="player-button" aria-label={name} title={name} onClick={() => sound.step(by)}>
      <Icon of={icon} />
    </button>
  );
}

function Time({ length }: { length: number }) {
  const { sound } = useReading();
  return (
    <span class="player-time">
      {clock(sound.time.value)} <span class="soft">/ {clock(length)}</span>
    </span>
  );
}
