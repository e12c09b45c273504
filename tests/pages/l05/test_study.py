"""What lab 5 trains: the arms differ in what they say and in nothing else, and the words are the same for all."""

import dataclasses

import numpy as np
import pytest
import torch

from helpers.layers.attention import MultiHeadAttention
from helpers.pages.l05 import judge, says, study
from helpers.pages.l05.arms import ARMS, STATEMENTS
from helpers.pages.l05.networks import FAMILIES, attention_maps, build

PARAMETERS = {
    "questions": ["positions", "norm"],
    "word": "abc",
    "length": 4,
    "seeds": 2,
    "steps": {"positions": 10, "division": 10, "norm": 20},
    "batch_size": 4,
    "learning_rate": 0.003,
    "n_test": 20,
}


def fresh(name, length=5, **changes):
    return build(ARMS[name], study.VOCABULARY, length, seed=3, **changes).eval()


def logits(model, words):
    with torch.no_grad():
        return model(words, study.opened(words.flip(1)))


@pytest.fixture
def words():
    return study.asked_words(6, 5)


def test_words_have_different_letters_unless_asked_otherwise():
    words = study.asked_words(200, 8)
    assert words.shape == (200, 8)
    assert all(len(set(row)) == 8 for row in words.tolist())
    assert words.min() >= study.FIRST
    assert words.max() < study.VOCABULARY
    repeats = study.asked_words(200, 8, repeats=True)
    assert any(len(set(row)) < 8 for row in repeats.tolist())
    assert study.as_text(study.spelled("retupmoc")[0]) == "retupmoc"


def test_batches_do_not_repeat_and_do_not_depend_on_the_arm():
    first, second = study.Words(4, 8, seed=0), study.Words(4, 8, seed=1)
    one = torch.stack(list(first.epoch(0)))
    assert torch.equal(one, torch.stack(list(study.Words(4, 8, seed=0).epoch(0))))
    assert not torch.equal(one, torch.stack(list(first.epoch(1))))
    assert not torch.equal(one, torch.stack(list(second.epoch(0))))
    assert torch.equal(one[3:], torch.stack(list(first.epoch(0, start=3))))
    assert len(first) == len(one) == study.EVERY


def test_without_positions_where_it_reads_the_order_of_the_source_is_not_seen(words):
    target = study.opened(words.flip(1))
    shuffled = words[:, torch.tensor([3, 0, 4, 1, 2])]
    for name, blind in (("none", True), ("target", True), ("source", False), ("base", False), ("learned", False)):
        model = fresh(name)
        if name == "learned":
            torch.nn.init.normal_(model.tables)  # small at first
        with torch.no_grad():
            gap = (model(words, target) - model(shuffled, target)).abs().max().item()
        assert (gap < 1e-5) == blind, name


def test_arms_of_equal_sizes_start_from_equal_weights():
    state = fresh("base").state_dict()
    for name in ("none", "source", "target"):
        other = fresh(name).state_dict()
        assert all(torch.equal(value, other[key]) for key, value in state.items())
    wide, raw = fresh("wide").state_dict(), fresh("wide_raw").state_dict()
    assert all(torch.equal(value, raw[key]) for key, value in wide.items())


def test_the_division_is_all_that_differs(words):
    wide, raw = fresh("wide"), fresh("wide_raw")
    assert (logits(wide, words) - logits(raw, words)).abs().max() > 1e-3
    for module in raw.modules():
        if isinstance(module, MultiHeadAttention):  # queries smaller by sqrt(d) do what the division does
            d = module.embed_dim // module.num_heads
            module.qkv.weight.data[: module.embed_dim] /= d**0.5
            module.qkv.bias.data[: module.embed_dim] /= d**0.5
    assert torch.allclose(logits(wide, words), logits(raw, words), atol=1e-5)


def test_a_right_function_of_a_reader_changes_nothing_and_a_wrong_one_does(words):
    ours = logits(fresh("base"), words)
    assert torch.allclose(ours, logits(fresh("base", attend=judge.solution), words), atol=1e-5)
    wrong = judge.MISTAKES["the mask is not used"]
    assert not torch.allclose(ours, logits(fresh("base", attend=wrong), words), atol=1e-3)


def test_the_maps_are_those_of_the_network(words):
    maps = attention_maps(fresh("base"), words, study.opened(words.flip(1)))
    assert tuple(maps) == FAMILIES
    for weights in maps.values():
        assert weights.shape == (6, 2, 5, 5)
        assert torch.allclose(weights.sum(-1), torch.ones(6, 2, 5), atol=1e-5)
    assert maps["decoder masked self"].triu(1).abs().max() == 0


