/** Text on the clipboard, and what to tell about it. */

/** Copies `text`; resolves to a note for its user, also when the browser says no. */
export async function copyText(text: string): Promise<string> {
  try {
    await navigator.clipboard.writeText(text);
    return 'Copied';
  } catch {
    return 'The browser did not allow copying.';
  }
}
