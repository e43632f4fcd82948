// The page's state and its controls. A face is a latent vector `base`, moved along the directions.
const byId = (id) => document.getElementById(id);
const about = JSON.parse(byId("about").textContent);
const REACH = 5; // how far a slider goes along a direction, either way, as in notebook 06
const names = Object.keys(about.directions);
const still = () => Object.fromEntries(names.map((name) => [name, 0]));
const firstFace = sampleLatent(about.zDim, about.seed);
const state = { base: firstFace, name: `seed ${about.seed}`, moves: still() };
const past = []; // earlier states, for undo
const kept = []; // favourites: { z: text, name }
const chosen = { kept: -1, from: 0, to: 1 }; // the favourite that is marked in each strip
const jobs = new Map(); // canvas -> z: small faces that wait to be drawn
let network = null; // what draws now
let stale = false; // the large face is not that of the state
let busy = false; // something is being drawn
let settled = false; // it is decided what draws

// z, moved as the sliders stand; sign -1 takes that away.
function withMoves(z, sign = 1) {
  const along = (reached, name) => moved(reached, about.directions[name], sign * state.moves[name]);
  return names.reduce(along, z);
}
const current = () => withMoves(state.base);

function make(tag, properties, ...children) {
  const made = Object.assign(document.createElement(tag), properties);
  made.append(...children);
  return made;
}

// ---- drawing

function put(canvas, pixels) {
  canvas.getContext("2d").putImageData(new ImageData(pixels, SIDE, SIDE), 0, 0);
}

// The large face: its 64x64 pixels, smoothly enlarged.
function show(pixels) {
  put(byId("pixels"), pixels);
  for (const canvas of [byId("face"), byId("small")]) {
    const brush = canvas.getContext("2d");
    brush.imageSmoothingQuality = "high";
    brush.drawImage(byId("pixels"), 0, 0, canvas.width, canvas.height);
  }
}

// The numbers of z as bars, up from the middle or down.
function drawBars() {
  const { width, height } = byId("bars");
  const brush = byId("bars").getContext("2d");
  brush.clearRect(0, 0, width, height);
  brush.fillStyle = getComputedStyle(byId("surprise")).backgroundColor;
  const wide = width / about.zDim;
  current().forEach((value, k) => {
    brush.fillRect(k * wide, height / 2, 0.7 * wide, (-value * height) / 7);
  });
}

// Draws what is wanted, the large face first. Only the latest wish counts, so that none pile up.
async function draw() {
  if (busy || !network) return;
  busy = true;
  while (stale || jobs.size) {
    if (stale) {
      stale = false;
      show(await pixelsOf(current()));
    } else {
      const [canvas, z] = jobs.entries().next().value;
      jobs.delete(canvas);
      put(canvas, await pixelsOf(z));
    }
    await new Promise(requestAnimationFrame);
  }
  busy = false;
}

// ---- the state

// Draws the state, and sets the controls where they belong.
function changed() {
  for (const name of names) sliders[name].value = state.moves[name];
  const isMoved = names.some((name) => state.moves[name]);
  byId("name").textContent = state.name + (isMoved ? ", moved" : "");
  byId("undo").disabled = !past.length;
  byId("reset").disabled = !isMoved;
  const here = toText(current());
  chosen.kept = kept.findIndex((one) => one.z === here);
  byId("keep").setAttribute("aria-pressed", chosen.kept >= 0);
  mark();
  stale = true;
  drawBars();
  drawNeighbours();
  draw();
}

// Goes to another state, and remembers this one for undo. What one control does within a second
// is one step.
let last = { control: "", time: 0 };
function go(next, control = "") {
  const now = { control, time: performance.now() };
  if (!control || control !== last.control || now.time - last.time > 1000) {
    past.push({ ...state });
  }
  last = now;
  Object.assign(state, next);
  changed();
}

function surprise() {
  const seed = Math.floor(Math.random() * 100000);
  go({ base: sampleLatent(about.zDim, seed), name: `seed ${seed}` }); // the directions stay
}

function undo() {
  if (!past.length) return;
  Object.assign(state, past.pop());
  last.control = "";
  changed();
}

// ---- sliders

// A slider for a direction: "hair: brown – aqua" has a name and two ends.
function addSlider(name) {
  const [title, ends] = name.split(": ");
  const [left, right] = ends ? ends.split(" \u2013 ") : ["\u2212", "+"];
  const input = make("input", { type: "range", min: -REACH, max: REACH, step: 0.05 });
  input.setAttribute("aria-label", name);
  input.addEventListener("input", () => {
    go({ moves: { ...state.moves, [name]: Number(input.value) } }, name);
  });
  const words = [left, title, right].map((word, k) => make(k === 1 ? "b" : "span", {}, word));
  const row = make("span", { className: "ends" }, ...words);
  byId("reset").before(make("label", { className: "slider" }, row, input));
  return input;
}

