"""Give itself more than it was given.

expect: CageViolation
"""

import resource


def reconcile(obj, ctx):
    """Try it; say so when it worked."""
    resource.setrlimit(resource.RLIMIT_CORE, resource.getrlimit(resource.RLIMIT_CORE))
    ctx.status["reached"] = True
