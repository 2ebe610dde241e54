"""Which of several recordings of one meeting is the best, by what services say of them. Pure."""

from typing import Any

from services.bot_status.adapters.api import number_of, object_of, objects_under, text_of

_LOST = frozenset({"failed", "error", "deleted", "expired", "aborted", "cancelled", "canceled"})
_GROWING = frozenset({"in_progress", "recording", "processing", "uploading", "pending", "paused"})
_STATES = ("status", "state", "recording_state")
_SIZES = ("file_size_bytes", "size_bytes", "file_size", "size", "bytes")
_LINKS = ("url", "download_url", "raw_url", "recording_url", "audio_url")


def state_of(recording: dict[str, Any]) -> str:
    """Return the state of a recording, also of one that writes it as `{"code": …}`; empty where it says none."""
    for name in _STATES:
        found = recording.get(name)
        text = text_of(object_of(found).get("code") if isinstance(found, dict) else found)
        if text:
            return text.strip().lower()
    return ""


def is_whole(recording: dict[str, Any]) -> bool:
    """Tell whether nothing is added to a recording any more."""
    return state_of(recording) not in _GROWING


def is_lost(recording: dict[str, Any]) -> bool:
    """Tell whether a recording is said to be lost, or to be empty."""
    return state_of(recording) in _LOST or size_of(recording) == 0


def worth(recording: dict[str, Any]) -> tuple[int, int, float, float]:
    """Return what orders recordings: the good ones, then those that say no size or grow, the lost, the empty last."""
    state, size = state_of(recording), size_of(recording)
    return (
        size != 0,
        0 if state in _LOST else 1 if state in _GROWING else 2,
        size or 0.0,
        number_of(recording.get("duration_seconds")),
    )


def size_of(recording: dict[str, Any]) -> float | None:
    """Return how many bytes a recording has, its largest file where it has several; None where it does not say."""
    sizes = [
        number_of(each[name])
        for each in (recording, *objects_under(recording, "media_files"))
        for name in _SIZES
        if each.get(name) is not None
    ]
    return max(sizes, default=None)


def link_of(recording: dict[str, Any]) -> str:
    """Return where a recording is; empty where it does not say."""
    return next((link for name in _LINKS if (link := text_of(recording.get(name)))), "")
