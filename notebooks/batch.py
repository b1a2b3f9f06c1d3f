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
# # Batches
#
# Make a batch and watch it go, or look over all runs: which were made, what failed and why, what they cost, how the nights went.
# Running the same batch again makes only what is missing.

# %% tags=["parameters"]
brands = []  # files in templates/brands, such as ["northwind", "orbit"]; none makes nothing and only looks
count = 1  # reels of each brand
batch_upload = False  # publish them
outputs = None  # where runs go; None is outputs/
brand = None  # look at the runs of one brand only
state = None  # done, failed or running
finding = None  # a finding that does not hold, such as "cut-pace"
min_cost_usd = 0.0  # runs that cost this much or more
since = ""  # a date, such as "2026-03-01"

# %% tags=["remove-input"]
from reelkit import generate_for_brands
from reelkit.batch.board import BatchProgress, RunsBoard

# %% [markdown]
# ## Tonight
#
# A line for each reel, with its step, the share done and the time left.

# %%
if brands:
    watcher = BatchProgress(outputs)
    results = generate_for_brands(brands, count, upload=batch_upload, outputs=outputs, watcher=watcher)
    print(*(f"{name}: {result!r}" for name, result in results.items()), sep="\n")

# %% [markdown]
# ## All runs
#
# Filter by brand, state, finding, cost and time. A topic leads to the run's report.

# %% tags=["remove-input"]
RunsBoard(outputs, brand=brand, state=state, finding=finding, min_cost_usd=min_cost_usd, since=since)
