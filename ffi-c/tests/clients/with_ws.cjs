// Exchanges messages with an echo server, by ws of npm: with_ws.cjs PORT
const assert = require("node:assert");
const { once } = require("node:events");
const WebSocket = require("ws");

async function talk(number) {
    const peer = new WebSocket(`ws://127.0.0.1:${process.argv[2]}/`);
    await once(peer, "open");
    for (const message of [`h\u00e9llo ${number}`, "", "x".repeat(1 << 20)]) {
        peer.send(message);
        const [came, isBinary] = await once(peer, "message");
        assert.deepStrictEqual([came.toString(), isBinary], [message, false]);
    }
    peer.ping("there?");
    assert.strictEqual((await once(peer, "pong"))[0].toString(), "there?");
    peer.close(1001, "going");
    assert.strictEqual((await once(peer, "close"))[0], 1001);
}

setTimeout(() => { throw new Error("it takes too long"); }, 120_000).unref();
Promise.all(Array.from({ length: 20 }, (_, number) => talk(number)));
