import os
import subprocess
import sys

import pytest

from pipeline.transcription.cores import cores

SAY = "from pipeline.transcription.cores import cores; print(cores())"


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="this system does not pin a process to processors")
def test_a_process_that_may_use_one_processor_counts_one() -> None:
    allowed = sorted(os.sched_getaffinity(0))

    def counted(count: int) -> int:
        code = f"import os; os.sched_setaffinity(0, {allowed[:count]}); {SAY}"
        return int(subprocess.run([sys.executable, "-c", code], capture_output=True, check=True).stdout)

    assert counted(1) == 1
    assert counted(len(allowed)) == len(allowed) == cores()
