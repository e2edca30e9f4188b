"""Memory that may be written and executed.

expect: CageViolation
"""

import mmap


def reconcile(obj, ctx):
    """Try it; say so when it worked."""
    mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
    ctx.status["reached"] = True
