// Follows one of the server's lists (?watch=1) while somebody looks at it. The browser connects again by
// itself after a cut; this class does where the browser gives up or the stream falls silent.
class Stream {
  static SILENCE = 12000; // milliseconds; the server says something every 5 s
  static RETRY = 2000;

  // `told.changed(items, keys)`: what changed and what is gone. `told.snapshot()`: forget all before.
  // `told.state(word)`: "connecting", "live" or "lost".
  constructor(path, told) {
    this.path = path + '?watch=1';
    this.told = told;
    this.wanted = false;
    this.source = null;
    this.timer = null;
    document.addEventListener('visibilitychange', () => this.settle());
    window.addEventListener('pagehide', () => this.close());
    window.addEventListener('pageshow', () => this.settle());
  }

  follow(wanted) {
    this.wanted = wanted;
    this.settle();
  }

  // A hidden page takes no stream: the server has a limited number, and so has the browser.
  settle() {
    const needed = this.wanted && document.visibilityState === 'visible';
    if (needed && !this.source && !this.timer) this.open();
    if (!needed) this.close();
  }

  open() {
    this.timer = null;
    this.told.state('connecting');
    const source = this.source = new EventSource(this.path);
    source.addEventListener('snapshot', event => this.take(event, true));
    source.addEventListener('change', event => this.take(event, false));
    source.addEventListener('alive', () => this.heard());
    source.addEventListener('error', () => this.failed());
    this.watch();
  }

  take(event, whole) {
    this.heard();
    const { changed, removed } = JSON.parse(event.data);
    if (whole) this.told.snapshot();
    this.told.changed(changed, removed);
  }

  heard() {
    this.told.state('live');
    this.watch();
  }

  watch() {
    clearTimeout(this.silence);
    this.silence = setTimeout(() => this.again(), Stream.SILENCE);
  }

  failed() {
    this.told.state('lost');
    if (this.source && this.source.readyState === EventSource.CLOSED) this.again();
  }

  again() {
    this.close();
    this.told.state('lost');
    this.timer = setTimeout(() => {
      this.timer = null;
      this.settle();
    }, Stream.RETRY);
  }

  close() {
    clearTimeout(this.silence);
    clearTimeout(this.timer);
    this.timer = null;
    if (this.source) this.source.close();
    this.source = null;
  }
}
