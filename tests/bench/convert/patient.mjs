// PID, PD1, PV1 and PV2: the person, the visit, the account.
import { house, person, place } from './actors.mjs';
import { each, first, has, lead, leadText, number, part, parts, plain, positions, raw, text } from './read.mjs';
import {
  classes, coded, concept, concepts, cx, eventStatuses, every, genders, idOf, joined, languages, listed, maritals, priorities, typed, urn, xad, xpn, xtn,
} from './types.mjs';
import { date, dateTime } from './zone.mjs';

const v3 = (of) => 'http://terminology.hl7.org/CodeSystem/v3-' + of;
const v2 = (of) => 'http://terminology.hl7.org/CodeSystem/v2-' + of;
const kinds = new Set(['MR', 'MRN', 'PI']);

// The number that the id is made of: a medical record number, else the first there is.
export function numberOf(pid) {
  let any;
  let ended;
  for (const one of each(pid[3])) {
    const it = parts(one);
    if (!text(it, 1)) continue;
    if (kinds.has(text(it, 5))) {
      if (!text(it, 8)) return it;
      ended ??= it;
    }
    any ??= it;
  }
  return ended ?? any ?? parts(pid[2]);
}
export const patientUrn = (it, m) => urn('Patient', part(it, 4, 1) || part(it, 4, 2) || m.authority, text(it, 1) || 'message ' + m.id);
export const displayOf = (pid) => {
  const it = parts(first(pid[5]));
  return joined(text(it, 2), part(it, 1, 1));
};

const extension = 'http://hl7.org/fhir/StructureDefinition/patient-';
const codeExtension = (name, it) => ({ url: extension + name, extension: [{ url: 'code', valueCodeableConcept: concept(it) }] });

function extensions({ pid, pd1, pv1 }) {
  const found = [];
  const maiden = part(parts(first(pid[6])), 1, 1);
  const add = (name, it, system) => found.push({ url: extension + name, valueCodeableConcept: concept(it, system) });
  if (maiden) found.push({ url: extension + 'mothersMaidenName', valueString: maiden });
  if (coded(parts(pid[17]))) add('religion', parts(pid[17]), v2('0006'));
  if (has(pid[23])) found.push({ url: extension + 'birthPlace', valueAddress: { text: plain(pid[23]) } });
  for (const one of each(pid[26])) if (coded(parts(one))) found.push(codeExtension('citizenship', parts(one)));
  if (coded(parts(pid[28]))) found.push(codeExtension('nationality', parts(pid[28])));
  if (coded(parts(pd1[6]))) add('disability', parts(pd1[6]), v2('0295'));
  if (leadText(pv1[16])) add('importance', parts(pv1[16]), v2('0099'));
  return listed(found);
}

function identifiers(pid, authority) {
  const found = every(pid[3], cx, authority);
  if (has(pid[2]) || has(pid[4])) {
    const known = positions(pid[3]).slice(0, 3).map(leadText);
    const isNew = (it) => !text(it, 1) || !known.includes(text(it, 1));
    for (const n of [2, 4]) found.push(...every(pid[n], (it) => isNew(it) && cx(it, authority + '.PID-' + n)));
  }
  if (has(pid[19])) found.push({ type: typed('SS'), system: 'http://hl7.org/fhir/sid/us-ssn', value: leadText(pid[19]) });
  const license = parts(pid[20]);
  if (text(license, 1)) {
    const end = date(raw(license, 3));
    found.push({
      type: typed('DL'), system: 'urn:id:DL' + (text(license, 2) && '.' + text(license, 2)), value: text(license, 1), period: end && { end },
    });
  }
  return listed(found);
}

function addresses(pid) {
  const county = leadText(pid[12]) || undefined;
  const streets = each(pid[11]);
  const isOne = streets.length === 1;
  const found = every(pid[11], xad, isOne ? county : undefined);
  const other = isOne && text(parts(streets[0]), 9);
  if (county && (!isOne || (other && other !== county))) found.push({ district: county });
  return listed(found);
}

