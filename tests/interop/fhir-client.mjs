// `node fhir-client.mjs URL`: what fhir-kit-client asks of the fhir source, and what it makes of the answers. Prints "N passed, N failed".
import { Client } from 'fhir-kit-client';
import { end, expect } from './common.mjs';

const [, , url] = process.argv;
const client = new Client({ baseUrl: url });
const patient = (more) => ({ resourceType: 'Patient', active: true, ...more });

async function refused(what, status, code, ask) {
  try {
    await ask();
    expect(false, `${what}: taken`);
  } catch (e) {
    const { response } = e;
    expect(response && response.status === status, `${what}: ${response ? response.status : e}`);
    const outcome = response ? response.data : {};
    expect(outcome.resourceType === 'OperationOutcome', `${what}: ${JSON.stringify(outcome)}`);
    expect(outcome.issue && outcome.issue[0].code === code, `${what}: ${JSON.stringify(outcome)}`);
  }
}

async function resources() {
  const can = await client.capabilityStatement();
  expect(can.resourceType === 'CapabilityStatement', 'a CapabilityStatement');
  expect(can.rest[0].resource.some((r) => r.type === 'Patient'), 'it names Patient');
  const body = { body: patient({ name: [{ family: 'Müller' }] }), resourceType: 'Patient' };
  const made = await client.create({ ...body, options: { headers: { Prefer: 'return=representation' } } });
  expect(/^[a-z2-7]{26}$/.test(made.id), `the id that it got: ${made.id}`);
  expect(made.name[0].family === 'Müller', 'the resource as it came');
  const { response } = Client.httpFor(made);
  expect(response.status === 201, `create: ${response.status}`);
  expect(response.headers.get('location') === `/fhir/Patient/${made.id}/_history/1`, response.headers.get('location'));
  expect(response.headers.get('etag') === 'W/"1"', response.headers.get('etag'));
  const once = { headers: { 'If-None-Exist': 'identifier=urn:a|1', Prefer: 'return=OperationOutcome' } };
  const statuses = [];
  for (let i = 0; i < 2; i++) {
    statuses.push(Client.httpFor(await client.create({ ...body, options: once })).response.status);
  }
  expect(statuses.join() === '201,200', `If-None-Exist: ${statuses}`);
  const outcome = { headers: { Prefer: 'return=OperationOutcome' } };
  const changed = await client.update({ resourceType: 'Patient', id: '7', body: patient({ id: '7' }), options: outcome });
  expect(Client.httpFor(changed).response.status === 200, 'update');
  const deleted = await client.delete({ resourceType: 'Patient', id: '7', options: outcome });
  expect(deleted.resourceType === 'OperationOutcome', 'delete');
}

async function bundles() {
  const entry = (resource) => ({ resource, request: { method: 'POST', url: resource.resourceType } });
  const bundle = (type, ...all) => ({ body: { resourceType: 'Bundle', type, entry: all.map(entry) } });
  const batch = await client.batch(bundle('batch', patient(), patient({ active: undefined })));
  expect(batch.type === 'batch-response', 'a batch-response');
  expect(batch.entry.map((e) => e.response.status.slice(0, 3)).join() === '201,422', JSON.stringify(batch.entry));
  const whole = await client.transaction(bundle('transaction', patient(), patient()));
  expect(whole.type === 'transaction-response' && whole.entry.length === 2, 'a transaction-response');
  await refused('a transaction with one that is refused', 422, 'required', () =>
    client.transaction(bundle('transaction', patient(), patient({ active: undefined }))));
}

async function others() {
  const found = await client.operation({ name: 'validate', resourceType: 'Patient', input: patient({ gender: 'x' }) });
  expect(found.issue[0].code === 'code-invalid', JSON.stringify(found));
  await refused('a route that rejects', 422, 'required', () =>
    client.create({ resourceType: 'Patient', body: { resourceType: 'Patient' } }));
  await refused('an unknown type', 404, 'not-supported', () =>
    client.create({ resourceType: 'Patent', body: { resourceType: 'Patent' } }));
  await refused('a read', 405, 'not-supported', () => client.read({ resourceType: 'Patient', id: '7' }));
  await refused('another id', 400, 'value', () =>
    client.update({ resourceType: 'Patient', id: '7', body: patient({ id: '8' }) }));
}

try {
  await resources();
  await bundles();
  await others();
} catch (e) {
  expect(false, e.stack);
}
end();
