// page.mjs - the page of `flaron-lua dev` in a real browser. Called by tests/browser/browser_spec.lua.
//
//   node page.mjs FLARON-LUA FOLDER [PHOTOGRAPHS]   FOLDER is for a project; PHOTOGRAPHS, a folder, gets pictures
//
// Prints a line for each check, "ok NAME" or "failed NAME", a tab and why. Each goes on from where the one before it left,
// so the first that fails is the last.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { openBrowser, report, start, stop, until } from "./driver.mjs";

const [, , executable, folder, photographs] = process.argv;

const MAIN = `local flaron = require "flaron"

local function fail(name)
  error("no way for <img src=x onerror=alert(3)> " .. name)
end

local http = {}

function http.handle_request()
  local path = flaron.request.url():match "^%w+://[^/]+(.*)"
  if path == "/boom" then fail "it" end
  if path == "/missing" then return { status = 404, body = "nothing here" } end
  if path:find "^/echo" then return { body = "it was " .. flaron.request.method() } end
  if path == "/deep" then
    return { headers = { ["content-type"] = "application/json" }, body = ("[[],"):rep(100000) .. "1" .. ("]"):rep(100000) }
  end
  if path == "/cold" then
    flaron.logging.error "the cache is cold"
    return { body = "good" }
  end
  if path == "/picture" then
    return { headers = { ["content-type"] = "image/svg+xml" },
      body = "<svg xmlns='http://www.w3.org/2000/svg' width='40' height='20'><script>document.title='x'; alert(6)</script></svg>" }
  end
  if path == "/whole" then
    flaron.spark.set("a-key", "<u>value</u>", 100)
    flaron.spark.get "a-key"
    flaron.spark.delete "a-key"
    flaron.plasma.increment("visits", 9007199254740993)
    flaron.plasma.decrement("visits", 9007199254740993)
    return { status = 201, headers = { ["content-type"] = "application/json", ["x-b"] = "<b onclick=alert(5)>" },
      body = '{"n":12345678901234567890,"s":"<script>alert(7)</script>","of":[]}' }
  end
  flaron.logging.info("seen <b onclick=alert(1)>" .. path .. "</b>")
  flaron.spark.set("visited", path, 100)
  flaron.plasma.increment("visits", 1)
  return { headers = { ["content-type"] = "text/html" }, body = "<script>hello</script> " .. flaron.request.method() }
end

function http.ws_open() flaron.ws.send "welcome" end

function http.ws_message()
  local said = flaron.ws.event_data()
  flaron.ws.send("<img src=x onerror=alert(8)> " .. said)
  if said == "end" then flaron.ws.close(4001) end
end

return http
`;
mkdirSync(`${folder}/state`, { recursive: true });
writeFileSync(`${folder}/main.lua`, MAIN);

/** Runs `flaron-lua kv` on the stores that dev has open; its standard output, as bytes. */
function kv(...words) {
  const { status, stdout, stderr } = spawnSync(executable, ["kv", ...words, "--persist", `${folder}/state`]);
  assert.equal(status, 0, stderr.toString());
  return stdout;
}

assert.equal(spawnSync(executable, ["secret", "set", "KEY<b>", "open-sesame-1", "--persist", `${folder}/state`]).status, 0);

const serve = (port, ...words) => start(executable, ["dev", folder, "--port", String(port), "--persist", `${folder}/state`, ...words],
  /on (http:\/\/\S+:(\d+)\/)/);

let dev = await serve(0);
const url = dev.found[1]; // the flare's
const page = () => until("the page's address", () => /stores: (http:\S+)/.exec(dev.lines.join("\n"))?.[1]);
const browser = await openBrowser();
const { text, count, click, type, press, run } = browser;
const shows = (selector, part) => until(`'${part}' in ${selector}`, async () => (await text(selector)).includes(part));
const key = (name) => run("(name) => [...document.querySelectorAll('#kv-rows button')].find((b) => b.textContent === name).click()", name);

