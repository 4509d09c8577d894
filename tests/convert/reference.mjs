#!/usr/bin/env node
// reference.mjs CORRIDOR [N [SEED]] - the reference of `tools/bench --only convert` (tests/bench/convert.mjs) makes the same bytes as
// `corridor convert`: of 50 bookings of tests/bench/siu.awk, also with other line ends and delimiters, and of N variations of them with
// fields, components and segments that are missing, null, repeated or of another value. What one refuses the other refuses, too.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const corridor = resolve(process.argv[2]);
const many = Number(process.argv[3] || 4000);
const top = resolve(dirname(fileURLToPath(import.meta.url)), '../..');
const scratch = process.env.CORRIDOR_SCRATCH || mkdtempSync(join(tmpdir(), 'reference'));
let state = Number(process.argv[4] || 7);
let passed = 0;
let failed = 0;

function below(n) { // xorshift: the same variations each time
  state ^= state << 13;
  state ^= state >>> 17;
  state ^= state << 5;
  return (state >>> 0) % n;
}
const pick = (list) => list[below(list.length)];

// ---- variations ----

const times = ['20260308023000', '20261101013000', '202611010030', '20260704', '202607041530', '20260704153011.25', '202607041530-0400', '2026070415',
  '20260704153000+0000', '202611242400', '20261232', 'soon'];
