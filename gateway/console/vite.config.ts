// How the console is built: files that the gateway serves at /console/, without a line of inline script or style.

import { defineConfig } from "vite";

const GATEWAY = process.env.POTOK_GATEWAY_URL ?? "http://localhost:8000";

export default defineConfig({
  base: "./",
  build: {
    target: "es2023",
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
  },
  // `vite` alone serves the sources while they are worked on, and hands calls on to a gateway that runs.
  server: {
    proxy: Object.fromEntries(
      ["/api", "^/potok\\."].map((path) => [path, { target: GATEWAY, changeOrigin: true, headers: { origin: GATEWAY } }]),
    ),
  },
});
