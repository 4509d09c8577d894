#!/usr/bin/env node
// fhirpath.js DIRECTORY [SECONDS] - the expressions of conf/expressions.txt, each compiled once, on conf/patient.json, by the
// npm package fhirpath in DIRECTORY/node_modules. One JSON line, as bench_fhirpath prints it. Not a test.
'use strict';
const fs = require('fs');
const path = require('path');

const from = path.join(path.resolve(process.argv[2]), 'node_modules/fhirpath');
const fhirpath = require(from);
const model = require(path.join(from, 'fhir-context/r4'));
const conf = path.join(__dirname, 'conf');
const seconds = Number(process.argv[3] || 2);
const resource = JSON.parse(fs.readFileSync(path.join(conf, 'patient.json'), 'utf8'));
const lines = fs.readFileSync(path.join(conf, 'expressions.txt'), 'utf8').split('\n').filter((l) => l);
const compiled = lines.map((l) => fhirpath.compile(l, model));

const all = () => compiled.reduce((sum, run) => sum + run(resource).length, 0);
for (let i = 0; i < 200; i++) all(); // until it is compiled
const start = process.hrtime.bigint();
let runs = 0;
let spent = 0;
let values = 0;
while (spent < seconds) {
  for (let i = 0; i < 20; i++, runs += lines.length) values = all();
  spent = Number(process.hrtime.bigint() - start) / 1e9;
}
console.log(JSON.stringify({ bench: 'fhirpath.js', expressions: lines.length, values, per_second: Math.round(runs / spent) }));
