import { defineConfig } from "vite";

// The build empties dist; public/.keep puts back the file that git keeps there for go:embed.
// The daemon serves what is built from its own origin, under a policy that allows no inline script or style.
export default defineConfig({
	esbuild: { jsx: "automatic", jsxImportSource: "preact" },
	build: {
		target: "es2022",
		assetsInlineLimit: 0,
		modulePreload: { polyfill: false },
		reportCompressedSize: true,
	},
	server: { proxy: { "/api": "http://127.0.0.1:5001" } },
});
