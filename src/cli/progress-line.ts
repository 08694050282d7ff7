/** One line on a terminal that says how far a long run is: files done, speed, time left. Silent where stderr is no terminal. */
import type { Output } from './command.ts';

export class ProgressLine {
  readonly #total: number;
  readonly #output: Output | undefined;
  readonly #startedAt = performance.now();
  #done = 0;
  #audioSeconds = 0;

  /** @param output absent: nothing is written */
  constructor(total: number, output: Output | undefined) {
    this.#total = total;
    this.#output = process.stderr.isTTY ? output : undefined;
  }

  /** One more recording of so many seconds is done. */
  advance(audioSeconds: number): void {
    this.#done += 1;
    this.#audioSeconds += audioSeconds;
    const seconds = (performance.now() - this.#startedAt) / 1000;
    const left = (seconds / this.#done) * (this.#total - this.#done);
    const speed = this.#audioSeconds / seconds;
    this.#output?.err(
      `\r\u001b[K${this.#done} of ${this.#total} files, ${speed.toFixed(1)}x real time, ${clock(left)} left`,
    );
  }

  /** Clears the line. */
  end(): void {
    this.#output?.err('\r\u001b[K');
  }
}

function clock(seconds: number): string {
  const whole = Math.round(seconds);
  const parts = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  return parts.map((part) => String(part).padStart(2, '0')).join(':');
}
