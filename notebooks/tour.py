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
# # From nothing to a reel in five minutes
#
# Run the cells from top to bottom (*Run* > *Run All Cells*). Everything is made on this machine; no key is needed. The first time, moving
# pictures are drawn in the brand's colours, which takes about half of the time; they are kept for every later reel.

# %% tags=["parameters"]
brand = "northwind"  # a file in templates/brands
topic_seed = 1  # another number, another topic
script_file = None  # your own script instead: a Markdown or text file
overrides = {}  # brand fields for this reel only, such as {"script.length_s": 20}
outputs = None  # where runs go; None is outputs/

# %% tags=["remove-input"]
from reelkit import Parts, ReelkitError, generate_one, list_brands, load_brand, open_run, views

views.brand(load_brand(brand))

# %% [markdown]
# ## Brands
#
# A brand is one YAML file: its colours, captions, voice, music and where its pictures come from. These come with Reelkit; copy one to begin
# your own.

# %%
list_brands()

# %% [markdown]
# ## Make a reel
#
# One call does the whole chain: script, footage, voice, captions, picture and check. The same call again ends at once.

# %%
result = generate_one(brand, topic_seed, script=script_file, overrides=overrides, outputs=outputs, watcher=views.StepLines())
if result.error:
    raise ReelkitError(result.error)

# %% [markdown]
# ## Look at it
#
# This is a small preview; the whole reel and all that goes with it lie in the folder named below.

# %% tags=["remove-input"]
run = open_run(brand, topic_seed, script=script_file, overrides=overrides, outputs=outputs)
look = {"language": run.brand.language, "palette": run.brand.palette}
captions, poster = run.path("captions.vtt").read_text(encoding="utf-8"), run.path("poster.jpg").read_bytes()
views.player(Parts.of(run).preview(run.reel), vtt=captions, poster=poster, reel=run.reel, **look)

# %% tags=["remove-input"]
views.findings(result.findings, palette=run.brand.palette)

# %% [markdown]
# ## What to try next
#
# - Another topic: change `topic_seed` above and run again. Another brand: `brand = "pulsefit"`.
# - Your own words: write them into a text file and name it in `script_file`.
# - [tune_brand](tune_brand.ipynb): change how a brand looks and sounds while you look at it, and save it.
# - [reel](reel.ipynb): the same chain a step at a time; rewrite a sentence, swap a clip, move a word.
# - [compare](compare.ipynb): one script in several styles or brands, side by side.
# - Many reels: [batch](batch.ipynb) shows what batches made.
