# ---
# jupyter:
#   jupytext:
#     formats: ipynb,py:percent
#     text_representation:
#       extension: .py
#       format_name: percent
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Tune a brand
#
# Change how a brand looks and sounds while you look at one of its reels. Every change shows the very frame that will be rendered; voice and
# music follow in a moment, and where the footage must be fetched for that, a line says so. What you save is written to the brand file, only
# the lines you changed, and the next reel looks like what you saw.

# %% tags=["parameters"]
brand = "northwind"  # a file in templates/brands
topic_seed = 1  # which of its reels to look at
script_file = None  # your own script instead: a Markdown or text file
overrides = {}  # changes to begin with, such as {"captions.size_px": 90}
outputs = None  # where the cache lies; None is outputs/

# %% tags=["remove-input"]
from reelkit import Draft, load_brand, views

saved = load_brand(brand)
draft = Draft.of(saved, topic_seed, script=script_file, outputs=outputs)
views.brand(saved)

# %% [markdown]
# ## Look
#
# Captions, palette, fonts, motion, overlays and safe zones; and further down in the same list voice, music and the order of footage
# libraries. Scrub with the pointer or the arrow keys; *Compare* puts the saved brand beside it; *Undo* takes a change back.

# %%
frame = views.frame(draft.plan(saved), palette=saved.palette, cache=draft.parts.cache)
told = {"settle": draft.settled, "follow": draft.follow, "stale": draft.stale, "judge": draft.judged, "check": draft.refuse}
asked = {"listen": draft.listen, "fetch": draft.fetch, "speak": draft.speak}
style = views.style(saved, frame, draft.plan, groups=views.GROUPS, changes=overrides, **told, **asked)

# %% tags=["remove-input"]
views.beside(frame, style)

# %% [markdown]
# ## Voice
#
# One line in several ways, with every voice that can speak here. *Take it* puts a voice into the style above; save it there.

# %% tags=["remove-input"]
line, (ready, missing) = draft.sentences[0].text, draft.voices
look = {"language": saved.language, "palette": saved.palette}
views.voice(line, saved.voice, draft.say, voices=ready, missing=missing, take=style.set, **look)

# %% [markdown]
# ## Music
#
# This reel under every mood of music, or the music alone. Another number in *Reel* is another reel of the brand: each has its own key,
# chords and melody. *Take it* puts the mood into the style above.

# %% tags=["remove-input"]
views.music(saved, draft.hear_music, seed=topic_seed, take=style.set)

# %% [markdown]
# ## What you changed
#
# In JupyterLab, run this cell again after tuning: it lists what differs from the brand's file.

# %%
style.changes
