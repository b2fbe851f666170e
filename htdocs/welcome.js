// welcome.js - asks the server for everything on the page and writes down how it answered.

const file = 'style.css';
const ask = (url, options = {}) => fetch(url, { cache: 'no-store', ...options });

// What each rule claims; every function resolves to true when it holds.
const rules = {
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

const ok = (text) => ({ state: 'ok', text });
const off = (text) => ({ state: 'off', text });
const failed = (text) => ({ state: 'failed', text });
const since = (begin) => `${Math.max(1, Math.round(performance.now() - begin))} ms`;

// What the page of a failed script says of the reason, where the server tells it.
function explanation(html) {
  const page = new DOMParser().parseFromString(html, 'text/html');
  const sentences = [...page.querySelectorAll('p')].map((p) => p.textContent.trim())
    .filter((text) => /^(Problem|What helps):/.test(text));
  return sentences.length > 0 ? sentences.join('. ') : 'the error log says why';
}

// Runs a script and judges its answer: why not, when it was not run.
async function run(url, options = {}) {
  const begin = performance.now();
  const r = await ask(url, options);
  const text = await r.text();
  const took = since(begin);
  if (r.status === 404 || r.status === 405) return off('off: this server runs no programs here');
  if (r.status === 403) return off('off: the server may not run this file');
  if (r.status >= 500) return failed(`it was tried and failed (${r.status}): ${explanation(text)}`);
  if (/^(#!|<\?php)/.test(text)) return off('off: the script was sent as a file, not run');
  if (r.status !== 200) return failed(`an answer nobody expected: ${r.status}`);
  return { ...ok(`answered in ${took}`), body: text };
}

// What the page of a script has in the element with this id.
function told(html, id) {
  return new DOMParser().parseFromString(html, 'text/html').getElementById(id)?.textContent;
}

const script = (item) => run(item.dataset.url);

const checks = {
  async files(item) {
    let kept = 0;
    const all = item.querySelectorAll('[data-rule]');
    for (const rule of all) {
      let good = false;
      try {
        good = await rules[rule.dataset.rule]();
      } catch (error) {
        console.error(rule.dataset.rule, error);
      }
      rule.dataset.state = good ? 'ok' : 'failed';
      if (good) ++kept;
    }
    if (kept === all.length) return ok(`all ${kept} rules are kept`);
    item.querySelector('details').open = true;
    return failed(`${kept} of ${all.length} rules are kept`);
  },

  async video(item) {
    const r = await ask('media/clock.webm', { headers: { Range: 'bytes=1000-1099' } });
    const part = await r.arrayBuffer();
    if (r.status === 404) return off('off: there is no media/clock.webm here');
    if (r.status !== 206 || part.byteLength !== 100) return failed(`no part of it: ${r.status}`);
    const video = item.querySelector('video');
    const begin = performance.now();
    const seen = await new Promise((resolve) => {
      video.addEventListener('seeked', () => resolve(true), { once: true });
      setTimeout(resolve, 4000, false);
      video.currentTime = 13.5;
    });
    const took = since(begin);
    video.currentTime = 0;
    return ok(seen ? `parts arrive; second 13 was there in ${took}`
                   : 'parts arrive, though this browser does not play the film');
  },

  async listing() {
    const begin = performance.now();
    const r = await ask('media/?sort=size&format=json');
    if (r.status !== 200) return off('off: folders without an index are not shown');
    const { entries } = await r.json();
    return ok(`${entries.length} entries in ${since(begin)}`);
  },

  python: script,
  perl: script,
  php: script,
  sh: script,

  // The counter is asked twice: a session is one that remembers.
  async session(item) {
    const first = await run(item.dataset.url);
    if (first.state !== 'ok') return first;
    const before = told(first.body, 'visits');
    if (before === undefined) return off('off: the script is not told of a session');
    const second = await run(item.dataset.url);
    const after = told(second.body ?? '', 'visits');
    return Number(after) === Number(before) + 1
      ? ok(`visit ${after}, remembered; ${second.text}`) : failed(`visit ${after} after ${before}`);
  },

  async cookie(item) {
    const first = await run(item.dataset.url);
    if (first.state !== 'ok') return first;
    const visitor = told(first.body, 'visitor');
    if (visitor === undefined) return off('off: no cookie is set');
    const second = await run(item.dataset.url);
    return told(second.body ?? '', 'visitor') === visitor
      ? ok(`you are ${visitor.slice(0, 6)}…; ${second.text}`) : failed('another name each time');
  },

  async form(item) {
    const form = new FormData();
    const bytes = crypto.getRandomValues(new Uint8Array(50000));
    form.append('name', 'Rosinante');
    form.append('file', new Blob([bytes]), 'oats.bin');
    const result = await run(item.dataset.url, { method: 'POST', body: form });
    if (result.state !== 'ok') return result;
    return /Rosinante/.test(result.body) && /oats\.bin: 50000 bytes/.test(result.body)
      ? ok(`a name and 50,000 bytes: ${result.text}`) : failed('something else came back');
  },

  stream(item) {
    return new Promise((resolve) => {
      const source = new EventSource(item.dataset.url);
      const state = item.querySelector('.state');
      let ticks = 0;
      source.addEventListener('message', (event) => {
        ++ticks;
        resolve(ok(`the server's clock: ${event.data}`));
        if (ticks > 1) state.textContent = `the server's clock: ${event.data}`;
        if (ticks === 30) source.close();
      });
      source.addEventListener('error', () => {
        source.close();
        resolve(off('off: no script answers'));
      });
    });
  },
};

function show(item, { state, text }) {
  const line = item.querySelector('.state');
  line.textContent = text;
  line.hidden = false;
  item.dataset.state = state;
  const how = item.querySelector('.how') ?? item.closest('.group')?.querySelector('.how');
  if (how && state !== 'ok') how.open = true;
}

const summary = document.getElementById('summary');
const items = [...document.querySelectorAll('[data-check]')];
const count = { ok: 0, off: 0, failed: 0 };
summary.textContent = 'The page is asking the server …';
for (const item of items) {
  let result;
  try {
    result = await checks[item.dataset.check](item);
  } catch (error) {
    console.error(item.dataset.check, error);
    result = failed('no answer');
  }
  show(item, result);
  ++count[result.state];
}
const parts = [`${count.ok} of ${items.length} work`];
if (count.off > 0) parts.push(`${count.off} ${count.off === 1 ? 'is' : 'are'} off, and it says how to turn that on`);
if (count.failed > 0) parts.push(`${count.failed} failed, and it says why`);
summary.textContent = `${parts.join('; ')}. Asked and answered while this page was loading.`;
summary.dataset.state = 'complete';
