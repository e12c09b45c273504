"""The live page over file://: its networks are PyTorch's, its tools do what they say, and nothing leaves it."""

import base64
import io
import json
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from scipy.special import softmax

from helpers.data.samples import sample_photographs
from helpers.measure.attention_maps import class_map, rollout
from helpers.pages.live import export, networks, packing

from .conftest import NO_COLOURS, ONLY_COLOURS, THEMES, WIDTHS

pytestmark = pytest.mark.browser
SIDE = 224
READY = """names => names.every((name) => LIVE.readers.get(name).ready)
  && [...document.querySelectorAll('.live-card')].every((card) => card.querySelector('.live-bars li'))"""
IDLE = "() => [...LIVE.readers.values()].every((reader) => reader.absent || (!reader.asked && !reader.waiting))"
READ = """async ([name, asked]) => {
  const { picture, readers } = LIVE;
  const trained = { positions: true, random: 'none', seed: 1, map: { kind: 'none', k: null } };
  const plain = { ...trained, order: picture.changes.order };
  const pixels = picture.pixels();
  const ask = { ...plain, input: true, version: `test ${Math.random()}`, ...asked };
  let found = null;
  while (!found) found = await readers.get(name).read(pixels, ask);
  const { logits, input, map } = found;
  const text = (bytes) => btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(''));
  const told = { logits: [...logits], input: text(input), pixels: text(pixels) };
  return { ...told, map: map && { ...map, values: [...map.values] } };
}"""


class Live:
    """The page in a tab of its own, and what it asked for."""

    def __init__(self, chromium: Any, book: Any, before: str = "", **context: Any) -> None:
        self.context = chromium.new_context(viewport={"width": 1280, "height": 900}, **context)
        self.context.set_default_timeout(180_000)  # ms; a busy machine is slow, not wrong
        self.page = self.context.new_page()
        self.requests: list[str] = []
        self.errors: list[str] = []
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.page.on("websocket", lambda socket: self.requests.append(socket.url))
        self.page.on("console", lambda told: self.errors.append(told.text) if told.type == "error" else None)
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        if before:
            self.page.add_init_script(before)
        self.page.goto(f"file://{book}/chapters/live.html", wait_until="load")
        self.names = self.page.evaluate("() => [...LIVE.readers.values()].filter((r) => !r.absent).map((r) => r.name)")
        self.page.wait_for_function(READY, arg=self.names)
        self.idle()

    def idle(self) -> None:
        """Wait until every network has answered the newest question."""
        self.page.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
        self.page.wait_for_function(IDLE)

    def give(self, image: np.ndarray, name: str = "given.png") -> None:
        """Choose a file: PNG of uint8 (H, W, 3)."""
        file = io.BytesIO()
        Image.fromarray(image).save(file, format="PNG")
        picture = {"name": name, "mimeType": "image/png", "buffer": file.getvalue()}
        self.page.locator(".live-file").set_input_files(picture)
        self.page.wait_for_function("name => document.querySelector('.live-stage').ariaLabel.endsWith(name)", arg=name)
        self.idle()

    def read(self, name: str, **asked: Any) -> dict[str, np.ndarray]:
        """Logits, input pixels, pixels of the page, map: of the picture as it stands."""
        found = self.page.evaluate(READ, [name, asked])
        for part in ("input", "pixels"):
            values = np.frombuffer(base64.b64decode(found[part]), np.uint8)
            size = round((values.size / 3) ** 0.5)
            found[part] = values.reshape(size, size, 3)
        return found | {"logits": np.array(found["logits"])}

    def shares(self, title: str) -> str:
        return self.page.get_by_role("region", name=title).locator(".live-bars").inner_text()

    def foreign(self) -> list[str]:
        return [url for url in self.requests if not url.startswith(("file://", "data:", "blob:"))]


@pytest.fixture(scope="module")
def live(chromium, book):
    page = Live(chromium, book)
    yield page
    page.context.close()


@pytest.fixture(scope="module")
def torch_networks(live, book):
    """PyTorch's networks with the weights that the page holds, and what goes with them."""
    found = {}
    for name in live.names:
        manifest, data = export.read(book / export_folder(), name)
        model = packing.put_into(networks.build(name)[0], packing.unpack(manifest, data))
        found[name] = model, manifest
    return found


def export_folder() -> str:
    return "_static/live"


@pytest.fixture(autouse=True)
def as_it_came(live):
    yield
    live.page.get_by_role("button", name="As it came").click()
    live.idle()


def as_input(pixels: np.ndarray, manifest: dict[str, Any]) -> torch.Tensor:
    return (torch.tensor(pixels).permute(2, 0, 1)[None].float() / 255 - manifest["mean"]) / manifest["std"]