const others = { // what a field may hold instead
  'MSH-3': ['', 'X Y'], 'MSH-4': ['', 'SOUTH WING^2.16^ISO'], 'MSH-7': times,
  'SCH-1': ['', 'P7', 'P7^^1.2.3^ISO', 'P7^A B'], 'SCH-2': ['', 'F7', 'F7^NPI', 'F7^N^abc^UUID'], 'SCH-5': ['S1^Room 1^L', '^Room'],
  'SCH-6': ['C^cause^L'], 'SCH-7': ['^words', 'A^&B&^L^C^D & E^HL70276', 'A^B^I10^C^D^SCT', ' A ^B^HL70123^^^^2.1^^said'], 'SCH-8': ['', '^words', 'X^Y'],
  'SCH-9': ['', '45', '0', '22.5'], 'SCH-10': ['', 'HR', 'min', 'XX', '^s'],
  'SCH-11': ['', '^^30', '^^M45^202611240930', ...times.map((t) => '^^^' + t), ...times.map((t) => '^^^' + t + '^202612312300')],
  'SCH-12': ['', 'U9^A^B~U8^C', '^ONLY', '^A&B^C^D^JR^MR^MD^^NORTH&1.2&ISO^L^^^MD'], 'SCH-16': ['', 'U027^CLERK^ROSA~^X'],
  'SCH-20': ['U1^^GIVEN', '1234^A^B^^^^^^&&^^^^NPI'],
  'SCH-25': ['', 'waitlist', 'Cancelled', 'Noshow', '^Pending', 'Strange', 'OVERBOOK', 'Overbook', 'Arrived', 'Deleted'], 'SCH-23': ['P0', 'P0^Q R'], 'SCH-24': ['F0^^1.2.3^ISO'], 'SCH-26': ['O1^A'], 'SCH-27': ['O2^B~O3'],
  'NTE-3': ['a\\F\\b\\S\\c\\R\\d\\E\\e', 'x\\.sp2\\y\\H\\z\\N\\', 'one~two', '\\X41\\\\X0D0A\\', 'open \\ end', 'quote " tab\t', 'Zoë \u{1F600} ß'],
  'PID-2': ['77', '100001'], 'PID-3': ['', '5', '5^^^^PI', '^^^X^MR~6^^^Y&2.5&URI^XX', '7^^^&abc&GUID^MRN^CITY&1', '8^^^SSA^MR^^20200101^20300101', '9^^^X&1.2.x&ISO^MR', '9^^^&A B&L', '9^^^&F47AC10B-58CC-4372-A567-0E02B2C3D479&GUID', '9^^^H&http://a/b&URI', '9^^^&own&Q'],
  'PID-4': ['88^^^B'],
  'PID-5': ['', '^ONLY', 'A&B&C^D', 'A^B^C^D^E^F^MSK~X^Y^^^^^Z', '^^^^DR'], 'PID-6': ['MOTHER^M'], 'PID-7': ['', '1980', '198001', '198001021530', '19800102153000-0500'],
  'PID-8': ['', 'M', 'X', 'O^Other'], 'PID-9': ['ALIAS^A^^^^^N'],
  'PID-11': ['', 'A ST&A&1^^C', '^^TOWN^^^^M^^COUNTY', 'A^B~C^D^^^^^BA^^^^^20200101'], 'PID-12': ['COOK', 'COUNTY', 'A&B'],
  'PID-13': ['', '555 1234', '(312)5^^^x@y.example', '^NET^Internet^x@y.example^^312^7', 'x@y.example^^CP^z@y.example', 'a@b.example', '^NET^Internet^x@y.example', '(312)5^PRN', '(312)5^PRN^CP~(312)6^WPN^FX', '(312)5^^CP', '(312)5^XXX^PH', '^PRN^PH^^1^312^555^12',
    '^PRN^PH^^^^555', '5^PRS^^^^^^^^^^^^^^^^^2'], 'PID-14': ['77', '^ORN^BP^^^1^2'],
  'PID-15': ['', 'spa', 'ENG^English', 'de'], 'PID-16': ['', 'W', 'Q', 'S^single'], 'PID-17': ['CAT'], 'PID-18': ['AC1', 'AC1^^^BANK&1.9&ISO^AN'],
  'PID-19': ['123456789', '""'],
  'PID-20': ['D1^IL^20300101', 'D2'], 'PID-23': ['TOWN'], 'PID-24': ['Y', 'N'], 'PID-25': ['2'], 'PID-26': ['USA~CAN^Canada'], 'PID-28': ['US^United States'],
  'PID-29': ['20260101', '202601011200'], 'PID-30': ['Y', 'N'],
  'PV1-2': ['', 'I', 'P', 'Q'], 'PV1-3': ['', '^^^HOUSE', '^^^^^^BLD^3', '^2', '^^^^^^^^Somewhere', 'W^W^W', 'W&1.2&ISO^3&x^B^M', 'W&x^^^^^^F&1&ISO^2&&'], 'PV1-6': ['OLD^1'], 'PV1-11': ['TMP^1', '^^^X'], 'PV1-42': ['PEND^1'], 'PV1-52': ['O1^OTHER'],
  'PV1-7': ['', 'D1^A~D2^B', '^A^B', 'D&1^A&VON&A^B&C'], 'PV1-8': ['R1^R'],
  'PV1-4': ['E'], 'PV1-10': ['CAR^Heart^L'], 'PV1-14': ['7'], 'PV1-15': ['A0~B6'], 'PV1-16': ['VIP'], 'PV1-19': ['V1', 'V1^^^X&1.5&ISO^VN'], 'PV1-36': ['01'],
  'PV1-37': ['HOME'],
  'PV1-44': ['202611240900'], 'PV1-45': ['202611241900'], 'PV1-50': ['ALT1^^^Q'],
  'AIS-2': ['', 'D'], 'AIG-2': ['D'], 'AIL-2': ['D'], 'AIP-2': ['', 'D'],
  'AIS-3': ['', '^words only', 'X'], 'AIS-4': ['', ...times.filter((t) => t !== 'soon')], 'AIS-7': ['', '15'], 'AIS-8': ['', 'H'],
  'AIG-3': ['', '^only', 'EQ^^OWN ER'], 'AIG-4': ['', '^kind'], 'AIG-8': ['', ...times], 'AIG-9': ['5', '-10', '1.5'],
  'AIG-10': ['MIN', 'S', 'Q'], 'AIG-11': ['', '0', '90'], 'AIG-12': ['', 'S'],
  'AIL-3': ['', '^^^HOUSE', 'R^1~S^2', '^2', 'A^B^C^D^^^G^H^I^J&1^K'], 'AIL-6': ['', ...times], 'AIL-7': ['15'], 'AIL-8': ['', 'H'], 'AIL-9': ['', '20'],
  'AIP-3': ['', '^LAST^F', 'A^B~C^D', '^^F'], 'AIP-4': ['', 'X^Y'], 'AIP-6': ['', ...times], 'AIP-7': ['30'], 'AIP-8': ['', 'S'], 'AIP-9': ['', '60'], 'AIP-10': ['', 'XX'], 'AIP-12': ['Cancelled', 'pending^Pending', 'Odd'],
};
const more = ['TQ1|1||||||202611241000|202611241130', 'PD1|||HOUSE^^X1^^^H&1.3&ISO~^^^^^^XX^^^N5|D7^FAMILY^DOC|||', 'PV2|||R^Reason||||||||2|||||||||||Y|||U^Urgent',
  'PV2||||||||202611240800|202611242000||||C1^C||||||||||||E^x'];
const behind = { TQ1: 'SCH', PD1: 'PID', PV2: 'PV1' };

function setField(lines, at, n, value) {
  const fields = lines[at].split('|');
  while (fields.length <= n) fields.push('');
  fields[n] = value(fields[n]);
  lines[at] = fields.join('|');
  return lines[at];
}

// An NTE goes with the segment it stands behind; PID and the first RGS stay.
function dropSegment(lines) {
  const at = 2 + below(lines.length - 2);
  if (/^(PID|NTE)/.test(lines[at]) || at === lines.findIndex((line) => line.startsWith('RGS'))) return '';
  const notes = lines[at].startsWith('RGS') ? 0 : lines.slice(at + 1).findIndex((line) => !line.startsWith('NTE'));
  return 'without ' + lines.splice(at, 1 + Math.max(0, notes)).join('; ');
}

