"""Decoding: any photograph becomes an upright square of RGB bytes, or an error."""

import io

import numpy as np
import pytest
from PIL import Image

from helpers.data.decode import decode_image


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


@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_orientation_turns_the_picture_upright(orientation):
    stored = {
        1: lambda image: image,
        2: lambda image: image.transpose(Image.Transpose.FLIP_LEFT_RIGHT),
        3: lambda image: image.transpose(Image.Transpose.ROTATE_180),
        4: lambda image: image.transpose(Image.Transpose.FLIP_TOP_BOTTOM),
        5: lambda image: image.transpose(Image.Transpose.TRANSPOSE),
        6: lambda image: image.transpose(Image.Transpose.ROTATE_90),
        7: lambda image: image.transpose(Image.Transpose.TRANSVERSE),
        8: lambda image: image.transpose(Image.Transpose.ROTATE_270),
    }[orientation](corners())
    exif = Image.Exif()
    exif[274] = orientation
    assert quadrants(decode_image(encode(stored, "JPEG", exif=exif), 32)) == [R, G, B, K]


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


def test_a_text_file_is_an_error():
    with pytest.raises(OSError, match="cannot identify"):
        decode_image(b"a text file named .jpg", 8)
    float_image = encode(Image.fromarray(np.zeros((4, 4), dtype=np.float32)), "TIFF")
    with pytest.raises(ValueError, match="floating-point"):
        decode_image(float_image, 8)
