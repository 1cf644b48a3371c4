// request.js - one request of HTTP, as wasi/node.h describes it: it follows no redirect and adds no header but Host and Connection.
"use strict";

const BODY_MAX = 64 << 20;
const clients = { "http:": "node:http", "https:": "node:https" };

/** The parts of a request. */
function read(bytes) {
  const end = bytes.indexOf("\n\n");
  const [method, url, ms, ...lines] = bytes.toString("latin1", 0, end).split("\n");
  const headers = {};
  for (const line of lines) {
    const colon = line.indexOf(":");
    const name = line.slice(0, colon);
    headers[name] = [...(headers[name] ?? []), line.slice(colon + 1).trim()];
  }
  return { method, url: new URL(url), ms: Number(ms), headers, body: bytes.subarray(end + 2) };
}

/** The head of an answer, as HTTP/1.1 has it. */
function head(answer) {
  const lines = [`HTTP/1.1 ${answer.statusCode} ${answer.statusMessage}`];
  for (let i = 0; i < answer.rawHeaders.length; i += 2) lines.push(`${answer.rawHeaders[i]}: ${answer.rawHeaders[i + 1]}`);
  return `A${lines.join("\r\n")}\r\n\r\n`;
}

/** What is said of an error. */
function explain(error, url) {
  const unknown = error.code === "ENOTFOUND" || error.code === "EAI_AGAIN";
  return unknown ? `NCould not resolve host: ${url.hostname}` : `E${error.message || error.code}`;
}

/** Makes the request; what node_take gives. */
module.exports = function request(bytes) {
  const { method, url, ms, headers, body } = read(bytes);
  return new Promise((resolve) => {
    const parts = [];
    let size = 0;
    const done = (result) => {
      clearTimeout(timer);
      resolve(Uint8Array.from(result));
      asked.destroy();
    };
    const say = (sentence) => done(Buffer.from(sentence));
    const asked = require(clients[url.protocol]).request(url, { method, headers, agent: false }, (answer) => {
      answer.on("data", (part) => {
        size += part.length;
        if (size > BODY_MAX) say(`Ethe answer's body is over ${BODY_MAX} bytes`);
        else parts.push(part);
      });
      answer.on("end", () => done(Buffer.concat([Buffer.from(head(answer), "latin1"), ...parts])));
      answer.on("error", (error) => say(explain(error, url)));
    });
    const timer = setTimeout(() => say(`TOperation timed out after ${ms} milliseconds`), ms);
    asked.on("error", (error) => say(explain(error, url)));
    asked.end(body);
  });
};