/** Of every text that can be seen: [colour, background, text], of those whose contrast is below 4.5 (WCAG 2.2, 1.4.3). */
const LOW_CONTRAST = `() => {
  const paint = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const parse = (colour) => {
    paint.clearRect(0, 0, 1, 1);
    paint.fillStyle = colour;
    paint.fillRect(0, 0, 1, 1);
    return paint.getImageData(0, 0, 1, 1).data;
  };
  const light = (c) => [0.2126, 0.7152, 0.0722].reduce((sum, share, i) => {
    const v = c[i] / 255;
    return sum + share * (v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
  }, 0);
  const behind = (e) => {
    for (; e; e = e.parentElement) {
      const c = parse(getComputedStyle(e).backgroundColor);
      if (c[3] === 255) return c;
    }
    return [255, 255, 255];
  };
  const low = [];
  let seen = 0;
  for (const e of document.querySelectorAll("body *")) {
    const own = [...e.childNodes].some((n) => n.nodeType === 3 && n.data.trim()) || e.matches("input, textarea, select");
    if (!own || !e.checkVisibility() || e.closest("noscript")) continue;
    seen++;
    for (const style of e.placeholder ? [getComputedStyle(e), getComputedStyle(e, "::placeholder")] : [getComputedStyle(e)]) {
      const a = light(parse(style.color)), b = light(behind(e)), contrast = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
      if (contrast < 4.5) low.push([style.color, contrast.toFixed(2), e.outerHTML.slice(0, 80)]);
    }
  }
  return { low, seen };
}`;

/** Names of things that can be used but have no name for those who do not see them. */
const NAMELESS = `() => [...document.querySelectorAll("button, input, select, textarea, a, [role=img], [role=tab]")]
  .filter((e) => e.checkVisibility() && !(e.getAttribute("aria-label") || e.innerText?.trim() || e.closest("label")))
  .map((e) => e.outerHTML.slice(0, 80))`;