def test_our_heads_are_those_of_torch():
    gaps = says.attention_gaps(embed_dim=24, num_heads=3)
    assert len(gaps) == 3
    assert max(gaps.values()) < 1e-12


def test_a_run_tells_what_it_reached(monkeypatch):
    model, row = study.train(study.Key("base", 1), PARAMETERS)
    assert (row["arm"], row["seed"], row["diverged"]) == ("base", 1, None)
    found = study.right_letters(model, study.asked_words(20, 4))
    assert row["right"] == found.sum(1).tolist()
    assert row["words_right"] == pytest.approx(found.all(1).mean())
    assert [point["step"] for point in row["curve"]] == [10]
    assert row["maps"]["word"] == "abc"
    assert len(row["maps"]["said"]) == 3
    assert [(one["length"], one["repeats"]) for one in row["elsewhere"]][-1] == (4, True)
    deep = study.train(study.Key("pre", 0), PARAMETERS)[1]
    assert not {"maps", "pointed", "elsewhere"} & set(deep)
    assert len(deep["curve"]) == 2


def test_pointing_is_graded_against_the_right_place(monkeypatch):
    words = study.asked_words(10, 4)
    right = torch.eye(4).flip(0).expand(10, 2, 4, 4)
    monkeypatch.setattr(study, "attention_maps", lambda *_: {"cross": right})
    assert study.pointed(None, words) == 1.0
    half = right.clone()
    half[:, :, :2] = 0
    half[:, :, :2, 0] = 1.0  # the first two letters of the answer are not at place 0
    monkeypatch.setattr(study, "attention_maps", lambda *_: {"cross": half})
    assert study.pointed(None, words) == 0.5
    monkeypatch.setattr(study, "attention_maps", lambda *_: {"cross": right})
    assert study.pointed(None, words, 4) == 1.0
    assert study.pointed(None, words, 5) == 0.0, "in words of five each step would read one place further right"


def test_the_grid_holds_the_arms_of_the_questions_with_every_seed():
    names = list(study.grid(PARAMETERS))
    assert names[:2] == ["base/0", "base/1"]
    assert {name.split("/")[0] for name in names} == {
        "base", "learned", "source", "target", "none", "post", "post_warm", "pre", "pre_warm",
    }  # fmt: skip
    assert study.steps_of("eight_heads", PARAMETERS) == 10
    assert study.steps_of("pre", PARAMETERS) == 20


def test_a_third_of_the_rate_is_all_that_a_slow_arm_changes():
    steps = PARAMETERS | {"steps": PARAMETERS["steps"] | {"division": 40}}
    for name in ("wide", "wide_raw"):
        slow, arm = ARMS[f"{name}_slow"], ARMS[name]
        assert dataclasses.replace(slow, label=arm.label, asked=arm.asked, rate=1.0) == arm
        fast, third = (study.training_config(steps, key, 0).learning_rate for key in (name, f"{name}_slow"))
        assert third == pytest.approx(fast / 3)
        assert study.steps_of(name, steps) == study.steps_of(f"{name}_slow", steps) == 40


def test_statements_name_arms_that_are_there_and_signs_that_cancel():
    for one in STATEMENTS:
        assert {arm for _, arm in one.terms} <= set(ARMS)
        assert sum(sign for sign, _ in one.terms) == 0


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"length": 27}, "length: expected 2 to 26 letters, got 27"),
        ({"steps": {"positions": 10}}, "steps: expected positions, division, norm, got positions"),
        ({"steps": {"positions": 15, "division": 10, "norm": 10}}, "multiple of 10 for positions, got 15"),
        ({"word": "Éa"}, "word: expected letters from a to z"),
    ],
)
def test_what_would_fail_later_is_refused_at_once(changes, words):
    with pytest.raises(ValueError, match=words):
        study.check(PARAMETERS | changes)
    study.check(PARAMETERS)
    assert np.isclose(study.training_config(PARAMETERS, "base", 0).learning_rate, 0.003)


def test_our_transformers_are_those_of_torch_and_nothing_is_warned_of(recwarn):
    gaps = says.transformer_gaps(embed_dim=16, num_heads=2)
    assert len(gaps) == 2
    assert max(gaps.values()) < 1e-12
    assert not recwarn.list
