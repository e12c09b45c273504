"""The ten sentences of the chapter: what each claims, the question that a reader guesses, and what the records answer.

A question has a few options and one right one, which is the option nearest to the recorded or counted value.
"""

from dataclasses import dataclass

from helpers.pages.c11 import recorded
from helpers.pages.c11.memory import counted_vit, networks


@dataclass(frozen=True)
class Question:
    """What a reader guesses about a sentence.

    Attributes
    ----------
    sentence
        As people say it.
    asks
        The question behind it.
    options
        Value -> how it is written.
    claim
        Its card on the claims page.
    answer
        A sentence with the measured value, `{value}`, and what it was measured on.
    """

    sentence: str
    asks: str
    options: dict[float, str]
    claim: str
    answer: str


QUESTIONS: tuple[Question, ...] = (
    Question(
        "A ViT needs less memory.",
        "For one training image of 224 px, ViT-B/32 (88 million weights) keeps how many times the activations of "
        "MobileNetV2 (3.5 million)?",
        {0.4: "0.4 times", 3.0: "3 times", 25.0: "25 times"},
        "S0.11",
        "{value:.2f} times. Weights are kept once, activations for every image.",
    ),
    Question(
        "A ViT costs more, for attention is quadratic.",
        "Of the MACs of ViT-B/16 at 224 px, how many are the quadratic part of attention?",
        {0.04: "4 %", 0.25: "25 %", 0.6: "60 %"},
        "S3.4",
        "{percent:.0f} %. The rest are linear layers.",
    ),
    Question(
        "A CNN only sees locally.",
        "How wide is the theoretical field of VGG-16's last convolution, in an image of 224 px?",
        {40.0: "40 px", 100.0: "100 px", 196.0: "196 px"},
        "S3.13",
        "{value:.0f} px.",
    ),
    Question(
        "A ViT sees everything from its first layer.",
        "A fresh ViT-Ti: how much of a patch's gradient after the first block stays in its own pixels?",
        {0.005: "a half per cent, its share of the area", 0.5: "half", 0.9999: "nearly all"},
        "S0.7",
        "{percent:.2f} %. It may look anywhere; what arrives comes by the sum.",
    ),
    Question(
        "A CNN does not mind where a thing is; a ViT does.",
        "Our small CNN sees a picture, and the same moved by 1 to 8 pixels. How often does its answer stay?",
        {0.55: "55 %", 0.87: "87 %", 1.0: "always"},
        "S3.2",
        "{percent:.0f} %.",
    ),
    Question(
        "Global pooling throws away where things are.",
        "From the mean over all places of our CNN's last map a linear layer reads where the dog is. How much of it, "
        "as R²?",
        {0.0: "nothing: 0", 0.4: "0.4", 0.86: "0.86"},
        "S3.14",
        "{value:.2f}. The channels had written it down before.",
    ),
    Question(
        "How positions are encoded hardly matters.",
        "A small ViT on digits, 88 % right. Without any positions it loses how many points?",
        {0.02: "2", 0.1: "10", 0.24: "24"},
        "S3.10",
        "{points:.0f} points. With sinusoids in place of learned ones nothing is lost for sure.",
    ),
    Question(
        "Little data: take a CNN.",
        "A hundred digits to learn from, fresh weights. By how many points is a small ViT behind a small CNN?",
        {0.05: "5", 0.15: "15", 0.39: "39"},
        "S1.14",
        "{points:.0f} points.",
    ),
    Question(
        "Attention shows you why.",
        "Delete pixels in the order of a map, and see how fast the answer goes. Which map finds better what the "
        "network uses: attention rollout of our ViT, or Grad-CAM of our CNN?",
        {-1.0: "Grad-CAM", 0.0: "cannot be told", 1.0: "rollout"},
        "S3.17",
        "By deletion it cannot be told which: {value:+.2f} of the answer's probability, and the interval holds zero.",
    ),
    Question(
        "On the dogs the ViT won, 82 to 73.",
        "How much of the dogs' test list was in ImageNet-1k, on which the CNN of the two had been trained?",
        {0.02: "2 %", 0.4: "40 %", 1.0: "practically all"},
        "S1.19",
        "{percent:.0f} %, as far as a published tenth can tell.",
    ),
)


def values() -> list[float]:
    """The counted or recorded value behind each question, in their order.

    The difference of the two explanations counts as 0 where its interval holds zero, else as its sign.
    """
    kept = {network.name: network.per_image(224, 32) for network in networks() if network.name == "MobileNetV2"}
    rollout = recorded.finding("explanations", "rollout minus cnn, Grad-CAM, deletion")
    side = 0.0 if rollout.low is None or rollout.high is None or rollout.low <= 0 <= rollout.high else 1.0
    return [
        counted_vit("B", 224, 32)[1] / kept["MobileNetV2"],
        recorded.finding("costs", "quadratic share at 224").value,
        recorded.field("vgg16", "features.28", "theory_px"),
        recorded.field("vit_ti16", "blocks.0", "own_share"),
        recorded.finding("shifts", "cnn: answers that survive a shift").value,
        recorded.finding("places", "cnn: place read from the global mean").value,
        -recorded.finding("variants", "no positions minus the ViT as it is").value,
        -recorded.finding("sizes", "vit minus cnn, 100 digits").value,
        side * (1.0 if rollout.value > 0 else -1.0),
        recorded.leaked_share(),
    ]


def right_option(question: Question, value: float) -> int:
    """The index of the option nearest to the value."""
    options = list(question.options)
    return min(range(len(options)), key=lambda k: abs(options[k] - value))


def answered(question: Question, value: float) -> str:
    """The sentence that a reader gets after the guess."""
    if question.claim == "S3.17":
        value = recorded.finding("explanations", "rollout minus cnn, Grad-CAM, deletion").value
    text = question.answer.format(value=value, percent=min(100.0, 100 * value), points=100 * value)
    return text.replace("-", "\N{MINUS SIGN}") if question.claim == "S3.17" else text
