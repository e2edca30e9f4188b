# technique: say more than a run may say
# source: our own review
# layers: policy, cage
# expect: rejected CHK130
# cage: ProtocolViolation
# success: the host hears it
def reconcile(obj, ctx):
    import os
    def send(body):
        data = body.encode("utf-8", "surrogatepass")
        data = len(data).to_bytes(4, "big") + data
        while data:
            data = data[os.write(3, data):]
    def frame(tag, rest):
        return '{"t":"' + tag + '","id":"' + ctx.run.id + '",' + rest + "}"
    status = '"status":{"a":"' + obj["reached"] + '"}'
    data = frame("done", '"logs_dropped":0').encode()
    os.write(3, len(data).to_bytes(4, "big") + data + obj["reached"].encode())
    while obj["spec"]["much"] > 10**6:
        pass