def ten_pictures() -> dict[str, np.ndarray]:
    """Seven photographs, noise, a slope, and one that is wide."""
    generator = np.random.default_rng(0)
    slope = np.linspace(0, 255, SIDE).astype(np.uint8)
    more = {
        "noise": generator.integers(0, 256, (SIDE, SIDE, 3), dtype=np.uint8),
        "slope": np.stack(
            [np.broadcast_to(slope, (SIDE, SIDE)), np.broadcast_to(slope[:, None], (SIDE, SIDE))] * 2, -1
        )[..., :3],
        "wide": generator.integers(0, 256, (120, 500, 3), dtype=np.uint8),
    }
    return {**sample_photographs(300), **more}


def test_logits_are_those_of_pytorch_on_the_same_pixels_and_weights(live, torch_networks):
    """Every logit of ten pictures, within 0.001; and the small networks see what Pillow would have made them."""
    pictures = ten_pictures()
    assert len(pictures) == 10
    for title, image in pictures.items():
        live.give(image, f"{title}.png")
        for name, (model, manifest) in torch_networks.items():
            found, size = live.read(name), manifest["size"]
            with torch.no_grad():
                expected = model(as_input(found["input"], manifest))[0].numpy()
            assert np.abs(found["logits"] - expected).max() < 1e-3, (title, name)
            small = np.asarray(Image.fromarray(found["pixels"]).resize((size, size), Image.Resampling.BILINEAR))
            assert np.abs(small.astype(int) - found["input"]).max() <= 1, (title, name)


def test_efficientnet_names_the_cat(live):
    if "efficientnet_lite0" not in live.names:
        pytest.skip("this book was built without the released weights")
    live.page.get_by_role("button", name="a cat").click()
    live.idle()
    assert "cat" in live.shares("EfficientNet-Lite0").split("\n")[0]
    times = dict(zip(live.names, live.page.locator(".live-time").all_inner_texts(), strict=True))
    print("seconds on this machine:", times)


def test_a_square_that_covers_changes_the_answers_and_goes_away_again(live):
    live.page.get_by_role("button", name="a cat").click()
    live.idle()
    before = {name: live.read(name)["logits"] for name in live.names}
    stage = live.page.locator(".live-stage")
    box = stage.bounding_box()
    live.page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    live.page.mouse.down()
    live.page.mouse.move(box["x"] + box["width"] / 4, box["y"] + box["height"] / 4, steps=3)
    live.page.mouse.up()
    live.idle()
    assert (live.read("vit_mini")["pixels"][40:70, 40:70] == 127).all()
    for name in live.names:
        assert np.abs(live.read(name)["logits"] - before[name]).max() > 0.01
    assert "Untouched: " in live.page.locator(".live-before").first.inner_text()
    stage.press("Delete")
    live.idle()
    for name in live.names:
        assert np.array_equal(live.read(name)["logits"], before[name])
    assert live.page.locator(".live-before").first.inner_text() == ""


def test_the_square_moves_by_keys_and_stays_where_it_is_left(live):
    stage = live.page.locator(".live-stage")
    stage.press("ArrowLeft")
    stage.press("Enter")
    for _ in range(5):
        stage.press("ArrowDown")
    pixels = live.read("vit_mini")["pixels"]
    assert (pixels[112, 98] == 127).all()  # the one that was left
    assert (pixels[180, 98] == 127).all()  # the one that went on
    live.page.get_by_role("button", name="Uncover all").click()
    assert not (live.read("vit_mini")["pixels"][100:124, 90:106] == 127).all()


def test_without_positions_the_vit_does_not_notice_a_shuffle_and_the_cnn_does(live):
    before = {name: live.read(name)["logits"] for name in live.names}
    blind = live.read("vit_mini", positions=False)["logits"]
    live.page.get_by_role("button", name="Shuffle").click()
    assert np.abs(live.read("vit_mini", positions=False)["logits"] - blind).max() < 1e-4
    for name, logits in before.items():
        assert np.abs(live.read(name)["logits"] - logits).max() > 0.05
    live.page.get_by_label("knows where a patch was").uncheck()
    live.idle()
    shown = live.shares("ViT-mini")
    live.page.get_by_role("button", name="Shuffle").click()
    live.idle()
    assert live.shares("ViT-mini") == shown
    live.page.get_by_label("knows where a patch was").check()


def test_shuffled_weights_change_answer_and_map_and_come_back(live):
    ask = {"map": {"kind": "attention", "layer": 5, "head": None, "patch": None, "k": None}}
    trained = live.read("vit_mini", **ask)
    for part, same_map in (("head", True), ("half", False), ("all", False)):
        found = live.read("vit_mini", random=part, **ask)
        assert np.abs(found["logits"] - trained["logits"]).max() > 0.1
        assert np.allclose(found["map"]["values"], trained["map"]["values"], atol=1e-6) == same_map
    assert np.array_equal(live.read("vit_mini", **ask)["logits"], trained["logits"])


