"""Where sentences end."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reelkit.steps.sentences import sentence_ends


def sentences(text: str) -> list[str]:
    words, parts, at = text.split(), [], 0
    for end in sentence_ends(words):
        parts.append(" ".join(words[at:end]))
        at = end
    return parts


TABLE = [
    "Coffee wakes you up. | It really does! | Why? | Caffeine.",
    "Dr. Smith and Mrs. J. R. Smith met Prof. Lee. | They left.",
    "Gen. Grant and Capt. Cook never met. | Why would they?",
    "It costs $3.5 or 3.5. | That is all.",
    "It opens at 5 p.m. | We go in. | It opens at 5 p.m. Eastern time. | It is 9 a.m. now.",
    "Apples, pears, etc. | The rest is history. | Apples, etc. and pears.",
    "Use fruit, e.g. Apples. | Or nuts, i.e. Pecans. | It takes approx. 5. | Red vs. Blue.",
    "What?! | No way!! | Yes...",
    "Wait... what? | Wait... | What? | Hm… yes… | No.",
    "He said “Stop!” and left. | “Go.” | She went. | (Really.) | 'Fine.' | Good.",
    "No. 5 is alive. | No. | He is not. | See Fig. 3 and Vol. IV. | He had a fig. | I did not.",
    "I live in the U.S. | It is big. | The U.S. Army came to Washington D.C. in May.",
    "We met on Jan. 5. | He came in Dec. | The rest did not.",
    "Acme Inc. bought Foo Ltd. | The price was low. | Martin Luther King Jr. spoke. | Sammy Davis Jr. | He sang.",
    "St. John lived on Main St. | The house stands on Main St. and is red.",
    "Plan B. | We go. | So do I. | We left. | I. M. Pei built it.",
    "Am 3. Oktober 1990 war es so weit. | Im 19. Jahrhundert nicht. | Es waren 3. | Zwei gingen.",
    "Das ist z. B. Tee, d. h. kein Kaffee. | Auch z.B. Mate u. a. Kräuter. | Nr. 5 kostet ca. 3 Mio. Euro bzw. mehr.",
    "Er starb 44 v. Chr. in Rom. | Milch, Zucker usw. | Mehr nicht. | Hr. Kunz kam am 2. und blieb.",
    "Wir sehen uns am 3. | Danach nicht. | Den 3. oktober 1990 kom han.",
    "El Sr. García y la Sra. López viven cerca del mar. | Cada día van a EE. UU. en la pág. 5.",
    "Il y en a sept. | Puis rien n'est. | César, en 52 av. J.-C. en Gaule, avec Mme. Lune.",
    "Il sig. Rossi beve il mio. | Poi latte, zucchero ecc. | Basta.",
    "Use 20 g. | Grind it for 25 s. | It takes 18.5 g. | We met in Los Angeles, CA. | It was est. 1990 in Rome on sept. 5.",
    "Oma sagt: „Trink Wasser.“ | Dann lachte sie. | „Ja?“ | „‚Nein.‘“ | »Doch.« | Er ging. | „Los!“ rief sie.",
    "Il dit : « Oui. » | Puis « non ! » | Et voilà. | « Bon. »",
    "ቡና ጥሩ ነው። | ውሃ ይሻላል።",
    "Սա սուրճ է։ | Լավն է։",
    "Great! 🎉 | Now go!🎉 | Bye 🎉",
    "Hello ! | World . | Bye",
    "one word",
    "Ends without a mark",
    "It's done.” | “Next.",
    "The marks stay: done?) | (Next one.)",
]


@pytest.mark.parametrize("marked", TABLE)
def test_sentences_end_where_a_reader_ends_them(marked: str) -> None:
    """Each bar in the table is a sentence end, and nothing else is."""
    assert sentences(marked.replace(" | ", " ")) == marked.split(" | ")


@given(st.lists(st.text(st.characters(exclude_categories=["Z", "C"]), min_size=1, max_size=12), max_size=40))
def test_any_words_are_partitioned(words: list[str]) -> None:
    """Whatever the words, the ends rise strictly from above 0 to the number of words."""
    ends = sentence_ends(words)
    assert ends == sorted(set(ends))
    assert ends[-1:] == ([len(words)] if words else [])
    assert not ends or ends[0] > 0


plain = st.from_regex(r"[a-z]{4,9}", fullmatch=True)


@given(st.lists(st.tuples(st.lists(plain, min_size=1, max_size=6), st.sampled_from([".", "!", "?", "?!", "!!"])), min_size=1, max_size=6))
def test_plain_sentences_come_back_whole(parts: list[tuple[list[str], str]]) -> None:
    """Capitalised plain sentences, joined by spaces, are split exactly where they were joined."""
    made = [(" ".join(["Those", *words]) + mark) for words, mark in parts]
    if any(words[-1] in {"approx", "prof", "corp", "bros", "blvd", "dept", "univ", "sept", "figs"} for words, _ in parts):
        return
    assert sentences(" ".join(made)) == made


@given(plain, st.sampled_from(['"', "”", "’", ")", "]"]), st.sampled_from([".", "!", "?"]))
def test_closing_quotes_belong_to_the_sentence(word: str, closer: str, mark: str) -> None:
    """A closing quote or bracket after the mark changes nothing before a capital."""
    ends = sentence_ends(["Quite", f"{word}ly{mark}{closer}", "Then", "more"])
    assert ends == [2, 4]


@given(
    st.lists(
        st.sampled_from(
            ["Dr.", "Mr.", "J.", "U.S.", "e.g.", "p.m.", "etc.", "No.", "5", "The", "Smith", "end.", "...", "…", "?!", "🎉", "”", "ok"]
        ),
        max_size=12,
    )
)
def test_a_longer_text_keeps_its_earlier_ends(words: list[str]) -> None:
    """What follows the next word of a sentence end never moves that end."""
    ends = sentence_ends(words)
    for cut in range(len(words)):
        settled = [end for end in sentence_ends(words[:cut]) if end < cut - 1]
        assert settled == [end for end in ends if end < cut - 1]
