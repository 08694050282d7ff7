/** Numbers as people read them: sizes, times, speeds. Always English and decimal, like the rest of the page. */

/** `459 MB`, `2.5 GB`, `840 kB`: decimal units, as browsers and the hub show them. */
export function formatBytes(bytes: number): string {
  if (bytes >= 1e9) return `${(bytes / 1e9).toFixed(1)} GB`;
  if (bytes >= 1e6) return `${Math.round(bytes / 1e6)} MB`;
  if (bytes >= 1e3) return `${Math.round(bytes / 1e3)} kB`;
  return `${bytes} B`;
}

/** `0:07`, `12:40`, `1:02:09` from seconds. */
export function formatClock(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds));
  const two = (value: number): string => String(value).padStart(2, '0');
  const [hours, minutes, rest] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  return hours > 0 ? `${hours}:${two(minutes)}:${two(rest)}` : `${minutes}:${two(rest)}`;
}

/** `about 5 min left`: rounded, because an estimate to the second is a lie. */
export function formatRemaining(seconds: number): string {
  if (seconds < 5) return 'a few seconds left';
  if (seconds < 55) return `about ${Math.ceil(seconds / 5) * 5} s left`;
  if (seconds < 3570) return `about ${Math.max(1, Math.round(seconds / 60))} min left`;
  return `about ${(seconds / 3600).toFixed(1)} h left`;
}

/** `12× real time`, or `0.6×` or `0.03× real time` when the device cannot keep up. */
export function formatSpeed(timesRealTime: number): string {
  return `${timesRealTime >= 10 ? Math.round(timesRealTime) : timesRealTime.toFixed(timesRealTime < 0.1 ? 2 : 1)}× real time`;
}

/** `14 M`, `0.6 B`: parameters of a model. */
export function formatParameters(count: number): string {
  if (count >= 500e6) return `${(count / 1e9).toFixed(1)} B`;
  return count >= 10e6 ? `${Math.round(count / 1e6)} M` : `${(count / 1e6).toFixed(1)} M`;
}
