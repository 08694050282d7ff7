/** What Vite makes of an import ending in `?worker&url`: the address of a bundled script of its own. */
declare module '*?worker&url' {
  const url: string;
  // biome-ignore lint/style/noDefaultExport: Vite gives the address as the default export
  export default url;
}
