// Datatypes of HL7 v2 as those of FHIR R4, codes by the tables of routes/fhir/tables, ids of the texts that tell things apart.
// A member that is undefined is not written.
import * as crypto from 'node:crypto';
import { readFileSync } from 'node:fs';
import { each, part, parts, raw, text } from './read.mjs';
import { date, dateTime, moment } from './zone.mjs';

const folder = new URL('../../../routes/fhir/tables/', import.meta.url);
const rows = (name) => readFileSync(new URL(name + '.csv', folder), 'utf8').trim().split('\n').slice(1)
  .map((line) => line.split(',').map((cell) => cell.trim()));
const table = (name, by = (key) => key) => new Map(rows(name).map((row) => [by(row[0]), row]));

const upper = (key) => key.toUpperCase();
const schemes = table('id-scheme');
const authorities = table('authority');
const codeSystems = table('code-system', upper);
const nameUses = table('name-use', upper);
const addressUses = table('address-use', upper);
const addressTypes = table('address-type', upper);
const phoneSystems = table('phone-system', upper);
const phoneUses = new Map(rows('phone-use').map(([use, equipment, code]) => [upper(use + '|' + equipment), code]));
const units = new Map(rows('duration-unit').map(([unit, many]) => [unit, Number(many)]));
export const languages = table('language', upper);
export const genders = table('gender', upper);
export const maritals = table('marital', upper);
export const classes = table('class', upper);
export const priorities = table('priority');
export const statuses = table('appointment-status', upper);
export const participantStatuses = table('participant-status', upper);
export const events = table('appointment-event');
export const slotStatuses = table('slot-status');
export const visitStatuses = table('visit-status');
export const eventStatuses = new Map(rows('event-status').map(([event, kind, status]) => [event + '|' + kind, status]));

const code = (of, key) => of.get(key)?.[1] || '';
export const seconds = (unit) => (unit ? units.get(unit) ?? units.get(unit.toUpperCase()) : 60);
export const listed = (list) => (list.length ? list : undefined);
export const joined = (...texts) => texts.filter((one) => one).join(' ') || undefined;
const v2 = (number) => 'http://terminology.hl7.org/CodeSystem/v2-' + number;
export const clean = (name) => name.replace(/[^A-Za-z0-9._-]/gu, '_');
const named = (name) => 'urn:id:' + clean(name);
const uris = new RegExp('^(urn:oid:[0-2](\\.(0|[1-9][0-9]*))+|urn:uuid:[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|' +
  '(?!urn:oid:|urn:uuid:)[A-Za-z][A-Za-z0-9+.-]*:[^ ]+)$');
export function schemeOid(scheme, id) { // '' where it is no URI
  const uri = scheme === 'UUID' || scheme === 'GUID' ? 'urn:uuid:' + id.toLowerCase() : code(schemes, scheme) + id;
  return uris.test(uri) ? uri : '';
}
export const authorityOf = (name) => code(authorities, name);
export const nameUse = (kind) => code(nameUses, upper(kind)) || undefined;

// ---- ids: a UUID of version 8 out of SHA-256 over the texts, each with its length before it ----

const sha256 = crypto.hash ? (data) => crypto.hash('sha256', data, 'hex') : (data) => crypto.createHash('sha256').update(data).digest('hex');
const fourth = { 0: '8', 1: '9', 2: 'a', 3: 'b', 4: '8', 5: '9', 6: 'a', 7: 'b', 8: '8', 9: '9', a: 'a', b: 'b', c: '8', d: '9', e: 'a', f: 'b' };

function lengthBytes(n) {
  const bytes = [];
  for (; n > 127; n >>>= 7) bytes.push((n & 127) | 128);
  bytes.push(n);
  return Buffer.from(bytes);
}

function longHash(texts) {
  const pieces = [];
  for (const one of texts) {
    const bytes = Buffer.from(one);
    pieces.push(lengthBytes(bytes.length), bytes);
  }
  return sha256(Buffer.concat(pieces));
}

const isShort = (texts) => {
  for (let i = 0; i < texts.length; i++) if (texts[i].length > 127) return false;
  return true;
};

export function urn(...texts) {
  let key = '';
  for (let i = 0; i < texts.length; i++) key += String.fromCharCode(texts[i].length) + texts[i];
  // short texts of ASCII: each length is one byte, and the key is what is hashed
  const hex = isShort(texts) && Buffer.byteLength(key) === key.length ? sha256(key) : longHash(texts);
  return 'urn:uuid:' + hex.slice(0, 8) + '-' + hex.slice(8, 12) + '-8' + hex.slice(13, 16) + '-' + fourth[hex[16]] + hex.slice(17, 20) + '-' +
    hex.slice(20, 32);
}
export const idOf = (it) => it.slice(9);

// ---- datatypes ----

const period = (from, to) => (from || to ? { start: from, end: to } : undefined);
export const typed = (kind) => (kind ? { coding: [{ system: v2('0203'), code: kind }] } : undefined);

