// Times of HL7 v2 as instants of FHIR: the offset of the data, else that of a zone, kept by day.
const minute = 60000;
const day = 86400000;
let clock;
let days = new Map();

export function setZone(name) {
  last = '';
  days = new Map();
  clock = new Intl.DateTimeFormat('en-US', {
    timeZone: name, hourCycle: 'h23', year: 'numeric', month: 'numeric', day: 'numeric', hour: 'numeric', minute: 'numeric', second: 'numeric',
  });
}

// Minutes that the zone is ahead of UTC at an instant.
function offsetAt(instant) {
  const p = {};
  for (const { type, value } of clock.formatToParts(instant)) p[type] = Number(value);
  return Math.round((Date.UTC(p.year, p.month - 1, p.day, p.hour, p.minute, p.second) - Math.floor(instant / 1000) * 1000) / minute);
}

// On a day when the clocks change: an hour that occurs twice is the first, one that does not exist moves on by the gap.
function changing(local) {
  const before = offsetAt(local - day);
  const after = offsetAt(local + day);
  if (offsetAt(local - before * minute) === before) return { local, offset: before };
  if (offsetAt(local - after * minute) === after) return { local, offset: after };
  return { local: local + (after - before) * minute, offset: after };
}

function atZone(local) {
  const date = Math.floor(local / day);
  let offset = days.get(date);
  if (offset === undefined) {
    const before = offsetAt((date - 1) * day);
    offset = before === offsetAt((date + 2) * day) ? before : NaN;
    if (days.size > 4096) days.clear();
    days.set(date, offset);
  }
  return Number.isNaN(offset) ? changing(local) : { local, offset };
}

const two = (n) => (n < 10 ? '0' + n : '' + n);
const hours = (n) => {
  const size = Math.abs(n);
  return (n < 0 ? '-' : '+') + two(Math.floor(size / 60)) + ':' + two(size % 60);
};

const offsetText = (n) => (n === 0 ? 'Z' : hours(n));

function digits(text, from, to) {
  let n = 0;
  for (let i = from; i < to; i++) {
    const c = text.charCodeAt(i) - 48;
    if (!(c >= 0 && c <= 9)) throw new Error('a value that is no time');
    n = n * 10 + c;
  }
  return n;
}

const long = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
const longest = (y, m) => (m === 2 && (y % 4 !== 0 || (y % 100 === 0 && y % 400 !== 0)) ? 28 : long[m - 1]);

// { date } where that is all there is, else { local, clock, offset, fraction, isOwn }: milliseconds as
// if it were UTC, the same as text; is the offset that of the data?
function readMoment(text) {
  let end = text.length;
  let offset;
  let fraction = '';
  const sign = Math.max(text.indexOf('+'), text.indexOf('-'));
  if (sign >= 0) {
    if (end !== sign + 5) throw new Error('a value that is no time');
    offset = (digits(text, sign + 1, sign + 3) * 60 + digits(text, sign + 3, end)) * (text[sign] === '-' ? -1 : 1);
    end = sign;
  }
  const dot = text.indexOf('.');
  if (dot >= 0) {
    fraction = text.slice(dot, end);
    digits(fraction, 1, fraction.length);
    end = dot;
  }
  const y = digits(text, 0, 4);
  const mo = end > 4 ? digits(text, 4, 6) : 1;
  const d = end > 6 ? digits(text, 6, 8) : 1;
  const h = end > 8 ? digits(text, 8, 10) : 0;
  const mi = end > 10 ? digits(text, 10, 12) : 0;
  const s = end > 12 ? digits(text, 12, 14) : 0;
  if (end < 4 || end > 14 || end % 2 || y < 1 || mo < 1 || mo > 12 || d < 1 || d > longest(y, mo) || h > 24 || mi > 59 || s > 59 ||
      (h === 24 && mi + s > 0) || (dot >= 0 && (end !== 14 || fraction.length < 2))) throw new Error('a value that is no time');
  if (end <= 8) return { date: dateText(text, end) };
  const local = Date.UTC(y, mo - 1, d, h, mi, s);
  const at = offset === undefined ? atZone(local) : { local, offset };
  const clock = at.local === local && h < 24
    ? dateText(text, 8) + 'T' + text.slice(8, 10) + ':' + (end > 10 ? text.slice(10, 12) : '00') + ':' + (end > 12 ? text.slice(12, 14) : '00')
    : clockText(at.local);
  return { date: '', local: at.local, clock, offset: at.offset, fraction, isOwn: offset !== undefined };
}

let last = ''; // most times of a booking are the same
let known;
export function moment(text) {
  if (!text) return undefined;
  if (text === last) return known;
  known = readMoment(text);
  last = text;
  return known;
}

const dateText = (text, end) =>
  text.slice(0, 4) + (end < 6 ? '' : '-' + text.slice(4, 6)) + (end < 8 ? '' : '-' + text.slice(6, 8));

function timeText(local) {
  const s = (((local % day) + day) % day) / 1000;
  return two(Math.floor(s / 3600)) + ':' + two(Math.floor(s / 60) % 60) + ':' + two(Math.floor(s) % 60);
}
function clockText(local) {
  const t = new Date(local);
  const y = t.getUTCFullYear();
  return (y < 1000 ? ('000' + y).slice(-4) : y) + '-' + two(t.getUTCMonth() + 1) + '-' + two(t.getUTCDate()) + 'T' + timeText(local);
}

export const write = (m) => m && (m.date || m.clock + m.fraction + offsetText(m.offset));
export const dateTime = (text) => write(moment(text));
export const date = (text) => {
  const m = moment(text);
  return m && (m.date || m.clock.slice(0, 10));
};
// The reading moves, its offset stays.
export const later = (m, seconds) => {
  const local = m.local + seconds * 1000;
  const isSameDay = Math.floor(local / day) === Math.floor(m.local / day);
  return { date: '', local, clock: isSameDay ? m.clock.slice(0, 11) + timeText(local) : clockText(local), offset: m.offset, fraction: m.fraction, isOwn: m.isOwn };
};
// The same instant as the zone's clocks show it, +00:00 where others say Z.
const inZone = (m) => {
  if (!m.isOwn) return m.clock + hours(m.offset);
  const instant = m.local - m.offset * minute;
  const offset = offsetAt(instant);
  return clockText(instant + offset * minute) + hours(offset);
};
let received;
export const setNow = (time) => { received = time; };
export const now = () => inZone({ local: received ?? Date.now(), offset: 0, isOwn: true });
