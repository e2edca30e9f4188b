/** Times as people read them; a clock that views may follow. */
import { signal } from "@preact/signals";

/** Moves every ten seconds, so that ages stay true. */
export const now = signal(Date.now());
setInterval(() => {
  if (!document.hidden) now.value = Date.now();
}, 10_000);

const STEPS: [number, string][] = [
  [86_400, "d"],
  [3600, "h"],
  [60, "m"],
];

/** "12s", "5m", "3h", "9d", as kubectl prints ages. */
export function age(iso: string, at: number): string {
  const seconds = Math.max(0, Math.round((at - Date.parse(iso)) / 1000));
  if (Number.isNaN(seconds)) return "–";
  for (const [size, unit] of STEPS) {
    if (seconds >= 2 * size || (unit === "d" && seconds >= size)) return `${Math.floor(seconds / size)}${unit}`;
  }
  return `${seconds}s`;
}

const full = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "medium" });
export function exact(iso: string): string {
  const time = new Date(iso);
  return Number.isNaN(time.getTime()) ? iso : full.format(time);
}

/** "0.4 ms", "35 ms", "1.2 s". */
export function duration(ms: number): string {
  if (ms >= 1000) return `${(ms / 1000).toFixed(ms >= 10_000 ? 0 : 1)} s`;
  return `${ms < 10 ? ms.toFixed(1) : Math.round(ms)} ms`;
}

/** "12:03:04.123" of an ISO time, in the reader's zone. */
export function clock(iso: string): string {
  const time = new Date(iso);
  if (Number.isNaN(time.getTime())) return iso;
  const two = (n: number) => String(n).padStart(2, "0");
  return `${two(time.getHours())}:${two(time.getMinutes())}:${two(time.getSeconds())}.${String(time.getMilliseconds()).padStart(3, "0")}`;
}

export function bytes(count: number): string {
  if (count >= 1024 * 1024) return `${(count / 1024 / 1024).toFixed(1)} MiB`;
  return count >= 1024 ? `${(count / 1024).toFixed(0)} KiB` : `${count} B`;
}
