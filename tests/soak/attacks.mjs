// attacks.mjs - attacks on flaron-lua, each on a fresh one, and what they cost: memory at most and after, CPU time, and how
// long another client waited meanwhile. All is on this machine, bounded, and ends by itself.
//
//   node tests/soak/attacks.mjs [NAME...]           from the project's folder: a table, one line for each attack; all without
//                                                   names, or those whose names begin so. Exit code 1 when a goal is missed
//   ... --short                                     seconds instead of minutes: fewer bytes, goals generous (a slow machine)
//   ... --exactly                                   names are whole
//   ... --json                                      a line of JSON for each, in place of the table
//   ... --list                                      the names
//   ... --into FILE                                 and fills the column "after" of the table in FILE (docs/attacks.md)
//   ... --at PORT PID UPSTREAM --for SECONDS        no dev of its own: those that a dev can live with, again and again (soak.lua)
//
// An attack is {what, goal, short, run}: `goal` has `peak`, MiB that dev may take at most, `longest`, ms that the good client
// may wait for an answer, and `judge(result)`, which says what else is wrong. `short` is the part of it that --short does.
// `files` is the limit of dev's descriptors, `words` are more of its arguments; `served: false`, the good client may be lost;
// `prepare(folder, scale)` changes dev's folder of stores before it starts; `alone`: no dev, run returns {peak, wrong}. run gets {port, pid, upstream, scale, dev, good, result, pause} and may return a
// text; pause(ms) waits, in --short for a part of that.
import { readFileSync, writeFileSync } from "node:fs";
import clients from "./attack/clients.mjs";
import files from "./attack/files.mjs";
import host from "./attack/host.mjs";
import http2 from "./attack/http2.mjs";
import websockets from "./attack/websockets.mjs";
import { Dev, Good, ask, cpu, folder, memory, sleep, upstream as start_upstream } from "./dev.mjs";

const attacks = { ...websockets, ...http2, ...clients, ...host, ...files };

// Of --short: sanitizers keep what was freed, and machines that run tests do other things as well.
const GENEROUS = process.env.SANITIZE ? { memory: 8, more: 300, time: 100, least: 10000, cpu: 4 } : { memory: 1.5, more: 32, time: 20, least: 3000, cpu: 2 };

function goal_of(attack, short) {
  const { peak, longest, judge } = attack.goal;
  if (!short) return { peak, longest, judge };
  return { peak: peak * GENEROUS.memory + GENEROUS.more, longest: longest && Math.max(longest * GENEROUS.time, GENEROUS.least), judge: judge && ((r) => judge({ ...r, cpu: r.cpu / GENEROUS.cpu, share: r.share })) };
}

/** Runs an attack on a dev of its own. */
async function run(name, short) {
  const attack = attacks[name];
  const goal = goal_of(attack, short);
  const scale = short ? attack.short : 1;
  const wrong = [];
  if (attack.alone) {
    const result = await attack.run({ scale, limit: goal.peak });
    return { name, what: attack.what, peak: result.peak, wrong: result.wrong ? [result.wrong] : [] };
  }
  const upstream = await start_upstream();
  const persist = folder();
  attack.prepare?.(persist, scale);
  const dev = await Dev.start({ files: attack.files, words: attack.words, persist });
  const good = new Good(dev.port);
  await good.ready;
  const result = {};
  const begin = { cpu: cpu(dev.pid), time: performance.now() };
  good.mark();
  let told;
  try {
    told = await Promise.race([attack.run({ port: dev.port, pid: dev.pid, upstream: upstream.url, scale, dev, good, result, pause: (ms) => sleep(short ? ms / 2 : ms) }), sleep(120000).then(() => "not over after 120 s")]);
  } catch (error) {
    told = `failed: ${error.message}`;
    if (dev.ended === undefined) wrong.push(told);
  }
  await sleep(500);
  const of_good = await good.stop();
  const used = cpu(dev.pid) - begin.cpu;
  await sleep(short ? 0 : 2000);
  const at_end = memory(dev.pid);
  const last = await ask(dev.port, "/good", { ms: 10000 });
  if (dev.ended !== undefined) wrong.push(`dev ended: ${dev.ended}`);
  else if (last.status !== 200) wrong.push("no answer afterwards");
  await dev.stop();
  upstream.stop();
  if (at_end?.peak > goal.peak) wrong.push(`${Math.round(at_end.peak)} MB, not ${Math.round(goal.peak)}`);
  if (attack.served !== false && of_good.lost) wrong.push(`${of_good.lost} of ${of_good.count} good requests lost`);
  if (of_good.longest > goal.longest) wrong.push(`${Math.round(of_good.longest)} ms, not ${Math.round(goal.longest)}`);
  const judged = goal.judge?.(result);
  if (judged) wrong.push(judged);
  return { name, what: attack.what, peak: at_end?.peak, after: at_end?.now, cpu: used, seconds: (performance.now() - begin.time) / 1000, median: of_good.median, longest: of_good.longest,
    lost: of_good.lost, told, wrong };
}