def test_the_mean_of_a_class_map_is_the_score(live, torch_networks):
    for name, (model, _) in torch_networks.items():
        if name == "vit_mini":
            continue
        found = live.read(name, map={"kind": "class", "k": 3})
        bias = float(model.head.bias[3].detach())
        assert abs(np.mean(found["map"]["values"]) + bias - found["logits"][3]) < 1e-4


def test_attention_and_rollout_are_those_of_the_package(live, torch_networks):
    model, manifest = torch_networks["vit_mini"]
    asked = {"layer": 3, "head": 2, "patch": None, "k": None}
    found = live.read("vit_mini", map={"kind": "attention", **asked})
    with torch.no_grad():
        _, attention = model(as_input(found["input"], manifest), return_attention=True)
    expected = class_map(attention[3][:, 2], 8).numpy().ravel()
    assert np.allclose(found["map"]["values"], expected, atol=1e-5)
    found = live.read("vit_mini", map={"kind": "rollout", **asked})
    expected = class_map(rollout(attention[:4]), 8).numpy().ravel()
    assert np.allclose(found["map"]["values"], expected, atol=1e-5)
    found = live.read("vit_mini", map={"kind": "positions", **asked, "patch": 9})
    table = model.positions.table[0, 1:]
    expected = torch.cosine_similarity(table[9:10], table).detach().numpy()
    assert np.allclose(found["map"]["values"], expected, atol=1e-5)


COVER = """async ([name, edge]) => {
  const { picture, readers } = LIVE, reader = readers.get(name);
  const map = { kind: 'cover', k: null, edge };
  const ask = { positions: true, random: 'none', seed: 1, order: null, version: 'cover', map };
  const values = new Promise((done) => {
    reader.later = (message) => { if (message.kind === 'answer') done([...message.map.values]); };
  });
  await reader.read(picture.pixels(), ask);
  return values;
}"""


def test_covering_place_by_place_is_what_covering_by_hand_gives(live):
    whole = softmax(live.read("xception_mini")["logits"])
    values = live.page.evaluate(COVER, ["xception_mini", 56])
    assert len(values) == 64
    for row, column in ((3, 2), (6, 5)):
        middle = {"x": (column + 0.5) * 28, "y": (row + 0.5) * 28, "edge": 56}
        live.page.evaluate("square => LIVE.picture.change({ square })", middle)
        lost = (whole - softmax(live.read("xception_mini")["logits"]))[whole.argmax()]
        assert values[8 * row + column] == pytest.approx(lost, abs=1e-5)


def test_a_covering_map_is_drawn_and_said(live):
    card = live.page.get_by_role("region", name="Xception-mini")
    card.get_by_label("Map", exact=True).select_option("cover")
    drawn = "() => [...document.querySelectorAll('.live-card canvas')][1].ariaLabel.includes('8 × 8; highest')"
    live.page.wait_for_function(drawn)
    assert "covering of" in card.locator("canvas").get_attribute("aria-label")
    card.get_by_label("Map", exact=True).select_option("class")
    live.idle()


def test_a_file_is_dropped_and_one_that_is_no_picture_is_refused_in_words(live):
    drop = """async ([kind, name]) => {
      const canvas = document.createElement('canvas');
      canvas.width = 300; canvas.height = 200;
      const blob = kind ? await new Promise((done) => canvas.toBlob(done)) : new Blob(['no picture']);
      const data = new DataTransfer();
      data.items.add(new File([blob], name, { type: kind }));
      document.getElementById('live').dispatchEvent(new DragEvent('drop', { dataTransfer: data, bubbles: true }));
    }"""
    live.page.evaluate(drop, ["image/png", "dropped.png"])
    live.page.wait_for_function("() => document.querySelector('.live-stage').ariaLabel.endsWith('dropped.png')")
    live.idle()
    live.page.evaluate(drop, ["", "words.txt"])
    live.page.locator(".live-alarm", has_text="cannot show “words.txt”").wait_for()
    live.page.get_by_role("button", name="a cat").click()
    live.idle()
    assert live.page.locator(".live-alarm").inner_text() == ""


