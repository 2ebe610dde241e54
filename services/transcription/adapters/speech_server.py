"""The speech engine behind a URL: any server that speaks OpenAI's `/v1/audio/transcriptions`."""

import asyncio
import os
import tempfile
import time
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial
from http import HTTPStatus
from pathlib import Path
from typing import Self

import openai
from pydantic import SecretStr

from services.kernel.clock import utc_now
from services.kernel.retry_after import retry_after
from services.kernel.strangers import storable
from services.status.domain import Cost
from services.transcription.adapters.children import Children
from services.transcription.adapters.chunks import Chunk, SplitRecording
from services.transcription.adapters.recognition_options import RecognitionOptions
from services.transcription.adapters.verbose_json import MOST_DETAIL, Answer, read_answer
from services.transcription.domain import (
    EngineClosed,
    EngineRefused,
    EngineUnavailable,
    NoSpeech,
    NotTranscribed,
    Recognition,
    RecognitionTimedOut,
    RecordingTooLarge,
    Speaker,
    Track,
)
from services.transcription.languages import LITTLE_SECONDS, SURE_WORDS, joined, mean_probability


@dataclass(frozen=True, slots=True, kw_only=True)
class SpeechServer:
    """A server: `url` with its path, as in `http://127.0.0.1:8080/v1`, and the model by its name there.

    `timeout` is how long one answer may take, `price` what a minute of sound costs where it is known.
    """

    url: str
    api_key: SecretStr
    model: str
    timeout: timedelta
    price: Cost | None


