"""A model card of a network of this course, filled in from the file that its training wrote."""

import json
from typing import Any

from helpers.measure.intervals import Estimate
from helpers.models.pretrained import OURS
from helpers.plots.tables import percent


def model_card(name: str = "xception_mini") -> list[dict[str, Any]]:
    """Rows of a question and what the card answers, for weights trained on photographs.

    Raises
    ------
    FileNotFoundError
        If no such weights are shipped.
    """
    told = json.loads((OURS["photographs"] / f"{name}.json").read_text(encoding="utf-8"))
    data, recipe, last = told["data"], told["recipe"], told["epochs"][-1]
    top1 = Estimate(**last["test_top1"], n=data["n_test"], covers="test sampling")
    answered = {
        "What is it?": f"`{name}`, {recipe['image_size']} px, {data['num_classes']} classes; written {told['date']}",
        "Trained on what?": f"{data['n_train']:,} photographs of Tiny ImageNet, every class of dogs left out",
        "Whose photographs?": f"{data['provenance']['licence']}",
        "How?": f"{recipe['epochs']} epochs, batch {recipe['batch_size']}, AdamW at {recipe['learning_rate']}, "
        f"seed {recipe['seed']}, {told['images_seen']:,} photographs seen",
        "How good, on what?": f"{percent(top1)} on {data['n_test']:,} validation photographs; one training",
        "What did it cost?": f"{sum(told['seconds'].values()) / 3600:.1f} hours of one core of a busy machine",
        "What for?": "small pictures, teaching, a start for fine-tuning",
        "What not for?": "any decision about a person, an animal or money",
    }
    unknown = {
        "Is it calibrated?": "**not known**",
        "Which photographs fail?": "**not known**: no group of photographs was looked at apart",
        "What under blur, dark, another camera?": "**not known** for these weights",
        "Would another seed be as good?": "**not known**: one training",
        "May it earn money?": "**not known**; the photographs' terms say research",
        "How much electricity?": "**not known**: no meter",
    }
    return [{"the card asks": asks, "and is told": told_of} for asks, told_of in (answered | unknown).items()]
