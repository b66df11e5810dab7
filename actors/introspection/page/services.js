// The Services, those that need somebody first, and the explanation of one.
const PHASES = [
  ['not answering', 'bad'], ['Refused', 'bad'], ['Waiting', 'warn'], ['Provisioning', 'warn'],
  ['AwaitingAddress', 'warn'], ['Deleting', 'warn'], ['Paused', 'idle'], ['Ignored', 'idle'],
  ['Provisioned', 'good'],
];
const PHASE_RANK = new Map(PHASES.map(([phase], rank) => [phase, rank]));
const PHASE_TONE = new Map(PHASES);

function phaseOf(item) {
  return item.phase || item.state || 'not answering';
}

function phaseBadge(phase) {
  return el('span', { class: 'badge ' + (PHASE_TONE.get(phase) || 'idle') }, phase);
}

function serviceLink(key) {
  return el('a', { href: '#/services/' + key.split('/').map(encodeURIComponent).join('/') }, key);
}

function poolLink(name) {
  return el('a', { href: '#/pools/' + encodeURIComponent(name) }, name);
}

class PhaseFilter {
  constructor(changed) {
    this.changed = changed;
    this.phase = null;
    this.box = el('div', { class: 'chips', role: 'group', 'aria-label': 'Phase' });
    this.buttons = new Map(PHASES.map(([phase, tone]) => {
      const button = el('button', { class: 'chip ' + tone, type: 'button', 'aria-pressed': 'false',
        hidden: '' });
      button.addEventListener('click', () => this.press(phase));
      this.box.append(button);
      return [phase, button];
    }));
  }

  press(phase) {
    this.phase = this.phase === phase ? null : phase;
    for (const [each, button] of this.buttons) {
      button.setAttribute('aria-pressed', each === this.phase);
    }
    this.changed();
  }

  // Counts the Services of each phase; the Services of the chosen phase.
  take(items) {
    const counts = new Map();
    for (const item of items) counts.set(phaseOf(item), (counts.get(phaseOf(item)) || 0) + 1);
    for (const [phase, button] of this.buttons) {
      const count = counts.get(phase) || 0;
      button.hidden = count === 0 && phase !== this.phase;
      say(button, phase + ' ' + count.toLocaleString('en'));
    }
    return this.phase ? items.filter(item => phaseOf(item) === this.phase) : items;
  }
}

function frontendsText(item) {
  return (item.frontends || []).map(each => each.port).join(', ');
}

async function serviceDetail(key) {
  const path = '/services/' + key.split('/').map(encodeURIComponent).join('/');
  const what = JSON.parse(await load(path));
  if (!what.phase) return [el('h2', {}, key), phaseBadge(phaseOf(what))];
  const steps = [...what.timeline].reverse().map(step => el('li', {},
    phaseBadge(step.phase), ' ', el('span', { class: 'quiet' }, step.reason + ', '),
    moment(step.at), el('p', {}, step.message)));
  return [
    el('h2', {}, key),
    el('p', {}, phaseBadge(what.phase), ' ', el('span', { class: 'quiet' }, what.reason)),
    el('p', { class: 'message' }, what.message),
    facts([
      ['Pool', what.pool && poolLink(what.pool)],
      ['Addresses', what.addresses.join(', ') || 'none'],
      ['Tries', what.attempts || null],
      ['Next try', what.nextRetry && moment(what.nextRetry)],
    ]),
    what.frontends.length ? table(['Frontend', 'Service port', 'Node port'],
      what.frontends.map(each => [each.port, each.servicePort, each.nodePort])) : null,
    el('h3', {}, 'Transitions, newest first'),
    el('ol', { class: 'steps' }, steps),
  ].filter(part => part);
}

function makeServices() {
  const list = new VirtualList('Services', {
    role: 'listbox', rowRole: 'option', height: 3.8, make: itemRow,
    fill: (row, item) => fillItemRow(row, phaseOf(item), PHASE_TONE.get(phaseOf(item)) || 'idle',
      item.key, (item.addresses || []).join(', '),
      item.message ? `${item.reason}: ${item.message}` : ''),
    open: item => { location.hash = serviceLink(item.key).hash; },
  });
  const filter = new PhaseFilter(() => board.plan());
  const order = item => PHASE_RANK.get(phaseOf(item)) ?? 0;
  const board = new Board({
    name: 'services',
    none: 'There is no Service of type LoadBalancer.',
    hint: 'Choose a Service to see why it is where it is, and what to do next.',
    text: item => [item.key, phaseOf(item), item.reason, item.message, item.pool,
      frontendsText(item), ...(item.addresses || [])].join(' '),
    arrange: items => filter.take(items).sort(
      (a, b) => order(a) - order(b) || (a.key < b.key ? -1 : 1)),
    detail: serviceDetail,
  }, list, filter.box);
  return board;
}
