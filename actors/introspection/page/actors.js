// The actors as the tree in which they are supervised (docs/architecture.md, "The actors").
const SUPERVISED_BY = { service: 'service_watcher', supervisor: null, leader_elector: null };

function supervisorOf(kind) {
  return kind in SUPERVISED_BY ? SUPERVISED_BY[kind] : 'supervisor';
}

function actorTrouble(item) {
  return item.lastError !== '' || item.mailbox > 0 || item.state === 'not answering';
}

class ActorTree {
  static SMALL = 8; // kinds with up to so many members are unfolded at first

  constructor() {
    this.folds = new Map(); // kind -> whether it is unfolded, where somebody has said so
  }

  // The rows: each kind below its supervisor, and its members below the kind.
  rows(items, searching) {
    const kinds = new Map();
    for (const item of items) {
      if (!kinds.has(item.kind)) kinds.set(item.kind, []);
      kinds.get(item.kind).push(item);
    }
    const out = [];
    const names = [...kinds.keys()].sort();
    const add = (kind, level) => {
      const members = kinds.get(kind).sort((a, b) => (a.name < b.name ? -1 : 1));
      const below = names.filter(each => supervisorOf(each) === kind);
      if (members.length === 1 && !members[0].name) out.push({ ...members[0], level, folds: null });
      else this.group(out, kind, members, level, searching);
      for (const each of below) add(each, level + 1);
    };
    // What a search has left of a branch stands at the top.
    for (const kind of names) if (!kinds.has(supervisorOf(kind))) add(kind, 1);
    return out;
  }

  group(out, kind, members, level, searching) {
    const open = searching || (this.folds.get(kind) ?? members.length <= ActorTree.SMALL);
    const failing = members.filter(each => each.lastError || each.state === 'not answering');
    const sum = field => members.reduce((total, each) => total + (each[field] || 0), 0);
    out.push({ key: 'kind ' + kind, kind, level, folds: open, count: members.length,
      state: '', mailbox: sum('mailbox'), restarts: sum('restarts'),
      lastError: failing.length ? counted(failing.length, 'actor fails', 'actors fail') : '' });
    if (open) for (const each of members) out.push({ ...each, level: level + 1, folds: null });
  }
}

function actorRow() {
  return el('div', { class: 'actor' }, el('span', { class: 'name' }),
    el('span', { class: 'state quiet' }),
    el('span', { class: 'depth' }, el('span', { class: 'bar' }), el('span')),
    el('span', { class: 'quiet' }), el('span', { class: 'error' }));
}

function fillActorRow(row, item) {
  const [name, state, depth, restarts, error] = row.children;
  row.setAttribute('aria-level', item.level);
  if (item.folds === null) row.removeAttribute('aria-expanded');
  else row.setAttribute('aria-expanded', item.folds);
  name.style.paddingLeft = (item.level - 1) * 1.2 + 'rem';
  const fold = item.folds === null ? '' : item.folds ? '\u25be ' : '\u25b8 ';
  say(name, fold + (item.count ? `${item.kind} (${item.count.toLocaleString('en')})`
    : item.name && item.level > 1 ? item.kind + ' ' + item.name : item.kind));
  say(state, item.state);
  const waiting = item.mailbox || 0;
  depth.firstChild.style.width = Math.min(4, Math.log2(waiting + 1) / 3) + 'rem';
  say(depth.lastChild, waiting ? waiting.toLocaleString('en') + ' waiting' : '');
  say(restarts, item.restarts ? counted(item.restarts, 'restart', 'restarts') : '');
  say(error, item.lastError);
}

function actorDetail(key, item) {
  return [
    el('h2', {}, item.kind + (item.name ? ' ' + item.name : '')),
    item.lastError ? el('p', { class: 'message' }, item.lastError) : null,
    facts([
      ['State', item.state],
      ['Since', item.since && moment(item.since)],
      ['Messages that wait', item.mailbox ?? 'unknown'],
      ['Restarts', item.restarts],
      ['Supervised by', supervisorOf(item.kind) || 'the process'],
      ['Last error', item.lastError || 'none'],
    ]),
    item.kind === 'service' ? el('p', {}, 'Service ', serviceLink(item.name)) : null,
    item.kind === 'pool' ? el('p', {}, 'Pool ', poolLink(item.name)) : null,
  ].filter(part => part);
}

function makeActors() {
  const tree = new ActorTree();
  const fold = (item, open) => {
    if (item.folds === null || item.folds === open) return;
    tree.folds.set(item.kind, open);
    board.plan();
  };
  const list = new VirtualList('Actors', {
    role: 'tree', rowRole: 'treeitem', height: 2.8, make: actorRow, fill: fillActorRow, fold,
    open: item => {
      if (item.folds !== null) fold(item, !item.folds);
      else location.hash = '#/actors/' + encodeURIComponent(item.key);
    },
  });
  const only = el('input', { type: 'checkbox', id: 'only-troubled' });
  only.addEventListener('change', () => board.plan());
  const board = new Board({
    name: 'actors',
    none: 'There is no actor.',
    hint: 'Choose an actor. A bar shows messages that wait for it.',
    text: item => [item.kind, item.name, item.state, item.lastError].join(' '),
    arrange: (items, words) => tree.rows(only.checked ? items.filter(actorTrouble) : items,
      words.length > 0 || only.checked),
    detail: actorDetail,
  }, list, el('label', { for: 'only-troubled' }, only, 'only those that fail or have messages'));
  return board;
}