export function cx(it, authority, kind) {
  const value = text(it, 1);
  if (!value) return undefined;
  const id = part(it, 4, 2);
  const name = part(it, 4, 1) || id || authority;
  const assigner = part(it, 6, 1);
  return {
    type: typed(text(it, 5) || kind),
    system: (id && schemeOid(part(it, 4, 3), id)) || authorityOf(name) || named(name),
    value,
    period: period(date(raw(it, 7)), date(raw(it, 8))),
    assigner: assigner ? { display: assigner } : undefined,
  };
}

export function ei(it, authority, kind) {
  const value = text(it, 1);
  if (!value) return undefined;
  const id = text(it, 3);
  const name = text(it, 2) || id || authority;
  return { type: typed(kind), system: (id && schemeOid(text(it, 4), id)) || authorityOf(name) || named(name), value };
}

function codeSystem(name, otherwise) {
  if (!name) return otherwise;
  return code(codeSystems, upper(name)) || (/^HL7[0-9]{4}$/.test(name) ? v2(name.slice(3)) : named(name));
}

export function concept(it, system) {
  const one = text(it, 1);
  const other = text(it, 4);
  const coding = [];
  if (one) {
    coding.push({
      system: codeSystem(text(it, 3), system), version: text(it, 7) || undefined, code: one.trim() || undefined, display: text(it, 2) || undefined,
    });
  }
  if (other) {
    const from = text(it, 6);
    coding.push({
      system: codeSystem(from), version: text(it, 8) || undefined, code: other.trim() || undefined,
      display: text(it, 5) || undefined,
    });
  }
  const words = text(it, 9) || (one ? '' : text(it, 2));
  return coding.length || words ? { coding: listed(coding), text: words || undefined } : undefined;
}
export const coded = (it) => text(it, 1) !== '' || text(it, 2) !== '';
export const concepts = (field, number) => {
  const it = parts(field);
  return text(it, 1) ? concept(it, v2(number)) : undefined;
};

export const texts = (it, ...numbers) => {
  const found = [];
  for (const n of numbers) {
    const one = text(it, n);
    if (one) found.push(one);
  }
  return listed(found);
};

export function xpn(it) {
  const family = part(it, 1, 1);
  const name = {
    use: nameUse(text(it, 7)),
    text: raw(it, 1) ? undefined : text(it, 2) || undefined,
    family: family || undefined,
    given: texts(it, 2, 3),
    prefix: texts(it, 5),
    suffix: texts(it, 4, 6, 14),
    period: period(dateTime(raw(it, 12) || part(it, 10, 1)), dateTime(raw(it, 13) || part(it, 10, 2))),
  };
  return name.use || name.text || name.family || name.given || name.prefix || name.suffix || name.period ? name : undefined;
}

export function xad(it, county) {
  const line = [];
  const street = part(it, 1, 1);
  if (street) line.push(street);
  for (const n of [2, 19]) if (text(it, n)) line.push(text(it, n));
  const address = {
    use: code(addressUses, upper(text(it, 7))) || undefined,
    type: code(addressTypes, upper(text(it, 7))) || undefined,
    line: listed(line),
    city: text(it, 3) || undefined,
    district: text(it, 9) || county,
    state: text(it, 4) || undefined,
    postalCode: text(it, 5) || undefined,
    country: text(it, 6) || undefined,
    period: period(dateTime(raw(it, 13) || part(it, 12, 1)), dateTime(raw(it, 14) || part(it, 12, 2))),
  };
  return Object.values(address).some((v) => v !== undefined) ? address : undefined;
}

const phoneUse = (one, other) => {
  const [use, equipment] = [upper(one), upper(other)];
  return phoneUses.get(use + '|' + equipment) ??
    (use && equipment ? phoneUses.get(use + '|*') ?? phoneUses.get('*|' + equipment) : undefined);
};

// `beside`: the number of what holds an address of mail, too
export function xtn(it, use, beside) {
  const whole = text(it, 1);
  if (beside && !(text(it, 4) && (raw(it, 7) || raw(it, 12) || (whole && !whole.includes('@'))))) return undefined;
  const mail = beside ? '' : text(it, 4) || (whole.includes('@') ? whole : '');
  const local = raw(it, 7);
  let number = '';
  if (local) {
    const [country, area, extension] = [raw(it, 5), raw(it, 6), raw(it, 8)];
    number = (country ? '+' + country + ' ' : '') + (area ? area + ' ' : '') + local + (extension ? ' X' + extension : '');
  }
  const value = mail || number || text(it, 12) || whole;
  if (!value) return undefined;
  const rank = Number(raw(it, 18));
  return {
    system: mail ? 'email' : (!beside && code(phoneSystems, upper(text(it, 3)))) || 'phone',
    value,
    use: phoneUse(text(it, 2), text(it, 3)) ?? use,
    rank: rank > 0 ? rank : undefined,
    period: period(dateTime(raw(it, 13)), dateTime(raw(it, 14))),
  };
}

// every(field, make, ...): what `make` gives of each repetition, those that give nothing left out
export function every(field, make, ...more) {
  const found = [];
  for (const one of each(field)) {
    const value = make(parts(one), ...more);
    if (value) found.push(value);
  }
  return found;
}

export const instant = (value) => (value.length >= 10 ? moment(value) : undefined);
