"""Plain code judges a draft before anything is spent on voice or footage.

What is measured here is sent back to whoever wrote the draft, so each norm is said as one would say it to a writer. Rules about words are
for English; in other languages only those apply that need none. Sources: ``docs/norms.md``, The script.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from reelkit.model import Finding, Script, ScriptRequest
from reelkit.steps.said_numbers import numbers_in
from reelkit.steps.sentences import sentence_ends

__all__ = ["HOOK_WORDS", "SCENE_WORDS", "judge_script", "repeats"]

HOOK_WORDS = 15
SCENE_WORDS = 35
TOLERANCE = 0.10
_TERM_WORDS = 5
_KEY_WORDS = 4
_ALIKE = 0.6
_ABSTRACT_LISTED = """
    ability abundance advantage ambition attention awareness balance beauty benefit benefits challenge change choice clarity
    comfort commitment concept confidence consistency creativity culture curiosity decision dedication determination development difference
    discipline efficiency effort emotion energy excellence expectation experience expertise failure faith focus freedom future goal goals
    growth habit happiness health hope idea ideas identity impact importance improvement inflation information innovation inspiration
    integrity intelligence intention interest journey joy justice knowledge lifestyle logic love loyalty luck luxury memory mindset mood
    motivation mystery opportunity passion patience peace performance perspective philosophy possibility potential power precision
    pride principle priority process productivity progress purpose quality reality reason relationship reliability resilience respect
    responsibility result results risk science secret sense simplicity skill solution speed spirit strategy strength stress success
    surprise talent taste technique theory thought time timing tradition trend trust truth understanding value values virtue vision
    wellbeing wellness will willpower wisdom wonder"""
_ABSTRACT = frozenset(_ABSTRACT_LISTED.split())
_QUALIFYING_LISTED = """
    inner true personal real high good better best great pure daily new deep human business financial mental physical social emotional
    modern perfect premium ultimate positive long term lasting overall product brand customer
