"""Code that means no harm never dies of the cage: a warm interpreter's habits are allowed, or refused softly."""

from __future__ import annotations

import pytest

from sandbox.pool.config import Limits, Verdict
from tests.integration.sandbox.support import Bench, function

GUARDED = {
    "dates": "import datetime\ndatetime.datetime.strptime('2026-01-02', '%Y-%m-%d').strftime('%A %c %Z')",
    "local time": "import datetime\nstr(datetime.datetime(2026, 1, 2, tzinfo=datetime.UTC).astimezone())",
    "names of characters": 'x = "\\N{SNOWMAN} é ß".upper().casefold()',
    "names that are not ASCII": "größe = 1\nnaïve = größe",
    "codecs": "b'abc'.decode('utf-8') + b'abc'.decode('latin-1') + 'abc'.encode('ascii').decode('ascii')",
    "hashes": "import hashlib\nhashlib.sha256(b'x' * 100000).hexdigest()",
    "decimals": "import decimal\nstr(decimal.Decimal('1.1') / 3)",
    "chance": "import random\nrandom.shuffle([1, 2, 3])\nrandom.gauss(0, 1)",
    "identifiers": "import uuid\nstr(uuid.uuid4())",
    "patterns": "import re\nre.sub('(a+)(b*)', 'x', 'aab' * 1000)",
    "json": "import json\njson.loads(json.dumps({'a': [1.5, None, 'é']}, indent=2, sort_keys=True))",
    "sorting": "sorted(str(n) for n in range(100000))",
    "much memory, given back": "for n in range(20):\n    x = [0] * 4_000_000",
    "long integers": "str(obj['spec']['replicas'] ** 5000)",
    "an error in an error": "try:\n    1 / 0\nexcept ZeroDivisionError:\n    {}['absent']",
    "deep recursion": "def down(n):\n    return down(n + 1)\ndown(0)",
    "a generator left open": "def one():\n    try:\n        yield 1\n    finally:\n        print(1)\nnext(one())",
    "statistics": "import statistics\nstatistics.stdev([1.0, 2.0, 4.0])",
    "text": "import textwrap\ntextwrap.fill('word ' * 500)",
    "addresses": "import ipaddress\nstr(ipaddress.ip_network('10.0.0.0/8'))",
    "copies": "import copy\ncopy.deepcopy(obj)",
    "urls": "from urllib.parse import quote, urlparse\nquote('a b/é') + urlparse('https://x/y?z').netloc",
}
PLAIN = {
    "a warning": "import warnings\nwarnings.warn('careful')",
    "an unknown codec": "b'x'.decode('no-such-codec')",
    "punycode": "'é'.encode('punycode')",
    "a traceback": "import traceback\ntry:\n    1 / 0\nexcept ZeroDivisionError:\n    traceback.format_exc()",
    "source that does not compile": "compile('x = = 1', '<reconciler>', 'exec')",
    "source with an escape that warns": "compile(chr(39) + chr(92) + 'd' + chr(39), '<reconciler>', 'exec')",
    "a module that is not there": "import no_such_module",
    "sleep": "import time\ntime.sleep(0.01)",
    "standard output": "import sys\nsys.stdout.write('x')\nsys.stderr.write('y')",
    "the real standard output": "import os\ntry:\n    os.write(1, b'x')\nexcept OSError:\n    pass",
    "opening a file": "open('/etc/passwd')",
    "looking for a file": "import os\nos.path.exists('/etc/passwd')",
    "the working folder": "import os\nos.getcwd()",
    "a finaliser that fails": "class Bad:\n    def __del__(self):\n        raise ValueError\nBad()",
    "much garbage": "for n in range(200000):\n    a = []\n    a.append(a)",
    "a lock": "import _thread\n_thread.allocate_lock().acquire()",
    "time": "import time\ntime.time() + time.monotonic() + time.process_time() + time.thread_time()",
    "entropy": "import os\nos.urandom(1000)",
}
RAISES = {
    "an error in an error",
    "deep recursion",
    "an unknown codec",
    "punycode",
    "source that does not compile",
    "a module that is not there",
    "sleep",
    "opening a file",
    "the working folder",
}


@pytest.mark.parametrize("name", GUARDED)
async def test_what_authors_write_never_dies(bench: Bench, name: str) -> None:
    """Through the policy, as in production: it works, or fails as ordinary Python does."""
    result = await bench.run(function(GUARDED[name]), limits=Limits(timeout=20.0))
    assert result.verdict is (Verdict.RETRY if name in RAISES else Verdict.SUCCEEDED), result.message


@pytest.mark.parametrize("name", PLAIN)
async def test_an_interpreters_habits_never_die(bare: Bench, name: str) -> None:
    """Without the policy: what CPython itself tries behind the code's back is refused, not punished."""
    result = await bare.run(function(PLAIN[name]), limits=Limits(timeout=20.0))
    assert result.verdict is (Verdict.RETRY if name in RAISES else Verdict.SUCCEEDED), result.message
