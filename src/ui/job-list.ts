/** The recordings of a queue, each in a card of its own: what was added last comes first, in the order it was added in. */
import { type TemplateResult, html, nothing } from 'lit';
import { repeat } from 'lit/directives/repeat.js';
import type { Job, JobQueue } from './job-queue.ts';
import { doneJobs } from './save-all.ts';

/** What a page around an element may style in the cards. */
const PARTS = 'row, status, progress, player, settled, draft, error';

/** Cards for all jobs, and one for their transcripts together; their buttons act on the queue. */
export function jobList(queue: JobQueue): TemplateResult {
  const jobs = [...queue.jobs].sort(byBatch);
  const done = doneJobs(jobs);
  return html`<div
    class="cards"
    @job-cancel=${(event: CustomEvent<number>) => queue.cancel(event.detail)}
    @job-retry=${(event: CustomEvent<number>) => queue.retry(event.detail)}
    @job-remove=${(event: CustomEvent<number>) => queue.remove(event.detail)}
  >
    ${done.length > 1 ? html`<sotto-save-all .jobs=${done}></sotto-save-all>` : nothing}
    ${repeat(
      jobs,
      ({ id }) => id,
      (job) => html`<sotto-job-card .job=${job} data-job=${job.id} exportparts=${PARTS}></sotto-job-card>`,
    )}
  </div>`;
}

function byBatch(a: Job, b: Job): number {
  return b.batch - a.batch || a.id - b.id;
}
