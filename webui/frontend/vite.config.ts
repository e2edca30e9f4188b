import { defineConfig } from "vite";

// Where the API is while developing the page alone (`npm run dev`).
const api = process.env["CHAKRATOR_URL"] ?? "http://127.0.0.1:3000";

export default defineConfig({
  // Preact through the compiler's automatic runtime; signals need no transform of their own.
  oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
  server: {
    host: "127.0.0.1",
    proxy: { "/api": api, "/socket.io": { target: api, ws: true } },
  },
  build: {
    outDir: process.env["PAGE_OUT"] ?? "../static",
    emptyOutDir: true,
    target: ["chrome123", "firefox128", "safari18"],
    // No data: URIs for assets: the content security policy then needs none for scripts, fonts or styles.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    manifest: true,
    license: { fileName: "licenses.md" },
    // Monaco is one piece by nature; scripts/budget.mjs is the check that counts.
    chunkSizeWarningLimit: 4096,
  },
  worker: { format: "es" },
});
