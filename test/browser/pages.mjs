// pages.mjs - listing, error and welcome page in Chromium, as people and assistive tools meet them.
import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { after, before, test } from "node:test";

import { SHAPES, assertAccessible, assertDark, assertNothingSticksOut, closeAll, folder, htdocs, onPage,
         openBrowser, serve, start } from "./support.mjs";

let origin, bare, broken;

const FILES = {
  "f2.txt": 20, "f10.txt": 10, "F1.txt": 30, "photo.jpg": 5000, "film.mp4": 70000, "main.cc": 900,
  "backup.tar.gz": 123456, "100% #1?.txt": 1, "<img src=x onerror=alert(1)>.txt": 1,
  "שלום עולם.txt": 1, "日本語の長い名前のファイル.md": 1, ["long-".repeat(45) + ".txt"]: 1,
  "deep/er/leaf.txt": 1,
};
const README = `# Horses\n\nHello *there*, [a folder](deep/) and [a trap](javascript:alert(1)).\n
<script>alert(1)</script>\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n    code\n`;

before(async () => {
  for (const [name, size] of Object.entries(FILES)) {
    const file = path.join(folder, "www/pub", name);
    fs.mkdirSync(path.dirname(file), { recursive: true });
    fs.writeFileSync(file, "x".repeat(size));
  }
  fs.writeFileSync(path.join(folder, "www/pub/README.md"), README);
  const php = ["/usr/bin/php-cgi", "/opt/homebrew/bin/php-cgi", "/usr/local/bin/php-cgi"]
    .find((file) => fs.existsSync(file));
  fs.mkdirSync(path.join(folder, "previews"));
  for (const name of ["stable.svg", "media/clock.webm"])
    fs.copyFileSync(`${htdocs}/${name}`, path.join(folder, "previews", path.basename(name)));
  // Scripts as they are shipped, and one that cannot run.
  fs.cpSync(`${htdocs}/cgi-bin`, path.join(folder, "broken"), { recursive: true });
  fs.writeFileSync(path.join(folder, "broken/environment.pl"), "#!/nowhere/perl\n");
  const scripts = (root) => `{ path = "/cgi-bin/"; modules: { cgi = true; };
    cgi: { root = "${root}"; explain = true; ${php ? `interpreters: { php = "${php}"; };` : ""} }; }`;
  origin = await start("full", `autoindex: { page_size = 1000; }; static: { root = "${htdocs}"; };
    hosts = ( { names = [ "localhost" ];
      locations = ( { path = "/pub/"; static: { root = "${folder}/www/pub"; };
                      autoindex: { enabled = true; }; },
                    { path = "/media/"; static: { root = "${htdocs}/media"; };
                      autoindex: { enabled = true; }; },
                    { path = "/previews/"; static: { root = "${folder}/previews"; };
                      autoindex: { enabled = true; previews = true; downloads = [ "tar" ]; }; },
                    ${scripts(`${htdocs}/cgi-bin`)} ); } );`);
  bare = await start("bare", `static: { root = "${htdocs}"; };`);
  broken = await start("broken", `static: { root = "${htdocs}"; };
    locations = ( ${scripts(`${folder}/broken`)} );`);
  await openBrowser();
});

after(closeAll);

const names = (page) => page.locator("tbody tr:visible bdi").allTextContents();
const FIRST = ["deep/", "100% #1?.txt", "<img src=x onerror=alert(1)>.txt", "backup.tar.gz", "F1.txt",
               "f2.txt", "f10.txt"];

