"""Runs of lab 12 as they could be: the gradient always tells the cue, attention never, rollout backwards."""

from helpers.pages.l12.methods import ASKING, BOTH, COAT, LESSONS, NETWORKS, methods_of


def run(network, lesson, seed, coat, build, maps=24, widths=2):
    leans = {}
    for k, method in enumerate(methods_of(network)):
        knows = {"gradient": 1, "rollout": -1}.get(method, 0)
        sign = {COAT: knows, BOTH: -knows}.get(lesson, -knows)
        # An attention that changes with the training and not with the lesson.
        drift = (0.05 * seed + 0.02 * len(lesson) * (-1) ** seed) * (method == "attention")
        turn = k + len(lesson) * (method in ASKING)  # a map that asks no network is the same for both
        row = [round(0.5 + 0.3 * sign + drift + 0.01 * ((i + turn) % 3 - 1), 4) for i in range(maps)]
        leans[method] = [row] * widths
    answers = coat if lesson == COAT else build
    row = {"network": network, "lesson": lesson, "seed": seed, "images_seen": 16, "fit_s": 1.0}
    row["answers"] = {"as it is": answers, "another coat": coat, "another build": build}
    row["answers"] |= {"inside painted": build, "outline painted": coat}
    noise = [[0.4, 0.6] * (maps // 2)] * widths
    shuffled = {} if lesson == BOTH else {name: noise for name in leans if name in ASKING}
    gains = {} if lesson == BOTH else {name: [0.1 + 0.01 * (i % 2) for i in range(maps)] for name in leans}
    row["maps"] = {"leaning": leans, "shuffled": shuffled, "deletion": gains}
    return row


def runs(coat, build, seeds=3, networks=NETWORKS):
    return [
        run(n, lesson, s, coat.tolist(), build.tolist()) for n in networks for lesson in LESSONS for s in range(seeds)
    ]
