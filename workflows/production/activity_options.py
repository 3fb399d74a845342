"""Timeouts and retry policies of the activities that the production workflow starts."""

from datetime import timedelta
from typing import Final

from temporalio.common import RetryPolicy

PATIENT: Final = RetryPolicy(initial_interval=timedelta(seconds=1), maximum_interval=timedelta(minutes=1))
"""Retries until storage or a planner is available again; what cannot succeed is raised as non-retryable."""
STEADY: Final = RetryPolicy(initial_interval=timedelta(seconds=1), backoff_coefficient=1)
"""The activity chooses every delay itself, and counts the real failures itself (see contracts.STILL_RUNNING)."""

HEARTBEAT = timedelta(seconds=15)
"""After this, another worker takes up what a killed worker held, or what the server handed to a poll that was gone."""
ATTEMPT_TIMEOUT: Final = timedelta(minutes=30)
"""One attempt of an asset: the slowest synchronous call (10 minutes) and a large download. Of a draft: some answers
of a language model, each of which is stored, so that the next attempt goes on from there."""
STEP_TIMEOUT: Final = timedelta(minutes=10)
"""One attempt of pricing or manifest."""
STOP_TIMEOUT: Final = timedelta(minutes=2)
"""One attempt at stopping a take: it waits up to 45 s for the answer to a request that is under way."""
SETTLE_TIMEOUT: Final = timedelta(minutes=2)
"""One attempt at summing what questions have cost: it waits 30 s for answers that are on their way."""
REWRITE_TIMEOUT: Final = timedelta(minutes=5)
"""For all attempts of a language model at a prompt: a person waits for it."""
LANGUAGES_TIMEOUT: Final = timedelta(minutes=15)
"""For all attempts at the translations of an edit: a person waits for them, and a film has up to seven languages."""
JUDGE_TIMEOUT: Final = timedelta(minutes=15)
"""For all attempts at a verdict: then the production goes on with an unjudged take."""
ACCOUNT_TIMEOUT: Final = timedelta(seconds=30)
"""One attempt to change the account of a series, a small object; it waits for others that change it."""
MANIFEST_TIMEOUT: Final = timedelta(minutes=1)
"""One attempt to read a manifest of at most 2 MB."""
FINISH_TIMEOUT: Final = timedelta(hours=2)
"""One attempt of a step of finishing: the longest film is fetched, measured, mixed or joined, with room."""
SEGMENT_TIMEOUT: Final = timedelta(minutes=30)
"""One attempt of a segment: a shot of a minute, encoded at a tenth of real time on a busy machine, and room."""