for (const javaScriptEnabled of [true, false]) {
  const how = javaScriptEnabled ? "with JavaScript" : "without JavaScript";

  test(`sorting, and back again, ${how}`, () => onPage({ javaScriptEnabled }, async (page) => {
    await page.goto(`${origin}/pub/`);
    assert.deepEqual((await names(page)).slice(0, 7), FIRST);
    const size = page.getByRole("columnheader", { name: "Size" });
    assert.equal(await size.getAttribute("aria-sort"), null);
    await size.getByRole("button").click();
    assert.equal(await size.getAttribute("aria-sort"), "ascending");
    await size.getByRole("button").click();
    assert.equal(await size.getAttribute("aria-sort"), "descending");
    assert.deepEqual((await names(page)).slice(0, 3), ["deep/", "backup.tar.gz", "film.mp4"]);
    await page.goBack();
    assert.equal(await size.getAttribute("aria-sort"), "ascending");
    await page.goBack();
    assert.deepEqual((await names(page)).slice(0, 7), FIRST);
  }));

  test(`the filter asks the server, ${how}`, () => onPage({ javaScriptEnabled }, async (page) => {
    await page.goto(`${origin}/pub/?sort=size`);
    await page.getByLabel("Filter by name").fill("F1");
    await page.getByLabel("Filter by name").press("Enter");
    await page.waitForURL(/q=F1/);
    assert.deepEqual(await names(page), ["f10.txt", "F1.txt"]);
    await page.getByRole("link", { name: "Show all" }).click();
    assert.equal((await names(page)).length, 14);
  }));

  test(`folders and the breadcrumb, ${how}`, () => onPage({ javaScriptEnabled }, async (page) => {
    await page.goto(`${origin}/pub/`);
    await page.getByRole("link", { name: "deep/" }).click();
    await page.getByRole("link", { name: "er/" }).click();
    assert.deepEqual(await names(page), ["leaf.txt"]);
    const crumbs = page.getByRole("navigation", { name: "Breadcrumb" });
    assert.equal(await crumbs.locator("[aria-current=page]").textContent(), "er");
    await crumbs.getByRole("link", { name: "pub" }).click();
    assert.equal(new URL(page.url()).pathname, "/pub/");
  }));
}

test("the filter answers while it is typed into", () => onPage({}, async (page) => {
  await page.goto(`${origin}/pub/`);
  await page.keyboard.press("/");
  await page.keyboard.type("f1");
  assert.deepEqual(await names(page), ["F1.txt", "f10.txt"]);
  assert.equal(await page.getByRole("status").textContent(), "2 of 14 entries");
  assert.equal(new URL(page.url()).search, "");
  await page.keyboard.press("ControlOrMeta+a");
  await page.keyboard.press("Delete");
  assert.equal((await names(page)).length, 14);
}));

test("pictures and films beside their names, where that is wanted", () => onPage({}, async (page) => {
  await page.goto(`${origin}/previews/`);
  const row = page.getByRole("row", { name: /stable.svg/ });
  await page.waitForFunction(() => document.querySelector("tbody img").naturalWidth > 0);
  assert.ok((await row.locator("img").boundingBox()).height > 50);
  await page.waitForFunction(() => document.querySelector("tbody video").readyState > 0);
  const [download] = await Promise.all([
    page.waitForEvent("download"), page.getByRole("button", { name: ".tar" }).click()]);
  assert.equal(download.suggestedFilename(), "previews.tar");
}));

test("the keyboard reaches everything in order", () => onPage({}, async (page) => {
  await page.goto(`${origin}/pub/deep/`);
  const reached = [];
  for (let i = 0; i < 8; ++i) {
    await page.keyboard.press("Tab");
    reached.push(await page.evaluate(() => document.activeElement.textContent || document.activeElement.id));
  }
  assert.deepEqual(reached, ["Home", "pub", "filter", "Filter", "Name", "Size", "Changed UTC", "er/"]);
}));

test("a README is text, links and a table, and runs nothing", () => onPage({}, async (page) => {
  await page.goto(`${origin}/pub/`);
  const readme = page.getByRole("region", { name: "README.md" });
  assert.equal(await readme.getByRole("heading", { level: 3 }).textContent(), "Horses");
  assert.equal(await readme.getByRole("link").count(), 1);
  assert.equal(await readme.locator("td").count(), 2);
  assert.equal(await page.locator("script:not([src])").count(), 0);
}));

// What each line of the welcome page came to, once all of them were asked.
async function welcome(page, at) {
  await page.goto(`${at}/`);
  await page.waitForSelector("[data-state=complete]", { timeout: 60000 });
  const lines = await page.locator("[data-check]").evaluateAll((items) => items.map((item) => [
    item.dataset.check, { state: item.dataset.state, text: item.querySelector(":scope .state").textContent }]));
  return Object.fromEntries(lines);
}

