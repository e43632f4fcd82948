"""A generator as one HTML file, opened from disk in a real browser without a network.

Needs the system's Chromium, as test_browser.py does. Screenshots are kept under build/screenshots/.
"""

import base64
import io
import re
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
import pytest
import torch
from answering import answering_generator
from lab_in_browser import PROJECT, chromium, find_chromium
from PIL import Image
from torch import nn

from animegan_helpers.__main__ import main
from animegan_helpers.checkpoint import PRETRAINED, Weights, load_weights
from animegan_helpers.faces import to_uint8
from animegan_helpers.latent import generate, sample_latent, slerp
from animegan_helpers.networks import VARIANTS, Generator, build_networks
from animegan_workshop.experiments.variants import EXPERIMENTAL
from animegan_workshop.page import write
from animegan_workshop.page.layers import PageError, compute, enlarged, read_layers

SCREENSHOTS = PROJECT / "build" / "screenshots"
ALLOWED = 2  # levels by which the browser's pixels may differ from torch's
NO_CHROMIUM = "no Chromium: install it, or set CHROMIUM"
EVERY = {name: ("dcgan", [name]) for name in [*VARIANTS, *EXPERIMENTAL["variant"]]}
EVERY |= {"together": ("dcgan", ["full-size-layer", "resize-convolve", "group-norm"])}
EVERY |= {"fully-connected": ("fully-connected", [])}
SHIPPED = ("projected", "modern", "report", "drawn")


def trained_a_little(name: str, z_dim: int = 100) -> nn.Module:
    """A small generator whose batch norms have seen something, so that folding them matters."""
    architecture, variants = EVERY[name]
    generator, _ = build_networks(architecture, z_dim, 8, "he", variants)
    for module in generator.modules():
        if isinstance(module, (nn.BatchNorm2d, nn.BatchNorm1d, nn.GroupNorm)):
            nn.init.uniform_(module.weight, 0.5, 1.5)
            nn.init.uniform_(module.bias, -0.5, 0.5)
    for _ in range(20):
        generator(torch.randn(20, z_dim))
    return generator.eval().requires_grad_(False)


def in_browser(test):
    """Marks a test that needs a browser."""
    return pytest.mark.slow(pytest.mark.skipif(not find_chromium(), reason=NO_CHROMIUM)(test))


# ---- without a browser


@pytest.mark.parametrize("name", EVERY)
def test_folded_layers_compute_the_same(name):
    generator = trained_a_little(name, z_dim=33)
    z = torch.randn(5, 33)
    assert generate(generator, z).std() > 0.05  # not just grey
    assert torch.allclose(compute(read_layers(generator), z), generate(generator, z), atol=1e-4)


def test_a_convolution_of_repeated_pixels_is_a_transposed_one():
    x, weight = torch.randn(2, 3, 5, 5), torch.randn(4, 3, 3, 3)
    repeated = nn.functional.conv2d(nn.Upsample(scale_factor=2)(x), weight, padding=1)
    at_once = nn.functional.conv_transpose2d(x, enlarged(weight), stride=2, padding=1)
    assert torch.allclose(repeated, at_once, atol=1e-4)


class Skips(Generator):
    """A generator that does not compute layer after layer."""

    def forward(self, z):
        return super().forward(z) + 0.5


@pytest.mark.parametrize(
    "layer, names",
    [(nn.PReLU(), "PReLU"), (nn.ConvTranspose2d(32, 32, 4, 4), "ConvTranspose2d"), (None, "Tanh")],
)
def test_what_a_page_cannot_hold_is_named_in_one_line(layer, names):
    generator = Generator(width=4).eval()
    if layer is None:
        generator.to_image[1] = nn.Identity()
    else:
        generator.blocks[1][0] = layer
    with pytest.raises(PageError, match=names) as error:
        read_layers(generator)
    assert "\n" not in str(error.value)


def test_a_generator_that_is_no_chain_of_layers_is_refused(tmp_path):
    with pytest.raises(PageError, match="layer after layer"):
        write.make_page(Weights(Skips(width=4).eval(), None, {}), tmp_path / "x.safetensors")


