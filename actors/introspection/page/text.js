'use strict';
// Everything on the page that comes from outside goes through text nodes: no markup is ever parsed.

// Characters that are not seen, or that turn the direction of the text: they could hide what is there.
const UNSEEN =
  /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]/g;

// Text that is fit to be shown: such characters are written as escapes.
function clean(text) {
  return String(text).replace(UNSEEN,
    c => '\\u' + c.charCodeAt(0).toString(16).padStart(4, '0'));
}

// An element. Attributes whose value is null are left out; children are elements or texts.
function el(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== null && value !== undefined) made.setAttribute(name, value);
  }
  for (const child of children.flat()) {
    if (child !== null && child !== undefined) {
      made.append(child instanceof Node ? child : clean(child));
    }
  }
  return made;
}

// Sets the text of an element, if it differs.
function say(element, text) {
  const shown = clean(text);
  if (element.textContent !== shown) element.textContent = shown;
}

function byId(id) {
  return document.getElementById(id);
}

// A moment in words, with the moment itself as the tip.
function moment(iso) {
  const time = Date.parse(iso);
  if (Number.isNaN(time)) return el('span', {}, 'unknown');
  return el('time', { datetime: iso, title: iso }, ago((Date.now() - time) / 1000));
}

function ago(seconds) {
  if (seconds < -1) return 'in ' + duration(-seconds);
  return seconds < 2 ? 'just now' : duration(seconds) + ' ago';
}

function duration(seconds) {
  if (seconds < 60) return Math.round(seconds) + ' s';
  if (seconds < 3600) return Math.floor(seconds / 60) + ' min ' + Math.round(seconds % 60) + ' s';
  if (seconds < 86400) {
    return Math.floor(seconds / 3600) + ' h ' + Math.floor(seconds % 3600 / 60) + ' min';
  }
  return Math.floor(seconds / 86400) + ' d ' + Math.floor(seconds % 86400 / 3600) + ' h';
}

// A list of terms and their values; those without a value are left out.
function facts(pairs) {
  const list = el('dl');
  for (const [name, value] of pairs) {
    if (value === null || value === undefined || value === '') continue;
    list.append(el('dt', {}, name), el('dd', {}, value));
  }
  return list;
}

function table(headings, rows) {
  return el('table', {},
    el('thead', {}, el('tr', {}, headings.map(text => el('th', { scope: 'col' }, text)))),
    el('tbody', {}, rows.map(cells => el('tr', {}, cells.map(cell => el('td', {}, cell))))));
}

function counted(number, one, many) {
  return number.toLocaleString('en') + ' ' + (number === 1 ? one : many);
}

// The body of a page of this server; a failure is thrown with the server's own words.
async function load(path) {
  const answer = await fetch(path, { cache: 'no-store' });
  const text = await answer.text();
  if (answer.ok) return text;
  let why = 'status ' + answer.status;
  try {
    why = JSON.parse(text).error || why;
  } catch {
    // It was no answer of dklb.
  }
  throw new Error(why);
}
