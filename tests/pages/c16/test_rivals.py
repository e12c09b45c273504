"""Chapter 16, the rivals: a dog's inside and outline, and maps that are handed to another."""

import numpy as np
import torch

from helpers.pages.c16 import maps, readers, rivals


def square_dog():
    dog = torch.zeros(1, 64, 64, dtype=torch.bool)
    dog[0, 16:48, 16:48] = True
    return dog


def test_the_dog_is_where_any_other_coat_changes_the_picture():
    images = torch.zeros(1, 3, 64, 64)
    others = [images.clone(), images.clone()]
    others[0][0, 1, 3, 4], others[1][0, 2, 5, 6] = 1, 1
    found = rivals.changed_pixels(images, others)
    assert found.nonzero().tolist() == [[0, 3, 4], [0, 5, 6]]


def test_inside_and_outline_share_no_pixel_and_the_outline_lies_on_both_sides():
    found = rivals.inside_and_outline(square_dog())
    assert set(found) == set(readers.CUES)
    inside, outline = found["coat"][0], found["build"][0]
    pixels = maps.GRID**2  # of a cell, and cells of the picture
    assert round(float(inside.sum()) * pixels) == (32 - 2 * rivals.BAND) ** 2
    assert round(float(outline.sum()) * pixels) == (32 + 2 * rivals.BAND) ** 2 - (32 - 2 * rivals.BAND) ** 2
    assert inside[3, 3] == 1
    assert outline[3, 3] == 0
    assert outline[1, 3] > 0  # the cell above the dog


def test_a_speck_is_no_edge():
    dog = square_dog()
    dog[0, 30, 30] = False
    assert torch.equal(rivals.inside_and_outline(dog)["coat"], rivals.inside_and_outline(square_dog())["coat"])


class Heard:
    """Stands for `ruler.Chance`: the gain of a map is its mean."""

    def gain(self, kind, saliency):
        assert kind == "deletion"
        return saliency.mean((1, 2)).double().numpy()


def test_a_map_is_handed_to_the_other_network_and_to_the_other_reader():
    made = {"vit_mini": {"m": {"coat": 1.0, "build": 2.0}}, "xception_mini": {"k": {"coat": 3.0, "build": 4.0}}}
    found = {
        network: {
            method: {cue: torch.full((2, 8, 8), value) for cue, value in pair.items()} for method, pair in of.items()
        }
        for network, of in made.items()
    }
    rows = rivals.handed_over(Heard(), "vit_mini", "coat", found)
    assert rows == [(rivals.OTHER_NETWORK, "k", [3.0, 3.0]), (rivals.OTHER_READER, "m", [2.0, 2.0])]


def test_maps_of_a_class_are_those_that_a_reader_can_change():
    names = list(rivals.of_a_class("vit_mini"))
    assert len(names) == 1 + len(maps.LAYERS["vit_mini"])
    assert not {maps.ROLLOUT, maps.BLOB, maps.CONTRAST} & set(names)
    assert np.all([name == maps.GRADIENT or name.startswith("Grad-CAM") for name in names])
