# ---
# jupyter:
#   jupytext:
#     formats: ipynb,py:percent
#     text_representation:
#       extension: .py
#       format_name: percent
#       format_version: '1.3'
#       jupytext_version: 1.19.6
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # A reel, step by step
#
# From a brand and a topic to a finished vertical video. Run the cells from top to bottom; after each step you see what it made, and can
# change it where you see it: rewrite a sentence, swap a clip, move a word or a cue's break. Run on from there: only what depends on the
# change is made again. Your edits are kept with the reel and hold in every later run of it, here or in a batch.

# %% tags=["parameters"]
brand = "northwind"  # a file in templates/brands
topic_seed = 1  # another number, another topic
script_file = None  # your own script instead: a Markdown or text file
overrides = {}  # brand fields for this reel only, such as {"captions.size_px": 90}
outputs = None  # where runs go; None is outputs/
upload = False  # publish the reel when it is done

# %% [markdown] tags=["report-fold"]
# ## Brand
#
# Who speaks, in which colours and how.

# %% tags=["remove-input"]
from functools import partial

from reelkit import (
    Parts,
    check_video,
    compose_shapes,
    compose_video,
    fetch_footage,
    generate_script,
    group_words_into_sentences,
    open_run,
    other_clips,
    plan_timeline,
    split_cues,
    strengthen_captions,
    synthesize_voice,
    upload_video,
    views,
)
from reelkit.media.preview import reel_stills

run = open_run(brand, topic_seed, script=script_file, overrides=overrides, outputs=outputs, watcher=views.StepLines())
parts = Parts.of(run)
language, palette = run.brand.language, run.brand.palette
views.brand(run.brand)

# %% [markdown]
# ## Script
#
# What is said, scene by scene.

# %% [markdown] tags=["notebook-only"]
# The brand's deck writes it from the brand's own facts and lines; the length follows the voice's real pace. Click into a text to rewrite
# it, or leave a scene out; the words under it say what to look for in pictures.

# %%
written = run.step("script", generate_script, run.brand, topic_seed, writer=parts.writer)

# %% tags=["remove-input"]
hints = {"seconds_of": parts.seconds_of, "banned": parts.banned_word_in}
views.script(written, edits=run.edits, keep=run.kept_edits.keep, language=language, palette=palette, **hints)

# %% [markdown]
# ## Footage
#
# What is seen, whose it is, and under which terms it may be shown.

# %% [markdown] tags=["notebook-only"]
# One clip or more for every scene, never the same twice: from the brand's own folder where something fits, else backdrops drawn in the
# brand's colours. Another clip is two clicks away.

# %%
script = run.edited(written)
told = {"used": run.used, "rejected": run.rejected, "claim": run.claim_clips, "leave_out": run.leave_out, "progress": run.share("footage")}
found = run.step("footage", fetch_footage, script, run.brand, libraries=parts.libraries, **told)

# %% tags=["remove-input"]
others = partial(other_clips, script, libraries=parts.libraries, used=run.used)
by_hand = {"edits": run.edits, "keep": run.kept_edits.keep, "reject": run.kept_edits.reject, "rejected": run.kept_edits.rejected}
views.footage(script, found, others=others, palette=palette, **by_hand)

# %% [markdown] tags=["report-fold"]
# ## Voice
#
# The script is spoken. When each word is said the voice tells, or it is found by listening; what is a guess is marked. The captions
# follow these times to the frame.

# %% [markdown] tags=["notebook-only"]
# Play from any word; drag the edge of one, or a cue's mark, where you hear it better.

# %%
clips = run.edited(found)
spoken = run.step("voice", synthesize_voice, script, run.brand, voice=parts.voice, progress=run.share("voice"))

# %% tags=["remove-input"]
said = group_words_into_sentences(spoken.words)
recue = partial(split_cues, style=run.brand.caption_style, until=len(spoken.samples))
views.narration(spoken, said, edits=run.edits, keep=run.kept_edits.keep, recue=recue, language=language, palette=palette)

