"""What is kept of a meeting. Nothing here does I/O."""

from dataclasses import dataclass, field

from services.bot_status.domain import Bot, SpokenInterval
from services.kernel.errors import NotFound
from services.recordings.domain import Recording


class MeetingNotFound(NotFound):
    """There is no such meeting, or nothing of it is kept."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Media:
    """What there is of a meeting: a text, or a recording that is kept or is to be fetched from `audio_url`."""

    audio_url: str = field(default="", repr=False)
    text: str = field(default="", repr=False)
    recording: Recording | None = None
    speakers: tuple[SpokenInterval, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class MeetingMedia:
    """A meeting of which there is something, with the bot that was in it."""

    bot: Bot
    media: Media
