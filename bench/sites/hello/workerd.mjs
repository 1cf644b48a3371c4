// hello in workerd.
export default {
  fetch(request) {
    return new Response(`hello from ${request.method} ${request.url}\n`, { headers: { "content-type": "text/plain; charset=utf-8" } });
  },
};