// ---- the faces around this one, in a plane of two random directions

const SIDES = { left: [-1, 0], right: [1, 0], up: [0, -1], down: [0, 1] };
const PLACES = "up left,up,up right,left,,right,down left,down,down right".split(",");
let plane = [];

function turn() {
  const random = () => sampleLatent(about.zDim, Math.floor(Math.random() * 2 ** 31));
  plane = [scaled(random(), 1), scaled(random(), 1)];
  drawNeighbours();
  draw();
}

// The z at a place, "up left": some steps aside, and as long as z is.
function neighbour(place) {
  const far = Number(byId("distance").value);
  const z = current();
  const sides = place.split(" ").filter(Boolean);
  const aside = (reached, side) =>
    plane.reduce((there, way, k) => moved(there, way, far * SIDES[side][k]), reached);
  return place ? scaled(sides.reduce(aside, z), length(z)) : z;
}

function step(place) {
  go({ base: withMoves(neighbour(place), -1), name: "a neighbour" });
}

function drawNeighbours() {
  if (byId("around").hidden) return;
  PLACES.forEach((place, k) => {
    jobs.set(byId("neighbours").children[k].firstChild, neighbour(place));
  });
}

function faceButton(label, action) {
  const canvas = make("canvas", { width: SIDE, height: SIDE });
  return make("button", { ariaLabel: label, onclick: action }, canvas);
}

// ---- favourites, and the way between two of them

const storage = `gan-page-${about.key}`;
const strips = {
  kept: (k) => go({ base: fromText(kept[k].z, about.zDim), name: kept[k].name, moves: still() }),
  from: goBetween,
  to: goBetween,
};

function mark() {
  for (const strip of Object.keys(strips)) {
    [...byId(strip).children].forEach((button, k) => (button.ariaPressed = k === chosen[strip]));
  }
}

function showKept() {
  for (const [strip, action] of Object.entries(strips)) {
    for (const button of byId(strip).children) jobs.delete(button.firstChild);
    const buttons = kept.map((one, k) => {
      const button = faceButton(`kept face ${k + 1}, ${one.name}`, () => {
        chosen[strip] = k;
        action(k);
      });
      jobs.set(button.firstChild, fromText(one.z, about.zDim));
      return button;
    });
    byId(strip).replaceChildren(...buttons);
    chosen[strip] = Math.min(chosen[strip], kept.length - 1);
  }
  byId("way").disabled = kept.length < 2;
}

function keep() {
  const here = { z: toText(current()), name: byId("name").textContent };
  if (chosen.kept >= 0) kept.splice(chosen.kept, 1);
  else chosen.to = kept.push(here) - 1;
  chosen.from = Math.max(0, chosen.from);
  byId("said").textContent = `You keep ${kept.length} ${kept.length === 1 ? "face" : "faces"}.`;
  try {
    localStorage.setItem(storage, JSON.stringify(kept));
  } catch {
    byId("said").textContent += " This browser forgets them when you close the page.";
  }
  showKept();
  changed();
}

function readKept() {
  try {
    const stored = JSON.parse(localStorage.getItem(storage)) ?? [];
    kept.push(...stored.filter((one) => fromText(one.z, about.zDim)));
  } catch {} // a browser that keeps nothing for files, or something else under this name
}

function goBetween() {
  if (kept.length < 2) return;
  const [from, to] = [chosen.from, chosen.to].map((k) => fromText(kept[k].z, about.zDim));
  const base = slerp(from, to, Number(byId("way").value));
  go({ base, name: "between two faces", moves: still() }, "way");
}

// ---- saving and handing on

function save() {
  byId("face").toBlob((blob) => {
    const name = byId("name").textContent.replace(/\W+/g, "-");
    make("a", { href: URL.createObjectURL(blob), download: `face-${name}.png` }).click();
  });
}

// The address of this page with the face in it.
async function link() {
  history.replaceState(null, "", `#z=${toText(current())}`);
  byId("said").textContent = "The link is in the address bar.";
  await navigator.clipboard.writeText(location.href);
  byId("said").textContent = "The link is copied.";
}

function fromAddress() {
  const base = fromText(location.hash.replace("#z=", ""), about.zDim);
  if (base) go({ base, name: "a face from a link", moves: still() });
}

// ---- the epochs of the run

