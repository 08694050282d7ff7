/** Entry of the page: defines its elements and keeps the page for the next visit. */
import { DictationCard } from './dictation-card.ts';
import { DictationPanel } from './dictation-panel.ts';
import { EvaluationView } from './evaluation-view.ts';
import { JobCard } from './job-card.ts';
import { LevelMeter } from './level-meter.ts';
import { ModelPanel } from './model-panel.ts';
import { Page } from './page.ts';
import { keepForOffline } from './offline.ts';
import { register } from './register.ts';
import { SaveAll } from './save-all.ts';
import { TranscriptView } from './transcript-view.ts';

register({
  'sotto-transcript-view': TranscriptView,
  'sotto-level-meter': LevelMeter,
  'sotto-job-card': JobCard,
  'sotto-save-all': SaveAll,
  'sotto-evaluation': EvaluationView,
  'sotto-dictation-card': DictationCard,
  'sotto-dictation-panel': DictationPanel,
  'sotto-model-panel': ModelPanel,
  'sotto-page': Page,
});

keepForOffline();
