// node-hl7-client, and node-hl7-server for the other direction
import { Client, Message } from 'node-hl7-client';
import { Server } from 'node-hl7-server';
import { COUNT, expect, freePort, run } from './common.mjs';

async function client(host, port) {
  const c = new Client({ host });
  let answered;
  const out = c.createConnection({ port }, async (res) => answered(res.getMessage()));
  for (let i = 1; i <= COUNT; i++) {
    const reply = new Promise((resolve) => {
      answered = resolve;
    });
    const msg = new Message({
      messageHeader: { msh_9_1: 'ADT', msh_9_2: 'A01', msh_10: `M${i}`, msh_11_1: 'P' },
    });
    const pid = msg.addSegment('PID');
    pid.set('3.1', '77');
    pid.set('5.1', 'Müller');
    await out.sendMessage(msg);
    const ack = await reply;
    expect(ack.get('MSA.1').toString() === 'AA', `MSA-1 ${ack.get('MSA.1')}`);
    expect(ack.get('MSA.2').toString() === `M${i}`, `MSA-2 ${ack.get('MSA.2')}`);
  }
  await out.close();
}

async function server(got) {
  const port = await freePort();
  const s = new Server({ bindAddress: '127.0.0.1' });
  s.createInbound({ port }, async (req, res) => {
    const msg = req.getMessage();
    await res.sendResponse('AA');
    got.take(msg.get('MSH.10').toString(), msg.get('PID.5.1').toString());
  });
  return port;
}

await run(client, server);
