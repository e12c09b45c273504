"""Decoding: any photograph becomes an upright square of RGB bytes, or an error."""

import io
import struct
import zlib

import numpy as np
import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from helpers.data.decode import decode_image, read_picture


def encode(image: Image.Image, kind: str, **options) -> bytes:
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def corners() -> Image.Image:
    """Red upper left, green upper right, blue lower left, black lower right; 90 x 60 pixels."""
    pixels = np.zeros((60, 90, 3), dtype=np.uint8)
    pixels[:30, :45, 0] = pixels[:30, 45:, 1] = pixels[30:, :45, 2] = 255
    return Image.fromarray(pixels)


def quadrants(square: np.ndarray) -> list[list[int]]:
    """The middle of the four quarters, in reading order, rounded to 0 or 1 per channel."""
    low, high = len(square) // 4, 3 * len(square) // 4
    return [(square[y, x] > 127).astype(int).tolist() for y in (low, high) for x in (low, high)]


R, G, B, K = [1, 0, 0], [0, 1, 0], [0, 0, 1], [0, 0, 0]


@pytest.mark.parametrize("size", [8, 32, 224])
def test_the_whole_frame_is_squashed_to_a_square(size):
    for kind in ("JPEG", "PNG", "BMP", "WEBP"):
        square = decode_image(encode(corners(), kind), size)
        assert square.shape == (size, size, 3)
        assert square.dtype == np.uint8
        assert quadrants(square) == [R, G, B, K]


def test_an_image_of_the_right_size_is_not_touched():
    pixels = np.random.default_rng(0).integers(0, 256, (32, 32, 3), dtype=np.uint8)
    assert np.array_equal(decode_image(encode(Image.fromarray(pixels), "PNG"), 32), pixels)


def test_shrinking_inside_the_jpeg_decoder_changes_little():
    y, x = np.mgrid[:400, :600]
    soft = np.stack([127 + 120 * np.sin(x / 40), 127 + 120 * np.cos(y / 30), (x + y) / 4], axis=2)
    photo = encode(Image.fromarray(soft.astype(np.uint8)), "JPEG", quality=95)
    with Image.open(io.BytesIO(photo)) as image:
        plain = np.asarray(image.resize((48, 48), Image.Resampling.BILINEAR)).astype(int)
    assert np.abs(decode_image(photo, 48) - plain).mean() < 2


@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
def test_a_box_is_cut_out_in_pixels_of_the_frame(kind):
    photo = encode(corners().resize((900, 600), Image.Resampling.NEAREST), kind)
    assert quadrants(decode_image(photo, 16, (0, 0, 450, 300))) == [R, R, R, R]
    assert quadrants(decode_image(photo, 16, (450, 0, 900, 600))) == [G, G, K, K]
    assert quadrants(decode_image(photo, 16, (-5, 300, 450, 640))) == [B, B, B, B]  # clipped to the frame
    for box in ((900, 0, 950, 100), (300, 0, 300, 100), (400, 0, 300, 100)):
        with pytest.raises(ValueError, match="box: expected"):
            decode_image(photo, 16, box)


def test_other_colour_models_become_rgb():
    assert quadrants(decode_image(encode(corners().convert("CMYK"), "JPEG"), 32)) == [R, G, B, K]
    assert quadrants(decode_image(encode(corners().quantize(8), "PNG"), 32)) == [R, G, B, K]
    assert quadrants(decode_image(encode(corners(), "GIF"), 32)) == [R, G, B, K]
    grey = decode_image(encode(Image.new("L", (20, 20), 77), "JPEG"), 8)
    assert np.array_equal(grey, np.full((8, 8, 3), 77))
    deep = Image.fromarray(np.full((20, 20), 100 * 256, dtype=np.uint16))
    assert np.array_equal(decode_image(encode(deep, "PNG"), 8), np.full((8, 8, 3), 100))


def test_transparent_pixels_are_white():
    half = Image.new("RGBA", (20, 20), (255, 0, 0, 0))
    half.paste((0, 0, 255, 255), (0, 0, 20, 10))
    assert quadrants(decode_image(encode(half, "PNG"), 8)) == [B, B, [1, 1, 1], [1, 1, 1]]


