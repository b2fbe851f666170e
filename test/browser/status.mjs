// status.mjs - the page about the server in Chromium: it keeps itself up to date, on any screen.
import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { after, before, test } from "node:test";

import { SHAPES, assertAccessible, assertDark, assertNothingSticksOut, closeAll, folder, onPage,
         openBrowser, start } from "./support.mjs";

const LONG = `/cgi-bin/slow/${"long-".repeat(40)}`;
const FILES = {
  "www/x": "x",
  "cgi/slow": "#!/bin/sh\nprintf 'Content-Type: text/plain\\n\\nbegun\\n'\nexec sleep 1000\n",
  "cgi/broken": "#!/bin/sh\necho 'no oats' >&2\nexit 1\n",
};
const leave = new AbortController();
let origin, status;

before(async () => {
  for (const [name, content] of Object.entries(FILES)) {
    fs.mkdirSync(path.join(folder, path.dirname(name)), { recursive: true });
    fs.writeFileSync(path.join(folder, name), content, { mode: 0o755 });
  }
  origin = await start("status", `modules: { cgi = true; status = true; };
    static: { root = "${folder}/www"; };
    locations = ( { path = "/status/"; status: { enabled = true; }; },
                  { path = "/cgi-bin/";
                    cgi: { root = "${folder}/cgi"; executable = true; timeout = "1h"; }; } );`);
  status = `${origin}/status/`;
  // Something to see in every table: a script that is under way, and one that failed.
  const slow = await fetch(origin + LONG, { signal: leave.signal });
  await slow.body.getReader().read();
  assert.equal((await fetch(`${origin}/cgi-bin/broken`)).status, 502);
  await openBrowser();
});

after(async () => {
  leave.abort();
  await closeAll();
});

// How many requests of "/" went well, as the page says now.
const served = (page) => page.locator("tr", { has: page.locator("td:text-is('/')") })
  .locator("td").nth(2).textContent().then(Number);

async function ask(times) {
  for (let i = 0; i < times; ++i) assert.equal(await (await fetch(`${origin}/x`)).text(), "x");
}

test("the page says what the server does", () => onPage({}, async (page) => {
  await page.goto(status);
  assert.equal(await page.getByRole("heading", { level: 1 }).textContent(), "Status of ostler");
  const row = (text) => page.getByRole("row").filter({ hasText: text });
  await row("/cgi-bin/slow/long").waitFor();
  await row("no oats").waitFor();
  await row("ready").waitFor();
  await page.getByRole("img", { name: "Requests in each of the last 60 seconds" }).waitFor();
  await page.getByRole("link", { name: "JSON" }).click();
  await page.waitForURL(`${status}json`);
}));

test("it asks again by itself, and not while it is paused", () => onPage({}, async (page) => {
  // The page's clock goes when the test says so.
  await page.clock.install();
  await page.goto(status);
  await page.clock.pauseAt(Date.now() + 3_600_000);
  const first = await served(page);
  await page.evaluate(() => { window.stays = true; });
  const answers = [];
  page.on("response", (r) => r.url() === status && answers.push(r));
  const later = async () => {
    const answer = page.waitForResponse(status);
    await page.clock.runFor(2000);
    await (await answer).finished();
  };
  const shows = (count) => page.waitForFunction((wanted) => [...document.querySelectorAll("tr")].some(
    ({ cells }) => cells[1].textContent === "/" && cells[2].textContent === wanted), String(count));

  await ask(3);
  assert.equal(await served(page), first);
  await later();
  await shows(first + 3);
  await ask(2);
  await later();
  await shows(first + 5);

  await page.getByRole("button", { name: "Pause" }).click();
  await ask(1);
  const before = answers.length;
  await page.clock.runFor(60_000);
  await page.getByRole("button", { name: "Go on" }).click();
  assert.equal(await served(page), first + 5);
  await later();
  await shows(first + 6);
  assert.equal(answers.length, before + 1);
  assert.equal(await page.evaluate(() => window.stays), true);  // it was never loaded anew
}));

test("it says so when the server does not answer, and goes on when it does", () =>
  onPage({}, async (page, wrong) => {
    await page.clock.install();
    await page.goto(status);
    await page.context().setOffline(true);
    const message = page.getByText("The server does not answer.");
    await page.clock.runFor(2000);
    await message.waitFor();
    await page.context().setOffline(false);
    await page.clock.runFor(2000);
    await message.waitFor({ state: "detached" });
    await page.locator("header p").getByText("since").waitFor();
    wrong.length = 0;  // the console mentions the request that failed
  }));

test("without JavaScript it loads itself anew", () =>
  onPage({ javaScriptEnabled: false }, async (page) => {
    await page.goto(status);
    assert.equal(await page.getByRole("button").count(), 0);
    const first = await served(page);
    await ask(4);
    await page.waitForEvent("framenavigated");
    await page.waitForLoadState();
    assert.equal(await served(page), first + 4);
  }));

for (const [shape, options] of Object.entries(SHAPES))
  test(`status, ${shape}: axe-core finds nothing and nothing sticks out`, () =>
    onPage(options, async (page) => {
      await page.goto(status);
      await page.getByRole("row").filter({ hasText: "/cgi-bin/slow" }).waitFor();
      await assertAccessible(page, `status-${shape}`);
      await assertNothingSticksOut(page);
      if (options.colorScheme === "dark") await assertDark(page);
    }));