def test_the_command_writes_a_page_and_asks_nothing_of_the_network(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(write, "SAMPLES", 300)
    out = tmp_path / "my_gan.html"
    words = ["page", "--weights", str(PRETRAINED / "drawn.safetensors"), "--out", str(out)]
    assert main(words) == 0
    text = out.read_text("utf-8")
    assert re.search(r"MB, opens in any browser; .* at most [0-2] of 255", capsys.readouterr().out)
    assert len(text) < 1.6e6 + 2.7e6 * 1.100224
    assert "<h1>drawn</h1>" in text and "Licence of the weights: CC BY 4.0" in text
    assert "default-src 'none'" in text and "connect-src" not in text
    assert not re.search(r"(src|href)=\"?(https?:)?//", text)
    assert main(words) == 2  # it is there already
    assert "is there already" in capsys.readouterr().err
    more = ["--small", "--title", "<b>", "--out", str(tmp_path / "small.html")]
    assert main([*words, *more]) == 0
    assert "<h1>&lt;b&gt;</h1>" in (tmp_path / "small.html").read_text("utf-8")
    small = (tmp_path / "small.html").stat().st_size
    assert small - 5e5 < 0.55 * (out.stat().st_size - 5e5)  # half as large, but for the library


@pytest.mark.parametrize("paragraphs", [1, 2, 3])
def test_a_short_card_is_read_as_far_as_it_goes(paragraphs, tmp_path):
    path = tmp_path / "mine.safetensors"
    card = "\n\n".join(["# Mine", "A `G` of mine.", "- **Licence**: MIT."][:paragraphs])
    path.with_suffix(".md").write_text(card, encoding="utf-8")
    licences = ["its card names none."] * 2 + ["MIT."]
    told = {"title": "Mine", "card": "A G of mine." if paragraphs > 1 else ""}
    assert write.card_of(path, {}) == told | {"licence": licences[paragraphs - 1]}


def test_the_same_weights_give_the_same_page():
    z = sample_latent(3, 100)
    generator = answering_generator()
    layers = [read_layers(generator) for _ in range(2)]
    assert write.pack_layers(layers[0], False) == write.pack_layers(layers[1], False)
    assert torch.allclose(compute(layers[0], z), generate(generator, z), atol=0.02)
    layers[1][-1].bias[0] += 1  # too much red
    assert write.largest_difference(generator, layers[1], count=3) > 50
    assert "<" not in write.as_json({"</script>": 1})


# ---- in a browser


@pytest.fixture(scope="module")
def browser():
    pytest.importorskip("playwright.sync_api")
    with chromium() as browser:
        yield browser


@pytest.fixture(scope="module")
def page_files(tmp_path_factory):
    """Writes a page into a file; directions from few samples, which is quicker."""
    folder = tmp_path_factory.mktemp("pages")
    before, write.SAMPLES = write.SAMPLES, 300

    def make(weights: Weights, path=None, small: bool = False):
        file = folder / f"{len(list(folder.iterdir()))}.html"
        text, _ = write.make_page(weights, path or folder / "mine" / "g.safetensors", small)
        file.write_text(text, "utf-8")
        return file

    yield make
    write.SAMPLES = before


def note_error(page, message) -> None:
    if message.type == "error":  # a graphics driver also tells how it is doing
        page.wrong.append(message.text)


def opened(browser, file, address="", **options):
    """The page in a new profile without a network; what goes wrong in it is an error here."""
    context = browser.new_context(offline=True, **options)
    page = context.new_page()
    page.wrong = []
    page.on("pageerror", lambda error: page.wrong.append(str(error)))
    page.on("request", lambda request: page.wrong.append(request.url))
    page.goto(f"{file.as_uri()}{address}")
    page.wrong.clear()  # the file itself
    page.on("console", lambda message: note_error(page, message))
    ready(page)
    return page


def closed(page) -> None:
    itself = page.url.split("#")[0]
    wrong = [text for text in page.wrong if not text.startswith(("data:", "blob:", itself))]
    page.context.close()
    assert not wrong


# A string to wait for would be evaluated by the page, whose policy forbids it: hence a function.
READY = """async () => {
    const idle = () => settled && !busy && !stale && !jobs.size;
    for (let start = performance.now(); !idle() && performance.now() - start < 60000; )
        await new Promise((resolve) => setTimeout(resolve, 10));
    return idle();
}"""


def ready(page) -> None:
    """Waits until the page has drawn what it was asked for."""
    assert page.evaluate(READY), "the page did not finish drawing"


def pixels(page, of: str = "#pixels") -> np.ndarray:
    """The pixels of a canvas, int (height, width, 3)."""
    data = page.eval_on_selector(of, "canvas => canvas.toDataURL('image/png').split(',')[1]")
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(data))).convert("RGB")).astype(int)


def shown_z(page) -> torch.Tensor:
    """The latent vector on show, (1, z_dim)."""
    return torch.tensor([page.evaluate("Array.from(current())")])


