// Those who act, and where: XCN, PL and XON as references and as entries of their own.
import { part, parts, raw, text } from './read.mjs';
import { authorityOf, clean, idOf, joined, listed, nameUse, schemeOid, texts, typed, urn } from './types.mjs';

const named = (name) => 'urn:id:' + clean(name);

// What is named several times in a message is read once: `of` makes it of the components, `known` keeps it by its text.
function once(known, value, of, m) {
  let found = known.get(value);
  if (found === undefined) known.set(value, (found = of(parts(value), m)));
  return found;
}

// ---- XCN ----

function makePerson(it, m) {
  const [number, family, given] = [text(it, 1), part(it, 2, 1), text(it, 3)];
  if (!number && !family) return null;
  const fullUrl = urn('Practitioner', part(it, 9, 1) || (text(it, 13) === 'NPI' ? 'NPI' : part(it, 9, 2) || m.authority), number || family + '^' + given);
  return { it, fullUrl, reference: { reference: fullUrl, type: 'Practitioner', display: joined(text(it, 6), given, family, text(it, 5)) } };
}
// { it, fullUrl, reference } of one XCN, or null
export const person = (value, m) => (value ? once(m.people, value, makePerson, m) : null);

function personIdentifier(it, authority) {
  const value = text(it, 1);
  if (!value) return undefined;
  const kind = text(it, 13);
  const id = part(it, 9, 2);
  const name = part(it, 9, 1);
  const system = authorityOf(kind) || (id && schemeOid(part(it, 9, 3), id)) || authorityOf(name) || named(name || id || authority);
  return [{ type: typed(kind), system, value }];
}

export function practitioner({ it, fullUrl }, { authority }) {
  const family = part(it, 2, 1);
  const name = family || text(it, 3) ? [{
    use: nameUse(text(it, 10)), family: family || undefined, given: texts(it, 3, 4), prefix: texts(it, 6), suffix: texts(it, 5, 7, 21),
  }] : undefined;
  return { fullUrl, resource: { resourceType: 'Practitioner', id: idOf(fullUrl), identifier: personIdentifier(it, authority), name } };
}

// ---- PL ----

// From 2.7 on a HD: its name, where the third part says so.
const spot = (it, n) => (part(it, n, 3) ? part(it, n, 1) : text(it, n));

function makePlace(it, m) {
  const [ward, room, bed, owner, words] = [spot(it, 1), spot(it, 2), spot(it, 3), part(it, 4, 1), text(it, 9)];
  if (!ward && !room && !bed && !owner && !words) return null;
  const fullUrl = urn('Location', owner || part(it, 4, 2) || m.authority, spot(it, 7), spot(it, 8), ward, room, bed, ward ? '' : words);
  return { it, fullUrl, reference: { reference: fullUrl, type: 'Location', display: words || joined(ward, room, bed) } };
}
export const place = (value, m) => (value ? once(m.places, value, makePlace, m) : null);

const kinds = [[3, 'bd', 'Bed'], [2, 'ro', 'Room'], [1, 'wa', 'Ward'], [8, 'lvl', 'Level'], [7, 'bu', 'Building']];
function placeKind(it) {
  for (const [n, code, display] of kinds) if (text(it, n)) return { code, display };
  return { code: 'si', display: 'Site' };
}

function placeIdentifiers(it, authority) {
  const found = [];
  const owner = part(it, 4, 1) || part(it, 4, 2) || authority;
  if (text(it, 1) || text(it, 2) || text(it, 3)) {
    const [ward, room, bed] = [spot(it, 1), spot(it, 2), spot(it, 3)];
    const path = [spot(it, 7), spot(it, 8), ward, room].filter((one) => one);
    const last = bed && (room ? '/' : ward ? '//' : '') + bed;
    found.push({ system: named(owner) + '.location', value: path.join('/') + last });
  }
  if (part(it, 10, 1)) found.push({ system: named(part(it, 11, 1) || authority), value: part(it, 10, 1) });
  return listed(found);
}

export function location({ it, fullUrl, reference }, { authority }) {
  const owner = part(it, 4, 1);
  const description = text(it, 9);
  const { code, display } = placeKind(it);
  return {
    fullUrl,
    resource: {
      resourceType: 'Location',
      id: idOf(fullUrl),
      identifier: placeIdentifiers(it, authority),
      name: reference.display || owner || undefined,
      description: description || undefined,
      mode: 'instance',
      physicalType: { coding: [{ system: 'http://terminology.hl7.org/CodeSystem/location-physical-type', code, display }] },
      managingOrganization: owner ? { identifier: { system: 'urn:id:facility', value: owner }, display: owner } : undefined,
    },
  };
}

// ---- XON ----

function makeHouse(it, m) {
  const number = text(it, 10) || raw(it, 3);
  const name = text(it, 1);
  if (!name && !number) return null;
  const fullUrl = urn('Organization', part(it, 6, 1) || part(it, 6, 2) || m.authority, number || name);
  return { it, number, name, fullUrl, reference: { reference: fullUrl, type: 'Organization', display: name || undefined } };
}
export const house = (value, m) => (value ? once(m.houses, value, makeHouse, m) : null);

export function organization({ it, number, name, fullUrl }, { authority }) {
  const id = part(it, 6, 2);
  const owner = part(it, 6, 1);
  const identifier = number ? [{
    type: typed(text(it, 7)), system: (id && schemeOid(part(it, 6, 3), id)) || authorityOf(owner) || named(owner || id || authority), value: number,
  }] : undefined;
  return { fullUrl, resource: { resourceType: 'Organization', id: idOf(fullUrl), identifier, active: true, name: name || number } };
}
