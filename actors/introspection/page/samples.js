// The server's counters of the last ten minutes, read by the page itself.
class Samples {
  static EVERY = 2000; // milliseconds
  static KEEP = 600000;

  constructor(told) {
    this.list = []; // { at, values: Map of name -> [{ labels, value }] }
    this.told = told;
    this.run();
  }

  async run() {
    try {
      const text = await load('/metrics');
      const now = Date.now();
      this.list.push({ at: now, values: Samples.parse(text) });
      while (this.list[0].at < now - Samples.KEEP) this.list.shift();
      this.told(true);
    } catch {
      this.told(false);
    }
    setTimeout(() => this.run(), Samples.EVERY);
  }

  // Prometheus' text format.
  static parse(text) {
    const values = new Map();
    for (const line of text.split('\n')) {
      const match = /^([a-z_:]+)(?:\{(.*)\})? ([^ ]+)/.exec(line);
      if (!match) continue;
      const labels = {};
      for (const [, name, value] of (match[2] || '').matchAll(/([a-z_]+)="((?:[^"\\]|\\.)*)"/g)) {
        labels[name] = value;
      }
      if (!values.has(match[1])) values.set(match[1], []);
      values.get(match[1]).push({ labels, value: Number(match[3].replace('Inf', 'Infinity')) });
    }
    return values;
  }

  get last() {
    return this.list[this.list.length - 1];
  }

  static sum(sample, name, wanted = () => true) {
    return (sample.values.get(name) || []).filter(each => wanted(each.labels))
      .reduce((total, each) => total + each.value, 0);
  }

  // [time, value] of a gauge at each sample.
  gauge(name, wanted) {
    return this.list.map(sample => [sample.at, Samples.sum(sample, name, wanted)]);
  }

  // [time, events a second] of a counter between two samples; a restart of the server is no event.
  rate(name, wanted) {
    return this.pairs((before, after, seconds) => {
      const grown = Samples.sum(after, name, wanted) - Samples.sum(before, name, wanted);
      return grown < 0 ? null : grown / seconds;
    });
  }

  // [time, seconds] that a share of the observations of a histogram took at most; null without any.
  quantile(name, share) {
    return this.pairs((before, after) => {
      const buckets = (after.values.get(name + '_bucket') || []).map(each => [
        Number(each.labels.le.replace('+Inf', 'Infinity')),
        each.value - Samples.sum(before, name + '_bucket', labels => labels.le === each.labels.le),
      ]).sort((a, b) => a[0] - b[0]);
      const all = buckets.length ? buckets[buckets.length - 1][1] : 0;
      if (all <= 0) return null;
      let [low, below] = [0, 0];
      for (const [high, count] of buckets) {
        if (count >= share * all) {
          if (high === Infinity) return low;
          return low + (high - low) * (share * all - below) / Math.max(count - below, 1);
        }
        [low, below] = [high, count];
      }
      return low;
    });
  }

  pairs(value) {
    return this.list.slice(1).map((after, at) => {
      const before = this.list[at];
      const seconds = (after.at - before.at) / 1000;
      return [after.at, seconds > 0 ? value(before, after, seconds) : null];
    });
  }
}