function showEpoch() {
  const epoch = Object.keys(about.epochs)[byId("epoch").value];
  byId("sheet").src = `data:image/webp;base64,${about.epochs[epoch]}`;
  byId("epoch-name").textContent = byId("epoch").ariaValueText = `after epoch ${epoch}`;
}

// ---- tabs and keys

const tabs = [...byId("tabs").children];

function openTab(tab) {
  for (const other of tabs) {
    other.ariaSelected = other === tab;
    other.tabIndex = other === tab ? 0 : -1;
    byId(other.getAttribute("aria-controls")).hidden = other !== tab;
  }
  drawNeighbours();
  draw();
}

function onKey(event) {
  const { key, target } = event;
  if (event.altKey || event.ctrlKey || event.metaKey) return;
  const onControl = target.closest("button, input, summary");
  const side = key.replace("Arrow", "").toLowerCase();
  if (tabs.includes(target) && (side === "left" || side === "right")) {
    const open = tabs.filter((tab) => !tab.hidden);
    const next = open.at((open.indexOf(target) + SIDES[side][0]) % open.length);
    next.focus();
    openTab(next);
  } else if (SIDES[side] && !byId("around").hidden && target.type !== "range") step(side);
  else if (side === "z") undo();
  else if (side === "k") keep();
  else if (key === " " && !onControl) surprise();
  else return;
  event.preventDefault();
}

// ---- what computes: WebAssembly at first, then WebGL if its numbers agree and it is no slower

const networks = {}; // backend -> its network
let first = null; // the pixels of the first face, as torch computed them

async function start(backend) {
  if (!(await tf.setBackend(backend))) throw new Error(`no ${backend}`);
  networks[backend] = new Network(about.layers);
  const result = await networks[backend].test(firstFace, first);
  if (!result.agrees) throw new Error(`${backend} gives other pixels`);
  return result.milliseconds;
}

async function use(backend, milliseconds) {
  await tf.setBackend(backend);
  network = networks[backend];
  const title = backend === "webgl" ? "WebGL" : "WebAssembly";
  byId("engine").textContent = `${title}, ${Math.ceil(milliseconds)} ms a face`;
}

// The pixels of z. A graphics card that is taken away gives its work back to WebAssembly.
async function pixelsOf(z) {
  try {
    return await network.draw(z);
  } catch (error) {
    if (network === networks.wasm || !networks.wasm) throw error;
    await use("wasm", await start("wasm"));
    return network.draw(z);
  }
}

// Not while something is drawn: the library has one backend at a time.
async function tryWebgl(limit) {
  if (busy) return setTimeout(tryWebgl, 300, limit);
  busy = true;
  try {
    const milliseconds = await start("webgl");
    if (milliseconds > limit) throw new Error("slower");
    await use("webgl", milliseconds);
  } catch {
    if (network) await use("wasm", limit);
    else byId("engine").textContent = "This browser can compute no faces: try another.";
  }
  busy = false;
  settled = true;
  draw();
}

async function begin() {
  first = new Uint8ClampedArray(SIDE * SIDE * 4).fill(255);
  const levels = await bytesOf("first");
  levels.forEach((level, k) => (first[Math.floor(k / 3) * 4 + (k % 3)] = level));
  show(first);
  unpack(about.layers, about.small, await bytesOf("weights"), await bytesOf("numbers"));
  let limit = Infinity;
  try {
    await tf.addWasm(await bytesOf("wasm"));
    limit = await start("wasm");
    await use("wasm", limit);
    draw();
  } catch {} // an old browser: perhaps it has WebGL
  setTimeout(tryWebgl, 300, limit);
}

const sliders = Object.fromEntries(names.map((name) => [name, addSlider(name)]));
PLACES.forEach((place) => {
  const button = faceButton(place ? `the face ${place}` : "this face", () => step(place));
  if (!place) button.ariaCurrent = "true";
  byId("neighbours").append(button);
});
byId("epoch").max = byId("epoch").value = Object.keys(about.epochs).length - 1;
byId("tab-epochs").hidden = byId("epoch").max < 1;
if (byId("epoch").max >= 0) showEpoch();
byId("link").hidden = location.protocol === "file:";
const reset = () => go({ moves: still() });
for (const action of [surprise, undo, keep, save, link, reset, turn]) {
  byId(action.name).onclick = action;
}
byId("epoch").oninput = showEpoch;
byId("way").oninput = goBetween;
byId("distance").oninput = () => (drawNeighbours(), draw());
for (const tab of tabs) tab.onclick = () => openTab(tab);
document.addEventListener("keydown", onKey);
addEventListener("hashchange", fromAddress);
readKept();
showKept();
openTab(tabs[0]);
turn();
changed();
fromAddress();
begin();
