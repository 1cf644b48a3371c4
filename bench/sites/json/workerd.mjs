// The JSON API in workerd.
export default {
  fetch(request) {
    const items = [];
    for (let i = 1; i <= 20; i++) items.push({ id: i, name: `item ${i}`, price: i * 1.5, tags: ["a", "b"] });
    const answer = { path: request.url, agent: request.headers.get("user-agent"), items };
    return new Response(JSON.stringify(answer), { headers: { "content-type": "application/json" } });
  },
};
