// Small plots of the last ten minutes.
const fine = code => /^2|^404$/.test(code);
const seconds = value => (value < 1 ? Math.round(value * 1000) + ' ms' : value.toFixed(1) + ' s');
const perSecond = value => value.toFixed(value < 10 ? 1 : 0) + '/s';
const number = value => Math.round(value).toLocaleString('en');
const PENDING = new Set(['Waiting', 'Provisioning', 'AwaitingAddress']);

const PLOTS = [
  { title: 'Requests to EdgeLB', unit: perSecond, series: [
    ['all', all => all.rate('dklb_edgelb_requests_total')],
    ['failed', all => all.rate('dklb_edgelb_requests_total', each => !fine(each.code))]] },
  { title: 'Answers of EdgeLB', unit: seconds, series: [
    ['half within', all => all.quantile('dklb_edgelb_request_seconds', 0.5)],
    ['95 % within', all => all.quantile('dklb_edgelb_request_seconds', 0.95)]] },
  { title: 'Requests to the API server', unit: perSecond, series: [
    ['all', all => all.rate('dklb_kubernetes_requests_total')],
    ['failed', all => all.rate('dklb_kubernetes_requests_total', each => !fine(each.code))]] },
  { title: 'Time to an address', unit: seconds, series: [
    ['half within', all => all.quantile('dklb_time_to_address_seconds', 0.5)],
    ['95 % within', all => all.quantile('dklb_time_to_address_seconds', 0.95)]] },
  { title: 'Services without an address yet', unit: number, series: [
    ['pending', all => all.gauge('dklb_services', each => PENDING.has(each.phase))],
    ['refused', all => all.gauge('dklb_services', each => each.phase === 'Refused')]] },
  { title: 'Longest wait for an address', unit: seconds, series: [
    ['oldest', all => all.gauge('dklb_oldest_pending_seconds')]] },
  { title: 'Writes of pools', unit: perSecond, series: [
    ['writes', all => all.rate('dklb_edgelb_pool_writes_total')]] },
  { title: 'Age of the last message of the watches', unit: seconds, series: [
    ['Services', all => all.gauge('dklb_watch_staleness_seconds',
      each => each.watch === 'services')]] },
];

const SVG = 'http://www.w3.org/2000/svg';

class Plot {
  constructor(what) {
    this.what = what;
    this.svg = document.createElementNS(SVG, 'svg');
    this.svg.setAttribute('viewBox', '0 0 600 100');
    this.svg.setAttribute('preserveAspectRatio', 'none');
    this.svg.setAttribute('role', 'img');
    this.paths = what.series.map((_, at) => {
      const path = document.createElementNS(SVG, 'path');
      if (at) path.setAttribute('class', 'second');
      this.svg.append(path);
      return path;
    });
    this.now = el('p', { class: 'now' });
    this.top = el('span');
    this.box = el('div', { class: 'card' }, el('h3', {}, what.title), this.now, this.svg,
      el('p', { class: 'axis quiet' }, el('span', {}, '10 min ago'), this.top, el('span', {}, 'now')));
  }

  draw(samples) {
    const all = this.what.series.map(([, values]) => values(samples));
    const most = Math.max(0, ...all.flat().map(([, value]) => value ?? 0));
    const end = Date.now();
    all.forEach((points, at) => this.paths[at].setAttribute('d', this.line(points, end, most)));
    const words = this.what.series.map(([name], at) => {
      const known = all[at].filter(([, value]) => value !== null);
      const last = known.length ? this.what.unit(known[known.length - 1][1]) : 'none yet';
      return `${name}: ${last}${at ? ' (dashed)' : ''}`;
    }).join(', ');
    say(this.now, words);
    say(this.top, 'top: ' + this.what.unit(most));
    this.svg.setAttribute('aria-label', `${this.what.title}, last 10 minutes. ${words}. `
      + `Highest: ${this.what.unit(most)}.`);
  }

  // Where there is no value the line has a gap; a single value is a short dash.
  line(points, end, most) {
    let out = '';
    let drawn = false;
    for (const [at, value] of points) {
      if (value === null) {
        drawn = false;
        continue;
      }
      const x = (600 - (end - at) / Samples.KEEP * 600).toFixed(1);
      const y = (96 - (most ? value / most : 0) * 90).toFixed(1);
      out += drawn ? `L${x} ${y}` : `M${x} ${y}h1`;
      drawn = true;
    }
    return out;
  }
}

class Rates {
  constructor(samples) {
    this.samples = samples;
    this.plots = PLOTS.map(what => new Plot(what));
    byId('view-rates').append(
      el('p', { class: 'quiet' }, 'Sampled by this page every 2 s since it was opened.'),
      el('div', { class: 'plots' }, this.plots.map(each => each.box)));
  }

  enter() {
    this.shown = true;
    this.draw();
  }

  exit() {
    this.shown = false;
  }

  draw() {
    if (this.shown) for (const each of this.plots) each.draw(this.samples);
  }
}
