"""Show: 2,000 messages, each sent once, while every process is killed. The seed is printed, so that a run can be repeated."""

import os
import random
import tempfile
from pathlib import Path

import pytest

from benchmarks.instance import Instance, free_port_base
from tests.drill.kill import Drill

MESSAGES = int(os.environ.get("DRILL_MESSAGES", "2000"))
SEED = int(os.environ.get("DRILL_SEED", random.SystemRandom().randrange(1 << 30)))


@pytest.mark.drill
def test_every_promise_is_kept_while_everything_is_killed(capsys: pytest.CaptureFixture[str]) -> None:
    # Not pytest's own folder: the service user must reach this one.
    with tempfile.TemporaryDirectory(prefix="mailplatform-drill-", ignore_cleanup_errors=True) as folder:
        Path(folder).chmod(0o755)
        drill = Drill(Instance(Path(folder) / "home", free_port_base()), MESSAGES, random.Random(SEED))
        with capsys.disabled():
            print(f"\nseed {SEED}")
            try:
                drill.prepare()
                drill.run()
                broken = drill.verdict()
            finally:
                drill.instance.down()
    assert broken == []
    assert drill.ledger.counts()["smtp acknowledged"] > 0
    assert drill.ledger.counts()["append acknowledged"] > 0
