/** The one way to take apart what is no WAV file: mediabunny with the containers that Sotto reads, loaded when it is needed. */
import type { Input } from 'mediabunny';

/** Opens a file for reading; dispose it afterwards. */
export async function openMedia(blob: Blob): Promise<Input> {
  const media = await import('mediabunny');
  const { ADTS, FLAC, MATROSKA, MP3, MP4, MPEG_TS, OGG, QTFF, WEBM } = media;
  const formats = [MP4, QTFF, WEBM, MATROSKA, OGG, FLAC, MP3, ADTS, MPEG_TS];
  return new media.Input({ source: new media.BlobSource(blob), formats });
}
