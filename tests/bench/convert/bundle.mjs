// The Bundle of a message: a transaction, an entry for each thing that it is about, once.
import { house, location, organization, person, place, practitioner } from './actors.mjs';
import { appointment, booked, isTimed, kept, schedule, slot, times, whose } from './booking.mjs';
import { account, accountUrn, encounter, encounterUrn, numberOf, patient, patientUrn } from './patient.mjs';
import { each, lead, leadText, parts, readMessage, text } from './read.mjs';
import { clean, coded, concept, idOf, instant, joined, urn, visitStatuses } from './types.mjs';
import { now, write } from './zone.mjs';

const v2 = (of) => 'http://terminology.hl7.org/CodeSystem/v2-' + of;

function provenance(m, target) {
  const [sender, facility, type] = [leadText(m.msh[3]), leadText(m.msh[4]), parts(m.msh[9])];
  const fullUrl = urn('Provenance', sender, facility, m.id);
  const sent = instant(lead(m.msh[7]));
  return {
    fullUrl,
    resource: {
      resourceType: 'Provenance',
      id: idOf(fullUrl),
      target: [{ reference: target }],
      recorded: write(sent) ?? now(),
      reason: coded(parts(m.sch[6])) ? [concept(parts(m.sch[6]))] : undefined,
      activity: { coding: [{ system: v2('0003'), code: m.event, display: text(type, 1) + '^' + m.event }] },
      agent: [{
        type: { coding: [{ system: 'http://terminology.hl7.org/CodeSystem/provenance-participant-type', code: 'transmitter' }] },
        who: { type: 'Organization', identifier: { system: 'urn:id:facility', value: m.authority }, display: joined(sender, facility === sender ? '' : facility) },
      }],
    },
  };
}

function urnsOf(m, t, sent, who) {
  const [placer, filler, head] = [parts(m.sch[1]), parts(m.sch[2]), m.patients[0]];
  const owner = text(filler, 2) || text(filler, 3) || text(placer, 2) || text(placer, 3) || m.authority;
  const booking = text(filler, 1) || text(placer, 1);
  const hasSlot = isTimed(m, t) && who && sent !== 'waitlist';
  return {
    appointment: urn('Appointment', owner, booking || 'message ' + m.id),
    slot: hasSlot ? urn('Slot', owner, booking || who + ' ' + t.begin) : undefined,
    schedule: hasSlot ? urn('Schedule', m.authority, who) : undefined,
    patient: patientUrn(numberOf(head.pid), m),
    encounter: encounterUrn(head.pv1, m),
    account: accountUrn(head.pid, m),
  };
}

// An entry for each one that is named, in the Bundle once: what has its URL already is not made.
function addActors(m, status, visit, entries) {
  const all = (field, find, make) => {
    for (const one of each(field)) {
      const found = find(one, m);
      if (found && !entries.has(found.fullUrl)) entries.add(make(found, m));
    }
  };
  for (const aip of kept(status, m.aip)) all(aip[3], person, practitioner);
  for (const n of [12, 16, 20]) all(m.sch[n], person, practitioner);
  for (const n of [7, 8, 9, 17]) for (const { pv1 } of m.patients) all(pv1[n], person, practitioner);
  for (const { pd1 } of m.patients) all(pd1[4], person, practitioner);
  for (const { pv1 } of m.patients) all(pv1[52], person, practitioner);
  for (const { pv2 } of m.patients) all(pv2[13], person, practitioner);
  for (const ail of kept(status, m.ail)) all(ail[3], place, location);
  for (const n of [3, 11]) for (const { pv1 } of m.patients) all(pv1[n], place, location);
  const one = m.patients.find(({ pv1 }) => pv1.length);
  for (const n of visit ? [6, 42] : []) all(one.pv1[n], place, location);
  if (visit) all(m.patients.find(({ pv2 }) => pv2.length)?.pv2[1], place, location);
  for (const { pd1 } of m.patients) all(pd1[3], house, organization);
}

class Entries {
  list = [];
  #urls = new Set();
  has(url) { return this.#urls.has(url); }
  add(one) {
    if (this.#urls.has(one.fullUrl)) return;
    this.#urls.add(one.fullUrl);
    const { fullUrl, resource } = one;
    this.list.push({ fullUrl, resource, request: { method: 'PUT', url: resource.resourceType + '/' + resource.id } });
  }
}

// What every map asks for.
function head(m) {
  m.id = leadText(m.msh[10]);
  m.event = text(parts(m.msh[9]), 2);
  if (m.event !== 'S12') throw new Error('no SIU^S12');
  m.authority = leadText(m.msh[4]) || leadText(m.msh[3]) || 'unknown';
  m.people = new Map();
  m.places = new Map();
  m.houses = new Map();
  m.kinds = new Map();
}

function addAll(m, entries) {
  const t = times(m);
  const who = whose(m);
  const { sent, status } = booked(m);
  const urns = urnsOf(m, t, sent, who);
  entries.add(appointment(m, t, status, urns));
  if (urns.slot) {
    entries.add(slot(m, t, status, urns));
    entries.add(schedule(m, who, urns.schedule));
  }
  for (const group of m.patients) entries.add(patient(group, group === m.patients[0] ? urns.patient : patientUrn(numberOf(group.pid), m), m));
  const visit = visitStatuses.get(status)?.[1];
  if (urns.encounter) entries.add(encounter(m.patients[0], urns, visit, m));
  if (urns.account) entries.add(account(m.patients[0], urns, m));
  addActors(m, status, urns.encounter, entries);
  entries.add(provenance(m, urns.appointment));
}

export function bundle(message) {
  const m = readMessage(message);
  head(m);
  const entries = new Entries();
  addAll(m, entries);
  return {
    resourceType: 'Bundle',
    identifier: { system: 'urn:id:' + clean(m.authority) + '.message', value: m.id || undefined },
    type: 'transaction',
    timestamp: write(instant(lead(m.msh[7]))),
    entry: entries.list,
  };
}
