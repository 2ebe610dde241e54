"""What the adapters of the speech engine promise without speech."""

import subprocess
import sys

from services.transcription.adapters.recognition_options import RecognitionOptions
from services.transcription.domain import Speaker


def test_the_parent_does_not_import_what_only_children_need() -> None:
    script = (
        "import sys, services.transcription.adapters.whisper;"
        "print({name.partition('.')[0] for name in sys.modules}"
        " & {'av', 'ctranslate2', 'faster_whisper', 'numpy', 'onnxruntime'} or 'none')"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=30, check=True
    )
    assert done.stdout.strip() == "none"


def test_the_channels_swap_with_the_setting() -> None:
    assert RecognitionOptions().speakers == (Speaker.OPERATOR, Speaker.CLIENT)
    assert RecognitionOptions(left=Speaker.CLIENT).speakers == (Speaker.CLIENT, Speaker.OPERATOR)
