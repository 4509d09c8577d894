// SCH and its resources: Appointment, Slot, Schedule.
import { person, place } from './actors.mjs';
import { displayOf, numberOf, patientUrn } from './patient.mjs';
import { each, first, formatted, lead, leadText, number, part, parts, raw, text } from './read.mjs';
import { clean, coded, concept, ei, events, idOf, instant, listed, participantStatuses, seconds, slotStatuses, statuses } from './types.mjs';
import { dateTime, later, moment, write } from './zone.mjs';

const v2 = (of) => 'http://terminology.hl7.org/CodeSystem/v2-' + of;
const firstOf = (segments, field, component = 1) => {
  for (const segment of segments) {
    for (const one of each(segment[field])) {
      const found = raw(parts(one), component);
      if (found) return found;
    }
  }
  return '';
};
const lasting = (length, unit) => {
  const n = number(length);
  const each = n === undefined ? undefined : seconds(unit);
  return each === undefined ? undefined : n * each;
};
// The first time of a resource; of several each is a time.
function resourceBegin(m) {
  const found = [];
  for (const [segments, field] of [[m.ais, 4], [m.aip, 6], [m.ail, 6], [m.aig, 8]]) {
    for (const segment of segments) if (lead(segment[field])) found.push(lead(segment[field]));
  }
  if (found.length > 1) found.forEach(moment);
  return found[0] ?? '';
}

export function times(m) {
  const tq = parts(first(m.sch[11]));
  const unit = parts(m.sch[10]);
  const begin = raw(tq, 4) || lead(m.tq1[7]) || resourceBegin(m);
  const finish = raw(tq, 5) || lead(m.tq1[8]);
  const digits = raw(tq, 3).replace(/[^0-9]/g, '');
  const many = raw(tq, 3).replace(/[A-Za-z ]/g, '');
  const each = seconds(raw(tq, 3).replace(/[^A-Za-z]/g, ''));
  return {
    begin, finish, start: instant(begin), end: instant(finish),
    seconds: lasting(m.sch[9], text(unit, 1) || text(unit, 2)), isLong: Number(digits) > 0,
    minutes: /^[+-]?[0-9]+$/.test(many) && each !== undefined ? Math.round(Number(many) * each / 60) : undefined,
  };
}

export function booked(m) {
  const status = parts(m.sch[25]);
  const sent = (statuses.get(text(status, 1).toUpperCase()) ?? statuses.get(text(status, 2).toUpperCase()))?.[1];
  return { sent, status: sent ?? events.get(m.event)?.[1] ?? 'proposed' };
}

// Those that the message does not take out; of what is over, all.
// What FHIR takes without a time.
const timeless = new Set(['proposed', 'cancelled', 'waitlist']);
const isOver = new Set(['cancelled', 'noshow', 'entered-in-error', 'free']);
export const kept = (status, segments) => (isOver.has(status) ? segments : segments.filter((one) => leadText(one[2]) !== 'D'));

export function whose(m) {
  const direct = leadText(m.sch[5]);
  if (direct) return direct;
  const staff = firstOf(kept('', m.aip), 3);
  if (staff) return text([staff], 1);
  for (const segment of kept('', m.ail)) {
    for (const one of each(segment[3])) return leadText(one) + '/' + text(parts(one), 2);
  }
  return text([firstOf(kept('', m.aig), 3)], 1);
}

export const isTimed = (m, t) => t.begin.length >= 10 &&
  (number(m.sch[9]) > 0 || t.isLong || number(firstField(m.ais, 7)) > 0 || t.finish.length >= 10);
const firstField = (segments, n) => {
  for (const segment of segments) if (segment[n] && segment[n] !== '""') return segment[n];
  return undefined;
};

// ---- Appointment ----

function minutesOf(m, t) {
  if (t.seconds > 0) return Math.round(t.seconds / 60);
  if (t.minutes !== undefined) return t.minutes;
  const long = lasting(firstField(m.ais, 7), firstOf(m.ais, 8));
  return long === undefined ? undefined : Math.round(long / 60);
}

function period(start, segment, begin, long, offset) {
  let from = instant(lead(segment[begin]));
  if (!from && start) {
    const behind = lasting(segment[offset], leadText(segment[offset + 1]));
    if (behind !== undefined) from = later(start, Math.round(behind));
  }
  if (!from) return undefined;
  const length = lasting(segment[long], leadText(segment[long + 1]));
  return { start: write(from), end: length > 0 ? write(later(from, length)) : undefined };
}

// Of a role or kind of resource; the same one comes several times in a message.
function kindOf(field, m) {
  if (!field) return undefined;
  let found = m.kinds.get(field);
  if (!found && coded(parts(field))) m.kinds.set(field, (found = listed([concept(parts(field))])));
  return found;
}

