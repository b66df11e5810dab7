// The head of the page, and the view that the address names.
function badge(id, text, tone) {
  const element = byId(id);
  element.className = 'badge ' + tone;
  element.hidden = false;
  say(element, text);
}

function showLive(state) {
  const tones = { live: 'good', connecting: 'idle', lost: 'bad' };
  badge('live', state === 'lost' ? 'no connection, trying again' : state, tones[state]);
}

// Leader or standby, and the version, from the metrics.
function showServer(sample) {
  const leads = Samples.sum(sample, 'dklb_leader') > 0;
  badge('role', leads ? 'leader' : 'standby', leads ? 'good' : 'idle');
  const [build] = sample.values.get('dklb_build_info') || [];
  if (build) say(byId('version'), 'version ' + build.labels.version);
}

// What /readyz?verbose says is failing.
async function showTroubles() {
  const list = byId('troubles');
  try {
    const answer = await fetch('/readyz?verbose', { cache: 'no-store' });
    const lines = (await answer.text()).split('\n').filter(line => /^\[[-!]\]/.test(line));
    const now = lines.join('\n');
    list.hidden = lines.length === 0;
    if (now !== list.before) {
      list.before = now;
      list.replaceChildren(...lines.map(line => el('li', {}, line.slice(4))));
    }
  } catch {
    // The badge says that there is no connection.
  }
  setTimeout(showTroubles, 5000);
}

async function showCluster() {
  try {
    const { config } = JSON.parse(await load('/config'));
    say(byId('cluster'), config.clusterName || '');
    document.title = config.clusterName ? 'dklb ' + clean(config.clusterName) : 'dklb';
  } catch {
    setTimeout(showCluster, 5000);
  }
}

const samples = new Samples(good => {
  if (good) {
    showServer(samples.last);
    rates.draw();
  }
  // The other views tell it from their streams.
  if (shown === 'rates' || shown === 'config') showLive(good ? 'live' : 'lost');
});
const rates = new Rates(samples);
const views = {
  services: makeServices(), pools: makePools(), actors: makeActors(), rates,
  config: new Configuration(),
};
let shown = null;

// #/services/NAMESPACE/NAME, #/pools/NAME, #/actors/ID, or a view alone.
function route() {
  let parts;
  try {
    parts = location.hash.replace(/^#\/?/, '').split('/').map(decodeURIComponent);
  } catch {
    parts = [];
  }
  const name = parts[0] in views ? parts[0] : 'services';
  if (shown !== name) {
    if (shown) views[shown].exit();
    for (const each of Object.keys(views)) byId('view-' + each).hidden = each !== name;
    for (const link of document.querySelectorAll('nav a')) {
      if (link.hash === '#/' + name) link.setAttribute('aria-current', 'page');
      else link.removeAttribute('aria-current');
    }
    shown = name;
  }
  views[name].enter(parts.length > 1 ? parts.slice(1).join('/') : null);
}

window.addEventListener('hashchange', route);
byId('skip').addEventListener('click', event => {
  event.preventDefault();
  byId('main').focus();
});
document.addEventListener('keydown', event => {
  const search = views[shown].search;
  if (event.key !== '/' || !search || /^(INPUT|TEXTAREA)$/.test(event.target.tagName)) return;
  event.preventDefault();
  search.focus();
});
setInterval(() => {
  for (const each of document.querySelectorAll('time')) {
    say(each, ago((Date.now() - Date.parse(each.dateTime)) / 1000));
  }
}, 5000);
route();
showCluster();
showTroubles();
