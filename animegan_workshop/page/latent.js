// Latent vectors: the notebooks' random numbers, the way between two of them, and as text.
"use strict";

// Numbers from N(0, 1): those that torch.randn gives on a CPU for this seed, so that a seed is the
// same face here and in notebook 06. A Mersenne Twister, then Box and Muller in groups of 16.
function sampleLatent(zDim, seed) {
  const state = new Uint32Array(624);
  state[0] = seed;
  for (let k = 1; k < 624; k++) {
    state[k] = Math.imul(1812433253, state[k - 1] ^ (state[k - 1] >>> 30)) + k;
  }
  let at = 624;
  const uniform = () => {
    if (at === 624) {
      at = 0;
      for (let k = 0; k < 624; k++) {
        const mixed = (state[k] & 0x80000000) | (state[(k + 1) % 624] & 0x7fffffff);
        state[k] = state[(k + 397) % 624] ^ (mixed >>> 1) ^ (mixed & 1 ? 0x9908b0df : 0);
      }
    }
    let bits = state[at++];
    bits ^= bits >>> 11;
    bits ^= (bits << 7) & 0x9d2c5680;
    bits ^= (bits << 15) & 0xefc60000;
    bits ^= bits >>> 18;
    return (bits & 0xffffff) / 0x1000000;
  };
  const numbers = Float32Array.from({ length: Math.ceil(zDim / 16) * 16 }, uniform);
  for (let group = 0; group < numbers.length; group += 16) {
    for (let k = group; k < group + 8; k++) {
      const radius = Math.sqrt(-2 * Math.log(1 - numbers[k]));
      const angle = 2 * Math.PI * numbers[k + 8];
      numbers[k] = radius * Math.cos(angle);
      numbers[k + 8] = radius * Math.sin(angle);
    }
  }
  return numbers.slice(0, zDim);
}

const dot = (a, b) => a.reduce((sum, value, k) => sum + value * b[k], 0);
const length = (z) => Math.sqrt(dot(z, z));
const moved = (z, direction, far) => z.map((value, k) => value + far * direction[k]);

// z at another length; the zero vector has no direction, and stays.
function scaled(z, wanted) {
  const factor = wanted / (length(z) || 1);
  return z.map((value) => value * factor);
}

// The point at `share` of the arc from one vector to another, as in notebook 06.
function slerp(start, end, share) {
  const from = scaled(start, 1);
  const to = scaled(end, 1);
  const angle = Math.acos(Math.min(1, Math.max(-1, dot(from, to))));
  if (Math.sin(angle) < 1e-3) return start.map((value, k) => value + share * (end[k] - value));
  const parts = [Math.sin((1 - share) * angle), Math.sin(share * angle)];
  const far = (1 - share) * length(start) + share * length(end);
  return from.map((value, k) => ((parts[0] * value + parts[1] * to[k]) / Math.sin(angle)) * far);
}

// z in letters that an address may hold: two bytes a number, in steps of 1/2048.
function toText(z) {
  const whole = Int16Array.from(z, (value) => Math.max(-32768, Math.min(32767, value * 2048)));
  const letters = String.fromCharCode(...new Uint8Array(whole.buffer));
  return btoa(letters).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

// The inverse; null where the text is no z of this length.
function fromText(text, zDim) {
  try {
    const letters = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
    const bytes = Uint8Array.from(letters, (letter) => letter.charCodeAt(0));
    return bytes.length === 2 * zDim
      ? Float32Array.from(new Int16Array(bytes.buffer), (value) => value / 2048)
      : null;
  } catch {
    return null;
  }
}