def test_what_is_answered_is_said_to_those_who_do_not_see_the_bars(live):
    live.page.get_by_role("button", name="a rocket").click()
    live.idle()
    told = live.page.locator(".explorer-output[aria-live=polite]")
    first = live.shares("ViT-mini").split("\n")[0]
    live.page.wait_for_function("told => told.textContent.includes('ViT-mini: ')", arg=told.element_handle())
    live.page.wait_for_function(
        "([told, first]) => told.textContent.includes(first)", arg=[told.element_handle(), f"ViT-mini: {first}, "]
    )


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("width", WIDTHS)
def test_axe_finds_nothing_once_the_networks_answer_and_all_fits(live, visitor, width, theme):
    visitor.turn(live.page, width, theme)
    live.page.evaluate(visitor.axe_script)
    where = "#live"
    assert visitor.run_axe(live.page, where, ONLY_COLOURS) == []
    if theme == THEMES[0]:
        assert visitor.run_axe(live.page, where, NO_COLOURS) == []
    assert live.page.evaluate("() => document.documentElement.scrollWidth - window.innerWidth") <= 0
    visitor.turn(live.page, WIDTHS[0], THEMES[0])


def test_from_a_server_the_heaviest_waits_until_it_is_asked_for(chromium, served, live):
    if "efficientnet_lite0" not in live.names:
        pytest.skip("this book was built without the released weights")
    page = chromium.new_page()
    page.set_default_timeout(180_000)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(f"{served}chapters/live.html", wait_until="load")
    page.wait_for_function("() => LIVE.readers.get('vit_mini').ready && LIVE.readers.get('xception_mini').ready")
    assert not any("efficientnet" in url for url in asked)
    page.get_by_role("button", name="Load it").click()
    page.wait_for_function("() => LIVE.readers.get('efficientnet_lite0').ready")
    assert any("efficientnet_lite0.0.js" in url for url in asked)
    assert [url for url in asked if not url.startswith((served, "data:", "blob:"))] == []
    page.close()


CAMERA = """() => {
  const canvas = document.createElement('canvas'), pen = canvas.getContext('2d');
  Object.assign(canvas, { width: 320, height: 240 });
  setInterval(() => { pen.fillStyle = 'rgb(0, 200, 40)'; pen.fillRect(0, 0, 320, 240); }, 50);
  Object.defineProperty(navigator, 'mediaDevices', { value: { getUserMedia: async () => canvas.captureStream(20) } });
}"""


def test_a_camera_is_read_until_its_picture_is_kept(live):
    live.page.evaluate(CAMERA)
    live.page.get_by_role("button", name="Use the camera").click()
    keep = live.page.get_by_role("button", name="Keep this picture")
    green = "() => { const p = LIVE.picture.pixels(); return p[0] < 60 && p[1] > 150 && p[2] < 90; }"
    live.page.wait_for_function(green)
    keep.click()
    live.page.get_by_role("button", name="Use the camera").wait_for()
    live.idle()
    assert live.page.evaluate(green)
    live.page.get_by_role("button", name="a cat").click()
    live.idle()
    assert not live.page.evaluate(green)


def test_nothing_has_left_the_page_and_nothing_went_wrong(live):
    """Last of those that share a tab: photographs were chosen and dropped, and every tool was used."""
    assert len(live.requests) > 10
    assert live.foreign() == []
    assert live.errors == []


WITHOUT = """
  Object.defineProperty(window, 'LIVE_PARTS', {
    get() { return this.kept; },
    set(parts) { parts.networks[2].absent = 'It was left out.'; this.kept = parts; },
  });
  window.Worker = class { constructor() { throw new Error('no workers here'); } };
  Object.defineProperty(navigator, 'mediaDevices', { value: undefined });
"""


def test_without_a_worker_a_camera_and_released_weights_the_page_says_so_and_answers(chromium, book, live):
    live.page.get_by_role("button", name="a cat").click()
    live.idle()
    poor = Live(chromium, book, WITHOUT)
    try:
        assert poor.names == ["vit_mini", "xception_mini"]
        assert "EfficientNet-Lite0 is not in this copy of the book. It was left out." in poor.page.content()
        assert np.array_equal(poor.read("vit_mini")["logits"], live.read("vit_mini")["logits"])
        poor.page.get_by_role("button", name="Use the camera").click()
        poor.page.locator(".live-alarm", has_text="No camera: ").wait_for()
        assert poor.errors == poor.foreign() == []
    finally:
        poor.context.close()


def test_the_page_carries_what_it_says(book):
    """Each network's manifest counts the text of its parts, and terms lie beside it."""
    folder = book / export_folder()
    told = json.loads((folder / "parts.js").read_text(encoding="utf-8").split(" = ", 1)[1].rstrip(";\n"))
    for one in told["networks"]:
        if one["absent"]:
            assert not list(folder.glob(f"{one['name']}*"))
            continue
        parts = [path for path in folder.glob(f"{one['name']}.[0-9]*.js")]
        assert 0 <= sum(path.stat().st_size for path in parts) - one["weight"] < 100 * len(parts)
        assert "Converted by us" in (folder / f"{one['name']}.LICENSE.txt").read_text(encoding="utf-8")
