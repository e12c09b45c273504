"""Lab 13's answers in sentences, each computed from its standings and findings."""

from collections.abc import Sequence

from helpers.measure.findings import HOLDS, OPPOSITE, UNDECIDED, tally_line, verdict
from helpers.measure.intervals import Estimate
from helpers.pages.l13.methods import (
    BESIDE,
    BLACK,
    BLURRED,
    CNN,
    FAR,
    FROZEN,
    KNOWS,
    LEARNED_FROM,
    LONGER,
    NETWORKS,
    PLAIN,
    RECIPES,
    RELEASED,
    SHORTER,
    VIT,
    hidden,
    lead,
)
from helpers.pages.l13.report import Finding, Runs, Standing, kept, total
from helpers.plots.tables import points


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


def crossed(runs: Runs) -> list[dict[str, str]]:
    """ViT minus CNN, a row a probe: both plain, both by the recipe that knows it, one alone by it."""
    rows = []
    for probe, knows in KNOWS.items():
        pairs = {"both plain": (PLAIN, PLAIN), "both by it": (knows, knows)}
        pairs |= {"the ViT alone": (knows, PLAIN), "the CNN alone": (PLAIN, knows)}
        row = {name: told(total(runs, lead(probe, vit, cnn=cnn))) for name, (vit, cnn) in pairs.items()}
        if any(row.values()):
            rows.append({"probe": probe, "the recipe that knows it": RECIPES[knows], **row})
    return rows


def kept_rows(runs: Runs) -> list[dict[str, str]]:
    """Two rulers, a row a probe, both trained on plain pictures: the lead in points; what each keeps of its own clean
    lead over a guess, in %; and the difference of that."""
    rows = []
    for probe in dict.fromkeys(test["probe"] for run in runs for test in run["tests"]):
        shares = [kept(runs, [(network, PLAIN)], probe) for network in (CNN, VIT)]
        apart = kept(runs, [(VIT, PLAIN), (CNN, PLAIN)], probe)
        if probe != "clean" and apart is not None:
            both = [f"{100 * one[0].value:.0f} %" for one in shares if one is not None]
            row = {"probe": probe, "ViT minus CNN": told(total(runs, lead(probe))), "CNN keeps": both[0]}
            rows.append(row | {"ViT keeps": both[1], "ViT keeps more by": told(apart)})
    return rows


def side(found: tuple[Estimate, tuple[float, ...]]) -> str:
    """Who is ahead, by the interval."""
    return {HOLDS: "the ViT", OPPOSITE: "the CNN", UNDECIDED: "neither"}[verdict(found[0])]


def kept_line(runs: Runs) -> str:
    """Under which probes the lead in points and the share that is kept name different winners."""
    said, asked = [], 0
    for probe in dict.fromkeys(test["probe"] for run in runs for test in run["tests"]):
        points_, shares = total(runs, lead(probe)), kept(runs, [(VIT, PLAIN), (CNN, PLAIN)], probe)
        if probe == "clean" or points_ is None or shares is None:
            continue
        asked += 1
        by_points, by_shares = side(points_), side(shares)
        if by_points != by_shares:
            said.append(f"{probe} ({by_points} by points, {by_shares} by shares)")
    if not asked:
        return ""
    where = f"name another winner for {len(said)}: {', '.join(said)}" if said else "name the same winner for all"
    return f"**Points, or the share of the clean lead that is kept?** Of {asked} probes the two rulers {where}."


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
    leads: dict[str, list[str]] = {"the ViT": [], "the CNN": [], "neither": []}
    floor = []
    for probe in dict.fromkeys(row.probe for row in table):
        found = total(runs, lead(probe))
        pair = [of(table, network, PLAIN, probe) for network in (CNN, VIT)]
        if found is None:
            continue
        if all(row is not None and row.guessing for row in pair):
            floor.append(probe)
            continue
        leads[side(found)].append(probe)
    said = [f"{who} leads under {', '.join(names)}" for who, names in leads.items() if names]
    said += [f"both guess under {', '.join(floor)}"] if floor else []
    return f"**Both trained on plain pictures:** {'; '.join(said)}." if said else ""