# %% [markdown] tags=["report-fold"]
# ## Captions
#
# The words on screen together. A flag marks a cue that is read too fast or stands too short.

# %%
audio = run.edited(spoken)
sentences = run.step("sentences", group_words_into_sentences, audio.words)

# %%
cues = run.step("cues", split_cues, sentences, run.brand.caption_style, until=len(audio.samples), breaks=run.edits.breaks)

# %% tags=["remove-input"]
views.cues(cues, style=run.brand.caption_style, language=language, palette=palette)

# %% [markdown] tags=["report-fold"]
# ## Timeline
#
# Shots under sentences, captions, music under the voice, logo and end card. Where a picture would leave the captions unclear, their
# outline or box is strengthened for this reel.

# %% [markdown] tags=["notebook-only"]
# This is the whole reel as plain data; nothing is rendered yet.

# %%
music = run.step("music", parts.music, audio.duration_s)

# %%
sounds = {"narration": run.path("voice.wav"), "music": music, "stingers": parts.stingers()}
planned = run.step("timeline", plan_timeline, script, clips, audio, sentences, run.brand, cues=cues, cache=parts.cache, **sounds)

# %%
timeline = run.step("legibility", strengthen_captions, planned)

# %% tags=["remove-input"]
views.shots(timeline, palette=palette)

# %% tags=["remove-input"]
frame = views.frame(timeline, palette=palette, cache=parts.cache)
frame

# %% [markdown] tags=["report-fold"]
# ## Reel

# %% [markdown] tags=["notebook-only"]
# Rendered once, straight to the file that the platforms ask for. What was rendered before and has not changed is taken from the cache.
# Then the finished file is read once, for its preview and to be measured.

# %%
how = {"cache": parts.cache, "workers": parts.encoders, "progress": run.share("compose"), "stay_ready": parts.attended}
reel = run.step("compose", compose_video, timeline, run.path("reel.mp4"), **how)

# %%
seen = {"copy": parts.preview_copy(reel), "progress": run.share("check")}
findings = run.step("check", check_video, reel, timeline, run.brand, **seen)

# %% tags=["remove-input"]
views.player(
    parts.preview(reel),
    vtt=run.path("captions.vtt").read_text(encoding="utf-8"),
    poster=run.path("poster.jpg").read_bytes(),
    title=script.topic,
    reel=reel,
    language=language,
    palette=palette,
)

# %% tags=["remove-input"]
views.frames(reel_stills(reel.path), palette=palette)

# %% [markdown]
# ## Check
#
# What was measured, against what TikTok, Reels and Shorts ask for.

# %% [markdown] tags=["notebook-only"]
# A "must" that does not hold fails the reel; a "should" warns.

# %% tags=["remove-input"]
views.findings(findings, frame, palette=palette)

# %% [markdown] tags=["report-fold"]
# ## Other shapes

# %% [markdown] tags=["notebook-only"]
# Where the brand asks for them (`output.shapes: ["1:1", "16:9"]`), the same reel in other shapes, each with its own layout and check.

# %%
shapes = []
if run.brand.output.shapes:
    kept = {"cache": parts.cache, "workers": parts.encoders, "progress": run.share("shapes")}
    shapes = run.step("shapes", compose_shapes, timeline, run.brand, run.folder, **kept)

# %% tags=["remove-input"]
views.shapes(shapes, palette=palette)

# %%
finished = run.finish()

# %% [markdown] tags=["report-fold"]
# ## Publish

# %% [markdown] tags=["notebook-only"]
# Only when asked: set `upload = True` above. Publishing the same reel again changes nothing.

# %%
if upload:
    run.step("upload", upload_video, reel, run.brand, store=parts.store, name=run.run_id, title=script.topic, beside=run.beside)

# %% tags=["remove-input"]
views.run(run.manifest, palette=palette)
