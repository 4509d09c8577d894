#!/usr/bin/env node
// convert.mjs FILE [--timezone ZONE] [--received TIME] [--print] - bookings (SIU^S12) to FHIR Bundles, the same bytes that `corridor convert
// --to fhir` writes, by hand-written JavaScript for speed. Prints one JSON line with its rate over the whole file, reading and writing to
// /dev/null included, when the JIT is warm; with --print the Bundles. Segments other than those of siu.awk that would become
// something (DG1, OBX, PRT, ROL) are refused. Not a test; tests/convert/reference.mjs holds it to what corridor makes.
import { closeSync, openSync, readSync, writeSync } from 'node:fs';
import { bundle } from './convert/bundle.mjs';
import { setNow, setZone } from './convert/zone.mjs';

const warm = 5000; // messages, before the clock starts
const block = 1 << 20; // bytes

function options(words) {
  const found = { zone: 'America/Chicago', prints: false };
  for (let i = 0; i < words.length; i++) {
    if (words[i] === '--timezone') found.zone = words[++i];
    else if (words[i] === '--received') setNow(Date.parse(words[++i]));
    else if (words[i] === '--print') found.prints = true;
    else found.file = words[i];
  }
  return found;
}

// Each message of a block of text: from one MSH at the beginning of a line to the next.
function eachMessage(block, run) {
  const text = block.includes('\n') ? block.replace(/\r?\n/g, '\r') : block;
  for (let from = 0; from < text.length;) {
    const next = text.indexOf('\rMSH', from);
    const end = next < 0 ? text.length : next;
    run(text.slice(from, end));
    from = end + 1;
  }
}

// The file in blocks of whole messages. A message that is longer than a block makes it grow.
function read(file, run) {
  const from = openSync(file, 'r');
  let buffer = Buffer.allocUnsafe(4 * block);
  let filled = 0;
  for (;;) {
    if (filled === buffer.length) buffer = Buffer.concat([buffer, Buffer.allocUnsafe(buffer.length)]);
    const n = readSync(from, buffer, filled, buffer.length - filled);
    if (n === 0) break;
    filled += n;
    const last = Math.max(buffer.lastIndexOf('\rMSH', filled - 1), buffer.lastIndexOf('\nMSH', filled - 1));
    if (last <= 0) continue;
    eachMessage(buffer.toString('utf8', 0, last + 1), run);
    buffer.copyWithin(0, last + 1, filled);
    filled -= last + 1;
  }
  closeSync(from);
  if (filled) eachMessage(buffer.toString('utf8', 0, filled), run);
}

// Lines on their way to a file, as bytes: some megabytes at a time.
class Output {
  bytes = 0;
  #to;
  #buffer = Buffer.allocUnsafe(4 * block);
  #filled = 0;
  constructor(to) { this.#to = to; }
  add(line) {
    const most = 3 * line.length + 1;
    if (this.#filled + most > this.#buffer.length) this.flush();
    if (most > this.#buffer.length) this.#buffer = Buffer.allocUnsafe(most);
    this.#filled += this.#buffer.write(line, this.#filled);
    this.#buffer[this.#filled++] = 10;
  }
  flush() {
    for (let at = 0; at < this.#filled;) at += writeSync(this.#to, this.#buffer, at, this.#filled - at);
    this.bytes += this.#filled;
    this.#filled = 0;
  }
}

function convert(file, to, most = Infinity) {
  const out = new Output(to);
  let count = 0;
  let failed = 0;
  read(file, (message) => {
    if (count >= most) return;
    count++;
    try {
      out.add(JSON.stringify(bundle(message)));
    } catch (error) {
      failed++;
      console.error(`convert.mjs: message ${count}: ${error.message}`);
    }
  });
  out.flush();
  return { count, failed, bytes: out.bytes };
}

const { file, zone, prints } = options(process.argv.slice(2));
setZone(zone);
if (prints) {
  process.exitCode = convert(file, 1).failed ? 1 : 0;
} else {
  const nothing = openSync('/dev/null', 'w');
  convert(file, nothing, warm);
  const start = process.hrtime.bigint();
  const { count, failed, bytes } = convert(file, nothing);
  const spent = Number(process.hrtime.bigint() - start) / 1e9;
  closeSync(nothing);
  console.log(JSON.stringify({ bench: 'convert.mjs', messages: count, failed, bytes, per_second: Math.round(count / spent) }));
  process.exitCode = failed ? 1 : 0;
}
