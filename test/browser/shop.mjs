// shop.mjs - the shop in three languages in Chromium: from log in to log out, in two browsers at
// once, over a reload, a killed worker and a restart of the server.
import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import fs from "node:fs";
import { createRequire } from "node:module";
import os from "node:os";
import path from "node:path";
import { after, before, test } from "node:test";

import { chromium } from "playwright-core";

const axe = fs.readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const folder = fs.mkdtempSync(path.join(os.tmpdir(), "ostler-shop-"));
const shots = path.join(process.cwd(), "screenshots");
const htdocs = `${process.env.OSTLER_SOURCE}/htdocs`;
let server, origin, browser;

// As packaging/quickstart.sh does it; sessions go to a folder of the test's own.
function serve(port = 0) {
  server = spawn(process.env.OSTLER, ["serve", htdocs, "--cgi", "-p", String(port)], {
    stdio: ["ignore", "pipe", "pipe"], env: { ...process.env, XDG_STATE_HOME: folder },
  });
  return new Promise((resolve, reject) => {
    let said = "";
    for (const stream of [server.stdout, server.stderr])
      stream.on("data", (part) => {
        said += part;
        const found = /(http:\/\/[^/\s]+)\//.exec(said);
        if (found) resolve(found[1]);
      });
    server.on("exit", () => reject(new Error(said)));
  });
}

async function stop(signal) {
  const gone = new Promise((resolve) => server.on("exit", resolve));
  server.kill(signal);
  await gone;
}

function children(pid) {
  return execFileSync("ps", ["-A", "-o", "pid=,ppid="], { encoding: "utf8" }).split("\n")
    .map((line) => line.trim().split(/\s+/).map(Number))
    .filter(([, parent]) => parent === pid).map(([child]) => child);
}

before(async () => {
  origin = await serve();
  browser = await chromium.launch({
    executablePath: process.env.BROWSER_PATH,
    args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking",
           "--disable-component-update", "--disable-sync", "--no-first-run"],
  });
  fs.mkdirSync(shots, { recursive: true });
});

after(async () => {
  await browser?.close();
  if (server) await stop("SIGTERM");  // it tidies its folder up, too
  fs.rmSync(folder, { recursive: true, force: true });
});

// A browser of its own; what it complains about fails the test.
async function visitor() {
  const context = await browser.newContext();
  const page = await context.newPage();
  page.complaints = [];
  page.on("console", (m) => m.type() === "error" && page.complaints.push(m.text()));
  page.on("pageerror", (error) => page.complaints.push(String(error)));
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

async function accessible(page, name) {
  await page.screenshot({ path: path.join(shots, `shop-${name}.png`), fullPage: true });
  // The pages' own policy keeps scripts out: axe is put in from outside of it.
  const { violations } = await page.evaluate(`${axe}; axe.run(document)`);
  assert.deepEqual(violations.map((v) => `${v.id}: ${v.nodes[0].html}`), [], name);
}

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
  await stop("SIGTERM");
  await serve(port);
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
