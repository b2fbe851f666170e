// shop.mjs - the shop in three languages in Chromium: from log in to log out, in two browsers at
// once, over a reload, a killed worker and a restart of the server.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { after, before, test } from "node:test";

import { assertAccessible, closeAll, openBrowser, openPage, serve, stop } from "./support.mjs";

let server, origin;

function children(pid) {
  return execFileSync("ps", ["-A", "-o", "pid=,ppid="], { encoding: "utf8" }).split("\n")
    .map((line) => line.trim().split(/\s+/).map(Number))
    .filter(([, parent]) => parent === pid).map(([child]) => child);
}

before(async () => {
  ({ server, origin } = await serve());
  await openBrowser();
});

after(closeAll);

// A browser of its own; the test looks at `complaints` at its end.
async function visitor() {
  const { page, wrong } = await openPage();
  page.complaints = wrong;
  return page;
}

async function logIn(page, name) {
  await page.goto(`${origin}/cgi-bin/login.py`);
  await page.fill("#name", name);
  await page.fill("#word", "oats");
  await Promise.all([page.waitForURL("**/basket.php"), page.click("form button")]);
  assert.match(await page.textContent("#hello"), new RegExp(`Hello, ${name}`));
}

async function put(page, thing, times = 1) {
  for (let i = 0; i < times; ++i) {
    const before = Number(await page.textContent(`#${thing} .count`));
    await Promise.all([page.waitForNavigation(), page.click(`#${thing} [name=more]`)]);
    assert.equal(Number(await page.textContent(`#${thing} .count`)), before + 1);
  }
}

async function basket(page) {
  await page.goto(`${origin}/cgi-bin/basket.php`);
  const found = {};
  for (const item of await page.$$(".cards > li"))
    found[await item.getAttribute("id")] = Number(await (await item.$(".count")).textContent());
  return found;
}

const accessible = (page, name) => assertAccessible(page, `shop-${name}`);

test("two people shop at once, from log in to log out, and nothing is lost", async () => {
  const [ada, bob] = [await visitor(), await visitor()];
  await Promise.all([logIn(ada, "Ada"), logIn(bob, "Bob")]);
  await Promise.all([put(ada, "oats", 2), put(bob, "horseshoes", 4)]);
  await put(ada, "apples");
  const wants = { oats: 2, hay: 0, apples: 1, horseshoes: 0 };
  const bobWants = { oats: 0, hay: 0, apples: 0, horseshoes: 4 };

  await ada.reload();
  assert.deepEqual(await basket(ada), wants);
  assert.deepEqual(await basket(bob), bobWants);
  await accessible(ada, "basket");

  // A worker dies; the master makes another one.
  const [worker] = children(server.pid);
  process.kill(worker, "SIGKILL");
  for (let i = 0; i < 500 && children(server.pid).every((pid) => pid === worker); ++i)
    await new Promise((resolve) => setTimeout(resolve, 20));
  assert.deepEqual(await basket(ada), wants);
  await put(ada, "hay");
  assert.deepEqual(await basket(bob), bobWants);

  // The server is restarted on the same port.
  const port = new URL(origin).port;
  await stop(server);
  ({ server } = await serve(port));
  assert.deepEqual(await basket(ada), { ...wants, hay: 1 });
  assert.deepEqual(await basket(bob), bobWants);

  await ada.click("text=To the summary");
  assert.equal(await ada.textContent("#sum"), "13.19");  // 2 x 3.50 + 1.99 + 4.20
  await accessible(ada, "summary");
  await Promise.all([ada.waitForURL("**/login.py"), ada.click("form button")]);
  await ada.goto(`${origin}/cgi-bin/basket.php`);
  assert.equal(new URL(ada.url()).pathname, "/cgi-bin/login.py");
  await accessible(ada, "login");

  await bob.goto(`${origin}/cgi-bin/summary.pl`);
  assert.equal(await bob.textContent("#sum"), "50.00");
  assert.deepEqual([...ada.complaints, ...bob.complaints], []);
});

test("two windows of one browser share the basket", async () => {
  const one = await visitor();
  await logIn(one, "Eve");
  const two = await one.context().newPage();
  await two.goto(`${origin}/cgi-bin/basket.php`);
  await Promise.all([put(one, "oats", 3), put(two, "hay", 3)]);
  assert.deepEqual(await basket(one), { oats: 3, hay: 3, apples: 0, horseshoes: 0 });
});

test("a name with markup in it is text, in all three languages", async () => {
  const page = await visitor();
  const name = `<b onmouseover="x()">O'Brien & Söhne</b>`;
  await page.goto(`${origin}/cgi-bin/login.py`);
  await page.fill("#name", name);
  await page.fill("#word", "oats");
  await Promise.all([page.waitForURL("**/basket.php"), page.click("form button")]);
  for (const script of ["login.py", "basket.php", "summary.pl"]) {
    await page.goto(`${origin}/cgi-bin/${script}`);
    assert.ok((await page.textContent("#hello")).includes(name), script);
    assert.equal(await page.$("b"), null, script);
  }
});

test("a form of another site does nothing", async () => {
  const page = await visitor();
  await logIn(page, "Mallory");
  for (const [script, form] of [["basket.php", { thing: "oats", more: 1, csrf: "guess" }],
                                ["summary.pl", { csrf: "guess" }],
                                ["login.py", { name: "x", word: "oats", csrf: "guess" }]]) {
    const answer = await page.request.post(`${origin}/cgi-bin/${script}`, { form });
    assert.equal(answer.status(), 403, script);
  }
  assert.deepEqual(await basket(page), { oats: 0, hay: 0, apples: 0, horseshoes: 0 });
});

test("visits are counted, and visitors", async () => {
  const [one, two] = [await visitor(), await visitor()];
  for (const count of ["1", "2", "3"]) {
    await one.goto(`${origin}/cgi-bin/visits.py`);
    assert.equal(await one.textContent("#visits"), count);
  }
  const before = Number(await one.textContent("#visitors"));
  const id = await one.textContent("#visitor");
  await two.goto(`${origin}/cgi-bin/visits.py`);
  assert.equal(await two.textContent("#visits"), "1");
  assert.equal(Number(await two.textContent("#visitors")), before + 1);
  assert.notEqual(await two.textContent("#visitor"), id);
  await accessible(one, "visits");
});
