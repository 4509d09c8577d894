// common.mjs - what the scripts of all peers share: `node PEER.mjs client HOST PORT` sends COUNT messages with the peer's
// client and looks at the answers; `node PEER.mjs server` prints "listening PORT", takes COUNT messages, and ends. Both print
// "N passed, N failed" last.
import net from 'node:net';

export const COUNT = 5;
const SECONDS = 30;
let passed = 0;
let failed = 0;

export function expect(holds, what) {
  if (holds) {
    passed++;
  } else {
    failed++;
    console.log(`FAILED: ${what}`);
  }
}

export function end() {
  console.log(`${passed} passed, ${failed} failed`);
  process.exit(failed || !passed ? 1 : 0);
}

export function freePort() {
  return new Promise((resolve) => {
    const s = net.createServer().listen(0, '127.0.0.1', () => {
      const { port } = s.address();
      s.close(() => resolve(port));
    });
  });
}

// "M1".."M5" in any order, each once.
export class Got {
  ids = new Set();

  take(id, patient) {
    expect(/^M[1-5]$/.test(id), `control id ${id}`);
    expect(patient === 'Müller', `the patient of ${id}: ${patient}`);
    this.ids.add(id);
    if (this.ids.size === COUNT) {
      setTimeout(end, 200); // the last answer goes out
    }
  }
}

export async function run(client, server) {
  setTimeout(() => {
    console.log(`FAILED: nothing more came in ${SECONDS} s`);
    failed++;
    end();
  }, SECONDS * 1000).unref();
  try {
    if (process.argv[2] === 'client') {
      await client(process.argv[3], Number(process.argv[4]));
      end();
    } else {
      console.log(`listening ${await server(new Got())}`);
    }
  } catch (e) {
    console.log(`FAILED: ${e.stack}`);
    failed++;
    end();
  }
}
