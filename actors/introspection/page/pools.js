// The pools that have an actor, and one pool with its frontends and its differences.
function poolTone(item) {
  if (item.lastError || item.state === 'not answering') return 'bad';
  if (Object.keys(item.refusals || {}).length) return 'warn';
  return item.state === 'idle' ? 'good' : 'idle';
}

function poolPorts(item) {
  return (item.claims || []).flatMap(claim => claim.ports.map(port => port.port));
}

function poolLine(item) {
  if (item.lastError) return item.lastError;
  const parts = [counted((item.claims || []).length, 'Service', 'Services')];
  const ports = poolPorts(item);
  if (ports.length) parts.push('frontends ' + ports.join(', '));
  const refused = Object.keys(item.refusals || {}).length;
  if (refused) parts.push(counted(refused, 'Service is refused', 'Services are refused'));
  return parts.join('; ');
}

function claimRows(what) {
  return what.claims.map(claim => {
    const refusal = what.refusals[claim.service];
    const state = refusal || (claim.paused ? 'paused' : claim.served ? 'served' : 'not served yet');
    return [serviceLink(claim.service),
      claim.ports.map(port => `${port.port} (Service ${port.servicePort}, node ${port.nodePort})`)
        .join(', '), state];
  });
}

function documentPart(title, body) {
  return body ? el('details', {}, el('summary', {}, title),
    el('pre', { tabindex: '0', 'aria-label': title }, JSON.stringify(body, null, 2))) : null;
}

async function poolDetail(name) {
  const what = JSON.parse(await load('/pools/' + encodeURIComponent(name)));
  if (!what.claims) return [el('h2', {}, name), el('p', {}, what.state)];
  const changes = (what.changes || []).map(
    each => el('li', {}, typeof each === 'string' ? each : JSON.stringify(each)));
  const written = what.lastWrite;
  return [
    el('h2', {}, name),
    el('p', {}, el('span', { class: 'badge ' + poolTone(what) }, what.state)),
    what.lastError ? el('p', { class: 'message' }, what.lastError) : null,
    facts([
      ['Addresses', (what.addresses || []).join(', ') || 'none'],
      ['Writes', what.writes],
      ['Last write', written && el('span', {}, moment(written.at), ': ' + written.cause)],
      ['EdgeLB', what.actualError],
    ]),
    el('h3', {}, 'Frontends'),
    table(['Service', 'Ports', 'State'], claimRows(what)),
    changes.length ? el('h3', {}, 'Differences from EdgeLB') : null,
    changes.length ? el('ul', {}, changes) : null,
    documentPart('The pool in EdgeLB', what.actual),
    documentPart('The pool as it should be', what.desired),
  ].filter(part => part);
}

function makePools() {
  const list = new VirtualList('Pools', {
    role: 'listbox', rowRole: 'option', height: 3.8, make: itemRow,
    fill: (row, item) => fillItemRow(row, item.state, poolTone(item), item.key,
      (item.addresses || []).join(', '), poolLine(item)),
    open: item => { location.hash = poolLink(item.key).hash; },
  });
  const order = item => (poolTone(item) === 'bad' ? 0 : poolTone(item) === 'warn' ? 1 : 2);
  return new Board({
    name: 'pools',
    none: 'No Service has a pool.',
    hint: 'Choose a pool to see its frontends, its addresses and the differences from EdgeLB.',
    text: item => [item.key, item.state, item.lastError, ...(item.addresses || []),
      ...poolPorts(item), ...(item.claims || []).map(claim => claim.service)].join(' '),
    arrange: items => items.sort((a, b) => order(a) - order(b) || (a.key < b.key ? -1 : 1)),
    detail: poolDetail,
  }, list, null);
}