function marital(field) {
  const it = parts(first(field));
  const key = text(it, 1);
  if (!key) return undefined;
  const row = maritals.get(key.toUpperCase());
  return { coding: row && [{ system: row[2], code: row[1], display: row[3] }], text: text(it, 2) || (row ? undefined : key) };
}

function communication(field) {
  const it = parts(field);
  const key = text(it, 1);
  if (!key) return undefined;
  const row = languages.get(key.toUpperCase());
  return [{ language: { coding: [{ system: 'urn:ietf:bcp:47', code: row ? row[1] : key, display: text(it, 2) || row?.[2] }] } }];
}

function doctors(pd1, m) {
  const found = [];
  for (const one of each(pd1[4])) found.push(person(one, m)?.reference);
  for (const one of each(pd1[3])) found.push(house(one, m)?.reference);
  return listed(found.filter((it) => it));
}

const yes = (value) => (value ? value === 'Y' : undefined);

export function patient(group, fullUrl, m) {
  const { pid, pd1 } = group;
  const born = lead(pid[7]);
  const died = lead(pid[29]);
  const birth = number(pid[25]);
  return {
    fullUrl,
    resource: {
      resourceType: 'Patient',
      id: idOf(fullUrl),
      extension: extensions(group),
      identifier: identifiers(pid, m.authority),
      active: true,
      name: listed([...every(pid[5], xpn), ...every(pid[9], xpn)]),
      telecom: listed([...every(pid[13], xtn, 'home'), ...every(pid[13], xtn, 'home', true), ...every(pid[14], xtn, 'work'),
        ...every(pid[14], xtn, 'work', true), ...every(pid[40], xtn)]),
      gender: genders.get(leadText(pid[8]).toUpperCase())?.[1],
      birthDate: date(born),
      _birthDate: born.length > 8 ? { extension: [{ url: extension + 'birthTime', valueDateTime: dateTime(born) }] } : undefined,
      deceasedBoolean: died ? undefined : yes(plain(pid[30])),
      deceasedDateTime: dateTime(died),
      address: addresses(pid),
      maritalStatus: marital(pid[16]),
      multipleBirthBoolean: birth === undefined ? yes(plain(pid[24])) : undefined,
      multipleBirthInteger: birth,
      communication: communication(pid[15]),
      generalPractitioner: doctors(pd1, m),
    },
  };
}

// ---- the visit ----

export function encounterUrn(pv1, m) {
  const it = parts(pv1[19]);
  const visit = text(it, 1);
  return visit ? urn('Encounter', part(it, 4, 1) || part(it, 4, 2) || m.authority, visit) : undefined;
}
export function accountUrn(pid, m) {
  const it = parts(first(pid[18]));
  return text(it, 1) ? urn('Account', part(it, 4, 1) || part(it, 4, 2) || m.authority, text(it, 1)) : undefined;
}

const roles = [['pv1', 7, 'ATND', 'attender'], ['pv1', 8, 'REF', 'referrer'], ['pv1', 9, 'CON', 'consultant'], ['pv1', 17, 'ADM', 'admitter'],
  ['pv1', 52, 'PART', 'Participation'], ['pv2', 13, 'REF', 'referrer']];

function participants(group, m) {
  const found = [];
  for (const [segment, field, code, display] of roles) {
    for (const one of each(group[segment][field])) {
      const who = person(one, m);
      if (!who) continue;
      found.push({ type: [{ coding: [{ system: v3('ParticipationType'), code, display }] }], individual: who.reference });
    }
  }
  return listed(found);
}

function stays({ pv1, pv2 }, m) {
  const found = [];
  const left = lead(first(pv1[45]));
  const at = place(pv1[3], m);
  if (at) {
    const kind = leadText(pv1[2]);
    found.push({ location: at.reference, status: kind === 'P' ? 'planned' : left ? 'completed' : 'active' });
  }
  for (const [field, status] of [[pv1[6], 'completed'], [pv1[11], 'active'], [pv1[42], 'reserved'], [pv2[1], 'planned']]) {
    const other = place(field, m);
    if (other) found.push({ location: other.reference, status });
  }
  return listed(found);
}

const one = (item) => (item ? [item] : undefined);
const orNothing = (object) => (Object.values(object).some((v) => v !== undefined) ? object : undefined);

