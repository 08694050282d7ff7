/** Takes files by drop anywhere on a target, by paste, and by a file dialog: one place, because their rules differ in small ways. */
import type { Scope } from '../base/scope.ts';

/** Calls `onFiles` with dropped or pasted files and `onHover` while files are held over `target`; ends with the scope. */
export function acceptFiles(
  target: EventTarget,
  scope: Scope,
  { onFiles, onHover }: { readonly onFiles: (files: File[]) => void; readonly onHover: (isOver: boolean) => void },
): void {
  let depth = 0; // dragenter and dragleave come for every child that is crossed
  const hasFiles = (event: DragEvent): boolean => event.dataTransfer?.types.includes('Files') ?? false;

  scope.listen<DragEvent>(target, 'dragenter', (event) => {
    if (!hasFiles(event)) return;
    depth += 1;
    onHover(true);
  });
  scope.listen<DragEvent>(target, 'dragleave', (event) => {
    if (!hasFiles(event)) return;
    depth = Math.max(0, depth - 1);
    if (depth === 0) onHover(false);
  });
  scope.listen<DragEvent>(target, 'dragover', (event) => {
    if (hasFiles(event)) event.preventDefault(); // else the browser opens the file
  });
  scope.listen<DragEvent>(target, 'drop', (event) => {
    depth = 0;
    onHover(false);
    if (!hasFiles(event)) return;
    event.preventDefault();
    const files = [...(event.dataTransfer?.files ?? [])];
    if (files.length > 0) onFiles(files);
  });
  scope.listen<ClipboardEvent>(target, 'paste', (event) => {
    const files = [...(event.clipboardData?.files ?? [])];
    if (files.length > 0) onFiles(files);
  });
}
