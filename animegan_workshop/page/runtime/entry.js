// The part of TensorFlow.js that a page needs, as one object. build.js bundles it.
import { engine, env, registerBackend, registerKernel } from "@tensorflow/tfjs-core/dist/base";
import { concat } from "@tensorflow/tfjs-core/dist/ops/concat";
import { depthToSpace } from "@tensorflow/tfjs-core/dist/ops/depth_to_space";
import { conv2d } from "@tensorflow/tfjs-core/dist/ops/fused/conv2d";
import { matMul } from "@tensorflow/tfjs-core/dist/ops/fused/mat_mul";
import { reshape } from "@tensorflow/tfjs-core/dist/ops/reshape";
import { slice } from "@tensorflow/tfjs-core/dist/ops/slice";
import { tensor } from "@tensorflow/tfjs-core/dist/ops/tensor";
import { BackendWasm } from "@tensorflow/tfjs-backend-wasm/dist/backend_wasm";
import wasmFactory from "@tensorflow/tfjs-backend-wasm/wasm-out/tfjs-backend-wasm.js";
import { concatConfig as wasmConcat } from "@tensorflow/tfjs-backend-wasm/dist/kernels/Concat";
import { depthToSpaceConfig as wasmDepthToSpace } from "@tensorflow/tfjs-backend-wasm/dist/kernels/DepthToSpace";
import { fusedConv2DConfig as wasmConv2D } from "@tensorflow/tfjs-backend-wasm/dist/kernels/FusedConv2D";
import { _fusedMatMulConfig as wasmMatMul } from "@tensorflow/tfjs-backend-wasm/dist/kernels/_FusedMatMul";
import { reshapeConfig as wasmReshape } from "@tensorflow/tfjs-backend-wasm/dist/kernels/Reshape";
import { sliceConfig as wasmSlice } from "@tensorflow/tfjs-backend-wasm/dist/kernels/Slice";
import "@tensorflow/tfjs-backend-webgl/dist/base";
import { concatConfig as glConcat } from "@tensorflow/tfjs-backend-webgl/dist/kernels/Concat";
import { depthToSpaceConfig as glDepthToSpace } from "@tensorflow/tfjs-backend-webgl/dist/kernels/DepthToSpace";
import { fusedConv2DConfig as glConv2D } from "@tensorflow/tfjs-backend-webgl/dist/kernels/FusedConv2D";
import { _fusedMatMulConfig as glMatMul } from "@tensorflow/tfjs-backend-webgl/dist/kernels/_FusedMatMul";
import { reshapeConfig as glReshape } from "@tensorflow/tfjs-backend-webgl/dist/kernels/Reshape";
import { sliceConfig as glSlice } from "@tensorflow/tfjs-backend-webgl/dist/kernels/Slice";

[wasmConcat, wasmDepthToSpace, wasmConv2D, wasmMatMul, wasmReshape, wasmSlice].forEach(
  registerKernel,
);
[glConcat, glDepthToSpace, glConv2D, glMatMul, glReshape, glSlice].forEach(registerKernel);

// The library would fetch its .wasm from an address; a page has the bytes.
async function addWasm(wasmBinary) {
  const wasm = await wasmFactory({ wasmBinary });
  const number = "number";
  wasm.tfjs = {
    init: wasm.cwrap("init", null, []),
    initWithThreadsCount: wasm.cwrap("init_with_threads_count", null, [number]),
    getThreadsCount: wasm.cwrap("get_threads_count", number, []),
    registerTensor: wasm.cwrap("register_tensor", null, [number, number, number]),
    disposeData: wasm.cwrap("dispose_data", null, [number]),
    dispose: wasm.cwrap("dispose", null, []),
  };
  registerBackend("wasm", () => new BackendWasm(wasm), 1);
}

const setBackend = (name) => engine().setBackend(name);
const tidy = (run) => engine().tidy(run);
export {
  addWasm,
  concat,
  conv2d,
  depthToSpace,
  env,
  matMul,
  reshape,
  setBackend,
  slice,
  tensor,
  tidy,
};
