"""The options of speech recognition that an operator of the service may set, or a kind of recording needs."""

from dataclasses import dataclass

from services.transcription.domain import Speaker


@dataclass(frozen=True, slots=True, kw_only=True)
class RecognitionOptions:
    """What holds for every recording, and for the one at hand: who speaks on its `left` channel where it is in stereo.

    `threads` is how many channels of a
    recording are recognised at once. Recordings shorter than `min_seconds` are refused as
    TooShort, longer than `max_seconds` as RecordingTooLong. No more than `window_seconds` of one are
    held at a time: a window of a minute takes 600 MB in place of 900, but costs words at its ends.
    `mixed` is set for meetings, whose channels tell nobody apart: they become one voice. `device` and `compute_type` are
    what a model in this process is computed on, and with; `auto` is the best there is.
    """

    left: Speaker = Speaker.OPERATOR
    threads: int = 2
    min_seconds: float = 1.0
    max_seconds: float = 4 * 3600.0
    window_seconds: float = 300.0
    mixed: bool = False
    device: str = "auto"
    compute_type: str = "auto"

    @property
    def speakers(self) -> tuple[Speaker, Speaker]:
        """The speakers on the left and on the right channel."""
        if self.left is Speaker.CLIENT:
            return Speaker.CLIENT, Speaker.OPERATOR
        return Speaker.OPERATOR, Speaker.CLIENT
