// crowd.mjs - many clients at once, and one more that wants a plain answer, for specs of `flaron-lua dev`.
//
//   node crowd.mjs PORT COUNT PATH [GONE]    COUNT clients ask for PATH, 100 of them every 20 ms. With GONE, each closes
//       its connection after that many ms, else they stay open. Then one client asks for / 50 times. Prints
//       "COUNT asked, N answered, plain: MEDIAN MAX" (ms; "never" for over 5 s) and the last line of the first answer
//       to the others, and stays until it is killed.
import { connect } from "node:net";

const [port, count, path, gone] = process.argv.slice(2);
const sleep = (ms) => new Promise((done) => setTimeout(done, ms));
const ask = (target) => `GET ${target} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`;
let answered = 0;
let first = "";

function client() {
  const socket = connect(Number(port), "127.0.0.1", () => socket.write(ask(path)));
  socket.on("data", (data) => {
    if (answered++ === 0) first = data.toString().split("\n").at(-1);
  });
  socket.on("error", () => {});
  if (gone !== undefined) setTimeout(() => socket.destroy(), Number(gone));
}

function plain() {
  return new Promise((done) => {
    const begin = performance.now();
    const socket = connect(Number(port), "127.0.0.1", () => socket.write(ask("/")));
    socket.on("error", () => {});
    socket.on("data", () => done(performance.now() - begin));
    setTimeout(() => done(Infinity), 5000);
  });
}

for (let i = 0; i < Number(count); i++) {
  client();
  if (i % 100 === 99) await sleep(20);
}
await sleep(500);
const times = [];
for (let i = 0; i < 50 && times.at(-1) !== Infinity; i++) times.push(await plain());
times.sort((a, b) => a - b);
const show = (ms) => (ms === Infinity ? "never" : ms.toFixed(1));
console.log(`${count} asked, ${answered} answered, plain: ${show(times[times.length >> 1])} ${show(times.at(-1))}\n${first}`);
setInterval(() => {}, 1000);