function hospitalization(pv1, authority) {
  return orNothing({
    preAdmissionIdentifier: cx(parts(pv1[5]), authority),
    admitSource: concepts(pv1[14], '0023'),
    reAdmission: concepts(pv1[13], '0092'),
    dietPreference: one(concepts(pv1[38], '0114')),
    specialCourtesy: one(concepts(pv1[16], '0099')),
    specialArrangement: listed(every(pv1[15], concept, v2('0009'))),
    destination: leadText(pv1[37]) ? { display: leadText(pv1[37]) } : undefined,
    dischargeDisposition: concepts(pv1[36], '0112'),
  });
}

function classOf(key) {
  const row = classes.get(key.toUpperCase());
  return row ? { system: row[2], code: row[1], display: row[3] } : { system: v2('0004'), code: key || 'U' };
}

function priority(field) {
  const it = parts(field);
  const key = text(it, 1);
  if (!key) return undefined;
  const row = priorities.get(key);
  return { coding: row && [{ system: v3('ActPriority'), code: row[1], display: row[2] }], text: text(it, 2) || (row ? undefined : key) };
}

function visitExtensions(pv2) {
  const found = [];
  const arrival = parts(pv2[38]);
  if (text(arrival, 1)) {
    found.push({
      url: 'http://hl7.org/fhir/StructureDefinition/encounter-modeOfArrival',
      valueCoding: { system: v2('0430'), code: text(arrival, 1), display: text(arrival, 2) || undefined },
    });
  }
  for (const [n, name] of [[8, 'Start'], [9, 'End']]) {
    const at = lead(pv2[n]);
    if (at) found.push({ url: `http://hl7.org/fhir/5.0/StructureDefinition/extension-Encounter.planned${name}Date`, valueDateTime: dateTime(at) });
  }
  return listed(found);
}

export function encounter(group, urns, status, m) {
  const { pv1, pv2 } = group;
  const kind = leadText(pv1[2]);
  const days = number(pv2[11]);
  const isSecret = plain(pv2[22]) === 'Y';
  const left = lead(first(pv1[45]));
  return {
    fullUrl: urns.encounter,
    resource: {
      resourceType: 'Encounter',
      id: idOf(urns.encounter),
      meta: isSecret || leadText(pv1[16])
        ? { security: [{ system: v3('Confidentiality'), code: isSecret ? 'R' : 'N' }] } : undefined,
      extension: visitExtensions(pv2),
      identifier: listed([cx(parts(pv1[19]), m.authority, 'VN'), cx(parts(pv1[50]), m.authority)].filter((it) => it)),
      status: status ?? (left ? 'finished' : eventStatuses.get('*|' + kind) ?? 'unknown'),
      class: classOf(kind),
      type: one(concepts(pv1[4], '0007')),
      serviceType: concepts(pv1[10], '0069'),
      priority: priority(pv2[25]),
      subject: { reference: urns.patient, type: 'Patient' },
      appointment: [{ reference: urns.appointment, type: 'Appointment' }],
      participant: participants(group, m),
      period: orNothing({ start: dateTime(lead(pv1[44])), end: dateTime(left) }),
      length: days === undefined ? undefined : { value: days, unit: 'days', system: 'http://unitsofmeasure.org', code: 'd' },
      reasonCode: coded(parts(pv2[3])) ? one(concept(parts(pv2[3]))) : undefined,
      account: urns.account ? [{ reference: urns.account, type: 'Account' }] : undefined,
      hospitalization: hospitalization(pv1, m.authority),
      location: stays(group, m),
    },
  };
}

export function account({ pid, pv1 }, urns, m) {
  return {
    fullUrl: urns.account,
    resource: {
      resourceType: 'Account',
      id: idOf(urns.account),
      identifier: one(cx(parts(first(pid[18])), m.authority, 'AN')),
      status: 'active',
      type: has(pv1[18]) ? concept(parts(pv1[18]), v2('0018')) : undefined,
      subject: [{ reference: urns.patient, type: 'Patient' }],
      servicePeriod: orNothing({ start: dateTime(lead(pv1[44])), end: dateTime(lead(first(pv1[45]))) }),
    },
  };
}
