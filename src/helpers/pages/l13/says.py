"""Lab 13's answers in sentences, each computed from its standings and findings."""

from collections.abc import Sequence

from helpers.measure.intervals import Estimate
from helpers.pages.l13.methods import (
    BESIDE,
    BLACK,
    BLURRED,
    CNN,
    ERASED,
    FAR,
    FROZEN,
    NETWORKS,
    NOISE,
    PLAIN,
    RECIPES,
    RELEASED,
    VIT,
    lead,
)
from helpers.pages.l13.report import UNDECIDED, Finding, Runs, Standing, total
from helpers.plots.tables import points

LEVEL = 0.05  # of a 95 % interval


def of(table: Sequence[Standing], network: str, recipe: str, probe: str) -> Standing | None:
    """The standing of a network, a recipe and a probe, if it was run."""
    wanted = (network, recipe, probe)
    return next((row for row in table if (row.network, row.recipe, row.probe) == wanted), None)


def told(found: tuple[Estimate, tuple[float, ...]] | None) -> str:
    """A lead in points with its interval; how many trainings agree, where there are several."""
    if found is None:
        return ""
    estimate, by_seed = found
    if len(by_seed) < 2:
        return points(estimate)
    agree = sum((value > 0) == (estimate.value > 0) for value in by_seed)
    return f"{points(estimate)}, {agree} of {len(by_seed)} runs on this side"


def crossed(runs: Runs, probes: Sequence[str]) -> list[dict[str, str]]:
    """ViT minus CNN for each pair of recipes, a row a pair: matched ones first, then the others."""
    pairs = [(recipe, recipe) for recipe in RECIPES] + [(a, b) for a in RECIPES for b in RECIPES if a != b]
    rows = []
    for vit, cnn in pairs:
        row = {probe: told(total(runs, lead(probe, vit, cnn=cnn))) for probe in probes}
        if any(row.values()):
            rows.append({"ViT learned from": RECIPES[vit], "CNN learned from": RECIPES[cnn], **row})
    return rows


def predictions(runs: Runs, table: Sequence[Standing]) -> list[dict[str, str]]:
    """The answers of this run to the three predictions; only those that were run."""
    rows = []
    on, beside = (told(total(runs, lead(probe))) for probe in (BLACK, BESIDE))
    if on and beside:
        rows.append({"question": "1. ViT minus CNN, half black", "this run": f"on the grid {on}; beside it {beside}"})
    plain, blurred = (told(total(runs, lead(FAR, recipe))) for recipe in (PLAIN, BLURRED))
    if plain and blurred:
        said = f"both plain {plain}; both blurred {blurred}"
        rows.append({"question": "2. ViT minus CNN, eight times as far", "this run": said})
    three = [of(table, *arm, "clean") for arm in ((RELEASED, FROZEN), (CNN, PLAIN), (VIT, PLAIN))]
    shown = [f"{NETWORKS[row.network]} {100 * row.auc.value:.1f} %" for row in three if row is not None]
    if len(shown) == len(three):
        rows.append({"question": "3. AUC on clean pictures", "this run": ", ".join(shown)})
    return rows


def order_line(runs: Runs, table: Sequence[Standing]) -> str:
    """Under which probes who leads, both trained on plain pictures; where nobody can be told from guessing, so."""
    leads: dict[str, list[str]] = {"the ViT leads": [], "the CNN leads": [], "undecided": []}
    floor = []
    for probe in dict.fromkeys(row.probe for row in table):
        found = total(runs, lead(probe))
        pair = [of(table, network, PLAIN, probe) for network in (CNN, VIT)]
        if found is None:
            continue
        if all(row is not None and row.guessing for row in pair):
            floor.append(probe)
            continue
        low, high = found[0].low, found[0].high
        open_ = low is None or high is None or low <= 0 <= high
        who = "undecided" if open_ else "the ViT leads" if low is not None and low > 0 else "the CNN leads"
        leads[who].append(probe)
    said = [f"{who} under {', '.join(names)}" for who, names in leads.items() if names]
    said += [f"both guess under {', '.join(floor)}"] if floor else []
    return f"**Both trained on plain pictures:** {'; '.join(said)}." if said else ""


