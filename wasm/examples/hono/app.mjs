// An application for Hono. One of its routes switches to `foo/2` if the client offers it.
import { Hono } from "hono";

export const app = new Hono();
app.get("/hello/:name", (c) => c.text(`hello ${c.req.param("name")}\n`));
app.post("/echo", async (c) => c.body(await c.req.arrayBuffer()));
app.get("/foo", async (c) => {
  const foo = await c.env.request.upgrade(["foo/2"]);
  if (!foo) return c.text("offer foo/2\n", 426, { Upgrade: "foo/2", Connection: "Upgrade" });
  // In foo/2 the server returns all bytes.
  await foo.readable.pipeTo(foo.writable);
  return c.body(null);
});
