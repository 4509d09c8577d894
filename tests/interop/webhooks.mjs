// `node webhooks.mjs MODE SECRET`: a receiver of what the http destination sends, with `cloudevents` and `standardwebhooks`. Prints
// "listening PORT" and ends when every one of the five appointments has come as the libraries want it.
import http from 'node:http';
import { HTTP } from 'cloudevents';
import { Webhook } from 'standardwebhooks';
import { COUNT, end, expect } from './common.mjs';

const [, , mode, secret] = process.argv;
const seen = new Set();
const signed = new Webhook(secret);

function take(event) {
  const data = typeof event.data === 'string' ? JSON.parse(event.data) : event.data;
  expect(event.type === 'org.example.booked.v1', `type ${event.type}`);
  expect(event.source === '/corridor/interop', `source ${event.source}`);
  // the library leaves the percent-encoding of headers as it is
  const subject = mode === 'binary' ? decodeURIComponent(event.subject) : event.subject;
  expect(subject === `Patient/${data.patient}`, `subject ${event.subject}`);
  expect(/^[a-z2-7]{26}$/.test(event.id), `id ${event.id}`);
  expect(Math.abs(Date.now() - Date.parse(event.time)) < 60000, `time ${event.time}`);
  expect(event.validate(), 'the event is valid');
  seen.add(data.appointment);
}

function verify(body, headers) {
  try {
    signed.verify(body, headers);
    expect(true);
  } catch (e) {
    expect(false, `signature: ${e.message}`);
  }
  try {
    signed.verify(`${body} `, headers);
    expect(false, 'a changed body was not noticed');
  } catch {
    expect(true);
  }
}

const server = http.createServer((req, res) => {
  const parts = [];
  req.on('data', (part) => parts.push(part));
  req.on('end', () => {
    const body = Buffer.concat(parts).toString();
    verify(body, req.headers);
    const got = HTTP.toEvent({ headers: req.headers, body });
    const events = Array.isArray(got) ? got : [got];
    expect((mode === 'batch') === Array.isArray(got), `mode ${mode}`);
    expect(mode !== 'binary' || req.headers['ce-id'] === req.headers['webhook-id'], 'one id');
    events.forEach(take);
    res.writeHead(202).end();
    if (seen.size === COUNT) {
      setTimeout(end, 100);
    }
  });
});
server.listen(0, '127.0.0.1', () => console.log(`listening ${server.address().port}`));
setTimeout(() => {
  expect(false, `only ${seen.size} came in 30 s`);
  end();
}, 30000).unref();
