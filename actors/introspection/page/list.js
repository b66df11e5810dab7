// A list of any length of which only the rows in sight are in the document. Rows have one height.
// Usable by keyboard: arrows, Page Up and Down, Home, End; Enter opens; Left and Right fold a tree.
class VirtualList {
  static SPARE = 8; // rows above and below those in sight

  // `kind.role` and `kind.rowRole`: for assistive technology. `kind.height`: of a row, in rem.
  // `kind.make()`: an empty row. `kind.fill(row, item)`. `kind.open(item)`. `kind.fold(item, open)`.
  // An item has a `key`.
  constructor(label, kind) {
    this.kind = kind;
    this.items = [];
    this.rows = new Map(); // index -> element
    this.active = 0;
    this.chosen = null;
    this.canvas = el('div', { class: 'canvas', role: 'presentation' });
    this.none = el('p', { class: 'empty', hidden: '' });
    this.box = el('div', { class: 'list', role: kind.role, tabindex: '0', 'aria-label': label },
      this.canvas, this.none);
    this.id = 'list' + (VirtualList.count = (VirtualList.count || 0) + 1);
    this.height = kind.height * parseFloat(getComputedStyle(document.documentElement).fontSize);
    this.box.addEventListener('scroll', () => this.draw(), { passive: true });
    this.box.addEventListener('keydown', event => this.key(event));
    this.canvas.addEventListener('click', event => this.clicked(event));
    new ResizeObserver(() => this.draw()).observe(this.box);
  }

  // Shows these items. The active row stays with its item.
  show(items, none) {
    const active = this.items[this.active];
    this.items = items;
    if (active && (!items[this.active] || items[this.active].key !== active.key)) {
      const at = items.findIndex(item => item.key === active.key);
      this.active = at >= 0 ? at : Math.min(this.active, Math.max(items.length - 1, 0));
    }
    this.canvas.style.height = items.length * this.height + 'px';
    this.none.hidden = items.length > 0;
    say(this.none, none);
    this.draw();
  }

  choose(key) {
    this.chosen = key;
    const at = this.items.findIndex(item => item.key === key);
    if (at >= 0) this.active = at;
    this.draw();
  }

  draw() {
    const first = Math.max(0, Math.floor(this.box.scrollTop / this.height) - VirtualList.SPARE);
    const last = Math.min(this.items.length, VirtualList.SPARE
      + Math.ceil((this.box.scrollTop + this.box.clientHeight) / this.height));
    const free = [];
    for (const [index, row] of this.rows) {
      if (index < first || index >= last) {
        this.rows.delete(index);
        free.push(row);
      }
    }
    for (let index = first; index < last; ++index) {
      if (!this.rows.has(index)) this.rows.set(index, free.pop() || this.make());
      this.fill(this.rows.get(index), index);
    }
    for (const row of free) row.remove();
    const here = this.rows.has(this.active) ? this.id + '-' + this.active : '';
    this.box.setAttribute('aria-activedescendant', here);
  }

  make() {
    const row = this.kind.make();
    row.classList.add('row');
    row.setAttribute('role', this.kind.rowRole);
    row.style.height = this.height + 'px';
    this.canvas.append(row);
    return row;
  }

  fill(row, index) {
    const item = this.items[index];
    row.id = this.id + '-' + index;
    row.index = index;
    row.style.top = index * this.height + 'px';
    row.setAttribute('aria-setsize', this.items.length);
    row.setAttribute('aria-posinset', index + 1);
    row.setAttribute('aria-selected', item.key === this.chosen);
    row.classList.toggle('active', index === this.active);
    this.kind.fill(row, item);
  }

  clicked(event) {
    const row = event.target.closest('.row');
    if (!row) return;
    this.active = row.index;
    this.kind.open(this.items[row.index]);
    this.draw();
  }

  key(event) {
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    const page = Math.max(1, Math.floor(this.box.clientHeight / this.height) - 1);
    const steps = { ArrowDown: 1, ArrowUp: -1, PageDown: page, PageUp: -page,
      Home: -Infinity, End: Infinity };
    const item = this.items[this.active];
    if (event.key in steps) this.move(steps[event.key]);
    else if ((event.key === 'Enter' || event.key === ' ') && item) this.kind.open(item);
    else if (event.key === 'ArrowRight' && item && this.kind.fold) this.kind.fold(item, true);
    else if (event.key === 'ArrowLeft' && item && this.kind.fold) this.kind.fold(item, false);
    else return;
    event.preventDefault();
  }

  move(by) {
    this.active = Math.max(0, Math.min(this.items.length - 1, this.active + by));
    const top = this.active * this.height;
    const sight = this.box.clientHeight;
    if (top < this.box.scrollTop) this.box.scrollTop = top;
    else if (top + this.height > this.box.scrollTop + sight) {
      this.box.scrollTop = top + this.height - sight;
    }
    this.draw();
  }
}
