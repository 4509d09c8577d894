#!/usr/bin/env node
// fhir_validate.js DIRECTORY [SECONDS] - validateResource() of the npm package @medplum/core in DIRECTORY/node_modules on
// conf/patient-narrative.json, reading the JSON included. One JSON line, as bench_fhir_validate prints it. Not a test.
'use strict';
const fs = require('fs');
const path = require('path');

const modules = path.join(path.resolve(process.argv[2]), 'node_modules/@medplum');
const { indexStructureDefinitionBundle, validateResource } = require(path.join(modules, 'core'));
const { readJson } = require(path.join(modules, 'definitions'));
const seconds = Number(process.argv[3] || 2);
indexStructureDefinitionBundle(readJson('fhir/r4/profiles-types.json'));
indexStructureDefinitionBundle(readJson('fhir/r4/profiles-resources.json'));
const text = fs.readFileSync(path.join(__dirname, 'conf/patient-narrative.json'), 'utf8');

let findings = 0;
const one = () => { findings += validateResource(JSON.parse(text)).length; };
for (let i = 0; i < 200; i++) one(); // until it is compiled
const start = process.hrtime.bigint();
let runs = 0;
let spent = 0;
while (spent < seconds) {
  for (let i = 0; i < 20; i++, runs++) one();
  spent = Number(process.hrtime.bigint() - start) / 1e9;
}
console.log(JSON.stringify({ bench: 'fhir_validate.js', bytes: text.length, findings, per_second: Math.round(runs / spent) }));
