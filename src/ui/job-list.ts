/** The recordings of a queue, newest first, each in a card of its own. */
import { type TemplateResult, html } from 'lit';
import type { JobQueue } from './job-queue.ts';

/** Cards for all jobs; their buttons act on the queue. */
export function jobList(queue: JobQueue): TemplateResult {
  return html`<div
    class="jobs"
    @job-cancel=${(event: CustomEvent<number>) => queue.cancel(event.detail)}
    @job-retry=${(event: CustomEvent<number>) => queue.retry(event.detail)}
    @job-remove=${(event: CustomEvent<number>) => queue.remove(event.detail)}
  >
    ${[...queue.jobs].reverse().map((job) => html`<sotto-job-card .job=${job} data-job=${job.id}></sotto-job-card>`)}
  </div>`;
}
