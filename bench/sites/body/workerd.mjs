// A body of 100 KB in workerd.
const page = "0123456789".repeat(10240);

export default {
  fetch() {
    return new Response(page);
  },
};
