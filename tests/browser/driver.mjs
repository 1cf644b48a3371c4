// driver.mjs - a Chromium without a window, driven by chromedriver: WebDriver (W3C) over HTTP, no packages.
//
//   node tests/browser/driver.mjs      ends with 0 when both programs are there
import { spawn, spawnSync } from "node:child_process";
import { createInterface } from "node:readline";
import { writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const ELEMENT = "element-6066-11e4-a52e-4f735466cecf"; // WebDriver, 11: the name of a reference
const CONTROL = { Enter: "\uE007", Escape: "\uE00C", ArrowDown: "\uE015", ArrowRight: "\uE014" };

const isThere = (program) => spawnSync(program, ["--version"], { stdio: "ignore" }).status === 0;

if (process.argv[1] === fileURLToPath(import.meta.url)) process.exit(isThere("chromedriver") && isThere("chromium") ? 0 : 1);

/** Waits until `check` gives something true, at most 8 s; that, or an Error that names `what`. */
export async function until(what, check) {
  for (const end = Date.now() + 8000; ;) {
    const result = await check();
    if (result) return result;
    if (Date.now() > end) throw new Error(`waited in vain for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 30));
  }
}

/** Starts a program; resolves with it, what `pattern` matched in what it prints, and the lines it has printed so far. */
export function start(program, words, pattern) {
  const lines = [];
  return new Promise((resolve, reject) => {
    const child = spawn(program, words, { stdio: ["ignore", "pipe", "pipe"] });
    process.on("exit", () => child.kill()); // when this program ends by an error
    child.on("error", reject);
    child.on("exit", (code) => reject(new Error(`${program} ended with ${code}`)));
    for (const stream of [child.stdout, child.stderr]) {
      createInterface({ input: stream }).on("line", (line) => {
        lines.push(line);
        const found = pattern.exec(line);
        if (found) resolve({ child, found, lines });
      });
    }
  });
}

/** Ends what `start` started, and waits for its end. */
export async function stop({ child }) {
  child.removeAllListeners("exit");
  const gone = new Promise((resolve) => child.on("exit", resolve));
  child.kill("SIGINT");
  await gone;
}

/** Makes checks, functions by name, and prints a line for each; each goes on from where the one before it left, so the first that
 * fails is the last. Whether one failed. */
export async function report(checks) {
  for (const [name, check] of Object.entries(checks)) {
    try {
      await check();
      console.log(`ok ${name}`);
    } catch (error) {
      console.log(`failed ${name}\t${error.message.replaceAll("\n", " ")}`);
      return true;
    }
  }
  return false;
}

/** Opens a browser: an object with what a person does. Its last word must be `close`. */
export async function openBrowser() {
  const { child, found } = await start("chromedriver", ["--port=0"], /started successfully on port (\d+)/);
  const base = `http://127.0.0.1:${found[1]}`;

  async function call(method, path, body) {
    const answer = await fetch(base + path, { method, body: body && JSON.stringify(body) });
    const { value } = await answer.json();
    if (!answer.ok) throw new Error(`${value.error}: ${value.message.split("\n")[0]}`);
    return value;
  }

  const { sessionId } = await call("POST", "/session", { capabilities: { alwaysMatch: {
    browserName: "chrome",
    "goog:loggingPrefs": { browser: "ALL" },
    "goog:chromeOptions": {
      binary: "/usr/bin/chromium",
      args: ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--hide-scrollbars"],
    },
  } } }).catch((error) => {
    child.kill();
    throw error;
  });
  const at = `/session/${sessionId}`;

  const browser = {
    open: (url) => call("POST", `${at}/url`, { url }),
    /** Calls a function in the page; its arguments and result are JSON. */
    run: (body, ...args) => call("POST", `${at}/execute/sync`, { script: `return (${body}).apply(null, arguments)`, args }),
    devtools: (cmd, params) => call("POST", `${at}/goog/cdp/execute`, { cmd, params }),
    find: async (selector) => (await call("POST", `${at}/element`, { using: "css selector", value: selector }))[ELEMENT],
    click: async (selector) => call("POST", `${at}/element/${await browser.find(selector)}/click`, {}),
    /** Types text in place of what a field holds. */
    type: async (selector, text) => {
      const element = await browser.find(selector);
      await call("POST", `${at}/element/${element}/clear`, {});
      await call("POST", `${at}/element/${element}/value`, { text });
    },
    /** Presses a key of CONTROL where the focus is. */
    press: (key) => call("POST", `${at}/actions`, { actions: [{ type: "key", id: "keys", actions: [
      { type: "keyDown", value: CONTROL[key] ?? key }, { type: "keyUp", value: CONTROL[key] ?? key }] }] }),
    /** The text a person sees in an element, "" when it is not there. */
    text: (selector) => browser.run("(s) => document.querySelector(s)?.innerText ?? ''", selector),
    count: (selector) => browser.run("(s) => document.querySelectorAll(s).length", selector),
    /** Makes the viewport so wide, in CSS pixels. */
    resize: (width, height) => browser.devtools("Emulation.setDeviceMetricsOverride",
      { width, height, deviceScaleFactor: 1, mobile: false }),
    /** "light" or "dark". */
    prefer: (scheme) => browser.devtools("Emulation.setEmulatedMedia",
      { features: [{ name: "prefers-color-scheme", value: scheme }, { name: "prefers-reduced-motion", value: "reduce" }] }),
    photograph: async (file) => writeFileSync(file, Buffer.from(await call("GET", `${at}/screenshot`), "base64")),
    /** What the page's console and its policies complained about since the last call. */
    complaints: () => call("POST", `${at}/se/log`, { type: "browser" }),
    close: async () => {
      await call("DELETE", at).catch(() => null);
      child.removeAllListeners("exit");
      child.kill();
    },
  };
  return browser;
}
