// HL7 v2 text: segments, fields, repetitions, components, subcomponents, escapes. Fields are split where they are read:
// a segment that nobody asks for costs its line and nothing else.
let field = '|';
let component = '^';
let repetition = '~';
let escape = '\\';
let subcomponent = '&';

function letter(body) {
  switch (body) {
    case 'F': return field;
    case 'S': return component;
    case 'T': return subcomponent;
    case 'R': return repetition;
    case 'E': return escape;
    case '.br': return '\n';
    default: return undefined;
  }
}

const isHex = (digits) => digits.length > 0 && digits.length % 2 === 0 && /^[0-9A-Fa-f]+$/.test(digits);
const isFormat = (body) =>
  body === 'H' || body === 'N' || body[0] === '.' || body[0] === 'Z' || ((body[0] === 'C' || body[0] === 'M') && isHex(body.slice(1)));

// Formatting that is no character stays as it is, or is dropped.
function decode(text, drops) {
  let out = '';
  let from = 0;
  for (let at = text.indexOf(escape); at >= 0; at = text.indexOf(escape, from)) {
    const close = text.indexOf(escape, at + 1);
    const body = close < 0 ? '' : text.slice(at + 1, close);
    const char = letter(body);
    out += text.slice(from, at);
    from = close + 1;
    if (char !== undefined) out += char;
    else if (body[0] === 'X' && isHex(body.slice(1))) out += Buffer.from(body.slice(1), 'hex').toString();
    else if (body && isFormat(body)) out += drops ? '' : text.slice(at, from);
    else {
      out += escape; // no sequence: it stands for itself
      from = at + 1;
    }
  }
  return out + text.slice(from);
}

// Absent, empty and the null of HL7 ("") are the same nothing: ''.
const bare = (text) => (text === undefined || text === '""' ? '' : text);
export const plain = (text) => {
  const raw = bare(text);
  return raw.indexOf(escape) < 0 ? raw : decode(raw, false);
};
export const formatted = (text) => (text.indexOf(escape) < 0 ? text : decode(text, true)); // of an FT or TX

// What split() does with a separator of one character, in half the time.
function cut(value, separator) {
  const found = [];
  let from = 0;
  for (let at = value.indexOf(separator); at >= 0; at = value.indexOf(separator, from)) {
    found.push(value.slice(from, at));
    from = at + 1;
  }
  found.push(value.slice(from));
  return found;
}

const none = [];
export const parts = (value) => (value ? cut(value, component) : none);
export const lead = (value) => { // the first component of a field, as sent
  if (!value) return '';
  const end = value.indexOf(component);
  return bare(end < 0 ? value : value.slice(0, end));
};
export const leadText = (value) => plain(lead(value));
export const text = (c, n) => plain(c[n - 1]);
export const raw = (c, n) => bare(c[n - 1]);
export const part = (c, n, m) => {
  const value = c[n - 1];
  if (!value) return '';
  if (value.indexOf(subcomponent) < 0) return m === 1 ? plain(value) : '';
  return plain(cut(value, subcomponent)[m - 1]);
};
export const each = (value) => {
  if (!value || value === '""') return none;
  return value.indexOf(repetition) < 0 ? [value] : cut(value, repetition).filter((one) => one && one !== '""');
};
export const positions = (value) => (value ? cut(value, repetition) : none); // empty ones, too
export const first = (value) => {
  const end = value ? value.indexOf(repetition) : -1;
  return end < 0 ? value : value.slice(0, end);
};
export const has = (value) => {
  if (!value || value === '""') return false;
  for (let i = 0; i < value.length; i++) {
    const c = value[i];
    if (c !== component && c !== subcomponent && c !== repetition) return true;
  }
  return false;
};
export const number = (value) => {
  const digits = bare(value);
  if (!digits) return undefined;
  for (let i = 0; i < digits.length; i++) {
    const c = digits.charCodeAt(i);
    if (!((c >= 48 && c <= 57) || c === 46 || (i === 0 && (c === 43 || c === 45)))) throw new Error('a value that is no number');
  }
  const n = Number(digits);
  if (Number.isNaN(n)) throw new Error('a value that is no number');
  return n;
};

const foreign = new Set(['DG1', 'OBX', 'PRT', 'ROL', 'NK1', 'AL1', 'IAM', 'PR1', 'GT1', 'IN1']); // what these become is not written here

// A message in the order of SIU_S12: what belongs to the booking, its patients, its resources.
export function readMessage(message) {
  field = message[3];
  component = message[4];
  repetition = message[5];
  escape = message[6];
  subcomponent = message[7];
  const m = { msh: none, sch: none, tq1: none, notes: [], serviceNotes: [], patients: [], ais: [], aig: [], ail: [], aip: [] };
  const lines = cut(message, '\r');
  m.msh = cut(lines[0], field);
  m.msh.unshift(''); // MSH-1 is the separator itself
  let patient;
  let inHead = true;
  let ofService = false;
  for (let i = 1; i < lines.length; i++) {
    const line = lines[i];
    const name = line.slice(0, 3);
    if (name !== 'NTE') ofService = name === 'AIS';
    switch (name) {
      case 'SCH': m.sch = cut(line, field); break;
      case 'TQ1': if (m.tq1 === none) m.tq1 = cut(line, field); break;
      case 'NTE': if (inHead || ofService) (inHead ? m.notes : m.serviceNotes).push(cut(line, field)); break;
      case 'PID':
        inHead = false;
        m.patients.push((patient = { pid: cut(line, field), pd1: none, pv1: none, pv2: none }));
        break;
      case 'PD1': patient.pd1 = cut(line, field); break;
      case 'PV1': patient.pv1 = cut(line, field); break;
      case 'PV2': patient.pv2 = cut(line, field); break;
      case 'RGS': inHead = false; break;
      case 'AIS': m.ais.push(cut(line, field)); break;
      case 'AIG': m.aig.push(cut(line, field)); break;
      case 'AIL': m.ail.push(cut(line, field)); break;
      case 'AIP': m.aip.push(cut(line, field)); break;
      default: if (foreign.has(name)) throw new Error(`${name} is not known here`);
    }
  }
  if (!m.patients.length) throw new Error('no patient in it');
  return m;
}