// What is said of one of the staff, while the appointment stays.
function answered(aip, accepted, status) {
  const own = isOver.has(status) ? '' : text(parts(first(aip[12])), 1);
  return (own && participantStatuses.get(own.toUpperCase())?.[1]) || accepted;
}

// Each one that a field names takes part by himself.
function staff(m, found, accepted, start, status) {
  for (const aip of kept(status, m.aip)) {
    for (const one of each(aip[3])) {
      const who = person(one, m);
      if (who) found.push({ type: kindOf(aip[4], m), actor: who.reference, status: answered(aip, accepted, status), period: period(start, aip, 6, 9, 7) });
    }
  }
}

function rooms(m, found, accepted, start, status) {
  for (const ail of kept(status, m.ail)) {
    for (const one of each(ail[3])) {
      const where = place(one, m);
      if (where) found.push({ actor: where.reference, status: accepted, period: period(start, ail, 6, 9, 7) });
    }
  }
}

function equipment(m, it) {
  const id = text(it, 1);
  return {
    type: 'Device',
    identifier: id ? { system: 'urn:id:' + clean(text(it, 3) || m.authority) + '.resource', value: id } : undefined,
    display: text(it, 2) || id,
  };
}

function devices(m, found, accepted, start, status) {
  for (const aig of kept(status, m.aig)) {
    const it = parts(first(aig[3]));
    if (!coded(it)) continue;
    found.push({ type: kindOf(aig[4], m), actor: equipment(m, it), status: accepted, period: period(start, aig, 8, 11, 9) });
  }
}

const contacts = [[12, { text: 'placer contact' }], [16, { text: 'filler contact' }],
  [20, { coding: [{ system: 'http://terminology.hl7.org/CodeSystem/provenance-participant-type', code: 'enterer' }] }]];

const answers = { pending: 'needs-action', waitlist: 'needs-action', proposed: 'needs-action', cancelled: 'declined' };

// A visit that is no Encounter: who it is with and where, unless that is said already.
const attends = (code, display) => [{ coding: [{ system: 'http://terminology.hl7.org/CodeSystem/v3-ParticipationType', code, display }] }];
const roles = [[7, 'ATND', 'attender'], [8, 'REF', 'referrer'], [9, 'CON', 'consultant'], [17, 'ADM', 'admitter'], [52, 'PART', 'Participation']];
const personKey = (it) => part(it, 9, 1) + '^' + (text(it, 1) || part(it, 2, 1) + '^' + text(it, 3));
const placeKey = (it) => [text(it, 1), text(it, 2), text(it, 3), part(it, 4, 1), text(it, 9)].join('^');
const keysOf = (segments, of) => new Set(segments.flatMap((one) => each(one[3])).map((one) => of(parts(one))));

function visitStaff(m, found, accepted) {
  const known = keysOf(m.aip, personKey);
  const all = (value, code, name) => {
    for (const one of each(value)) {
      const who = person(one, m);
      if (who && !known.has(personKey(who.it))) found.push({ type: attends(code, name), actor: who.reference, status: accepted });
    }
  };
  for (const [n, code, name] of roles) for (const { pv1 } of m.patients) all(pv1[n], code, name);
  for (const { pv2 } of m.patients) all(pv2[13], 'REF', 'referrer');
}

function visitPlaces(m, found, accepted) {
  const known = keysOf(m.ail, placeKey);
  const told = new Set();
  for (const n of [3, 11]) {
    for (const { pv1 } of m.patients) {
      const where = told.has(pv1[n]) ? undefined : place(pv1[n], m);
      told.add(pv1[n]);
      if (where && !known.has(placeKey(where.it))) found.push({ actor: where.reference, status: accepted });
    }
  }
}

function participants(m, status, start, visit) {
  const accepted = answers[status] ?? 'accepted';
  const found = m.patients.map(({ pid }) => ({
    actor: { reference: patientUrn(numberOf(pid), m), type: 'Patient', display: displayOf(pid) }, required: 'required', status: accepted,
  }));
  staff(m, found, accepted, start, status);
  rooms(m, found, accepted, start, status);
  devices(m, found, accepted, start, status);
  if (!visit || m.patients.filter(({ pv1 }) => pv1.length).length > 1) {
    visitStaff(m, found, accepted);
    visitPlaces(m, found, accepted);
  }
  for (const [field, type] of contacts) {
    for (const one of each(m.sch[field])) {
      const who = person(one, m);
      if (who) found.push({ type: [type], actor: who.reference, required: 'information-only', status: accepted });
    }
  }
  return found;
}