const SCRIPTS = ["python", "perl", "sh", "form", "stream"];

test("the welcome page: everything works where everything is on", () => onPage({}, async (page, wrong) => {
  const lines = await welcome(page, origin);
  for (const name of ["files", "video", "listing", ...SCRIPTS])
    assert.equal(lines[name].state, "ok", `${name}: ${lines[name].text}`);
  assert.match(lines.python.text, /^answered in \d+ ms$/);
  assert.match(lines.listing.text, /^5 entries in \d+ ms$/);
  assert.match(lines.video.text, /second 13 was there/);
  assert.match(lines.stream.text, /\d\d:\d\d:\d\d/);
  assert.match(await page.locator("#summary").textContent(), /^\d+ of \d+ work/);
  wrong.length = 0;  // it asks for a 404, a 405 and a 416 on purpose
}));

test("the welcome page: `ostler serve --cgi` has all of it", () => onPage({}, async (page, wrong) => {
  const lines = await welcome(page, (await serve()).origin);
  for (const name of ["files", "video", "listing", "session", "cookie", ...SCRIPTS])
    assert.equal(lines[name].state, "ok", `${name}: ${lines[name].text}`);
  wrong.length = 0;
}));

test("the welcome page: what is off says so, and how to turn it on", () => onPage({}, async (page, wrong) => {
  const lines = await welcome(page, bare);
  assert.equal(lines.files.state, "ok");
  assert.equal(lines.video.state, "ok");
  for (const name of ["listing", ...SCRIPTS]) assert.equal(lines[name].state, "off", name);
  await page.getByText("autoindex: { enabled = true; };").waitFor();
  await page.getByText("ostler serve htdocs --cgi").first().waitFor();
  wrong.length = 0;
}));

test("the welcome page: a script that fails says why", () => onPage({}, async (page, wrong) => {
  const lines = await welcome(page, broken);
  assert.equal(lines.python.state, "ok");
  assert.equal(lines.perl.state, "failed");
  assert.match(lines.perl.text, /Problem: .*\/nowhere\/perl/);
  wrong.length = 0;
}));

test("the welcome page without JavaScript: links and forms", () =>
  onPage({ javaScriptEnabled: false }, async (page) => {
    await page.goto(`${origin}/`);
    assert.equal(await page.locator(".state:visible").count(), 0);
    await page.getByRole("button", { name: "Filter" }).click();
    assert.deepEqual(await names(page), ["clock.mp4", "clock.vtt", "clock.webm"]);
    await page.goBack();
    await page.getByLabel("Name of the horse").fill("Bucephalus <b>");
    await page.getByLabel("File").setInputFiles(
      { name: "oats.txt", mimeType: "text/plain", buffer: Buffer.from("oats") });
    await page.getByRole("button", { name: "Send" }).click();
    await page.getByText("Bucephalus <b>").waitFor();
    await page.getByText(/oats.txt: 4 bytes/).waitFor();
    for (const name of ["Perl", "sh"]) {
      await page.goto(`${origin}/`);
      await page.getByRole("link", { name, exact: true }).click();
      await page.getByText("GATEWAY_INTERFACE").waitFor();
    }
  }));

const PAGES = { listing: "/pub/", empty: "/pub/?q=nothing", error: "/none", welcome: "/", media: "/media/",
                previews: "/previews/" };

for (const [name, target] of Object.entries(PAGES)) {
  for (const [shape, options] of Object.entries(SHAPES)) {
    test(`${name}, ${shape}: axe-core finds nothing and nothing sticks out`, () =>
      onPage(options, async (page, wrong) => {
        await page.goto(origin + target);
        if (name === "welcome") await page.waitForSelector("[data-state=complete]", { timeout: 60000 });
        wrong.length = 0;  // a page that is an error, or asks for errors on purpose, says so
        await assertAccessible(page, `${name}-${shape}`);
        await assertNothingSticksOut(page);
      }));
  }
}

test("dark is dark", () => onPage({ colorScheme: "dark" }, async (page, wrong) => {
  for (const target of ["/pub/", "/none", "/"]) {
    await page.goto(origin + target);
    await assertDark(page);
  }
  wrong.length = 0;  // the console mentions the 404
}));
