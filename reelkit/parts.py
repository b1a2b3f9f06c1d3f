"""The parts a brand asks for, wired: who writes, who speaks, where pictures and music come from, where reels go."""

from __future__ import annotations

import functools
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import urlsplit

from reelkit.brand import Brand, fields_of, templates_dir
from reelkit.cores import usable_cores
from reelkit.errors import AudioError, ServiceError, VoiceError
from reelkit.model import Cache, Finding, Reel, Script, ScriptRequest, ServiceCall, content_key
from reelkit.runs.cache import FileCache, cache_dir
from reelkit.runs.folder import RunFolder
from reelkit.runs.identity import code_version
from reelkit.whole import sha256_of

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from reelkit.media.preview import PreviewCopy
    from reelkit.services.coqui import CoquiVoice
    from reelkit.services.hibari import HibariVoice
    from reelkit.services.openai_speech import OpenAISpeech
    from reelkit.services.piper import PiperVoice
    from reelkit.services.recorded import RecordedVoice
    from reelkit.services.stock import StockLibrary
    from reelkit.services.supabase_store import SupabaseStore
    from reelkit.steps.footage import FootageLibrary
    from reelkit.steps.script import Writer
    from reelkit.steps.upload import Store

    SpokenVoice = HibariVoice | PiperVoice | CoquiVoice | OpenAISpeech | RecordedVoice

__all__ = ["Parts"]

_OF_OTHERS = ("footage.fit", "footage.recent_reels", "output.crf", "output.shapes")
"""Fields beside those of clips that say where a clip stands, or what is made of it."""


