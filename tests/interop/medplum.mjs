import { Hl7Client, Hl7Server } from '@medplum/hl7';
import { Hl7Message } from '@medplum/core';
import { COUNT, expect, freePort, run } from './common.mjs';

async function client(host, port) {
  const c = new Hl7Client({ host, port, encoding: 'utf-8', keepAlive: true });
  for (let i = 1; i <= COUNT; i++) {
    const msg = Hl7Message.parse(
      `MSH|^~\\&|PEER|WARD|CORRIDOR|MAIN|20260101120000||ADT^A01|M${i}|P|2.5.1\rPID|||77^^^MAIN^MR||Müller^Eva`
    );
    const msa = (await c.sendAndWait(msg)).getSegment('MSA');
    expect(msa.getField(1).toString() === 'AA', `MSA-1 ${msa.getField(1)}`);
    expect(msa.getField(2).toString() === `M${i}`, `MSA-2 ${msa.getField(2)}`);
  }
  await c.close();
}

async function server(got) {
  const port = await freePort();
  const s = new Hl7Server((connection) => {
    connection.addEventListener('message', ({ message }) => {
      connection.send(message.buildAck());
      got.take(message.getSegment('MSH').getField(10).toString(), message.getSegment('PID').getComponent(5, 1));
    });
  });
  s.start(port, 'utf-8');
  return port;
}

await run(client, server);
