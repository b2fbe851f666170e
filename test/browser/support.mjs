// support.mjs - servers of a file's own, and Chromium with axe-core, for the tests beside it.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import fs from "node:fs";
import { createRequire } from "node:module";
import os from "node:os";
import path from "node:path";

import { chromium } from "playwright-core";

export const htdocs = `${process.env.OSTLER_SOURCE}/htdocs`;
export const folder = fs.mkdtempSync(path.join(os.tmpdir(), "ostler-browser-"));
export const SHAPES = {
  desktop: {},
  dark: { colorScheme: "dark" },
  phone: { viewport: { width: 360, height: 740 }, isMobile: true, hasTouch: true },
  "phone-dark": { viewport: { width: 360, height: 740 }, isMobile: true, colorScheme: "dark" },
};

const axe = fs.readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const shots = path.join(process.cwd(), "screenshots");
const servers = [];
let browser;

// Starts the server; resolves to what `find` makes of all it has said, once that is something.
function run(args, find) {
  const server = spawn(process.env.OSTLER, args, {
    stdio: ["ignore", "pipe", "pipe"], env: { ...process.env, XDG_STATE_HOME: folder },
  });
  servers.push(server);
  return new Promise((resolve, reject) => {
    let said = "";
    for (const stream of [server.stdout, server.stderr])
      stream.on("data", (part) => {
        said += part;
        const origin = find(said);
        if (origin) resolve({ server, origin });
      });
    server.on("exit", () => reject(new Error(said)));
  });
}

// A server for one configuration; resolves to its address.
export async function start(name, text) {
  const file = path.join(folder, `${name}.conf`);
  fs.writeFileSync(file, `server: { workers = 1; };
    listen = ( { address = "127.0.0.1"; port = 0; } );\n${text}`);
  const { origin } = await run(["-D", "-c", file], (said) => {
    const found = /listening on \S+:(\d+)/.exec(said);
    return found && /ready/.test(said) && `http://localhost:${found[1]}`;
  });
  return origin;
}

// `ostler serve --cgi`, as packaging/quickstart.sh does it; resolves to { server, origin }.
export function serve(port = 0) {
  return run(["serve", htdocs, "--cgi", "-p", String(port)],
             (said) => /(http:\/\/[^/\s]+)\//.exec(said)?.[1]);
}

export async function stop(server, signal = "SIGTERM") {
  if (server.exitCode !== null || server.signalCode !== null) return;
  const gone = new Promise((resolve) => server.on("exit", resolve));
  server.kill(signal);
  await gone;
}

export async function openBrowser() {
  browser = await chromium.launch({
    executablePath: process.env.BROWSER_PATH,
    args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking",
           "--disable-component-update", "--disable-sync", "--no-first-run"],
  });
  fs.mkdirSync(shots, { recursive: true });
}

export async function closeAll() {
  await browser?.close();
  await Promise.all(servers.map((server) => stop(server)));  // they tidy the folder up, too
  fs.rmSync(folder, { recursive: true, force: true });
}

// A page of its own; a dialog, an error on the console or a refused resource stands in `wrong`.
export async function openPage(options = {}) {
  const context = await browser.newContext({ viewport: { width: 1100, height: 800 }, ...options });
  const page = await context.newPage();
  const wrong = [];
  page.on("dialog", (d) => { wrong.push(`dialog ${d.message()}`); d.dismiss(); });
  page.on("pageerror", (e) => wrong.push(String(e)));
  page.on("console", (m) => {
    // Browsers ask for /favicon.ico by themselves.
    if (m.type() === "error" && !m.location().url.endsWith("/favicon.ico")) wrong.push(m.text());
  });
  return { page, wrong };
}

// Runs `use` on such a page; whatever was wrong fails.
export async function onPage(options, use) {
  const { page, wrong } = await openPage(options);
  try {
    await use(page, wrong);
    assert.deepEqual(wrong, []);
  } finally {
    await page.context().close();
  }
}

// Keeps a screenshot, and lets axe-core look.
export async function assertAccessible(page, name) {
  await page.screenshot({ path: path.join(shots, `${name}.png`), fullPage: true });
  // The pages' own policy keeps scripts out: axe is put in from outside of it.
  const { violations } = await page.evaluate(`${axe}; axe.run(document)`);
  assert.deepEqual(violations.map((v) => [v.id, v.nodes.map((n) => n.html)]), [], name);
}

export async function assertNothingSticksOut(page) {
  // Not window.innerWidth: a phone zooms out until everything is in it.
  const needed = await page.evaluate(() => document.documentElement.scrollWidth);
  const given = page.viewportSize().width;
  assert.ok(needed <= given, `${needed} pixels on ${given}`);
}

export async function assertDark(page) {
  const sum = await page.evaluate(() => {
    const colour = getComputedStyle(document.body).backgroundColor;
    return colour.match(/\d+/g).slice(0, 3).reduce((a, b) => a + Number(b), 0);
  });
  assert.ok(sum < 150, `${page.url()}: ${sum}`);
}