class SpeechServerEngine:
    """Implements SpeechEngine; use it with `async with`.

    Each speaker's channel is sent by itself, so that the server need not tell them apart, in chunks
    of at most five minutes, one after another. What fails is not sent again: the stage tries again. The first chunk of
    a voice whose answer is unsure is heard once more, in whichever language the server finds.
    """

    def __init__(
        self,
        server: SpeechServer,
        options: RecognitionOptions,
        *,
        processes: int,
        timeout_seconds: float,
    ) -> None:
        """Split up to `processes` recordings at once; on each work at most `timeout_seconds`."""
        self._server = server
        self._options = options
        self._timeout = timeout_seconds
        self._children = Children(_load, processes=processes, timeout_seconds=timeout_seconds)
        self._client = openai.AsyncOpenAI(
            base_url=server.url,
            api_key=server.api_key.get_secret_value() or "none",
            max_retries=0,
            timeout=server.timeout.total_seconds(),
        )
        self._open = AsyncExitStack()

    async def __aenter__(self) -> Self:
        await self._open.enter_async_context(self._client)
        await self._open.enter_async_context(self._children)
        return self

    async def __aexit__(self, *error: object) -> None:
        await self._open.aclose()

    def price(self, duration_seconds: float) -> Cost | None:
        """Return what a recording costs both of whose channels are sent, and a chunk of each once more."""
        if self._server.price is None:
            return None
        again = min(duration_seconds, self._options.window_seconds)
        minutes = len(self._options.speakers) * (duration_seconds + again) / 60
        return replace(self._server.price, amount=self._server.price.amount * minutes)

    async def transcribe(
        self,
        recording: Path,
        language: str,
        *,
        left: Speaker = Speaker.OPERATOR,
        mixed: bool = False,
    ) -> Recognition:
        options = replace(self._options, left=left, mixed=mixed)
        # The file has no name, so that nothing of it stays behind, however this process ends.
        with tempfile.TemporaryFile() as file:
            path = Path(f"/proc/{os.getpid()}/fd/{file.fileno()}")
            split, took = await self._children.run(partial(_split, options, recording, path))
            try:
                async with asyncio.timeout(max(0.0, self._timeout - took)):
                    return await self._recognise(split, file.fileno(), language)
            except TimeoutError as error:
                raise RecognitionTimedOut(
                    f"the recording was not done after {self._timeout:.0f} s"
                ) from error

    async def _recognise(self, split: SplitRecording, file: int, language: str) -> Recognition:
        languages = dict.fromkeys(split.speakers, language)
        doubted: set[Speaker] = set()
        tracks: list[Track] = []
        for chunk in split.chunks:
            asked, unsure = languages[chunk.speaker], False
            answer = await self._answer(chunk, file, asked)
            if chunk.speaker not in doubted and _is_doubtful(answer, asked, chunk.seconds):
                doubted.add(chunk.speaker)
                free = await self._answer(chunk, file, None)
                if free.language not in ("", asked):
                    unsure = not _is_surer(free, answer)
                    answer = answer if unsure else free
                    languages[chunk.speaker] = asked if unsure else free.language
            tracks.append(
                Track(
                    speaker=chunk.speaker,
                    words=answer.words,
                    language=languages[chunk.speaker],
                    language_unsure=unsure,
                )
            )
        if not any(track.words for track in tracks):
            raise NoSpeech("no speech was found in the recording")
        return Recognition(
            language=language,
            duration_seconds=split.duration_seconds,
            told_seconds=split.told_seconds,
            channels=split.channels,
            overlap_reliable=len(split.speakers) > 1,
            model=self._server.model,
            tracks=joined(tracks),
        )

    async def _answer(self, chunk: Chunk, file: int, language: str | None) -> Answer:
        """Return what the server hears in a chunk, in a language or in whichever it finds."""
        content = await asyncio.to_thread(os.pread, file, chunk.size, chunk.offset)
        seconds = self._server.timeout.total_seconds()
        try:
            async with asyncio.timeout(seconds):
                answer = await self._client.audio.transcriptions.with_raw_response.create(
                    file=("voice.flac", content, "audio/flac"),
                    model=self._server.model,
                    language=language or openai.omit,
                    response_format="verbose_json",
                    timestamp_granularities=["word", "segment"],
                    temperature=0,
                )
        except openai.APIStatusError as error:
            raise self._failure(error) from error
        except (TimeoutError, openai.APITimeoutError) as error:
            raise RecognitionTimedOut(
                f"the speech server did not answer within {seconds:.0f} s"
            ) from error
        except openai.APIConnectionError as error:
            raise EngineUnavailable(
                "the speech server cannot be reached: check POTOK_TRANSCRIPTION_URL"
            ) from error
        return await asyncio.to_thread(read_answer, answer.text, chunk.start_seconds, chunk.seconds)

    def _failure(self, error: openai.APIStatusError) -> NotTranscribed:
        """Return what a status means; where a person must mend it, the text names the setting."""
        pause = retry_after(error.response.headers.get("retry-after", ""), utc_now())
        match error.status_code:
            case HTTPStatus.UNAUTHORIZED:
                return EngineClosed(
                    "the speech server does not take the key: set POTOK_TRANSCRIPTION_API_KEY"
                )
            case HTTPStatus.FORBIDDEN:
                return EngineClosed(
                    "the key may not use the speech model: check POTOK_TRANSCRIPTION_API_KEY and _MODEL"
                )
            case HTTPStatus.NOT_FOUND:
                return EngineClosed(
                    f"the speech server has no model {self._server.model}: "
                    "check POTOK_TRANSCRIPTION_MODEL and _URL"
                )
            case HTTPStatus.TOO_MANY_REQUESTS if error.code == "insufficient_quota":
                return EngineClosed("what was paid for at the speech server is used up")
            case HTTPStatus.TOO_MANY_REQUESTS:
                return EngineUnavailable("the speech server limits the rate", pause)
            case HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
                return RecordingTooLarge("the speech server takes no five minutes of sound at once")
            case HTTPStatus.REQUEST_TIMEOUT | HTTPStatus.CONFLICT:
                return EngineUnavailable(f"the speech server answers HTTP {error.status_code}")
            case status if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
                return EngineUnavailable(f"the speech server answers HTTP {status}", pause)
            case status:
                detail = storable(str(error.message))[:MOST_DETAIL]
                return EngineRefused(f"the speech server refuses with HTTP {status}: {detail}")


def _is_doubtful(answer: Answer, asked: str, seconds: float) -> bool:
    """Tell whether what was heard in some seconds may be in another language than it was asked for in."""
    if seconds < LITTLE_SECONDS:
        return False
    return answer.language not in ("", asked) or 0 < mean_probability(answer.words) < SURE_WORDS


def _is_surer(free: Answer, forced: Answer) -> bool:
    """Tell whether words in a language of the server's choice are to be taken in place of others."""
    sure = mean_probability(free.words)
    return bool(free.words) and (
        not sure or sure >= max(SURE_WORDS, mean_probability(forced.words))
    )


def _load() -> None:
    os.environ["HF_HUB_OFFLINE"] = "1"
    from services.transcription.adapters import splitting  # noqa: F401


def _split(
    options: RecognitionOptions, recording: Path, into: Path
) -> tuple[SplitRecording, float]:
    """Return the recording as it was split, and how many seconds that took."""
    from services.transcription.adapters import splitting

    begun = time.monotonic()
    return splitting.split(options, recording, into), time.monotonic() - begun