// Of the booking and, once each, of its services.
function comment(m) {
  const found = new Set();
  for (const note of [...m.notes, ...m.serviceNotes]) for (const one of each(note[3])) found.add(formatted(one));
  return found.size ? [...found].join('; ') : undefined;
}

export function services(m, status) {
  const found = [];
  for (const ais of kept(status, m.ais)) {
    const it = parts(ais[3]);
    if (coded(it)) found.push(concept(it));
  }
  return listed(found);
}

function endOf(t, minutes) {
  if (!t.start) return undefined;
  return write(t.end ?? (minutes === undefined ? t.start : later(t.start, minutes * 60)));
}

// What it is a part of, or came from.
const partOf = (m) => [[23, 'PLAC'], [24, 'FILL']].map(([n, type]) => [parts(m.sch[n]), type]).filter(([it]) => text(it, 1))
  .map(([it, type]) => ({ type: 'Appointment', identifier: ei(it, m.authority, type) }));

export function appointment(m, t, status, urns) {
  const sch = m.sch;
  const minutes = minutesOf(m, t);
  const order = parts(first(sch[27]) || first(sch[26]));
  const ended = (status === 'cancelled' || status === 'noshow') && coded(parts(sch[6]));
  return {
    fullUrl: urns.appointment,
    resource: {
      resourceType: 'Appointment',
      id: idOf(urns.appointment),
      identifier: listed([ei(parts(sch[1]), m.authority, 'PLAC'), ei(parts(sch[2]), m.authority, 'FILL')].filter((it) => it)),
      status: t.start || timeless.has(status) ? status : isOver.has(status) ? 'cancelled' : 'proposed',
      cancelationReason: ended ? concept(parts(sch[6])) : undefined,
      serviceType: services(m, status),
      appointmentType: coded(parts(sch[8])) ? concept(parts(sch[8]), v2('0277')) : undefined,
      reasonCode: coded(parts(sch[7])) ? [concept(parts(sch[7]), v2('0276'))] : undefined,
      description: text(parts(sch[8]), 2) || undefined,
      supportingInformation: listed(partOf(m)),
      start: write(t.start),
      end: endOf(t, minutes),
      slot: urns.slot ? [{ reference: urns.slot, type: 'Slot' }] : undefined,
      minutesDuration: minutes > 0 ? minutes : undefined,
      created: dateTime(lead(m.msh[7])),
      comment: comment(m),
      basedOn: text(order, 1) ? [{ type: 'ServiceRequest', identifier: ei(order, m.authority) }] : undefined,
      participant: participants(m, status, t.start, urns.encounter),
    },
  };
}

// ---- Slot and Schedule ----

function slotLength(m, t) {
  if (t.seconds !== undefined) return t.seconds;
  return t.minutes === undefined ? lasting(firstField(m.ais, 7), firstOf(m.ais, 8)) : t.minutes * 60;
}

export function slot(m, t, status, urns) {
  const length = t.end ? undefined : slotLength(m, t);
  const kinds = parts(m.sch[25]);
  const isOver = text(kinds, 1) === 'Overbook' || text(kinds, 2) === 'Overbook';
  return {
    fullUrl: urns.slot,
    resource: {
      resourceType: 'Slot',
      id: idOf(urns.slot),
      identifier: listed([ei(parts(m.sch[2]), m.authority)].filter((it) => it)),
      serviceType: services(m, slotStatuses.get(status)?.[1]),
      schedule: { reference: urns.schedule, type: 'Schedule' },
      status: slotStatuses.get(status)?.[1],
      start: write(t.start),
      end: write(t.end ?? (length === undefined ? t.start : later(t.start, Math.round(length)))),
      overbooked: isOver || undefined,
    },
  };
}

function firstActor(segments, of, m) {
  for (const segment of segments) {
    for (const one of each(segment[3])) {
      const found = of(one, m);
      if (found) return found;
    }
  }
  return undefined;
}

export function schedule(m, who, fullUrl) {
  const actor = [];
  const one = firstActor(kept('', m.aip), person, m) ?? firstActor(kept('', m.ail), place, m);
  if (one) {
    actor.push(one.reference);
  } else {
    const id = kept('', m.aig).flatMap((aig) => each(aig[3])).find((it) => leadText(it));
    actor.push(id ? equipment(m, parts(id)) : { display: text(parts(m.sch[5]), 2) || who });
  }
  return {
    fullUrl,
    resource: {
      resourceType: 'Schedule',
      id: idOf(fullUrl),
      identifier: [{ system: 'urn:id:' + clean(m.authority) + '.schedule', value: who }],
      active: true,
      actor,
    },
  };
}
