import hl7 from 'simple-hl7';
import { COUNT, expect, freePort, run } from './common.mjs';

function send(client, msg) {
  return new Promise((resolve, reject) => {
    client.send(msg, (err, ack) => (err ? reject(err) : resolve(ack)));
  });
}

async function client(host, port) {
  const c = hl7.Server.createTcpClient({ host, port, keepalive: true });
  for (let i = 1; i <= COUNT; i++) {
    const msg = new hl7.Message('PEER', 'WARD', 'CORRIDOR', 'MAIN', '20260101120000', '', ['ADT', 'A01'], `M${i}`, 'P', '2.5.1');
    msg.addSegment('PID', '', '', ['77', '', '', 'MAIN', 'MR'], '', ['Müller', 'Eva']);
    const msa = (await send(c, msg)).getSegment('MSA');
    expect(msa.getField(1) === 'AA', `MSA-1 ${msa.getField(1)}`);
    expect(msa.getField(2) === `M${i}`, `MSA-2 ${msa.getField(2)}`);
  }
  c.close();
}

async function server(got) {
  const port = await freePort();
  const app = hl7.tcp();
  app.use((req, res, next) => {
    got.take(req.msg.header.getField(8), req.msg.getSegment('PID').getComponent(5, 1));
    next();
  });
  app.use((req, res) => res.end());
  app.start(port);
  return port;
}

await run(client, server);
