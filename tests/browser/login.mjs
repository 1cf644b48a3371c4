// login.mjs - a sign-in by the template `auth` in a real browser: dev serves the gateway, oidc-provider of npm the provider's
// pages. Called by tests/browser/browser_spec.lua.
//
//   node login.mjs FLARON-LUA FOLDER MODULES     FOLDER is for a project, MODULES the provider's (tests/identity)
//
// Prints a line for each check, as page.mjs does.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { get } from "node:http";
import { openBrowser, report, start, stop, until } from "./driver.mjs";

const [, , executable, folder, modules] = process.argv;
const project = `${folder}/gateway`, state = `${folder}/state`;

function flaron(...words) {
  const { status, stderr } = spawnSync(executable, words);
  assert.equal(status, 0, stderr.toString());
}

flaron("new", project, "--template", "auth");
flaron("secret", "set", "SESSION_KEY", "of the session", "--persist", state);
flaron("secret", "set", "CLIENT_SECRET", "the secret of the client", "--persist", state);

const dev = await start(executable, ["dev", project, "--port", "0", "--persist", state], /on http:\/\/\S+:(\d+)\//);
const site = `http://localhost:${dev.found[1]}`;
const provider = await start("node", ["tests/identity/provider.mjs", modules, `${site}/callback`, `${site}/`], /^(\d+)$/);
const issuer = `http://127.0.0.1:${provider.found[1]}`;

function change(file, edit) {
  const before = readFileSync(`${project}/${file}`, "utf8"), after = edit(before);
  assert.notEqual(after, before);
  writeFileSync(`${project}/${file}`, after);
}
// A minute between two looks at the provider's keys would be long to wait for.
change("main.lua", (text) => text.replace("oidc.keys { issuer = issuer }", "oidc.keys { issuer = issuer, interval = 1 }"));
change("flare.lua", (text) => text.replaceAll("https://login.example.com", issuer).replace(/SITE = "[^"]*"/, `SITE = "${site}"`));

// Where a page leads to; fetch() would say that it is no page that is asked for.
const place = (path) => new Promise((resolve, reject) => get(site + path, (answer) => {
  answer.resume();
  resolve(answer.headers.location ?? "");
}).on("error", reject));
await until("dev to load the new manifest", async () => (await place("/account")).startsWith(issuer));

const browser = await openBrowser();
const shows = (part) => until(`'${part}'`, async () => (await browser.text("body")).includes(part));
const address = () => browser.run("() => location.href");


/** An access token for a program, which the provider signs with its latest key. */
async function programToken() {
  const answer = await fetch(`${issuer}/token`, {
    method: "POST",
    headers: { authorization: `Basic ${btoa("gateway:the%20secret%20of%20the%20client")}` },
    body: new URLSearchParams({ grant_type: "client_credentials", scope: "read", resource: "https://api.example.com" }),
  });
  return (await answer.json()).access_token;
}
/** The status of a call of the API that the page makes. */
const call = (token) => browser.run(
  "async (token) => (await fetch('/api/me', { headers: { authorization: `Bearer ${token}` } })).status", token);

const failed = await report({
  async "has a page for all"() {
    await browser.open(`${site}/`);
    await shows("You are not signed in.");
  },

  async "leads to the provider, and comes back to the page that was asked for"() {
    await browser.open(`${site}/account?tab=2`);
    await until("the provider's page", async () => (await address()).startsWith(`${issuer}/interaction/`));
    await browser.type("[name=login]", "ada");
    await browser.type("[name=password]", "any");
    await browser.click("[type=submit]");
    await until("the question of consent", () => browser.count("[value=consent]"));
    await browser.click("[type=submit]");
    await shows("You are ada of the provider.");
    assert.equal(await address(), `${site}/account?tab=2`);
  },

  async "keeps the cookie from the page's scripts, and knows the visitor"() {
    assert.equal(await browser.run("() => document.cookie"), "");
    await browser.open(`${site}/`);
    await shows("You are signed in.");
    assert.equal(await browser.run("async () => (await fetch('/account')).status"), 200);
  },

  async "signs out here and at the provider"() {
    await browser.click("button");
    await until("the provider's page", async () => (await address()).startsWith(`${issuer}/session/end`));
    await browser.click("[value=yes]");
    await shows("You are not signed in.");
    assert.equal(await browser.run("async () => (await fetch('/account')).status"), 401);
    await browser.open(`${site}/account`);
    await until("the provider's page", () => browser.count("[name=login]"));
  },

  async "calls the API with a token, and with one by the provider's new key"() {
    await browser.open(`${site}/`);
    const old = await programToken();
    assert.equal(await call(old), 200);
    assert.equal(await call(`${old}x`), 401);
    await fetch(`${issuer}/test/rotate`, { method: "POST" });
    const token = await programToken();
    await until("the new key to be taken", async () => (await call(token)) === 200);
    assert.equal(await call(old), 401);
  },
});
await browser.close();
await stop(dev);
await stop(provider);
process.exit(failed ? 1 : 0);
