// What the views of Services, pools and actors have in common: the items of a stream, a search, a list and
// the detail of one item beside it.
class Board {
  // `view.name`: in the address. `view.arrange(items, words)`: the rows for a search.
  // `view.text(item)`: what the search looks at. `view.detail(item)`: elements, or a promise of them.
  constructor(view, list, tools) {
    this.view = view;
    this.items = new Map();
    this.open = null;
    this.shown = false;
    this.turn = 0;
    this.list = list;
    this.search = el('input', { type: 'search', 'aria-label': 'Search ' + view.name,
      placeholder: 'Search (press /)', autocomplete: 'off', spellcheck: 'false' });
    this.search.addEventListener('input', () => this.plan());
    this.count = el('span', { class: 'quiet', role: 'status' });
    this.detail = el('aside', { class: 'detail', tabindex: '-1', 'aria-label': 'Details' });
    this.split = el('div', { class: 'split' }, list.box, this.detail);
    byId('view-' + view.name).append(
      el('div', { class: 'tools' }, this.search, tools, this.count), this.split);
    this.split.addEventListener('keydown', event => {
      if (event.key === 'Escape' && this.open !== null) this.leave();
    });
    this.state = 'connecting';
    this.stream = new Stream('/' + view.name, {
      snapshot: () => this.items.clear(),
      changed: (items, keys) => this.take(items, keys),
      state: word => {
        this.state = word;
        if (this.shown) showLive(word);
      },
    });
    this.describe(null);
  }

  take(items, keys) {
    for (const key of keys) this.items.delete(key);
    for (const item of items) {
      item.text = this.view.text(item).toLowerCase();
      this.items.set(item.key, item);
    }
    this.plan();
    if (this.open !== null && (!this.items.has(this.open)
        || items.some(item => item.key === this.open))) {
      this.describe(this.open);
    }
  }

  // Many changes in a row are drawn once.
  plan() {
    if (this.planned) return;
    this.planned = true;
    requestAnimationFrame(() => {
      this.planned = false;
      this.draw();
    });
  }

  draw() {
    const words = this.search.value.toLowerCase().split(/\s+/).filter(word => word);
    const matching = [...this.items.values()].filter(
      item => words.every(word => item.text.includes(word)));
    const rows = this.view.arrange(matching, words);
    say(this.count, matching.length === this.items.size
      ? counted(matching.length, 'item', 'items')
      : `${matching.length.toLocaleString('en')} of ${counted(this.items.size, 'item', 'items')}`);
    this.list.show(rows, this.state === 'connecting' ? 'Loading ...'
      : this.items.size ? 'Nothing matches the search.' : this.view.none);
  }

  // Shows the view, with one item opened where a key is given.
  enter(key) {
    this.shown = true;
    showLive(this.state);
    this.stream.follow(true);
    const fresh = key !== this.open;
    this.open = key;
    this.list.choose(key);
    this.describe(key, fresh && key !== null);
    this.draw();
  }

  exit() {
    this.shown = false;
    this.stream.follow(false);
  }

  leave() {
    location.hash = '#/' + this.view.name;
    this.list.box.focus();
  }

  // The detail of an item. An answer that comes after a newer question is dropped.
  async describe(key, focus = false) {
    const turn = ++this.turn;
    this.split.classList.toggle('open', key !== null);
    if (key === null) {
      this.detail.replaceChildren(el('p', { class: 'quiet' }, this.view.hint));
      return;
    }
    let parts;
    try {
      parts = this.items.has(key) ? await this.view.detail(key, this.items.get(key))
        : [el('h2', {}, key), el('p', { class: 'quiet' },
          this.state === 'live' ? 'There is nothing of this name now.' : 'Loading ...')];
    } catch (error) {
      parts = [el('p', { class: 'alert' }, error.message)];
    }
    if (turn !== this.turn) return;
    const close = el('a', { class: 'close', href: '#/' + this.view.name }, 'Close');
    const inside = this.detail.contains(document.activeElement);
    const kept = this.detail.scrollTop;
    const folded = [...this.detail.querySelectorAll('details')].map(each => each.open);
    this.detail.replaceChildren(close, ...parts);
    [...this.detail.querySelectorAll('details')].forEach((each, at) => {
      each.open = folded[at] === true && !focus;
    });
    this.detail.scrollTop = focus ? 0 : kept;
    if (focus || inside) this.detail.focus({ preventScroll: true });
  }
}

// A row with a badge, a name, a place on the right and a second line.
function itemRow() {
  return el('div', { class: 'item' }, el('span', { class: 'badge' }),
    el('span', { class: 'name' }), el('span', { class: 'where quiet' }),
    el('span', { class: 'what' }));
}

function fillItemRow(row, badge, tone, name, where, what) {
  const [first, second, third, fourth] = row.children;
  first.className = 'badge ' + tone;
  say(first, badge);
  say(second, name);
  say(third, where);
  say(fourth, what);
}
