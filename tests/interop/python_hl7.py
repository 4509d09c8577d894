#!/usr/bin/python3
"""python3-hl7 as a peer: `python_hl7.py client HOST PORT`, `python_hl7.py server`; see common.mjs. `python_hl7.py
elsewhere FILE` is a server that answers CA, and AA over a connection of its own to HOST:PORT, which it reads from FILE."""
import asyncio
import os
import sys

import hl7
import hl7.mllp

COUNT = 5
passed = failed = 0


def expect(holds, what):
    global passed, failed
    passed += bool(holds)
    failed += not holds
    if not holds:
        print("FAILED:", what)


async def client(host, port):
    reader, writer = await hl7.mllp.open_hl7_connection(host, port, encoding="utf-8")
    for i in range(1, COUNT + 1):
        text = f"MSH|^~\\&|PEER|WARD|CORRIDOR|MAIN|20260101120000||ADT^A01|M{i}|P|2.5.1\rPID|||77^^^MAIN^MR||Müller^Eva\r"
        writer.writemessage(hl7.parse(text))
        await writer.drain()
        ack = await reader.readmessage()
        expect(str(ack.segment("MSA")(1)) == "AA", f"MSA-1 {ack.segment('MSA')(1)}")
        expect(str(ack.segment("MSA")(2)) == f"M{i}", f"MSA-2 {ack.segment('MSA')(2)}")
    writer.close()


async def server():
    ids = set()
    done = asyncio.Event()

    async def on_connection(reader, writer):
        try:
            while len(ids) < COUNT:
                msg = await reader.readmessage()
                writer.writemessage(msg.create_ack())
                await writer.drain()
                expect(str(msg.segment("PID")(5)(1)(1)) == "Müller", f"patient {msg.segment('PID')(5)}")
                ids.add(str(msg.segment("MSH")(10)))
        except asyncio.IncompleteReadError:
            pass
        if len(ids) == COUNT:
            done.set()

    s = await hl7.mllp.start_hl7_server(on_connection, "127.0.0.1", 0, encoding="utf-8")
    print("listening", s.sockets[0].getsockname()[1], flush=True)
    await done.wait()
    expect(ids == {f"M{i}" for i in range(1, COUNT + 1)}, f"control ids {ids}")
    await asyncio.sleep(0.2)


async def answer_elsewhere(path, control_ids):
    while not os.path.exists(path):
        await asyncio.sleep(0.02)
    with open(path) as f:
        host, port = f.read().strip().rsplit(":", 1)
    reader, writer = await hl7.mllp.open_hl7_connection(host, int(port), encoding="utf-8")
    for i in reversed(control_ids):
        writer.writemessage(hl7.parse(f"MSH|^~\\&|LAB|L|PEER|WARD|20260101||ACK|R{i}|P|2.5.1|||AL|NE\rMSA|AA|{i}\r"))
        await writer.drain()
        ack = await reader.readmessage()
        expect(str(ack.segment("MSA")) == f"MSA|CA|R{i}", f"confirmed with {ack.segment('MSA')}")
    writer.close()


async def elsewhere(path):
    control_ids = []
    done = asyncio.Event()

    async def on_connection(reader, writer):
        while True:
            try:
                msg = await reader.readmessage()
            except asyncio.IncompleteReadError:
                return
            control_ids.append(str(msg.segment("MSH")(10)))
            writer.writemessage(msg.create_ack("CA"))
            await writer.drain()
            if len(control_ids) == COUNT:
                done.set()

    s = await hl7.mllp.start_hl7_server(on_connection, "127.0.0.1", 0, encoding="utf-8")
    print("listening", s.sockets[0].getsockname()[1], flush=True)
    await done.wait()
    expect(sorted(control_ids) == [f"M{i}" for i in range(1, COUNT + 1)], f"control ids {control_ids}")
    await answer_elsewhere(path, control_ids)


async def main():
    ways = {"client": lambda: client(sys.argv[2], int(sys.argv[3])), "server": server, "elsewhere": lambda: elsewhere(sys.argv[2])}
    try:
        await asyncio.wait_for(ways[sys.argv[1]](), 30)
    except Exception as e:  # whatever the library raises is a finding
        expect(False, repr(e))


asyncio.run(main())
print(f"{passed} passed, {failed} failed")
sys.exit(0 if passed and not failed else 1)