def grid_line(table: Sequence[Standing]) -> str:
    """AUC of both, half black, on the grid and beside it: where both guess, there is no lead to have."""
    said = []
    for network in (VIT, CNN):
        on, beside = (of(table, network, PLAIN, probe) for probe in (BLACK, BESIDE))
        if on is not None and beside is not None:
            said.append(f"{NETWORKS[network]} {100 * on.auc.value:.0f} and {100 * beside.auc.value:.0f} %")
    return f"**The grid:** half black, AUC on the grid of the patches and beside it: {'; '.join(said)}." if said else ""


def range_line(runs: Runs, table: Sequence[Standing]) -> str:
    """From where to where the difference of the same two networks goes, over all probes and pairs of recipes."""
    found = {}
    for probe in dict.fromkeys(row.probe for row in table):
        for vit in RECIPES:
            for cnn in RECIPES:
                if (one := total(runs, lead(probe, vit, cnn=cnn))) is not None:
                    found[f"{probe}; the ViT learned from {RECIPES[vit]}, the CNN from {RECIPES[cnn]}"] = one[0].value
    if len(found) < 2:
        return ""
    low, high = min(found, key=lambda name: found[name]), max(found, key=lambda name: found[name])
    said = f"{100 * found[low]:+.0f} points ({low}) to {100 * found[high]:+.0f} ({high})".replace("-", "−")
    return f"**Whose protocol decides?** ViT minus CNN goes from {said}, over {len(found)} ways to compare the two."


def recipe_line(runs: Runs) -> str:
    """What one line of the recipe does to the lead under noise and from afar."""
    said = []
    for recipe, probe, where in ((ERASED, NOISE, "half hidden by noise"), (BLURRED, FAR, "eight times as far")):
        before, after = (told(total(runs, lead(probe, name))) for name in (PLAIN, recipe))
        if before and after:
            said.append(f"{where}, ViT minus CNN is {before} with plain pictures and {after} with {RECIPES[recipe]}")
    return f"**The recipe, the same for both:** {'; '.join(said)}." if said else ""


def released_line(table: Sequence[Standing]) -> str:
    """The frozen released network beside the best of the trained ones, on clean probes."""
    frozen = of(table, RELEASED, FROZEN, "clean")
    others = [row for row in table if row.probe == "clean" and row.recipe != FROZEN]
    if frozen is None or not others:
        return ""
    best = max(others, key=lambda row: row.auc.value)
    return (
        f"**Clean pictures of strangers:** {NETWORKS[RELEASED]}, frozen, has an AUC of {100 * frozen.auc.value:.1f} % "
        f"and an EER of {100 * frozen.eer.value:.1f} %; the best that was trained here, {NETWORKS[best.network]} on "
        f"{RECIPES[best.recipe]}, {100 * best.auc.value:.1f} % and {100 * best.eer.value:.1f} %."
    )


def learnt_line(runs: Runs) -> str:
    """How much of its training pictures each network names: equal steps are not equal learning."""
    said = []
    for network in (CNN, VIT):
        shares = []
        for recipe in RECIPES:
            own = [run["known"] for run in runs if (run["network"], run["recipe"]) == (network, recipe)]
            own = [share for share in own if share is not None]  # a frozen one learns nothing
            shares += [f"{RECIPES[recipe]} {100 * sum(own) / len(own):.0f}"] if own else []
        said += [f"{NETWORKS[network]} {', '.join(shares)} %"] if shares else []
    if len(said) < 2:
        return ""
    return (
        f"**Equal steps are not equal learning:** of its own training pictures {'; '.join(said)}. Where one has learnt "
        "less, its place in any line above may be the shortness of its training, and not its family."
    )


def tally(findings: Sequence[Finding]) -> str:
    """How many statements came out how, and how many would be decided by chance alone."""
    words = [one.as_expected for one in findings]
    decided = sum(one.verdict != UNDECIDED for one in findings)
    return (
        f"**{len(findings)} statements**, {decided} decided (by chance alone, up to {LEVEL * len(findings):.1f}): as "
        f"expected {words.count('as expected')}, against it {words.count('against it')}, open {words.count('open')}."
    )


def says(runs: Runs, table: Sequence[Standing], findings: Sequence[Finding]) -> list[str]:
    """The conclusion of the lab, a sentence or two a line."""
    lines = [
        order_line(runs, table),
        grid_line(table),
        recipe_line(runs),
        range_line(runs, table),
        released_line(table),
        learnt_line(runs),
    ]
    lines += [tally(findings)] if findings else []
    return [line for line in lines if line]
