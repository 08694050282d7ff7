/** Path of a Chromium that starts; throws when there is none and none can be installed. */
export function findChromium(): string;
