// welcome.js - asks the server a few questions and writes down how it answered.

const file = 'style.css';
const ask = (url, options = {}) => fetch(url, { cache: 'no-store', ...options });

// What each line of the list claims; every function resolves to true when it holds.
const checks = {
  async page() {
    const r = await ask(file);
    const body = await r.arrayBuffer();
    return r.status === 200 && r.headers.get('Content-Type').startsWith('text/css') &&
      Number(r.headers.get('Content-Length')) === body.byteLength;
  },
  async unchanged() {
    const etag = (await ask(file)).headers.get('ETag');
    const r = await ask(file, { headers: { 'If-None-Match': etag } });
    return r.status === 304;
  },
  async range() {
    const r = await ask(file, { headers: { Range: 'bytes=0-9' } });
    return r.status === 206 && (await r.text()).length === 10;
  },
  async beyond() {
    const r = await ask(file, { headers: { Range: 'bytes=99999999-' } });
    return r.status === 416 && /^bytes \*\/\d+$/.test(r.headers.get('Content-Range'));
  },
  async head() {
    const r = await ask(file, { method: 'HEAD' });
    return r.status === 200 && Number(r.headers.get('Content-Length')) > 0 &&
      (await r.text()) === '';
  },
  async missing() {
    const r = await ask('no-such-page');
    return r.status === 404 && !(await r.text()).includes('no-such-page');
  },
  async method() {
    const r = await ask(file, { method: 'POST', body: 'x=1' });
    return r.status === 405 && r.headers.get('Allow').includes('GET');
  },
};

const list = document.getElementById('results');
list.hidden = false;
for (const item of list.querySelectorAll('[data-check]')) {
  let good = false;
  try {
    good = await checks[item.dataset.check]();
  } catch (error) {
    console.error(item.dataset.check, error);
  }
  item.dataset.state = good ? 'ok' : 'failed';
}
list.dataset.state = 'complete';
