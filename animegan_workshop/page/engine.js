// From latent vectors to pixels: the weights out of the page, the layers, and what computes them.
const SIDE = 64; // pixels of a face, each way
const ALLOWED = 2; // levels of 255 by which two ways to compute a face may differ

// The bytes of a <script> that holds base64 of a gzip file.
async function bytesOf(id) {
  const text = atob(document.getElementById(id).textContent);
  const packed = new Uint8Array(text.length);
  for (let k = 0; k < text.length; k++) packed[k] = text.charCodeAt(k);
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

// What each of the 65,536 half-precision numbers is worth.
function halves() {
  const worth = new Float32Array(65536);
  for (let bits = 0; bits < 65536; bits++) {
    const exponent = (bits >> 10) & 31;
    const fraction = (bits & 1023) / 1024;
    const size = exponent ? 2 ** (exponent - 15) * (1 + fraction) : 2 ** -14 * fraction;
    worth[bits] = bits & 32768 ? -size : size;
  }
  return worth;
}

// Weights and biases as arrays, in the order of the layers.
function unpack(layers, small, weightBytes, numberBytes) {
  const packed = small ? new Int8Array(weightBytes.buffer) : new Uint16Array(weightBytes.buffer);
  const numbers = new Float32Array(numberBytes.buffer);
  const worth = small ? null : halves();
  let atWeight = 0;
  let atNumber = 0;
  const take = (count) => numbers.subarray(atNumber, (atNumber += count));
  for (const layer of layers) {
    layer.values = layer.weights.map((shape) => {
      const count = shape.reduce((product, size) => product * size, 1);
      if (layer.kind === "norm") return take(count);
      const columns = shape[shape.length - 1];
      const scale = small ? take(columns) : null;
      const values = new Float32Array(count);
      for (let k = 0; k < count; k++) {
        const bits = packed[atWeight + k];
        values[k] = small ? bits * scale[k % columns] : worth[bits];
      }
      atWeight += count;
      return values;
    });
    layer.offset = take(layer.bias);
  }
}

// Group norm of values (B, H, W, C), as torch has it. Few generators have it, so it is plain.
function groupNorm(values, count, layer) {
  const [gain] = layer.values;
  const channels = gain.length;
  const size = values.length / count;
  const result = new Float32Array(values.length);
  const groupOf = (at) => Math.floor(((at % channels) * layer.groups) / channels);
  for (let picture = 0; picture < count; picture++) {
    const stats = Array.from({ length: layer.groups }, () => [0, 0]);
    const each = (work) => {
      for (let at = picture * size; at < (picture + 1) * size; at++) work(at, stats[groupOf(at)]);
    };
    const share = layer.groups / size;
    each((at, group) => (group[0] += values[at] * share));
    each((at, group) => (group[1] += (values[at] - group[0]) ** 2 * share));
    each((at, [mean, variance]) => {
      const unit = (values[at] - mean) / Math.sqrt(variance + 1e-5);
      const value = unit * gain[at % channels] + layer.offset[at % channels];
      result[at] = layer.relu ? Math.max(value, 0) : value;
    });
  }
  return result;
}

// A generator on one of the library's backends: "wasm" or "webgl".
class Network {
  constructor(layers) {
    this.layers = layers.map((layer) => ({
      ...layer,
      tensors: layer.values.map((values, k) => tf.tensor(values, layer.weights[k])),
      biasTensor: tf.tensor(layer.offset, [layer.offset.length]),
    }));
  }

  step(x, layer) {
    const activation = layer.relu ? "relu" : "linear";
    const [weight] = layer.tensors;
    const bias = layer.biasTensor;
    if (layer.kind === "dense") {
      const flat = tf.reshape(x, [x.shape[0], weight.shape[0]]);
      const made = tf.matMul({ a: flat, b: weight, bias, activation });
      return tf.reshape(made, [x.shape[0], ...layer.shape]);
    }
    if (layer.kind === "norm") {
      return tf.tensor(groupNorm(x.dataSync(), x.shape[0], layer), x.shape);
    }
    const parts = layer.tensors.map((filter, k) =>
      tf.conv2d({
        x,
        filter,
        strides: 1,
        pad: [[0, 0], ...layer.pads[k], [0, 0]],
        bias,
        activation,
      }),
    );
    // the four parts hold the pixels of even and odd rows and columns: put them beside each other
    return layer.kind === "up" ? tf.depthToSpace(tf.concat(parts, 3), 2) : parts[0];
  }

  // z: latent vectors, one after another -> pixels (count, 64, 64, 4), as a canvas takes them.
  async draw(z, count = 1) {
    const x = tf.tidy(() => {
      const start = tf.tensor(z, [count, z.length / count]);
      return this.layers.reduce((reached, layer) => this.step(reached, layer), start);
    });
    const values = await x.data();
    x.dispose();
    const pixels = new Uint8ClampedArray((values.length / 3) * 4).fill(255);
    for (let k = 0, at = 0; k < values.length; k++) {
      pixels[at] = (Math.tanh(values[k]) + 1) * 127.5; // this array rounds
      at += k % 3 === 2 ? 2 : 1;
    }
    return pixels;
  }

  // Whether the face of z has these pixels, and the milliseconds that a face takes.
  async test(z, wanted) {
    const made = await this.draw(z);
    const agrees = made.every((level, k) => Math.abs(level - wanted[k]) <= ALLOWED);
    const start = performance.now();
    for (let k = 0; k < 3; k++) await this.draw(z);
    return { agrees, milliseconds: (performance.now() - start) / 3 };
  }
}
