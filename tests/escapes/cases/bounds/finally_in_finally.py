# technique: give a source that the checker cannot survive
# source: our own review
# layers: policy
# expect: rejected CHK107
# success: returns obj["reached"] once it has done what no author may
def reconcile(obj, ctx):
    try:
        if obj is None:
            return 1
    finally:
        try:
            if obj is None:
                return 1
        finally:
            try:
                if obj is None:
                    return 1
            finally:
                try:
                    if obj is None:
                        return 1
                finally:
                    try:
                        if obj is None:
                            return 1
                    finally:
                        try:
                            if obj is None:
                                return 1
                        finally:
                            try:
                                if obj is None:
                                    return 1
                            finally:
                                try:
                                    if obj is None:
                                        return 1
                                finally:
                                    try:
                                        if obj is None:
                                            return 1
                                    finally:
                                        try:
                                            if obj is None:
                                                return 1
                                        finally:
                                            pass
    return obj["reached"]
