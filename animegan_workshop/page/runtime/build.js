// Bundles entry.js: runtime.min.js, and the WebAssembly beside it. `npm ci && npm run build`
import { build } from "esbuild";
import { copyFileSync } from "node:fs";

const stubbed = /tfjs-backend-wasm-threaded-simd\.(js|worker\.js)$/; // pages run one thread
const withoutThreads = {
  name: "without-threads",
  setup(work) {
    work.onLoad({ filter: stubbed }, () => ({
      contents: "export default null; export const wasmWorkerContents = '';",
    }));
    work.onResolve(
      { filter: /^(fs|path|crypto|os|util|string_decoder|perf_hooks|node-fetch|worker_threads)$/ },
      (found) => ({ path: found.path, namespace: "node" }),
    );
    work.onLoad({ filter: /.*/, namespace: "node" }, () => ({ contents: "module.exports = {};" }));
  },
};
const made = await build({
  entryPoints: ["entry.js"],
  bundle: true,
  minify: true,
  format: "iife",
  globalName: "tf",
  target: "es2020",
  legalComments: "none",
  outfile: "runtime.min.js",
  plugins: [withoutThreads],
  metafile: true,
});
const wasm = "tfjs-backend-wasm-simd.wasm";
copyFileSync(`node_modules/@tensorflow/tfjs-backend-wasm/wasm-out/${wasm}`, wasm);
const packages = Object.keys(made.metafile.inputs).map((path) =>
  path.replace(/^node_modules\/((@[^/]+\/)?[^/]+).*/, "$1"),
);
console.log([...new Set(packages)].sort().join("\n"));
