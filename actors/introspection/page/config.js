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

class Configuration {
  constructor() {
    this.box = byId('view-config');
  }

  async enter() {
    try {
      const what = JSON.parse(await load('/config'));
      this.box.replaceChildren(...[
        what.rejected ? el('div', { class: 'alert' }, 'A newer configuration is not in use:',
          el('ul', {}, [what.rejected].flat().map(each => el('li', {},
            typeof each === 'string' ? each : JSON.stringify(each))))) : null,
        el('p', { class: 'quiet' }, 'In force since ', moment(what.loadedAt), '.'),
        el('div', { class: 'card settings', tabindex: '0', role: 'region',
          'aria-label': 'Settings' }, table(['Key', 'Value'], [...flattened(what.config)])),
      ].filter(part => part));
    } catch (error) {
      this.box.replaceChildren(el('p', { class: 'alert' }, error.message));
    }
  }

  exit() {}
}