function addSegment(lines) {
  const one = pick(more);
  const at = lines.findIndex((line) => line.startsWith(behind[one.slice(0, 3)]));
  if (at < 0 || lines[at + 1].startsWith(one.slice(0, 3))) return '';
  lines.splice(at + 1, 0, one);
  return one;
}

const someField = (lines) => {
  const at = 1 + below(lines.length - 1);
  return [lines, at, 1 + below(lines[at].split('|').length - 1)];
};
const dropField = (lines) => setField(...someField(lines), () => pick(['', '""']));
const dropPart = (lines) => setField(...someField(lines), (field) => {
  const parts = field.split('^');
  parts[below(parts.length)] = pick(['', '""']);
  return parts.join('^');
});

function otherField(lines) {
  const [place, values] = pick(Object.entries(others));
  const [name, number] = place.split('-');
  const found = lines.map((line, i) => (line.startsWith(name) ? i : -1)).filter((i) => i >= 0);
  return found.length ? setField(lines, pick(found), name === 'MSH' ? number - 1 : Number(number), () => pick(values)) : '';
}

const ways = [dropSegment, addSegment, dropField, dropPart, otherField, otherField, otherField, otherField];
function vary(message) {
  const lines = message.split('\r').filter((line) => line && !line.startsWith('ZAP'));
  const changes = [];
  for (let n = 1 + below(9); n > 0; n--) changes.push(pick(ways)(lines));
  return { text: lines.join('\r') + '\r', changes };
}

// ---- both ----

function run(program, words, file) {
  const done = spawnSync(program, [...words, file], { cwd: top, maxBuffer: 1 << 30, timeout: 60000 });
  const refused = new Set([...done.stderr.toString().matchAll(/message (\d+):/g)].map((m) => Number(m[1])));
  return { lines: done.stdout.toString().split('\n').slice(0, -1), refused, told: done.stderr.toString() };
}

const why = (it, number) => it.told.split('\n').find((line) => line.includes(`message ${number}:`));
function differ(a, b) { // the first place where they do
  let i = 0;
  while (a[i] === b[i]) i++;
  return `corridor ..${a.slice(Math.max(0, i - 120), i + 80)}\n  reference ..${b.slice(Math.max(0, i - 120), i + 80)}`;
}

function bad(name, number, changes, text) {
  failed++;
  if (failed <= 10) console.log(`reference: ${name} ${number}: ${text}\n  with: ${changes.join('\n  with: ')}`);
}

function compare(name, all, zone = 'America/Chicago') {
  const file = join(scratch, name + '.hl7');
  writeFileSync(file, all.map((one) => one.text).join(''));
  const both = ['--timezone', zone, '--received', '2026-11-20T15:00:00Z'];
  const ours = run(corridor, ['convert', '--to', 'fhir', '--threads', '1', ...both], file);
  const theirs = run(process.execPath, [join(top, 'tests/bench/convert.mjs'), '--print', ...both], file);
  let [a, b] = [0, 0];
  all.forEach(({ changes }, i) => {
    const [left, right] = [ours, theirs].map((it) => it.refused.has(i + 1));
    const [one, other] = [left ? undefined : ours.lines[a++], right ? undefined : theirs.lines[b++]];
    if (left !== right) bad(name, i + 1, changes, `${left ? 'corridor' : 'the reference'} alone refuses it\n${why(left ? ours : theirs, i + 1)}`);
    else if (one !== other) bad(name, i + 1, changes, differ(one ?? '', other ?? ''));
    else passed++;
  });
  if (a !== ours.lines.length || b !== theirs.lines.length) bad(name, 0, [], 'lines that belong to no message');
  return ours.refused.size;
}

const made = spawnSync('awk', ['-v', 'n=50', '-f', join(top, 'tests/bench/siu.awk')]).stdout.toString();
const bookings = made.split(/(?=MSH\|)/);
const asTheyAre = (change) => bookings.map((text) => ({ text: change(text), changes: [] }));
const all = (name, given) => { // none of them is refused
  if (compare(name, given) > 0 || given.length !== 50) bad(name, 0, [], 'not 50 Bundles of 50 bookings');
};
all('bookings', asTheyAre((text) => text));
all('lines', asTheyAre((text) => text.replaceAll('\r', '\r\n')));
all('delimiters', asTheyAre((text) => text.replace(/[|^~\\&]/g, (c) => '#!*?%'['|^~\\&'.indexOf(c)])));
const varied = () => Array.from({ length: many / 2 }, () => vary(pick(bookings)));
const refused = compare('variations', varied()) + compare('in_london', varied(), 'Europe/London');
if (refused > many / 3) bad('variations', 0, [], `${refused} of ${many} refused: too few are compared`);
if (!process.env.CORRIDOR_SCRATCH) rmSync(scratch, { recursive: true });
console.log(`reference: ${many} variations, ${refused} refused by both`);
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed ? 1 : 0);