@pytest.mark.parametrize("cut", [0.02, 0.3, 0.7, 0.99])
@pytest.mark.parametrize("size", [8, 60])
def test_a_file_cut_short_is_an_error_not_half_grey(cut, size):
    noise = np.random.default_rng(0).integers(0, 256, (60, 90, 3), dtype=np.uint8)
    for kind in ("JPEG", "PNG"):
        whole = encode(Image.fromarray(noise), kind)
        with pytest.raises((OSError, ValueError, SyntaxError)):
            decode_image(whole[: int(len(whole) * cut)], size)


STORED = {  # EXIF orientation -> how the frame lies in the file
    1: None,
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_90,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_270,
}
WITH_EXIF = {  # every format that Pillow writes with an orientation and reads back
    "JPEG": {"quality": 95},
    "MPO": {"quality": 95},
    "PNG": {},
    "WEBP": {"lossless": True},
    "TIFF": {},
    "TIFF in JPEG strips": {"compression": "jpeg", "quality": 95},
    "AVIF": {"quality": 95},
}


def stored(image: Image.Image, orientation: int, kind: str) -> bytes:
    """The file of a picture whose frame lies turned and whose EXIF says so."""
    options, name = WITH_EXIF[kind], kind.split()[0]
    if name not in Image.SAVE:
        Image.init()
    if name not in Image.SAVE:
        pytest.skip(f"this Pillow does not write {name}")
    turn = STORED[orientation]
    frame = image if turn is None else image.transpose(turn)
    exif = Image.Exif()
    exif[274] = orientation
    if name == "MPO":
        options = {**options, "save_all": True, "append_images": [frame]}
    return encode(frame, name, exif=exif, **options)


@pytest.mark.parametrize("kind", WITH_EXIF)
@pytest.mark.parametrize("orientation", STORED)
@pytest.mark.parametrize("size", [16, 300])  # with and without shrinking in the JPEG decoder
def test_every_orientation_of_every_format_becomes_the_upright_original(orientation, kind, size):
    y, x = np.mgrid[:240, :320]
    soft = np.stack([x * 0.7, y, (x + y) / 3], axis=2).astype(np.uint8)  # no turn or mirror looks like another
    image = Image.fromarray(soft)
    upright = np.asarray(image.resize((size, size), Image.Resampling.BILINEAR)).astype(int)
    difference = np.abs(decode_image(stored(image, orientation, kind), size) - upright)
    assert difference.mean() < 2.5
    assert np.percentile(difference, 99) < 12


@pytest.mark.parametrize("kind", WITH_EXIF)
@pytest.mark.parametrize("orientation", STORED)
def test_a_box_is_in_pixels_of_the_stored_frame_whoever_turns_it(orientation, kind):
    photo = stored(corners().resize((360, 240), Image.Resampling.NEAREST), orientation, kind)
    turn = STORED[orientation]
    where = np.arange(4, dtype=np.uint8).reshape(2, 2)  # which corner of the original stands where in the file
    frame = np.asarray(Image.fromarray(where) if turn is None else Image.fromarray(where).transpose(turn))
    width, height = (360, 240) if orientation < 5 else (240, 360)
    for row in range(2):
        for column in range(2):
            box = (column * width / 2, row * height / 2, (column + 1) * width / 2, (row + 1) * height / 2)
            colour = [R, G, B, K][frame[row, column]]
            assert quadrants(decode_image(photo, 16, box)) == [colour] * 4


def test_orientation_in_xmp_alone_counts_too():
    xmp = b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf tiff:Orientation="3"/></x:xmpmeta>'
    turned = corners().transpose(Image.Transpose.ROTATE_180)
    assert quadrants(decode_image(encode(turned, "JPEG", xmp=xmp), 32)) == [R, G, B, K]


# ---- what is no photograph says what it is, and what to do -----------------------------------------------------------