const checks = {
  async "shows that dev is live, and no request yet"() {
    await browser.resize(1400, 900);
    await browser.prefer("light");
    await browser.open(await page());
    await shows("#state", "live");
    await shows("#empty", "None yet");
  },

  async "sends a request and sees it appear with its log line"() {
    await type("#sender [name=path]", "/hello?<script>alert(2)</script>");
    await click("#sender .main");
    await shows("#answer", "200 OK");
    await shows("#answer", "<script>hello</script> GET");
    await shows("#rows", "/hello?");
    await shows("#rows", "seen <b onclick=alert(1)>/hello?");
    assert.equal(await count("#rows tr"), 1);
    assert.match(await text("#rows"), /^\d\d:\d\d:\d\d\s+GET\s+[^]*200\s+[\d.]+ [µm]?s/);
    await shows("#details h2", "GET /hello?"); // what was sent is shown beside the list
  },

  async "sends method, headers and body"() {
    await run("() => { document.querySelector('#sender details').open = true; }");
    await run("() => { document.querySelector('#sender [name=method]').value = 'POST'; }");
    await type("#sender [name=headers]", "no header");
    await click("#sender .main");
    await shows("#answer", "'no header' is no header");
    await type("#sender [name=headers]", "x-a: 1");
    await type("#sender [name=body]", "a body");
    await click("#sender .main");
    await shows("#answer", "</script> POST");
    await until("a second row", async () => (await count("#rows tr")) === 2);
    await run("() => { document.querySelector('#sender [name=method]').value = 'GET'; }");
  },

  async "sends to this flare only"() {
    await type("#sender [name=path]", "//other.example/");
    await click("#sender .main");
    await shows("#answer", "requests go to this flare only");
  },

  async "sees requests that others send"() {
    await fetch(`${url}missing`);
    await until("a third row", async () => (await count("#rows tr")) === 3);
    assert.match(await text("#rows tr"), /\/missing\s+404/); // the newest is the first
  },

  async "shows log, traceback, source, budget and host calls of a failed request"() {
    await fetch(`${url}boom`);
    await until("the failed row", async () => (await count("#rows tr.failed")) === 1);
    await click("#rows tr.failed button");
    await shows("#details h2", "GET /boom");
    await shows("#details .log", "main.lua:4: no way for <img src=x onerror=alert(3)> it");
    await shows("#details .log", "stack traceback:");
    assert.match(await text("#details .source .at"), /^> +4 \| {3}error\("no way/);
    assert.match(await text("#details"), /of 1 s/);
    assert.match(await text("#details"), /of 32 MiB/);
    await shows("#details", 'path = "/boom"'); // a local variable
    await shows("#details .whole", "request.url() → \"http");
  },

  async "filters by path, status and words of the log"() {
    const visible = () => run("() => [...document.querySelectorAll('#rows tr')].filter((r) => !r.hidden).length");
    for (const [words, rows] of [["404", 1], ["/hello", 2], ["post", 1], ["onerror traceback", 1], ["seen", 2], ["nowhere", 0]]) {
      await type("#filter", words);
      await until(`${rows} rows with '${words}'`, async () => (await visible()) === rows);
    }
    await shows("#empty", "No request matches");
    await type("#filter", " ");
    await until("all rows", async () => (await visible()) === 4);
  },

  async "draws times on a logarithmic scale with p50 and p95, and says what it draws"() {
    await until("four marks", async () => (await count("#plot-time g")) === 4);
    assert.equal(await count("#plot-time g path.bad"), 1); // what failed is a cross
    assert.equal(await count("#plot-time g circle.warn"), 1);
    assert.deepEqual([await count("#plot-time .p50"), await count("#plot-time .p95")], [1, 1]);
    const scale = await run("() => [...document.querySelectorAll('#plot-time .scale')].map((t) => [parseFloat(t.getAttribute('y')), t.textContent])");
    assert.match(scale.map(([, name]) => name).join(" "), /^(1|10|100) µs (10 µs|100 µs|1 ms)/);
    if (scale.length > 2) assert.ok(Math.abs(scale[0][0] - scale[1][0] - (scale[1][0] - scale[2][0])) < 0.1, "decades are equally high");
    assert.match(await run("() => document.getElementById('plot-time').getAttribute('aria-label')"),
      /^Time of the last 4 requests on a logarithmic scale: p50 [\d.]+ [µm]?s, p95 [\d.]+ [µm]?s, slowest [\d.]+ [µm]?s, 1 failed$/);
    assert.match(await text("#path-rows"), /\/hello\s+2\s+0\s/);
    await click("#path-rows button");
    assert.match(await run("() => document.getElementById('filter').value"), /^\//);
    await type("#filter", " ");
    await until("all rows", async () => (await count("#rows tr:not([hidden])")) === 4);
  },

  async "does not call failed what answered well and logged an error"() {
    await fetch(`${url}cold`);
    await until("its row", async () => (await count("#rows tr")) === 5);
    assert.match(await text("#rows tr"), /\/cold\s+error the cache is cold\s+200/);
    assert.deepEqual([await count("#rows tr.failed"), await count("#plot-time g path.bad")], [1, 1]);
    assert.equal(await run("() => document.querySelector('#rows tr td:nth-child(4)').className"), "good");
  },

  async "shows a request in whole: headers and bodies both ways, each call with arguments, answer and time"() {
    const asked = await fetch(`${url}whole`, { method: "POST", body: '{"a":[1]}', headers: { "x-a": "<b>1</b>", cookie: "session=abcdef12" } });
    assert.equal(asked.status, 201);
    await until("its row", async () => (await text("#rows tr")).includes("/whole"));
    await click("#rows tr button");
    await shows("#details .whole", "Calls, in order: 10");
    const whole = await text("#details .whole");
    for (const part of ["<b>1</b>", '"a": [', "x-b", "<b onclick=alert(5)>", '"n": 12345678901234567890', "<script>alert(7)</script>",
      'spark.set("a-key", "<u>value</u>", 100) → done', 'spark.get("a-key") → "<u>value</u>", ', "cookie"]) {
      assert.ok(whole.includes(part), `${part} in ${whole}`);
    }
    assert.match(whole, /plasma\.increment\("visits", 9007199254740993\) → \d+\s+[\d.]+ [µm]?s/);
    assert.doesNotMatch(whole, /abcdef12/);
    assert.match(whole, /Replaced by others of the same length: cookie/);
    await run("() => [...document.querySelectorAll('#details .ways .way')].find((b) => b.textContent === 'Hex').click()");
    await shows("#details .whole .bytes", "0000  7b 22 61 22 3a 5b 31 5d 7d");
    await run("() => { document.querySelectorAll('#details .call')[1].open = true; }");
    await shows("#details .call .inside", "Argument 1");
  },

  async "copies it as a command for curl that asks the same"() {
    await run("() => { Object.defineProperty(navigator, 'clipboard', { value: { writeText: async (t) => { window.copied = t; } }, configurable: true }); }");
    const copy = async () => {
      await run("() => { window.copied = ''; [...document.querySelectorAll('#details button')].find((b) => b.textContent === 'Copy as curl').click(); }");
      return until("the command", () => run("() => window.copied"));
    };
    for (const body of ["it's $HOME `x` \\ \"q\"\n@second", Buffer.from([0, 255, 10])]) {
      await fetch(`${url}echo?a=1&b='c'`, { method: "PUT", body, headers: { "x-a": "it's" } });
      await until("its row", async () => (await text("#rows tr")).includes("PUT"));
      await run("() => document.querySelector('#rows tr button').click()");
      await shows("#details h2", "PUT /echo");
      await until("its actions", () => run("() => document.querySelector('#details .actions')"));
      const seen = await count("#rows tr"), done = spawnSync("sh", ["-c", await copy()], { input: "" });
      assert.match(done.stdout.toString(), /PUT$/, done.stderr.toString());
      await until("the same request again", async () => (await count("#rows tr")) === seen + 1);
      const [again, first] = await run(`async () => {
        const { records } = await (await fetch("history")).json();
        return Promise.all(records.slice(-2).reverse().map(async (r) => (await (await fetch("record?id=" + r.id)).json()).request));
      }`);
      assert.deepEqual([again.method, again.url, again.body], [first.method, first.url, first.body]);
      const header = (request, name) => request.headers.find((pair) => pair[0].toLowerCase() === name)?.[1];
      for (const name of ["x-a", "content-type", "accept", "user-agent"]) assert.equal(header(again, name), header(first, name), name);
    }
  },

  async "saves it as a record that replay takes"() {
    const [href, name] = await run("() => { const a = document.querySelector('#details a[download]'); return [a.href, a.download]; }");
    assert.match(name, /^\d{8}T\d{6}\.\d{3}-\d{6}-PUT\.json$/);
    writeFileSync(`${folder}/${name}`, Buffer.from(await (await fetch(href)).arrayBuffer()));
    const { status, stdout, stderr } = spawnSync(executable, ["replay", `${folder}/${name}`]);
    assert.equal(status, 0, stdout.toString() + stderr.toString());
  },

  async "makes a spec of it"() {
    await run("() => [...document.querySelectorAll('#details button')].find((b) => b.textContent === 'Make a spec').click()");
    await shows("#details .said", "_spec.lua");
    await shows("#details .said pre", "/echo?a=1");
  },

  async "goes through its steps by keys, and back to what changed a variable"() {
    await run("() => [...document.querySelectorAll('#details button')].find((b) => b.textContent === 'Steps').click()");
    await shows("#steps-at", "line 1 of ");
    await shows("#steps-source li[aria-current]", "local path");
    const press = (key, shift) => run(`() => document.activeElement.dispatchEvent(new KeyboardEvent('keydown', { key: '${key}', shiftKey: ${shift === true}, bubbles: true, cancelable: true }))`);
    await press("ArrowRight");
    await shows("#steps-at", "line 2 of ");
    await shows("#steps-variables tr.changed", "path");
    await shows("#steps-variables", "/echo?a=1");
    await press("End");
    await until("the last line", () => run("() => { const s = document.getElementById('steps-slider'); return s.value === s.max; }"));
    await run("() => document.querySelector('#steps-variables button').click()");
    await shows("#steps-said", "path is changed in main.lua:");
    await shows("#steps-at", "line 1 of ");
    await run("() => { const f = document.getElementById('steps-find'); f.value = 'echo'; document.querySelector('#steps-search [name=first]').click(); }");
    await shows("#steps-at", "line 2 of ");
    if (photographs) {
      for (const [width, height] of [[360, 740], [1280, 900]]) {
        await browser.resize(width, height);
        await browser.photograph(`${photographs}/steps-${width}.png`);
      }
    }
    for (const scheme of ["dark", "light"]) {
      await browser.prefer(scheme);
      assert.deepEqual((await run(LOW_CONTRAST)).low, []);
    }
    assert.deepEqual(await run(NAMELESS), []);
    await browser.resize(360, 740);
    assert.ok(await run("() => document.getElementById('steps').scrollWidth <= 360"), "it is wider than the screen");
    await browser.resize(1400, 900);
    await click("#steps-close");
    await until("it is closed", () => run("() => !document.getElementById('steps').open"));
  },

  async "sends it again, with its headers and body"() {
    await run("() => [...document.querySelectorAll('#rows tr')].find((r) => r.innerText.includes('/whole')).querySelector('button').click()");
    await until("its actions", () => run("() => [...document.querySelectorAll('#details button')].some((b) => b.textContent === 'Send again')"));
    await run("() => [...document.querySelectorAll('#details button')].find((b) => b.textContent === 'Send again').click()");
    assert.equal(await run("() => document.querySelector('#sender [name=body]').value"), '{"a":[1]}');
    const headers = await run("() => document.querySelector('#sender [name=headers]').value");
    assert.match(headers, /x-a: <b>1<\/b>/);
    assert.doesNotMatch(headers, /cookie|host|content-length/);
    await click("#sender .main");
    await shows("#answer", "201 Created");
    await shows("#answer", '"n": 12345678901234567890');
    await run("() => { const f = document.getElementById('sender'); f.reset(); f.querySelector('details').open = false; }");
  },

  async "shows a picture, none of whose scripts runs"() {
    await fetch(`${url}picture`);
    await until("its row", async () => (await text("#rows tr")).includes("/picture"));
    await click("#rows tr button");
    await shows("#details .bytes", "40 × 20");
    assert.equal(await run("() => document.querySelector('#details img.picture').naturalWidth"), 40);
  },

  async "shows a body that is made to be hard to show"() {
    await fetch(`${url}deep`);
    await until("its row", async () => (await text("#rows tr")).includes("/deep"));
    const begin = Date.now();
    await click("#rows tr button");
    await shows("#details .bytes", "[\n  [],\n  [\n    [],");
    assert.ok(Date.now() - begin < 4000);
    assert.ok((await text("#details .bytes")).length < 70000);
  },

  async "is a client for WebSockets, and shows their frames"() {
    await click("#tab-socket");
    await click("#socket-form [name=connect]");
    await shows("#socket-state", "connected");
    await shows("#socket-lines", "welcome");
    await type("#socket-message [name=text]", "hello <b>");
    await press("Enter");
    await shows("#socket-lines", "<img src=x onerror=alert(8)> hello <b>");
    await run("() => { document.querySelector('#socket-message [name=as]').value = 'hex'; }");
    await type("#socket-message [name=text]", "ff 0");
    await press("Enter");
    await shows("#socket-lines", "this is no hex");
    await type("#socket-message [name=text]", "ff 00");
    await press("Enter");
    await shows("#socket-lines", "binary, 31 B");
    await run("() => { document.querySelector('#socket-message [name=as]').value = 'text'; }");
    await type("#socket-message [name=text]", "end");
    await press("Enter");
    await shows("#socket-lines", "closed with 4001");
    await shows("#socket-state", "not connected");
    assert.equal(await count("#socket-lines img, #socket-lines b b"), 0);
    await click("#tab-requests");
    await until("its events", async () => /WS\s+message \//.test(await text("#rows")));
    await run("() => [...document.querySelectorAll('#rows tr')].find((r) => /9 B received, 1 frame sent/.test(r.innerText)).querySelector('button').click()");
    await shows("#details .whole", "<img src=x onerror=alert(8)> hello <b>");
    await shows("#details .whole", "Received");
    await run("() => [...document.querySelectorAll('#details button')].find((b) => b.textContent === 'Show its connection').click()");
    await until("four or five events", async () => [4, 5].includes(await count("#rows tr:not([hidden])")));
    await type("#filter", " ");
    await press("Escape");
  },

  async "goes by keyboard: rows by arrows, details by Enter and Escape, tabs by arrows"() {
    await run("() => document.querySelector('#rows tr.failed button').focus()");
    await press("ArrowDown");
    await press("Enter");
    await shows("#details h2", "GET /missing");
    await press("Escape");
    await shows("#details", "Choose a request");
    assert.equal(await run("() => document.activeElement.textContent"), "/missing");
    await run("() => document.getElementById('tab-requests').focus()");
    await press("ArrowRight");
    await press("ArrowRight");
    assert.equal(await run("() => document.activeElement.id"), "tab-stores");
    assert.equal(await run("() => document.getElementById('stores').hidden"), false);
  },

  async "lists the keys of Spark with what time they have left"() {
    await shows("#kv-rows", "visited");
    assert.match(await text("#kv-rows"), /visited\s+\d+ B\s+\d+ s/);
    assert.match(await text("#kv-note"), /^1 key; \d+ B of 16 MiB in use$/);
  },

  async "edits a value, which flaron-lua kv then reads"() {
    await key("visited");
    await shows("#editor-title", "visited");
    const markup = "<script>alert(4)</script>\n</textarea><b>ü</b>";
    await type("#editor [name=value]", markup);
    await type("#editor [name=ttl]", "");
    await click("#save");
    await shows("#kv-message", "Saved 'visited'");
    assert.equal(kv("get", "visited").toString(), markup);
    assert.doesNotMatch(kv("list").toString(), /left/);
  },

  async "adds a key that lives for a while"() {
    await click("#kv-new");
    await type("#editor [name=key]", "a:new-key");
    await type("#editor [name=value]", "new");
    await type("#editor [name=ttl]", "500");
    await click("#save");
    await shows("#kv-message", "Saved 'a:new-key', 3 B");
    assert.match(kv("list").toString(), /a:new-key +3 bytes +(500|499) s left/);
  },

  async "finds keys by their beginning"() {
    await type("#prefix", "a:");
    await until("one key", async () => (await count("#kv-rows tr")) === 1);
    await type("#prefix", " ");
    await until("no key", async () => (await count("#kv-rows tr")) === 0);
    await run("() => { const f = document.getElementById('prefix'); f.value = ''; f.dispatchEvent(new Event('input')); }");
    await until("all keys", async () => (await count("#kv-rows tr")) === 2);
  },

  async "says what is wrong with a key and with hex"() {
    await click("#kv-new");
    await type("#editor [name=key]", "not a key");
    await click("#save");
    await shows("#kv-message", "a key has 1 to 256 characters");
    await run("() => { const as = document.querySelector('#editor [name=as]'); as.value = 'hex'; as.dispatchEvent(new Event('change')); }");
    await type("#editor [name=value]", "f");
    await click("#save");
    await shows("#kv-message", "this is no hex");
  },

  async "deletes a key, and takes it back"() {
    await key("a:new-key");
    await shows("#editor-title", "a:new-key");
    await click("#delete");
    await shows("#kv-message", "Deleted 'a:new-key'");
    assert.doesNotMatch(kv("list").toString(), /a:new-key/);
    await click("#kv-message button");
    await until("the value again", () => run("() => document.getElementById('editor-form').checkVisibility()"));
    assert.equal(kv("get", "a:new-key").toString(), "new");
    await click("#delete");
    await until("one key", async () => (await count("#kv-rows tr")) === 1);
  },

  async "shows and edits bytes that are no text"() {
    writeFileSync(`${folder}/bytes`, Buffer.from([0, 255, 13, 10]));
    kv("set", "bytes", `@${folder}/bytes`);
    await click("#tab-stores");
    await until("the key", async () => (await count("#kv-rows tr")) === 2);
    await key("bytes");
    await until("its value", () => run("() => document.querySelector('#editor [name=value]').value === '00 ff 0d 0a'"));
    await type("#editor [name=value]", "00 ff 0d 0b");
    await click("#save");
    await shows("#kv-message", "Saved 'bytes', 4 B");
    assert.deepEqual([...kv("get", "bytes")], [0, 255, 13, 11]);
  },

  async "keeps counters of Plasma counters"() {
    await run("() => document.querySelector('input[value=plasma]').click()");
    await shows("#kv-rows", "counter");
    await key("visits");
    await shows("#editor-title", "visits");
    await type("#editor [name=add]", "-12");
    await click("#save");
    await shows("#kv-message", "'visits' is -10 now");
    assert.equal(kv("add", "visits", "1", "--plasma").toString(), "-9\n");
  },

  async "sees what a flare changes meanwhile"() {
    await run("() => document.querySelector('input[value=spark]').click()");
    kv("delete", "visited");
    await fetch(`${url}again`);
    await shows("#kv-rows", "visited");
  },

  async "tells of the flare: modules, sizes, handlers, manifest"() {
    await click("#tab-flare");
    await shows("#flare", "handle_request");
    assert.match(await text("#flare"), new RegExp(`main \\(main.lua\\)\\s+${(MAIN.length / 1024).toFixed(2)} KiB`));
    assert.match(await text("#flare"), /SHA-256\s+[0-9a-f]{64}/);
    await shows("#flare", "There is no flare.lua");
    assert.match(await text("#flare .secrets"), /KEY<b>\s+set/);
    assert.doesNotMatch(await text("#flare"), /open-sesame/);
  },

  async "shows why a changed script cannot be packed, until it can"() {
    writeFileSync(`${folder}/main.lua`, "return <b>(");
    await shows("#trouble", "main.lua:1: unexpected symbol near '<'");
    await shows("#trouble", "goes on serving");
    await shows("#state", "cannot be packed");
    writeFileSync(`${folder}/main.lua`, MAIN);
    await shows("#state", "live");
    assert.equal(await text("#trouble"), "");
  },

  async "fits into 360, 800 and 1600 pixels in every tab, light and dark, with contrast and names"() {
    for (const [width, height] of [[360, 740], [800, 900], [1600, 1000]]) {
      for (const scheme of ["light", "dark"]) {
        await browser.resize(width, height);
        await browser.prefer(scheme);
        for (const [tab, open] of [["requests", "#rows tr.failed button"], ["socket", null], ["stores", "#kv-rows button"], ["flare", null]]) {
          await run("(id) => document.getElementById(id).click()", `tab-${tab}`);
          for (const step of open ? ["", open] : [""]) {
            if (step) await run("(s) => document.querySelector(s).click()", step);
            if (step) await until("what was opened", () => run("(tab) => document.querySelector(`#${tab} .details h2`)?.checkVisibility()", tab));
            const where = `${tab}${step && " open"}, ${width} px, ${scheme}`;
            if (photographs) await browser.photograph(`${photographs}/page-${tab}${step && "-open"}-${width}-${scheme}.png`);
            assert.ok(await run("(width) => document.documentElement.scrollWidth <= width", width), `scrolls sideways: ${where}`);
            const { low, seen } = await run(LOW_CONTRAST);
            assert.ok(seen > 10, `nothing to see: ${where}`);
            assert.deepEqual(low, [], where);
            assert.deepEqual(await run(NAMELESS), [], where);
          }
          await press("Escape");
        }
      }
    }
  },

  async "breaks neither its own policy nor its script"() {
    const complaints = await browser.complaints();
    const expected = /\/__flaron\/(kv|send)/; // a key that is refused, a request that cannot be sent
    assert.deepEqual(complaints.filter(({ source, message }) => source !== "network" || !expected.test(message)), []);
  },

  async "says that dev has ended, and goes on when it is back"() {
    await browser.resize(1400, 900);
    const { found } = dev, { port } = new URL(await page());
    await stop(dev);
    await shows("#state", "disconnected");
    dev = await serve(found[2], "--page-port", port);
    await shows("#state", "live");
    await run("() => document.getElementById('tab-requests').click()");
    await shows("#empty", "None yet");
    await fetch(`${url}back`);
    await shows("#rows", "/back");
  },

  async "shows several edges, cuts their link and heals it"() {
    assert.equal(await run("() => document.getElementById('tab-edges').hidden"), true);
    await stop(dev);
    dev = await serve(0, "--edges", "2");
    await browser.open(await page());
    await until("the tab", () => run("() => !document.getElementById('tab-edges').hidden"));
    await click("#tab-edges");
    await until("an open link", async () => /edge-1 and edge-2\s+up\s+up/.test(await text("#edges")));
    await click("#edges tbody button");
    await until("a cut link", async () => /edge-1 and edge-2\s+cut\S*\s+cut/.test(await text("#edges")));
    assert.equal(await text("#edges tbody button"), "Heal");
    await click("#edges tbody button");
    await until("a healed link", async () => /edge-1 and edge-2\s+up\s+up/.test(await text("#edges")));
  },

  async "has run no script that came with the data"() {
    assert.equal(await count("#rows b[onclick], #details b[onclick], #details img:not(.picture), .log script, #answer script, #details script, #flare .secrets b b"), 0);
    const alert = await browser.run("() => document.title").catch((error) => error.message); // an open alert refuses
    assert.match(alert, /flaron-lua dev$/);
  },
};

const failed = await report(checks);
if (failed && photographs) await browser.photograph(`${photographs}/failed.png`).catch(() => null);
await browser.close();
await stop(dev);
process.exit(failed ? 1 : 0);
