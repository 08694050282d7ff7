/** The recordings of a queue, each in a card of its own: what was added last comes first, in the order it was added in. */
import { type TemplateResult, html } from 'lit';
import { repeat } from 'lit/directives/repeat.js';
import type { Job, JobQueue } from './job-queue.ts';

/** What a page around an element may style in the cards. */
const PARTS = 'row, status, progress, player, settled, draft, error';

/** Cards for all jobs; their buttons act on the queue. */
export function jobList(queue: JobQueue): TemplateResult {
  return html`<div
    class="cards"
    @job-cancel=${(event: CustomEvent<number>) => queue.cancel(event.detail)}
    @job-retry=${(event: CustomEvent<number>) => queue.retry(event.detail)}
    @job-remove=${(event: CustomEvent<number>) => queue.remove(event.detail)}
  >
    ${repeat(
      [...queue.jobs].sort(byBatch),
      ({ id }) => id,
      (job) => html`<sotto-job-card .job=${job} data-job=${job.id} exportparts=${PARTS}></sotto-job-card>`,
    )}
  </div>`;
}

function byBatch(a: Job, b: Job): number {
  return b.batch - a.batch || a.id - b.id;
}