const round = (n, unit, digits = 0) => (n === undefined || Number.isNaN(n) ? "" : `${n.toFixed(digits)} ${unit}`);

function row(r) {
  const goal = attacks[r.name].goal;
  const goals = [goal.peak && `${goal.peak} MB`, goal.longest && `${goal.longest} ms`].filter(Boolean).join(", ");
  return `| ${[r.name, r.what, round(r.peak, "MB"), round(r.after, "MB"), round(r.cpu, "s", 1), round(r.median, "ms", 1), round(r.longest, "ms"), goals, [r.wrong.length ? `MISSED: ${r.wrong.join("; ")}` : "ok", r.told].filter(Boolean).join(". ")].join(" | ")} |`;
}

const seconds_of = (ms) => (ms < 1000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(1)} s`);

/** What a table of before and after says of a result. */
function summary(r) {
  const attack = attacks[r.name];
  const words = [`${Math.round(r.peak)} MB`];
  if (attack.goal.judge) words.push(/(\d+% of a core|[\d.]+ s CPU)/.exec(r.told ?? "")?.[0]);
  if (attack.goal.longest) words.push(r.lost ? "no answer" : seconds_of(r.longest));
  if (attack.alone) words.push(r.wrong[0]);
  const ended = r.wrong.find((w) => w.startsWith("dev ended"));
  return words.concat(ended).filter(Boolean).join(", ");
}

/** Puts a result into the last but one column of its row in a file. */
function fill(file, r) {
  const lines = readFileSync(file, "utf8").split("\n").map((line) => {
    const cells = line.split(" | ");
    if (cells[0] !== `| ${r.name}`) return line;
    cells[cells.length - 2] = summary(r);
    return cells.join(" | ");
  });
  writeFileSync(file, lines.join("\n"));
}

/** Attacks on a dev that is there already, one after the other, until the time is over. */
async function again(port, pid, upstream, seconds) {
  const names = Object.keys(attacks).filter((name) => !attacks[name].alone && !attacks[name].files && !attacks[name].words && !attacks[name].prepare);
  const end = performance.now() + seconds * 1000;
  let rounds = 0;
  for (; performance.now() < end; rounds++) {
    for (const name of names) {
      if (performance.now() > end) break;
      const scale = Math.min(1, attacks[name].short * 2);
      try {
        await Promise.race([attacks[name].run({ port, pid, upstream, scale, dev: { errors: "" }, good: { mark() {} }, result: {}, pause: (ms) => sleep(ms / 2) }), sleep(30000)]);
      } catch (error) {
        console.log(`${name}: ${error.message}`);
      }
    }
  }
  console.log(`${rounds} rounds of ${names.length} attacks`);
}

const words = process.argv.slice(2);
const flag = (name) => words.includes(name) && words.splice(words.indexOf(name), 1).length > 0;
const valued = (name, count) => (words.includes(name) ? words.splice(words.indexOf(name), count + 1).slice(1) : []);
const short = flag("--short");
const json = flag("--json");
const list = flag("--list");
const exactly = flag("--exactly");
const [port, pid, upstream] = valued("--at", 3);
const [seconds] = valued("--for", 1);
const [into] = valued("--into", 1);
const names = Object.keys(attacks).filter((name) => words.length === 0 || words.some((w) => (exactly ? name === w : name.startsWith(w))));

if (list) {
  for (const name of names) console.log(name);
} else if (port) {
  await again(Number(port), Number(pid), upstream, Number(seconds));
} else if (names.length === 0) {
  console.error(`attacks.mjs: no attack begins with '${words.join("' or '")}'; --list names them`);
  process.exit(2);
} else {
  let missed = 0;
  if (!json) console.log("| attack | what | at most | after | CPU | other client, median | longest | goal | |\n| --- | --- | --- | --- | --- | --- | --- | --- | --- |");
  for (const name of names) {
    const result = await run(name, short);
    missed += result.wrong.length > 0;
    if (into) fill(into, result);
    console.log(json ? JSON.stringify(result) : row(result));
  }
  process.exit(missed ? 1 : 0);
}
process.exit(0);
