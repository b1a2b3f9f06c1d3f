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
# # Compare
#
# One script in several styles, or told by several brands: a frame of each, and short previews that play together.

# %% tags=["parameters"]
brand = "northwind"  # whose script it is
styles = ["karaoke", "pop", "box", "marker"]  # caption presets in templates/styles to see it in
brands = []  # other brands to tell it, such as ["orbit", "pulsefit"]; their footage is drawn when it is first seen
topic_seed = 1  # which of the brand's topics
script_file = None  # your own script instead: a Markdown or text file
overrides = {}  # brand fields for all of them, such as {"captions.size_px": 90}
seconds = 8  # how much of each moves
outputs = None  # where the cache lies; None is outputs/

# %% tags=["remove-input"]
from reelkit import Draft, load_brand, views

own = load_brand(brand).with_changes(overrides)
draft = Draft.of(own, topic_seed, script=script_file, outputs=outputs)
views.script(draft.script, language=own.language, palette=own.palette)

# %% [markdown]
# ## In several styles
#
# The same words, voice and pictures; only the captions differ. Each style is shown as it is made, in the brand's own letters.

# %%
in_styles = {style: draft.plan(own.in_style(style)) for style in styles}

# %% tags=["remove-input"]
views.grid(in_styles, seconds=seconds, title="In several styles", palette=own.palette)

# %% [markdown]
# ## Told by several brands
#
# The same words in each brand's voice, colours, footage and music. Name some in `brands` above.

# %%
others = {name: draft.told_by(load_brand(name).with_changes(overrides)) for name in brands}
told_by = {name: other.plan(other.brand) for name, other in {own.slug: draft, **others}.items()}

# %% tags=["remove-input"]
views.grid(told_by, seconds=seconds, title="Told by several brands", palette=own.palette)

# %% [markdown]
# ## Closer
#
# Two styles frame by frame: choose *side by side* or *A or B* under *Compare*.

# %% tags=["remove-input"]
(first, a), (second, b) = (*in_styles.items(), *told_by.items())[:2]
views.frame(a, versus=b, names=(first, second), palette=own.palette, cache=draft.parts.cache)
