// The configuration in force, one line for each key.
function* flattened(value, path = '') {
  const nested = value !== null && typeof value === 'object' && Object.keys(value).length > 0;
  if (!nested) {
    yield [path, typeof value === 'string' ? value || '""' : JSON.stringify(value)];
    return;
  }
  for (const [key, inner] of Object.entries(value)) {
    yield* flattened(inner, Array.isArray(value) ? `${path}[${key}]` : path ? `${path}.${key}` : key);
  }
}

// What of the file has no effect yet, and why.
function notices({ rejected, needRestart }) {
  const lines = rejected ? rejected.mistakes : [];
  const waiting = (needRestart || []).map(each =>
    `${each.key} is ${each.written} in the file and stays ${each.running} until dklb is started again`);
  const notice = (title, texts) => texts.length === 0 ? [] : [
    el('div', { class: 'alert' }, title, el('ul', {}, texts.map(text => el('li', {}, text))))];
  return [...notice('A newer configuration is not in use:', lines),
    ...notice('These keys need a restart:', waiting)];
}

class Configuration {
  constructor() {
    this.box = byId('view-config');
    this.shown = '';
  }

  enter() {
    this.exit();
    this.timer = setInterval(() => this.show(), 2000);
    return this.show();
  }

  async show() {
    try {
      const text = await load('/config');
      if (text === this.shown) return;
      this.shown = text;
      const what = JSON.parse(text);
      this.box.replaceChildren(
        ...notices(what),
        el('p', { class: 'quiet' }, 'In force since ', moment(what.loadedAt), '.'),
        el('div', { class: 'card settings', tabindex: '0', role: 'region',
          'aria-label': 'Settings' }, table(['Key', 'Value'], [...flattened(what.config)])));
    } catch (error) {
      this.shown = '';
      this.box.replaceChildren(el('p', { class: 'alert' }, error.message));
    }
  }

  exit() {
    clearInterval(this.timer);
  }
}