def by_torch(generator: nn.Module, z: torch.Tensor) -> np.ndarray:
    """torch's faces of z: int (N, 64, 64, 3)."""
    return to_uint8(generate(generator, z)).transpose(0, 2, 3, 1).astype(int)


def faces_in_browser(page, z: torch.Tensor) -> np.ndarray:
    """The page's faces of z, each read from its canvas: int (N, 64, 64, 3)."""
    page.evaluate("use('wasm', 1)")
    faces = []
    for one in z.tolist():
        page.evaluate("z => go({ base: Float32Array.from(z), moves: still() })", one)
        ready(page)
        faces.append(pixels(page))
    return np.stack(faces)


@in_browser
@pytest.mark.parametrize("name", [*SHIPPED, *EVERY])
def test_pixels_are_those_of_torch(name, browser, page_files):
    path = PRETRAINED / f"{name}.safetensors" if name in SHIPPED else None
    weights = load_weights(path) if path else Weights(trained_a_little(name), None, {})
    page = opened(browser, page_files(weights, path))
    z = sample_latent(20, 100, seed=3)
    ours = by_torch(weights.generator, z)
    assert ours.std(axis=0).max() > 5  # faces that differ
    assert np.abs(faces_in_browser(page, z) - ours).max() <= ALLOWED
    closed(page)


@in_browser
def test_eight_bits_are_those_of_the_rounded_weights(browser, page_files):
    weights = load_weights(PRETRAINED / "drawn.safetensors")
    layers = read_layers(weights.generator)
    write.pack_layers(layers, small=True)
    page, z = opened(browser, page_files(weights, small=True)), sample_latent(5, 100, seed=3)
    rounded = to_uint8(compute(layers, z)).transpose(0, 2, 3, 1).astype(int)
    assert np.abs(faces_in_browser(page, z) - rounded).max() <= ALLOWED
    closed(page)


@pytest.fixture(scope="module")
def file(page_files, tmp_path_factory):
    """The page of an untrained generator that answers visibly, with a run of three epochs."""
    folder = tmp_path_factory.mktemp("run")
    for epoch in (1, 2, 5):
        (folder / "grids").mkdir(exist_ok=True)
        grid = Image.new("RGB", (526, 526), (40 * epoch, 90, 30))
        grid.save(folder / "grids" / f"epoch-{epoch:04d}.webp")
    return page_files(Weights(answering_generator(), None, {"epoch": 5, "pictures": 100}), folder)


@pytest.fixture
def page(browser, file):
    page = opened(browser, file)
    yield page
    closed(page)


GENERATOR = answering_generator()


def agrees(page) -> bool:
    """Whether the face on show is torch's of the z on show."""
    ready(page)
    return np.abs(pixels(page) - by_torch(GENERATOR, shown_z(page))[0]).max() <= ALLOWED


def changed(before: np.ndarray, after: np.ndarray) -> float:
    """The share of pixels that changed."""
    return float((before != after).any(axis=2).mean())


@in_browser
def test_a_seed_is_the_face_that_it_is_in_the_notebooks(page):
    for z_dim, seed in ((100, 55), (33, 7), (16, 99_999)):
        ours = page.evaluate("([n, seed]) => Array.from(sampleLatent(n, seed))", [z_dim, seed])
        assert torch.allclose(torch.tensor(ours), sample_latent(1, z_dim, seed)[0], atol=1e-5)
    assert page.inner_text("#name") == "seed 55"
    assert np.abs(pixels(page) - by_torch(GENERATOR, sample_latent(1, seed=55))[0]).max() <= ALLOWED


@in_browser
def test_the_large_face_is_the_small_one_enlarged(page):
    large = pixels(page, "#face")
    assert large.shape == (768, 768, 3)
    means = large.reshape(64, 12, 64, 12, 3).mean(axis=(1, 3))
    assert np.corrcoef(means.ravel(), pixels(page).ravel())[0, 1] > 0.9
    blocks = large.reshape(64, 12, 64, 12, 3)
    assert (blocks != blocks[:, :1, :, :1]).any()  # smooth, no squares
    assert page.locator("#face").bounding_box()["width"] >= 384


