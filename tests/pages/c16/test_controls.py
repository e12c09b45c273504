"""Chapter 16, the controls: templates leave their own dog out, a look can be taken away, both studies agree."""

import numpy as np
import pytest
import torch

from helpers.models.vit import ViT
from helpers.pages.c16 import controls, maps, readers, recorded, rivals
from helpers.records import read_record


def test_a_template_leaves_its_own_dog_out():
    values = torch.tensor([0.0, 3.0, 6.0])
    assert controls.of_the_others(values).tolist() == [4.5, 3.0, 1.5]
    with pytest.raises(ValueError, match="two dogs at least, got 1"):
        controls.of_the_others(values[:1])


def test_maps_are_held_against_their_own_dog_and_against_others():
    rng = torch.Generator().manual_seed(0)
    one, two = (torch.rand(8, 8, generator=rng) for _ in readers.CUES)
    crossed = {"coat": torch.stack([one, two]), "build": torch.stack([two, one])}  # two dogs, each the other's opposite
    assert controls.paired(crossed, crossed).tolist() == [1, 1]
    assert controls.paired_with_others(crossed, crossed).tolist() == [0, 0]
    same = dict.fromkeys(readers.CUES, crossed["coat"])
    assert controls.paired(same, crossed).tolist() == [0.5, 0.5]
    found = controls.against_all(crossed, crossed)
    assert found[controls.SPECIAL].tolist() == [1, 1]


def test_the_place_of_the_coat_is_what_another_coat_changes():
    images = torch.zeros(1, 3, 64, 64)
    other = images.clone()
    other[0, 1, 8:16, 16:20] = 1  # half of one cell
    place = controls.place_of_the_coat(images, [images, other])
    assert place[0, 1, 2] == 0.5
    assert place.sum() == 0.5


def test_a_blob_anywhere_is_the_same_blob_elsewhere():
    found = controls.blob_anywhere(20, 0)
    assert torch.equal(found, controls.blob_anywhere(20, 0))
    assert len({int(one.argmax()) for one in found}) > 10
    assert found.amax((1, 2)).min() > 0.95


def test_a_look_taken_away_changes_only_what_it_brought():
    torch.manual_seed(0)
    model = ViT(image_size=64, patch_size=8, num_classes=3, embed_dim=32, depth=2, num_heads=2).eval()
    model.requires_grad_(False)
    for block in model.blocks:
        torch.nn.init.normal_(block.attention.qkv.weight, std=0.5)
        torch.nn.init.normal_(block.attention.output.weight, std=0.5)
    images = torch.randn(1, 3, 64, 64).expand(3, -1, -1, -1)
    x = model.embed(images)
    x = model.blocks[0](x)
    answer = model(images).softmax(-1)
    assert torch.allclose(controls.without_the_look(model, x, "the mean of all"), answer, atol=1e-5)
    assert not torch.allclose(controls.without_the_look(model, x, "nothing"), answer, atol=1e-3)
    model.blocks[-1].attention.output.weight.zero_()
    model.blocks[-1].attention.output.bias.zero_()
    assert torch.allclose(controls.without_the_look(model, x, "nothing"), model(images).softmax(-1), atol=1e-5)


def test_both_studies_agree_where_they_measure_the_same():
    record = read_record(controls.STUDY, "cpu").model_dump()
    assert controls.findings(record["runs"]) == record["summary"]["findings"]
    for network in readers.NETWORKS:
        for layer in maps.LAYERS[network]:
            method = maps.grad_cam_name(layer)
            assert recorded.held(network, method).value == recorded.apart(network, method).value
    for cue in readers.CUES:
        for weights in ("equal", "the ViT's", "the ViT's, shuffled"):
            again = recorded.one("guide", controls.STUDY, reader=cue, weights=weights)["right"]
            assert np.array_equal(again, recorded.reads(cue, weights))


def test_the_table_of_pairs_has_nothing_special_for_templates_and_all_of_it_for_the_rival():
    rows = recorded.pairs_table("vit_mini", [maps.grad_cam_name("blocks.1.norm1"), rivals.PAIR, controls.TEMPLATE])
    assert [row["map"] for row in rows] == ["Grad-CAM, block 2", rivals.PAIR, controls.TEMPLATE]
    assert None not in [*rows[0].values(), *rows[1].values()]
    assert [rows[2][key] for key in (controls.OTHERS, "what is special")] == [None, None]


def test_a_map_on_its_own_network_is_the_first_studys_and_elsewhere_the_controls():
    chosen = {name: recorded.chosen_layer(name) for name in readers.NETWORKS}
    table = recorded.handed_table(chosen)
    method = maps.grad_cam_name(chosen["vit_mini"])
    assert table[0]["on the ViT"] == recorded.with_sign(recorded.judged("vit_mini", method).value)
    foreign = recorded.handed("xception_mini", method, rivals.OTHER_NETWORK)
    assert table[0]["on the CNN"] == recorded.with_sign(foreign.value)
    assert table[1]["on the CNN"] is None
    less = recorded.handed("xception_mini", method, rivals.OTHER_NETWORK, maps.BLOB)
    assert np.isclose(less.value, recorded.judged("xception_mini", maps.BLOB).value - foreign.value)