"""
_UNSEEN = _ABSTRACT | frozenset(_QUALIFYING_LISTED.split())
"""Words that name nothing a camera can see. A term of nothing else is found; "asteroid impact" names an asteroid."""
_NOT_ENGLISH_LISTED = """
    aber auch auf aus bei das dem den der des die ein eine einem einen einer fuer für ist mit nicht oder und von zum zur au aux avec
    ces cette dans del della delle des du el en et la las le les los por para que qui sur un una une uno y con il gli nel og het een van
    voor"""
_NOT_ENGLISH = frozenset(_NOT_ENGLISH_LISTED.split())
_CALLS_LISTED = """
    follow save share subscribe try visit come join order send tell tap click comment book start taste bring ask write grab see
    watch sign download drop tag pass keep make meet find check stop"""
_CALLS = frozenset(_CALLS_LISTED.split())
_SMALL_LISTED = "a an the of to in on for and or is are was be your you why how what when it its with that this from at by as"
_SMALL_WORDS = frozenset(_SMALL_LISTED.split())


def judge_script(
    script: Script,
    request: ScriptRequest,
    *,
    target_words: int,
    used_topics: Iterable[str] = (),
    facts: Iterable[str] = (),
    facts_only: bool = False,
) -> list[Finding]:
    """Measure a draft against what the brand asks.

    Parameters
    ----------
    script : Script
    request : ScriptRequest
        What the brand asks for.
    target_words : int
        How many words of this draft's kind fill the reel in the brand's voice.
    used_topics : iterable of str
        Topics of earlier reels.
    facts : iterable of str
        What the brand says is true.
    facts_only : bool
        Whether each number must stand in the topic or the facts.

    Returns
    -------
    list of Finding
        All that was measured. A "must" that does not hold is a script that no reel may be made of; a "should" is worth another draft.

    Examples
    --------
    >>> from reelkit.model import Scene
    >>> request = ScriptRequest(brand_name="N", slug="n", topic_seed=1, length_s=30, call_to_action="Follow us.")
    >>> script = Script.of("Tea", [Scene(text="Tea is old. Follow us.", search_terms=("tea cup", "success"))])
    >>> [finding for finding in judge_script(script, request, target_words=5) if not finding.holds]
    [<Finding search terms: warn, scene 1: 'success' (2 to 4 a scene, English, concrete and visible, at most 5 words each)>]
    """
    findings = [
        _length(script, target_words),
        _hook(script),
        *_scenes(script),
        _banned(script, request),
        _call(script, request),
        _terms(script),
        _repeat(script, used_topics),
    ]
    if any(scene.emphasis for scene in script.scenes):
        findings.append(_key_words(script))
    if facts_only:
        findings.append(_numbers(script, [script.topic, request.call_to_action, *facts]))
    return findings


def _length(script: Script, target: int) -> Finding:
    low, high = round(target * (1 - TOLERANCE)), round(target * (1 + TOLERANCE))
    count = script.word_count
    hint = f"{'add' if count < low else 'cut'} about {abs(target - count)} words"
    return Finding(
        name="length",
        level="should",
        holds=low <= count <= high,
        norm=f"{low} to {high} words",
        measured=f"{count} words",
        hint="" if low <= count <= high else hint,
    )


def _hook(script: Script) -> Finding:
    words = script.scenes[0].text.split()
    count = sentence_ends(words)[0]
    return Finding(
        name="hook",
        level="should",
        holds=count <= HOOK_WORDS,
        norm=f"a first sentence of at most {HOOK_WORDS} words",
        measured=f"{count} words",
    )


def _scenes(script: Script) -> Iterator[Finding]:
    counts = [len(scene.text.split()) for scene in script.scenes]
    longest = max(counts)
    where = f"scene {counts.index(longest) + 1} has {longest} words"
    yield Finding(
        name="scenes",
        level="must",
        holds=longest <= SCENE_WORDS,
        norm=f"at most {SCENE_WORDS} words a scene",
        measured=where,
        hint="split it",
    )


def _banned(script: Script, request: ScriptRequest) -> Finding:
    said = [script.topic, *(text for scene in script.scenes for text in (scene.text, scene.emphasis))]
    if script.blurb:
        said += [script.blurb.title, script.blurb.description, *script.blurb.hashtags]
    found = list(dict.fromkeys(word for text in said if (word := request.banned_word_in(text))))
    measured = ", ".join(f"'{word}'" for word in found) or "none"
    return Finding(name="banned words", level="must", holds=not found, norm="none", measured=measured, hint="say it without them")


def _call(script: Script, request: ScriptRequest) -> Finding:
    last = script.scenes[-1].text
    if request.call_to_action:
        present = _plain(request.call_to_action) in _plain(last)
        norm = f"the last scene says '{request.call_to_action}'"
    else:
        present = not request.language.startswith("en") or any(word in _CALLS for word in _plain(last).split())
        norm = "the last scene asks for something to be done"
    return Finding(name="call to action", level="should", holds=present, norm=norm, measured="there" if present else "missing")


def _terms(script: Script) -> Finding:
    wrong = [
        f"scene {number}: '{term}'" for number, scene in enumerate(script.scenes, 1) for term in scene.search_terms if not _is_visible(term)
    ]
    shown = "; ".join(wrong[:6]) + (f"; and {len(wrong) - 6} more" if len(wrong) > 6 else "")
    return Finding(
        name="search terms",
        level="should",
        holds=not wrong,
        norm=f"2 to 4 a scene, English, concrete and visible, at most {_TERM_WORDS} words each",
        measured=shown or "all are",
        hint="name things that a camera can see" if wrong else "",
    )


def _key_words(script: Script) -> Finding:
    wrong = [
        f"scene {number}: '{scene.emphasis}'"
        for number, scene in enumerate(script.scenes, 1)
        if scene.emphasis and (len(scene.emphasis.split()) > _KEY_WORDS or f" {_plain(scene.emphasis)} " not in f" {_plain(scene.text)} ")
    ]
    return Finding(
        name="key words",
        level="should",
        holds=not wrong,
        norm=f"1 to {_KEY_WORDS} words that their scene says",
        measured="; ".join(wrong) or "all are",
        hint="take them from the scene's text, or leave them empty" if wrong else "",
    )


def _is_visible(term: str) -> bool:
    words = term.lower().split()
    plain = bool(re.fullmatch(r"[a-z0-9][a-z0-9 '’&-]*", term.lower()))
    return (
        plain
        and 1 <= len(words) <= _TERM_WORDS
        and not any(word in _NOT_ENGLISH for word in words)
        and any(word not in _SMALL_WORDS and word not in _UNSEEN and not word.isdigit() for word in words)
    )


def _repeat(script: Script, used: Iterable[str]) -> Finding:
    before = next((topic for topic in used if repeats(script.topic, topic)), None)
    measured = f"'{script.topic}'" + (f" is '{before}' again" if before else "")
    return Finding(
        name="topic", level="should", holds=before is None, norm="none that was used before", measured=measured, hint="choose another"
    )


def repeats(topic: str, before: str) -> bool:
    """Say whether a topic is an earlier one in other words: most of what they name is the same.

    Examples
    --------
    >>> repeats("Why is coffee bitter?", "Why coffee turns bitter"), repeats("Why tea turns bitter", "How to store tea")
    (True, False)
    """
    names, named = _names(topic), _names(before)
    if not names or not named:
        return _plain(topic) == _plain(before)
    return len(names & named) / len(names | named) >= _ALIKE


def _names(topic: str) -> set[str]:
    return {word.removesuffix("s") if len(word) > 3 else word for word in _plain(topic).split() if word not in _SMALL_WORDS}


def _numbers(script: Script, known: list[str]) -> Finding:
    allowed = numbers_in(". ".join(known))
    texts = [text for scene in script.scenes for text in (scene.text, scene.emphasis)]
    if script.blurb:
        texts += [script.blurb.title, script.blurb.description]
    unknown = [said for value, said in numbers_in(". ".join(texts)).items() if value not in allowed]
    return Finding(
        name="facts",
        level="must",
        holds=not unknown,
        norm="only numbers that stand in the topic or the facts",
        measured=", ".join(f"'{said}'" for said in unknown) or "all do",
        hint="leave them out" if unknown else "",
    )


def _plain(text: str) -> str:
    return " ".join(re.findall(r"[\w']+", text.casefold().replace("’", "'")))