class Parts:
    """What a brand's steps need from the world. Each part is made when it is first asked for.

    Parameters
    ----------
    brand : Brand
    outputs : Path
        Where runs, the cache and the folder store lie.
    script : Path, optional
        A script of the user's own, which then is the writer.
    seed : int
        Of what varies from reel to reel: the music bed, and for a model the topic.
    used_topics : callable
        The topics of the brand's earlier reels.
    claim_topic : callable, optional
        Takes a topic that a model chose, or says what another machine of the team has.
    spent_usd : callable
        What the reel has cost already.
    answered : callable
        Told of every call to a service that is paid for.
    """

    def __init__(
        self,
        brand: Brand,
        *,
        outputs: Path,
        script: Path | None = None,
        seed: int = 0,
        used_topics: Callable[[], tuple[str, ...]] = lambda: (),
        claim_topic: Callable[[str], Literal["granted", "reel", "topic"]] = lambda topic: "granted",
        spent_usd: Callable[[], float] = lambda: 0.0,
        answered: Callable[[ServiceCall], object] = lambda call: None,
    ) -> None:
        self.brand = brand
        self.outputs = outputs
        self.script = script
        self.seed = seed
        self._used_topics = used_topics
        self._claim_topic = claim_topic
        self._spent_usd = spent_usd
        self._answered = answered

    @classmethod
    def of(cls, run: RunFolder) -> Parts:
        """Return the parts of a run."""
        return cls(
            run.brand,
            outputs=run.outputs,
            script=run.job.script,
            seed=run.job.topic_seed,
            used_topics=lambda: run.used_topics,
            claim_topic=run.claim_topic,
            spent_usd=lambda: run.spent_usd,
            answered=run.record_call,
        )

    @functools.cached_property
    def cache(self) -> Cache:
        return FileCache(cache_dir(self.outputs))

    @property
    def voice(self) -> SpokenVoice:
        """A voice for one narration: what a speech server may take counts from its first sentence."""
        return self._speech_server() if self.brand.voice.engine == "openai" else self._voice

    @functools.cached_property
    def _voice(self) -> SpokenVoice:
        said, engine = self.brand.voice, self.brand.voice.engine
        if engine == "hibari":
            from reelkit.services.hibari import HibariVoice

            return HibariVoice(said.name, cache=self.cache)
        if engine == "piper":
            from reelkit.services.piper import PiperVoice

            return PiperVoice(self._voice_named(), cache=self.cache, speaker=said.speaker)
        if engine == "coqui":
            from reelkit.services.coqui import CoquiVoice

            sample = self.brand.path(said.sample) if said.sample else None
            return CoquiVoice(
                self._voice_named(),
                cache=self.cache,
                pace=self._pace,
                read=_read_mono,
                speaker=said.speaker,
                sample=sample,
                language=self.brand.language,
            )
        if engine == "openai":
            return self._speech_server()
        from reelkit.services.recorded import RecordedVoice

        assert said.recording is not None
        return RecordedVoice(self.brand.path(said.recording), read=_read_mono, cache=self.cache, pace=self._pace)

    def _voice_named(self) -> str:
        """Return the voice's name, which may be a path beside the brand file."""
        path = self.brand.path(Path(self.brand.voice.name))
        return str(path) if path.exists() else self.brand.voice.name

    def _speech_server(self) -> SpokenVoice:
        from reelkit.services.openai_speech import OpenAISpeech

        said = self.brand.voice
        return OpenAISpeech(
            said.name,
            model=said.model,
            base_url=said.base_url,
            key=self._key(said.key_env, said.base_url, "voice.engine"),
            read=_read_mono,
            cache=self.cache,
            pace=self._pace,
            answered=self._answered,
            usd_per_million_characters=said.usd_per_million_characters,
            max_usd=self.brand.script.max_cost_usd,
            spent_usd=self._spent_usd,
            key_env=said.key_env,
        )

    def _key(self, name: str, base_url: str, field: str) -> str | None:
        """Return a key; OpenAI's own server asks for one, others may not."""
        from reelkit.services.calls import key_named

        key = key_named(name)
        if key is None and (urlsplit(base_url).hostname or "").endswith("openai.com"):
            raise ServiceError(f"brand '{self.brand.slug}': {field} is openai, but there is no {name}; set it, or put it into .env")
        return key

    @functools.cached_property
    def _pace(self) -> Callable[[str], float]:
        from reelkit.services.guessed_pace import guessed_pace

        return guessed_pace(self.brand.language, self.cache)

    @property
    def encoders(self) -> int:
        """How many encoder processes a reel may start: ``$REELKIT_ENCODERS``, by which a batch shares the cores, else one a core."""
        said = os.environ.get("REELKIT_ENCODERS", "")
        if said.isdecimal() and int(said):
            return int(said)
        return usable_cores()

    @property
    def attended(self) -> bool:
        """Whether somebody may sit at this notebook and render again what was changed: not where a batch runs it."""
        return "ipykernel" in sys.modules and "REELKIT_UNATTENDED" not in os.environ

    def seconds_of(self, sentence: str) -> float:
        """Return how long the brand's voice takes to say a sentence, without the pauses around it."""
        return self._voice.seconds_of(sentence, speed=self.brand.voice.speed)

    def checks(self) -> Iterator[tuple[str, Callable[[], str]]]:
        """Yield the services that the brand names, each with the cheapest real call that tries it and says how it went."""
        said, voice = self.brand.script, self.brand.voice
        if said.writer == "openai":
            yield "writer", self._check_writer
        if voice.engine == "openai":
            yield "voice", self._check_speech_server
        else:
            yield "voice", self._check_voice
        if self.brand.music.file is not None:
            yield "music", self._check_music
        for library in self.brand.footage.libraries:
            if library in ("pexels", "pixabay"):
                yield library, functools.partial(self._check_stock, library)
        if self.brand.publishing.store == "supabase":
            yield "store", self._check_store
        if self.brand.ledger == "supabase":
            yield "ledger", self._check_ledger

    def _check_writer(self) -> str:
        from reelkit.services.openai_client import check_server

        said = self.brand.script
        key = self._key(said.key_env, said.base_url, "script.writer")
        hints = {401: f"check {said.key_env}", 404: "check script.base_url"}
        return check_server(base_url=said.base_url, key=key, model=said.model, field="script.base_url", hints=hints)

    def _check_speech_server(self) -> str:
        from reelkit.services.openai_client import check_server

        self.refuse_language()
        said = self.brand.voice
        key = self._key(said.key_env, said.base_url, "voice.engine")
        hints = {401: f"check {said.key_env}", 404: "check voice.base_url"}
        return check_server(base_url=said.base_url, key=key, model=said.model, field="voice.base_url", hints=hints)

    def _check_voice(self) -> str:
        self.refuse_language()
        from reelkit.services.alignment import can_align
        from reelkit.services.moonshine import can_recognise

        said = self.brand.voice
        ready = f"{said.engine} is ready: '{said.recording or said.name}' in '{self.brand.language}'"
        if said.engine == "recorded" and can_align(self.brand.language) and not can_recognise():
            return f"{ready}; that it says each single word of its script is heard only with pip install 'reelkit[recorded]'"
        return ready

    def _check_music(self) -> str:
        self.refuse_music()
        return f"'{self.brand.music.file}' can be read"

    def _check_stock(self, name: str) -> str:
        return self._stock(name).check()

    def _check_store(self) -> str:
        return self._supabase().check()

    def _check_ledger(self) -> str:
        from reelkit.services.team_ledger import TeamLedger

        return TeamLedger("doctor").check()

    def banned_word_in(self, text: str) -> str | None:
        """Return the first of the brand's banned words that stands in a text, or None."""
        said = self.brand.script
        request = ScriptRequest(
            brand_name=self.brand.name, slug=self.brand.slug, topic_seed=0, length_s=said.length_s, banned_words=said.banned_words
        )
        return request.banned_word_in(text)

    def refuse_language(self) -> None:
        """Raise where the brand's voice or its aligner cannot do the brand's language: before anything is spent.

        Raises
        ------
        VoiceError
            With what to do.
        """
        try:
            self._voice.refuse(self.brand.language)
        except VoiceError as error:
            raise VoiceError(f"brand '{self.brand.slug}': {error}") from None

    def refuse_music(self) -> None:
        """Raise where the brand's music file is no sound that can be read.

        Raises
        ------
        AudioError
            With what to do.
        """
        if self.brand.music.file is not None:
            from reelkit.media.audio import read_audio

            try:
                read_audio(self.brand.path(self.brand.music.file))
            except AudioError as error:
                raise AudioError(f"brand '{self.brand.slug}': music.file: {error}") from None

    @functools.cached_property
    def writer(self) -> Writer:
        from reelkit.steps.sentences import sentence_ends

        self.refuse_language()
        if self.script is not None:
            from reelkit.services.script_file import ScriptFileWriter

            known = self.brand.voice.engine != "recorded"
            return ScriptFileWriter(self.script, seconds_of=self.seconds_of, sentence_ends=sentence_ends, length_known=known)
        if self.brand.script.writer == "openai":
            return self._model_writer()
        from reelkit.services.deck import DeckWriter

        deck = templates_dir() / "decks" / f"{self.brand.script.deck}.yaml"
        return DeckWriter(deck, seconds_of=self.seconds_of, sentence_ends=sentence_ends)

    def _model_writer(self) -> Writer:
        from reelkit.services.chat import Chat, Price
        from reelkit.services.deck import facts_of, read_deck
        from reelkit.services.openai_writer import OpenAIWriter
        from reelkit.services.team_ledger import ClaimedTopics
        from reelkit.steps.judge_script import judge_script
        from reelkit.steps.sentences import sentence_ends

        said = self.brand.script
        key = self._key(said.key_env, said.base_url, "script.writer")
        prices = (said.usd_per_million_input_tokens, said.usd_per_million_output_tokens)
        chat = Chat(
            model=said.model,
            base_url=said.base_url,
            key=key,
            price=None if prices[0] is None or prices[1] is None else Price(prices[0], prices[1]),
            max_usd=said.max_cost_usd,
            spent_usd=self._spent_usd(),
            answered=self._answered,
            hints={401: f"check {said.key_env}", 404: "check script.model and script.base_url"},
        )
        topic, facts = None, said.facts
        if said.facts_only:
            topics = read_deck(templates_dir() / "decks" / f"{said.deck}.yaml").topics
            found = topics[(self.seed - 1) % len(topics)]
            topic, facts = found.title, (*facts, *facts_of(found))

        def writer(used: tuple[str, ...]) -> OpenAIWriter:
            def judge(script: Script, request: ScriptRequest, words: int) -> list[Finding]:
                return judge_script(script, request, target_words=words, used_topics=used, facts=facts, facts_only=said.facts_only)

            return OpenAIWriter(
                chat,
                prompt=templates_dir() / "prompts" / f"{said.prompt or 'explainer'}.md",
                judge=judge,
                seconds_of=self.seconds_of,
                sentence_ends=sentence_ends,
                identity=f"{said.model} at {said.base_url}",
                topic=topic,
                facts=facts,
                used_topics=used,
                key=key,
                cache=self.cache,
            )

        if topic is not None:
            # A deck's topic comes again when all have been told, whatever was used.
            return writer(())
        return ClaimedTopics(writer, used=self._used_topics(), claim=self._claim_topic)

    @property
    def decides_footage(self) -> dict[str, Any]:
        """What the brand says by which its libraries choose, load and draw clips, by dotted name: those of a script are the same for as
        long as this is."""
        brand = self.brand
        drawn = {"palette": brand.palette} if "backdrops" in brand.footage.libraries else {}
        found = fields_of({"footage": brand.footage, "output": brand.output, **drawn}) | {"language": brand.language}
        return {name: value for name, value in found.items() if name not in _OF_OTHERS}

    @property
    def decides_narration(self) -> dict[str, Any]:
        """Likewise what decides the words of its reels and how they are spoken."""
        return fields_of({"voice": self.brand.voice, "script": self.brand.script}) | {"language": self.brand.language}

    @functools.cached_property
    def libraries(self) -> tuple[FootageLibrary, ...]:
        return tuple(self._library(name) for name in self.brand.footage.libraries if name != "folder" or self.brand.footage.folder)

    def _library(self, name: str) -> FootageLibrary:
        from reelkit.media.probe import probe_clip

        footage, output = self.brand.footage, self.brand.output
        if name == "folder":
            from reelkit.services.folder import FolderLibrary

            assert footage.folder is not None
            return FolderLibrary(self.brand.path(footage.folder), probe=probe_clip)
        if name in ("pexels", "pixabay"):
            return self._stock(name)
        from reelkit.media.backdrops import FAMILIES, drawing_version
        from reelkit.media.backdrops.apart import draw_backdrop_apart
        from reelkit.media.probe import probe_clip
        from reelkit.services.backdrops import BackdropLibrary

        return BackdropLibrary(
            self.brand.palette,
            families=footage.backdrops or FAMILIES,
            width_px=output.width_px,
            height_px=output.height_px,
            fps=self.brand.fps,
            cache=self.cache,
            draw=draw_backdrop_apart,
            probe=probe_clip,
            version=drawing_version(),
            workers=self.encoders,
        )

    def _stock(self, name: str) -> StockLibrary:
        from reelkit.media.probe import probe_clip
        from reelkit.services.calls import key_named
        from reelkit.services.pexels import PexelsSite
        from reelkit.services.pixabay import PixabaySite
        from reelkit.services.stock import StockLibrary

        site = PexelsSite() if name == "pexels" else PixabaySite()
        output = self.brand.output
        return StockLibrary(
            site,
            key=functools.partial(key_named, site.key_env),
            width_px=output.width_px,
            height_px=output.height_px,
            shot_s=self.brand.footage.shot_s,
            language=self.brand.language,
            cache=self.cache,
            scratch=cache_dir(self.outputs) / "stock",
            probe=probe_clip,
        )

    def music(self, duration_s: float) -> Path | None:
        """Return the music under a narration of ``duration_s`` seconds, as long as it: the brand's file cut to fit, a bed made for it, or
        None.
        """
        music = self.brand.music
        if music.file is not None:
            source = self.brand.path(music.file)

            def cut(path: Path) -> None:
                from reelkit.media.music import cut_song

                cut_song(path, source=source, duration_s=duration_s)

            return self.cache.file("music", content_key("song", code_version(), sha256_of(source), duration_s), ".wav", cut)
        if music.mood == "none":
            return None
        asked = {"mood": music.mood, "tempo_bpm": music.tempo_bpm, "duration_s": duration_s, "seed": self.seed}

        def compose(path: Path) -> None:
            from reelkit.media.music import compose_bed

            compose_bed(path, mood=music.mood, tempo_bpm=music.tempo_bpm, duration_s=duration_s, seed=self.seed)

        return self.cache.file("music", content_key("bed", code_version(), asked), ".wav", compose)

    def stingers(self) -> tuple[Path, ...]:
        """Return sounds for the changes of scene, in an order that the reel's seed decides; none where the brand wants none."""
        music = self.brand.music
        if not music.stingers:
            return ()
        from reelkit.media.music import compose_stinger, stinger_kinds

        mood = None if music.file is not None or music.mood == "none" else music.mood
        asked = {"mood": mood, "tempo_bpm": music.tempo_bpm, "seed": self.seed}

        def kept(kind: str) -> Path:
            key = content_key("stinger", code_version(), kind, asked)
            return self.cache.file("music", key, ".wav", lambda path: compose_stinger(path, kind=kind, **asked))  # type: ignore[arg-type]

        return tuple(kept(kind) for kind in sorted(stinger_kinds(mood), key=lambda kind: content_key(kind, self.seed)))

    def preview_copy(self, reel: Reel) -> PreviewCopy | None:
        """Return what makes the preview of a reel from the frames that the check decodes; None where there is one."""
        from reelkit.media.preview import PreviewCopy

        if self.cache.get("previews", reel.sha256, ".mp4") is not None:
            return None
        return PreviewCopy(self.cache.put("previews", reel.sha256, ".mp4"))

    def preview(self, reel: Reel) -> bytes:
        """Return a small copy of a reel, as MP4, for pages."""
        from reelkit.media.preview import make_preview

        return self.cache.file("previews", reel.sha256, ".mp4", lambda path: make_preview(reel.path, path)).read_bytes()

    @functools.cached_property
    def store(self) -> Store:
        if self.brand.publishing.store == "supabase":
            return self._supabase()
        from reelkit.services.folder_store import FolderStore

        return FolderStore(self.outputs / self.brand.publishing.bucket)

    def _supabase(self) -> SupabaseStore:
        from reelkit.services.supabase_store import SupabaseStore

        publishing = self.brand.publishing
        return SupabaseStore(
            publishing.bucket,
            links=publishing.links,
            signed_days=publishing.signed_days,
            table=publishing.table,
            brand=self.brand.slug,
        )

    def __repr__(self) -> str:
        return f"<Parts of {self.brand.slug!r}>"


def _read_mono(path: Path) -> tuple[NDArray[np.float32], int]:
    from reelkit.media.audio import as_mono, read_audio

    samples, rate_hz = read_audio(path)
    return as_mono(samples), rate_hz
