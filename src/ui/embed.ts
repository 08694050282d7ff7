/** Entry of the script tag: defines `<sotto-transcriber>` and `<sotto-dictation>`. Loading it twice is harmless. */
import { DictationElement } from './dictation-element.ts';
import { JobCard } from './job-card.ts';
import { LevelMeter } from './level-meter.ts';
import { register } from './register.ts';
import { SaveAll } from './save-all.ts';
import { TranscriberElement } from './transcriber-element.ts';
import { TranscriptView } from './transcript-view.ts';

register({
  'sotto-transcript-view': TranscriptView,
  'sotto-level-meter': LevelMeter,
  'sotto-job-card': JobCard,
  'sotto-save-all': SaveAll,
  'sotto-transcriber': TranscriberElement,
  'sotto-dictation': DictationElement,
});