def grid_line(table: Sequence[Standing]) -> str:
    """AUC of both, a quarter and half black, on the grid and beside it: where both guess, there is no lead to have."""
    said = []
    for name, share in (("a quarter", 0.25), ("half", 0.5)):
        each = []
        for network in (VIT, CNN):
            probes = (hidden("black", share, shifted) for shifted in (False, True))
            on, beside = (of(table, network, PLAIN, probe) for probe in probes)
            if on is not None and beside is not None:
                each.append(f"{NETWORKS[network]} {100 * on.auc.value:.0f} and {100 * beside.auc.value:.0f} %")
        said += [f"{name} black, {'; '.join(each)}"] if each else []
    return f"**The grid:** AUC with cells on the grid of the patches and beside it: {'. '.join(said)}." if said else ""


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
    """What the recipe that knows the occluder does to the lead."""
    said = []
    for probe, recipe in KNOWS.items():
        before, after = (told(total(runs, lead(probe, name))) for name in (PLAIN, recipe))
        if before and after:
            said.append(f"{probe}, ViT minus CNN is {before} with plain pictures and {after} with {RECIPES[recipe]}")
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
        f"{LEARNED_FROM[best.recipe]}, {100 * best.auc.value:.1f} % and {100 * best.eer.value:.1f} %."
    )


def known_of(runs: Runs, network: str, recipe: str) -> float | None:
    """Share of its own training pictures that a network names, mean over seeds."""
    own = [run["known"] for run in runs if (run["network"], run["recipe"]) == (network, recipe)]
    own = [share for share in own if share is not None]  # a frozen one learns nothing
    return sum(own) / len(own) if own else None


def learnt_line(runs: Runs) -> str:
    """How much of its training pictures each network names: equal steps are not equal learning."""
    said = []
    for network in (CNN, VIT):
        shares = {recipe: known_of(runs, network, recipe) for recipe in RECIPES}
        told_ = [f"{RECIPES[recipe]} {100 * share:.0f}" for recipe, share in shares.items() if share is not None]
        said += [f"{NETWORKS[network]} {', '.join(told_)} %"] if told_ else []
    if len(said) < 2:
        return ""
    return (
        f"**Equal steps are not equal learning:** of its own training pictures {'; '.join(said)}. Where one has learnt "
        "less, its place in any line above may be the shortness of its training, and not its family."
    )


def equal_line(runs: Runs) -> str:
    """What is left of the leads when the two have learnt more alike: a ViT trained longer, a CNN stopped earlier."""
    said = []
    for vit, cnn in ((LONGER, PLAIN), (PLAIN, SHORTER)):
        shares = known_of(runs, VIT, vit), known_of(runs, CNN, cnn)
        leads = {probe: total(runs, lead(probe, vit, cnn=cnn)) for probe in ("clean", BLACK, FAR)}
        if shares[0] is not None and shares[1] is not None:
            names = ("a ViT trained longer", "the CNN") if vit == LONGER else ("the ViT", "a CNN stopped earlier")
            known = f"{names[0]} {100 * shares[0]:.0f} %, {names[1]} {100 * shares[1]:.0f} %"
            apart = ", ".join(f"{probe} {told(found)}" for probe, found in leads.items() if found is not None)
            said.append(f"of their training pictures they name: {known}. ViT minus CNN there: {apart}")
    return f"**Nearer in learning:** {'; '.join(said)}." if said else ""


def says(runs: Runs, table: Sequence[Standing], findings: Sequence[Finding]) -> list[str]:
    """The conclusion of the lab, a sentence or two a line."""
    lines = [
        order_line(runs, table),
        grid_line(table),
        recipe_line(runs),
        kept_line(runs),
        range_line(runs, table),
        released_line(table),
        learnt_line(runs),
        equal_line(runs),
    ]
    lines += [tally_line(findings)] if findings else []
    return [line for line in lines if line]