@in_browser
def test_sliders_move_the_face_along_directions_and_undo_brings_it_back(page):
    first, z = pixels(page), shown_z(page)
    page.evaluate("performance.now = () => 0")  # a busy machine takes seconds for twenty presses
    for name in page.evaluate("names"):
        slider = page.get_by_label(name, exact=True)
        slider.focus()
        for _ in range(20):
            page.keyboard.press("ArrowRight")
        assert agrees(page) and changed(first, pixels(page)) > 0.1, name
        way = torch.tensor(page.evaluate("name => about.directions[name]", name))
        assert torch.allclose(shown_z(page), z + 1.0 * way, atol=1e-3)
        page.click("#undo")  # one step back: twenty presses in a row are one
        ready(page)
        assert np.array_equal(pixels(page), first) and slider.input_value() == "0"
    slider.fill("3")
    ready(page)
    assert "moved" in page.inner_text("#name")
    page.click("#reset")
    ready(page)
    assert np.array_equal(pixels(page), first)


@in_browser
def test_surprise_keeps_the_directions(page):
    name = page.evaluate("names[0]")
    page.get_by_label(name, exact=True).fill("2")
    ready(page)
    before, names = pixels(page), set()
    for press in (lambda: page.click("#surprise"), lambda: page.keyboard.press(" ")):
        page.evaluate("document.activeElement.blur()")
        press()
        assert agrees(page) and changed(before, pixels(page)) > 0.5
        names.add(page.inner_text("#name"))
    assert len(names) == 2 and page.get_by_label(name, exact=True).input_value() == "2"
    seed = int(re.findall(r"\d+", page.inner_text("#name"))[0])
    way = torch.tensor(page.evaluate("name => about.directions[name]", name))
    assert torch.allclose(shown_z(page), sample_latent(1, seed=seed) + 2 * way, atol=1e-3)


@in_browser
def test_a_neighbour_is_the_face_that_a_tap_shows(page):
    page.click("#tab-around")
    ready(page)
    first, length = pixels(page), shown_z(page).norm()
    small = [pixels(page, f"#neighbours button:nth-child({k}) canvas") for k in range(1, 10)]
    assert np.array_equal(small[4], first)
    assert all(changed(first, one) > 0.1 for k, one in enumerate(small) if k != 4)
    page.click("#neighbours button:nth-child(3)")
    assert agrees(page) and np.array_equal(pixels(page), small[2])
    assert shown_z(page).norm() == pytest.approx(float(length), abs=1e-3)
    before = pixels(page, "#neighbours button:nth-child(1) canvas")
    page.locator("#distance").fill("8")
    ready(page)
    assert changed(before, pixels(page, "#neighbours button:nth-child(1) canvas")) > 0.1
    page.click("#turn")
    page.keyboard.press("ArrowLeft")
    assert agrees(page) and not np.array_equal(pixels(page), small[2])


@in_browser
def test_kept_faces_survive_a_reload_and_a_morph_goes_between_them(page):
    faces = []
    for _ in range(2):
        page.click("#surprise")
        ready(page)
        page.keyboard.press("k")
        ready(page)
        faces.append((pixels(page), shown_z(page)[0]))
    page.reload()
    ready(page)
    page.wait_for_selector("#kept button:nth-child(2)")
    page.click("#kept button:nth-child(1)")
    ready(page)
    assert np.abs(pixels(page) - faces[0][0]).max() <= 8  # z is kept in steps of 1/2048
    page.click("#tab-between")
    page.locator("#way").fill("0.5")
    assert agrees(page)
    wanted = slerp(faces[0][1], faces[1][1], 0.5)
    assert torch.allclose(shown_z(page)[0], wanted, atol=0.005)
    middle = pixels(page)
    page.click("#to button:nth-child(1)")  # from a face to itself
    ready(page)
    assert changed(middle, pixels(page)) > 0.1
    assert np.abs(pixels(page) - faces[0][0]).max() <= 8
    page.click("#kept button:nth-child(1)")
    ready(page)
    page.click("#keep")  # not any more
    ready(page)
    assert page.locator("#kept button").count() == 1


@in_browser
def test_the_saved_picture_is_the_face(page):
    with page.expect_download() as download:
        page.click("#save")
    assert download.value.suggested_filename == "face-seed-55.png"
    saved = np.asarray(Image.open(download.value.path()).convert("RGB")).astype(int)
    assert np.array_equal(saved, pixels(page, "#face"))


@in_browser
def test_a_link_holds_the_face(browser, file, page):
    assert page.locator("#link").is_hidden()  # a file on this machine has no address
    page.click("#surprise")
    ready(page)
    there = opened(browser, file, f"#z={page.evaluate('toText(current())')}")
    assert np.abs(pixels(there) - pixels(page)).max() <= 8
    first = pixels(there)
    there.evaluate("location.hash = 'z=nonsense'")
    ready(there)
    assert np.array_equal(pixels(there), first)
    closed(there)


