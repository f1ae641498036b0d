"""The store of published editions: plain folders of Parquet and JSON, each chained by hash to the one before it.

| what | where |
|---|---|
| a published edition, read and written | editions |
| internal draft → for comment → decided: who and when, until it is published | stages |
| the list of editions issued, so that none vanishes | issued |
| whether every byte is as it was, and the scores come out again | verifying |
"""

from scoring.store.editions import BrokenStore, Edition, latest, next_edition, read_store
from scoring.store.stages import Stages

__all__ = ["BrokenStore", "Edition", "Stages", "latest", "next_edition", "read_store"]
