#!/usr/bin/python3
"""python3-hl7 as a peer: `python_hl7.py client HOST PORT`, `python_hl7.py server`; see common.mjs."""
import asyncio
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


async def main():

    try:
        await asyncio.wait_for(client(sys.argv[2], int(sys.argv[3])) if sys.argv[1] == "client" else server(), 30)
    except Exception as e:  # whatever the library raises is a finding
        expect(False, repr(e))


asyncio.run(main())
print(f"{passed} passed, {failed} failed")
sys.exit(0 if passed and not failed else 1)
