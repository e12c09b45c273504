"""From the bytes of a photograph to the square uint8 array that every model of the course starts from.

The resize rule is the simplest: the frame, or the box in it, is squashed to a square. Nothing is cut away and no
border is added, at the price of a distortion that all images of a set share (photographs of dogs are mostly 4 : 3).
Pillow decodes; where a JPEG is more than twice as large as needed, libjpeg already shrinks it while decoding
(``draft``), then one antialiased bilinear resize.
"""

import io

import numpy as np
from PIL import Image

RULE = "squash, antialiased bilinear, JPEG draft, upright, over white, 1"  # change it when `decode_image` changes
Box = tuple[float, float, float, float]

_UPRIGHT = {  # EXIF orientation (tag 274) -> what turns the picture upright
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


def decode_image(data: bytes, size: int, box: Box | None = None) -> np.ndarray:
    """Decode one image file, cut the box out, squash it to a square, turn it upright.

    Parameters
    ----------
    data : the bytes of a JPEG, PNG, ... file
    size : side S of the result, pixels
    box : left, top, right, bottom in pixels of the stored frame (before EXIF turns it); None takes all of it

    Returns
    -------
    uint8 (S, S, 3), RGB. Transparent pixels are shown over white, 16-bit grey by its upper 8 bits.

    Raises
    ------
    OSError, ValueError : no image, an image cut short, or a box outside of the frame.
    """
    with Image.open(io.BytesIO(data)) as image:
        width, height = image.size
        left, top, right, bottom = _inside(box, width, height)
        if image.format == "JPEG":
            image.draft(None, _enough(width, height, size, right - left, bottom - top))
            shrunk_x, shrunk_y = image.width / width, image.height / height
            left, top, right, bottom = left * shrunk_x, top * shrunk_y, right * shrunk_x, bottom * shrunk_y
        orientation = image.getexif().get(274, 1)
        picture = _as_rgb(image)
        if picture.size != (size, size) or (left, top, right, bottom) != (0, 0, size, size):
            picture = picture.resize((size, size), Image.Resampling.BILINEAR, (left, top, right, bottom))
        if orientation in _UPRIGHT:
            picture = picture.transpose(_UPRIGHT[orientation])
        return np.asarray(picture)


def _inside(box: Box | None, width: int, height: int) -> Box:
    """Clip a box to the frame; annotations overshoot by a pixel."""
    if box is None:
        return (0, 0, width, height)
    left, top, right, bottom = max(box[0], 0), max(box[1], 0), min(box[2], width), min(box[3], height)
    if right - left < 1 or bottom - top < 1:
        raise ValueError(f"box: expected left < right and top < bottom within {width} x {height}, got {box}")
    return (left, top, right, bottom)


def _enough(width: int, height: int, size: int, across: float, down: float) -> tuple[int, int]:
    """The frame that libjpeg may shrink to: its box still has at least size pixels each way."""
    return max(1, round(width * size / across)), max(1, round(height * size / down))


def _as_rgb(image: Image.Image) -> Image.Image:
    if image.mode == "F":
        raise ValueError("expected an image of 8 or 16 bits per channel, got floating-point pixels")
    if image.mode.startswith("I"):  # 16-bit grey: Pillow's own conversion would clip it to white
        return Image.fromarray((np.asarray(image) >> 8).astype(np.uint8)).convert("RGB")
    if image.has_transparency_data:
        pixels = image.convert("RGBA")
        return Image.alpha_composite(Image.new("RGBA", pixels.size, "white"), pixels).convert("RGB")
    return image.convert("RGB")