class Quiet(SimpleHTTPRequestHandler):
    """Serves files and prints nothing."""

    def log_message(self, *words) -> None:
        pass


@in_browser
def test_a_hosted_page_gives_the_address_of_a_face(browser, file):
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=file.parent))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    address = f"http://127.0.0.1:{server.server_port}/{file.name}"
    context, asked = browser.new_context(permissions=["clipboard-write"]), []
    try:
        page = context.new_page()
        page.on("request", lambda request: asked.append(request.url))
        page.goto(address)
        ready(page)
        page.click("#surprise")
        page.click("#link")
        assert agrees(page) and page.url.startswith(f"{address}#z=")
        again = context.new_page()
        again.goto(page.url)
        ready(again)
        assert np.abs(pixels(again) - pixels(page)).max() <= 8
        assert asked == [address]
    finally:
        context.close()
        server.shutdown()
        server.server_close()


@in_browser
def test_the_page_that_ships_is_that_of_its_weights(browser):
    file = PROJECT / "figures" / "explorer.html"
    assert file.stat().st_size <= 10e6
    page, z = opened(browser, file), sample_latent(20, 100, seed=3)
    ours = by_torch(load_weights(PRETRAINED / "projected.safetensors").generator, z)
    assert np.abs(faces_in_browser(page, z) - ours).max() <= ALLOWED
    closed(page)


@in_browser
def test_epochs_of_the_run_are_shown(page):
    page.click("#tab-epochs")
    seen = {}
    for k, epoch in enumerate((1, 2, 5)):
        page.locator("#epoch").fill(str(k))
        assert page.inner_text("#epoch-name") == f"after epoch {epoch}"
        data = page.locator("#sheet").get_attribute("src").split(",")[1]
        seen[epoch] = np.asarray(Image.open(io.BytesIO(base64.b64decode(data))))[9, 9, 0]
    assert all(abs(int(red) - 40 * epoch) < 9 for epoch, red in seen.items())


@in_browser
def test_tabs_follow_the_arrow_keys(page):
    page.focus("#tab-sliders")
    page.keyboard.press("ArrowRight")
    assert page.locator("#around").is_visible() and page.locator("#sliders").is_hidden()
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("ArrowLeft")
    assert page.locator("#epochs").is_visible()


@in_browser
def test_webgl_draws_the_same_and_gives_way_to_webassembly(browser, file):
    """The library refuses a WebGL without a graphics card, so this hides that there is none."""
    context = browser.new_context(offline=True)
    page = context.new_page()
    page.add_init_script("""
        const get = HTMLCanvasElement.prototype.getContext;
        HTMLCanvasElement.prototype.getContext = function (kind, options) {
            return get.call(this, kind, { ...options, failIfMajorPerformanceCaveat: false });
        };""")
    page.goto(file.as_uri())
    ready(page)
    if not page.evaluate("start('webgl').then(() => true, () => false)"):
        pytest.skip("this Chromium has no WebGL")
    page.evaluate("use('webgl', 1)")
    assert page.inner_text("#engine").startswith("WebGL")
    page.click("#surprise")
    assert agrees(page)
    page.evaluate("() => { networks.webgl.draw = () => Promise.reject(new Error('lost')); }")
    page.click("#surprise")
    assert agrees(page)
    assert page.inner_text("#engine").startswith("WebAssembly")
    context.close()


@in_browser
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [(320, 568), (390, 844), (1280, 800), (1920, 1080), (2560, 1440)])
def test_it_fits_every_screen(browser, file, size, scheme):
    width, height = size
    view = {"viewport": {"width": width, "height": height}, "color_scheme": scheme}
    page = opened(browser, file, has_touch=width < 800, **view)
    box = page.locator("#face").bounding_box()
    assert box["width"] >= min(384, width) and box["x"] >= 0
    for tab in page.locator("[role=tab]").all():
        tab.tap() if width < 800 else tab.click()
        ready(page)
        assert page.evaluate("document.documentElement.scrollWidth") <= width
    nameless = """() => [...document.querySelectorAll('button, input')].filter(control =>
        !(control.ariaLabel || control.textContent || control.labels[0].textContent).trim())"""
    assert not page.evaluate(nameless)  # for a screen reader
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    page.click("#tab-sliders")
    page.screenshot(path=SCREENSHOTS / f"page-{width}-{scheme}.png")
    closed(page)