FTYP = b"\x00\x00\x00\x18ftyp"
STRANGERS = {
    "heic": (FTYP + b"heic" + bytes(200), r"HEIC.*convert.*Most Compatible"),
    "heif": (FTYP + b"mif1\x00\x00\x00\x00mif1heic" + bytes(200), r"HEIC.*Most Compatible"),
    "mov": (FTYP + b"qt  " + bytes(200), "video"),
    "mp4": (FTYP + b"isom" + bytes(200), "video"),
    "avi": (b"RIFF\x10\x00\x00\x00AVI LIST" + bytes(50), "video"),
    "mkv": (b"\x1aE\xdf\xa3" + bytes(50), "video"),
    "broken avif": (FTYP + b"avif" + bytes(200), "AVIF"),
    "lfs": (b"version https://git-lfs.github.com/spec/v1\noid sha256:ab\nsize 12\n", "git lfs pull"),
    "html": (b"\n<!DOCTYPE html>\n<html><body>404</body></html>", "web page"),
    "HTML": (b"\xef\xbb\xbf<HTML><head>", "web page"),
    "aae": (b'<?xml version="1.0"?>\n<!DOCTYPE plist PUBLIC "-//Apple">\n<plist><dict>', r"side-car.*AAE"),
    "svg": (b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"/>', "SVG"),
    "xml": (b'<?xml version="1.0"?><annotation/>', "XML"),
    "empty": (b"", "empty file"),
    "zeros": (bytes(4096), "zeros"),
    "pdf": (b"%PDF-1.7\n" + bytes(50), "PDF"),
    "zip": (b"PK\x03\x04" + bytes(50), "unpack"),
    "rar": (b"Rar!\x1a\x07" + bytes(50), "unpack"),
    "gzip": (b"\x1f\x8b\x08" + bytes(50), "unpack"),
    "json": (b'{"error": "not found"}', "text"),
    "jxl": (b"\xff\x0a" + bytes(50), "JPEG XL"),
    "jxl box": (b"\x00\x00\x00\x0cJXL \r\n\x87\n" + bytes(50), "JPEG XL"),
    "apple double": (b"\x00\x05\x16\x07" + bytes(50), "side-car"),
    "shortcut": (b"L\x00\x00\x00\x01\x14\x02\x00" + bytes(50), "shortcut"),
    "raw": (b"FUJIFILMCCD-RAW 0201" + bytes(50), "raw"),
    "cr3": (FTYP + b"crx " + bytes(200), "raw"),
    "text": (b"a text file named .jpg", "text"),
    "png header": (b"\x89PNG\r\n\x1a\n\x00\x00", "PNG.*cut short"),
    "unknown": (bytes(range(128, 256)), "first bytes 80 81 82 83"),
}


@pytest.mark.parametrize("kind", STRANGERS)
def test_a_stranger_is_named_by_its_first_bytes(kind):
    data, told = STRANGERS[kind]
    with pytest.raises(ValueError, match=told) as caught:
        decode_image(data, 8)
    assert "BytesIO" not in str(caught.value)
    assert "\n" not in str(caught.value)


def test_the_thumbnail_of_a_raw_file_is_not_taken_for_the_photograph():
    with pytest.raises(ValueError, match="raw"):
        decode_image(encode(corners(), "TIFF", tiffinfo={254: 1}), 8)


def test_pixels_that_do_not_fit_16_bits_are_refused():
    float_image = encode(Image.fromarray(np.zeros((4, 4), dtype=np.float32)), "TIFF")
    with pytest.raises(ValueError, match="floating-point"):
        decode_image(float_image, 8)
    deep = encode(Image.fromarray(np.full((4, 4), 70_000, dtype=np.int32)), "TIFF")
    with pytest.raises(ValueError, match=r"16 bits.*70,?000"):
        decode_image(deep, 8)


# ---- limits by what decoding costs -----------------------------------------------------------------------------------


def claim_size(photo: bytes, width: int, height: int) -> bytes:
    """A JPEG or PNG whose header claims another size; only the header is ever read here."""
    if photo.startswith(b"\x89PNG"):
        header = b"IHDR" + struct.pack(">II", width, height) + photo[24:29]
        return photo[:12] + header + struct.pack(">I", zlib.crc32(header)) + photo[33:]
    at = max(photo.find(marker) for marker in (b"\xff\xc0", b"\xff\xc2"))
    return photo[: at + 5] + struct.pack(">HH", height, width) + photo[at + 9 :]


def test_a_large_phone_photograph_is_read(recwarn):
    photo = encode(corners().resize((16_320, 12_240), Image.Resampling.NEAREST), "JPEG", quality=30)
    assert quadrants(decode_image(photo, 64)) == [R, G, B, K]
    assert [str(warning.message) for warning in recwarn] == []


def test_what_would_fill_the_memory_is_refused_with_both_numbers_before_it_is_decoded():
    photo = claim_size(encode(corners(), "PNG"), 50_000, 40_000)
    with pytest.raises(ValueError, match=r"50,000 x 40,000 pixels.*8\.0 GB.*1\.1 GB.*smaller") as caught:
        decode_image(photo, 64)
    assert "attack" not in str(caught.value)


def test_a_progressive_jpeg_counts_its_coefficients():
    photo = claim_size(encode(corners(), "JPEG", progressive=True), 20_000, 20_000)
    with pytest.raises(ValueError, match=r"20,000 x 20,000 pixels.*progressive.*2\.4 GB"):
        decode_image(photo, 64)


def test_the_limit_of_pillow_is_left_as_it_was(recwarn):
    before = Image.MAX_IMAGE_PIXELS
    with pytest.raises((ValueError, OSError)):
        decode_image(claim_size(encode(corners(), "PNG"), 11_000, 11_000), 8)  # 121 megapixels: allowed, but absent
    assert before == Image.MAX_IMAGE_PIXELS
    assert [str(warning.message) for warning in recwarn] == []


@pytest.mark.parametrize("block", ["icc", "xmp"])
def test_a_png_with_a_large_block_beside_its_pixels_is_read(block):
    big = bytes(4 << 20)
    if block == "icc":
        photo = encode(corners(), "PNG", icc_profile=big)
    else:
        text = PngInfo()
        text.add_itxt("XML:com.adobe.xmp", "x" * (4 << 20), zip=True)
        photo = encode(corners(), "PNG", pnginfo=text)
    assert quadrants(decode_image(photo, 16)) == [R, G, B, K]


# ---- one door for a single picture -----------------------------------------------------------------------------------


def test_a_picture_is_decoded_as_training_photographs_are(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    half = Image.new("RGBA", (20, 20), (255, 0, 0, 0))
    half.paste((0, 0, 255, 255), (0, 0, 20, 10))
    deep = Image.fromarray(np.full((20, 20), 100 * 256, dtype=np.uint16))
    for name, image in {"half.png": half, "deep.png": deep}.items():
        image.save(tmp_path / name)
        expected = decode_image((tmp_path / name).read_bytes(), 8)
        assert np.array_equal(read_picture(f"~/{name}", 8), expected)


def test_a_picture_that_is_none_is_named(tmp_path):
    (tmp_path / "IMG_1.HEIC").write_bytes(STRANGERS["heic"][0])
    with pytest.raises(ValueError, match=r"^picture: IMG_1\.HEIC: .*HEIC"):
        read_picture(tmp_path / "IMG_1.HEIC", 8)
    Image.new("RGB", (90, 90)).save(tmp_path / "cut.png")
    (tmp_path / "cut.png").write_bytes((tmp_path / "cut.png").read_bytes()[:60])
    with pytest.raises(ValueError, match=r"^picture: cut\.png: "):
        read_picture(tmp_path / "cut.png", 8)


def test_a_picture_that_is_nowhere_says_which_part_of_its_path_is_missing(tmp_path):
    (tmp_path / "photos" / "dogs").mkdir(parents=True)
    with pytest.raises(ValueError, match=r"picture: .*photos holds no 'dgos' \(but dogs\)"):
        read_picture(tmp_path / "photos" / "dgos" / "rex.jpg", 8)
    with pytest.raises(ValueError, match=r"picture: expected a file, got the folder"):
        read_picture(tmp_path / "photos", 8)
