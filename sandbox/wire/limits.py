"""The one table of what a frame may hold: every bound of the protocol, in both directions.

The types are annotated, so msgspec refuses a longer text or list while it decodes; nothing behind
the decoder has to remember a length.
"""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

MAX_FRAME_FROM_WORKER = 2 * 1024 * 1024
MAX_FRAME_TO_WORKER = 8 * 1024 * 1024

MAX_SOURCE = 64 * 1024
MAX_TEXT = 2048
MAX_NODES = 100_000
MAX_DEPTH = 64
MAX_EFFECTS = 1000
MAX_FINDINGS = 50
MAX_LOG_LINES = 1001
MAX_LOG_BYTES = 16 * 1024
MAX_LOG_FRAMES = 20
MAX_CALLS = 100
MAX_REPLY_BYTES = 4 * 1024 * 1024
MAX_LIST_ITEMS = 500
MAX_COUNT = 1_000_000

# Seconds that a worker looks for its next run before it sleeps, where the last one came as soon. A host that runs one
# after the other takes some 80 µs between two, 110 where it slept.
AWAKE = 130e-6

# Among the declared kinds: every kind may be read, for a dry-run where no Reconciler says which.
ANY_KIND = "*"

# The source travels whole even when it is too long for the policy: the finding must say so.
Source = Annotated[str, Meta(max_length=16 * MAX_SOURCE)]
RunId = Annotated[str, Meta(min_length=1, max_length=64)]
Word = Annotated[str, Meta(max_length=64)]
Kind = Annotated[str, Meta(max_length=320)]  # group (253) + version + kind
Name = Annotated[str, Meta(max_length=253)]
Text = Annotated[str, Meta(max_length=MAX_TEXT)]
Label = Annotated[str, Meta(max_length=320)]
Count = Annotated[int, Meta(ge=0, le=MAX_COUNT)]
Line = Annotated[int, Meta(ge=0, le=10_000_000)]
Seconds = Annotated[float, Meta(ge=0.0, le=10 * 365 * 86400.0)]
