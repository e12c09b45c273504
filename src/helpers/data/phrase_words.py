"""The words of `helpers.data.phrases`: French forms, their English, and to what they apply."""

# gender, French singular and plural, English singular and plural, what it is
NOUNS: tuple[tuple[str, str, str, str, str, str], ...] = (
    ("m", "garçon", "garçons", "boy", "boys", "person"),
    ("m", "frère", "frères", "brother", "brothers", "person"),
    ("f", "sœur", "sœurs", "sister", "sisters", "person"),
    ("m", "voisin", "voisins", "neighbour", "neighbours", "person"),
    ("m", "oncle", "oncles", "uncle", "uncles", "person"),
    ("m", "élève", "élèves", "pupil", "pupils", "person"),
    ("m", "chien", "chiens", "dog", "dogs", "animal"),
    ("m", "chat", "chats", "cat", "cats", "animal"),
    ("f", "souris", "souris", "mouse", "mice", "animal"),
    ("f", "voiture", "voitures", "car", "cars", "thing"),
    ("f", "maison", "maisons", "house", "houses", "thing"),
    ("f", "porte", "portes", "door", "doors", "thing"),
    ("m", "livre", "livres", "book", "books", "thing"),
    ("m", "chapeau", "chapeaux", "hat", "hats", "thing"),
    ("f", "pomme", "pommes", "apple", "apples", "thing"),
    ("m", "arbre", "arbres", "tree", "trees", "thing"),
    ("f", "échelle", "échelles", "ladder", "ladders", "thing"),
)
ACTORS = ("person", "animal")  # what can be a subject
# masculine, feminine, masculine plural, feminine plural, English, of what it is said; after the noun
AFTER: tuple[tuple[str, str, str, str, str, tuple[str, ...]], ...] = (
    ("rouge", "rouge", "rouges", "rouges", "red", ("thing",)),
    ("vert", "verte", "verts", "vertes", "green", ("thing",)),
    ("bleu", "bleue", "bleus", "bleues", "blue", ("thing",)),
    ("cher", "chère", "chers", "chères", "expensive", ("thing",)),
    ("noir", "noire", "noirs", "noires", "black", ("thing", "animal")),
    ("gris", "grise", "gris", "grises", "grey", ("thing", "animal")),
    ("fatigué", "fatiguée", "fatigués", "fatiguées", "tired", ACTORS),
    ("content", "contente", "contents", "contentes", "happy", ACTORS),
    ("patient", "patiente", "patients", "patientes", "patient", ("person",)),
    ("attentif", "attentive", "attentifs", "attentives", "attentive", ("person",)),
)
BEFORE: tuple[tuple[str, str, str, str, str], ...] = (  # in front of the noun
    ("petit", "petite", "petits", "petites", "small"),
    ("grand", "grande", "grands", "grandes", "big"),
    ("jeune", "jeune", "jeunes", "jeunes", "young"),
    ("joli", "jolie", "jolis", "jolies", "pretty"),
)
# present singular and plural, participle; English present singular, base form, past; whether of things alone
TRANSITIVE: tuple[tuple[str, str, str, str, str, str, bool], ...] = (
    ("voit", "voient", "vu", "sees", "see", "saw", False),
    ("cherche", "cherchent", "cherché", "looks for", "look for", "looked for", False),
    ("regarde", "regardent", "regardé", "watches", "watch", "watched", False),
    ("dessine", "dessinent", "dessiné", "draws", "draw", "drew", False),
    ("achète", "achètent", "acheté", "buys", "buy", "bought", True),
    ("touche", "touchent", "touché", "touches", "touch", "touched", True),
)
INTRANSITIVE: tuple[tuple[str, str, str, str, str, str], ...] = (
    ("dort", "dorment", "dormi", "sleeps", "sleep", "slept"),
    ("chante", "chantent", "chanté", "sings", "sing", "sang"),
    ("travaille", "travaillent", "travaillé", "works", "work", "worked"),
    ("attend", "attendent", "attendu", "waits", "wait", "waited"),
)
MONTHS: tuple[tuple[str, str], ...] = (
    ("janvier", "january"), ("mars", "march"), ("avril", "april"), ("mai", "may"), ("juin", "june"),
    ("juillet", "july"), ("septembre", "september"), ("octobre", "october"), ("décembre", "december"),
)  # fmt: skip
WHEN: tuple[tuple[str, str, tuple[tuple[int, ...], ...]], ...] = (
    ("quand il pleut", "when it rains", ((0,), (1,), (2,))),
    ("quand il neige", "when it snows", ((0,), (1,), (2,))),
    ("ce soir", "tonight", ((0, 1),)),
    ("chaque matin", "every morning", ((0,), (1,))),
    ("après le repas", "after the meal", ((0,), (1,), (2,))),
)
JOINED: tuple[tuple[str, str, tuple[tuple[int, ...], ...]], ...] = (
    ("et", "and", ((0,),)),
    ("mais", "but", ((0,),)),
    ("parce que", "because", ((0, 1),)),
)
UNITS = (
    *("zéro", "un", "deux", "trois", "quatre", "cinq", "six", "sept", "huit", "neuf", "dix", "onze", "douze"),
    *("treize", "quatorze", "quinze", "seize"),
)
TENS = {2: "vingt", 3: "trente", 4: "quarante", 5: "cinquante", 6: "soixante"}
ENGLISH_UNITS = (
    *("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"),
    *("thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen"),
)
ENGLISH_TENS = ("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
VOWELS = "aeiouyéèêàâîôû"
