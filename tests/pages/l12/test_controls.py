"""The controls: every choice is drawn once; another network offers its own layers and maps."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
import torch

from helpers.pages.l12 import photograph
from helpers.pages.l12.controls import Controls

NAMES = {"a": "network a", "b": "network b"}
LAYERS = {"a": ("first", "last"), "b": ("only",)}
MAPS = {"a": ("gradient",), "b": ("gradient", "attention")}


@pytest.fixture
def drawn():
    return []


@pytest.fixture
def controls(drawn):
    def draw(**chosen):
        drawn.append(chosen)
        return plt.figure()

    made = Controls(draw, NAMES, LAYERS, MAPS, heads=2)
    made.show()
    yield made
    plt.close("all")


def test_the_first_state_is_the_last_layer_and_the_mean_of_the_heads(controls, drawn):
    assert drawn == [{"model": "a", "method": "gradient", "layer": "last", "head": None, "share": 0.2}]


def test_another_network_offers_its_own_and_is_drawn_once(controls, drawn):
    controls._handle = type("Handle", (), {"update": lambda self, figure: None})()
    controls.model.value = "b"
    assert controls.method.options == ("gradient", "attention")
    assert len(drawn) == 2
    controls.method.value = "attention"
    controls.head.value = 1
    assert drawn[-1] == {"model": "b", "method": "attention", "layer": "only", "head": 1, "share": 0.2}
    assert len(drawn) == 4


def test_a_share_of_the_highest_pixels_is_deleted():
    pixels = np.zeros((8, 8, 3), np.uint8)
    pixels[:4] = 200
    heat = torch.zeros(1, 8, 8)
    heat[0, :4] = 1
    gone = photograph.deleted(pixels, heat, 0.5)
    assert (gone == 100)[:4].all(), "in the mean colour"
    assert (gone[4:] == 0).all()
    assert np.array_equal(photograph.deleted(pixels, heat, 0.0), pixels)


@pytest.mark.parametrize("method", photograph.methods("vit_mini"))
def test_every_map_that_is_offered_can_be_drawn_of_the_cat(method):
    figure = photograph.drawer(None)(model="vit_mini", method=method, layer="blocks.2.norm1", head=None, share=0.3)
    assert len(figure.axes) == 3
    plt.close(figure)


def test_one_head_is_not_the_mean_of_all():
    network = photograph.ready("vit_mini")
    image = photograph.as_input(photograph.pixels_of(None, 64), network)
    classes, said = photograph.answer("vit_mini", image)
    one, mean = (photograph.explanation("vit_mini", photograph.ATTENTION, "blocks.2.norm1", head) for head in (0, None))
    assert not torch.allclose(one(network.model, image, classes), mean(network.model, image, classes))
    assert said.startswith("its class")
