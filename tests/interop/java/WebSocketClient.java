import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.WebSocket;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/**
 * The WebSocket client of {@code java.net.http}.
 *
 * It sends text, 1 MiB of bytes and a ping, and closes in order.
 */
public class WebSocketClient {
    /** A queue of received messages, each as one object. */
    static class Inbox implements WebSocket.Listener {
        final BlockingQueue<Object> messages = new LinkedBlockingQueue<>();
        private final StringBuilder text = new StringBuilder();
        private ByteBuffer data = ByteBuffer.allocate(1 << 21);

        @Override
        public CompletionStage<?> onText(WebSocket socket, CharSequence part, boolean last) {
            text.append(part);
            if (last) {
                messages.add(text.toString());
                text.setLength(0);
            }
            socket.request(1);
            return null;
        }

        @Override
        public CompletionStage<?> onBinary(WebSocket socket, ByteBuffer part, boolean last) {
            data.put(part);
            if (last) {
                messages.add(Arrays.copyOf(data.array(), data.position()));
                data.clear();
            }
            socket.request(1);
            return null;
        }

        @Override
        public CompletionStage<?> onPong(WebSocket socket, ByteBuffer message) {
            messages.add("pong");
            socket.request(1);
            return null;
        }

        @Override
        public CompletionStage<?> onClose(WebSocket socket, int code, String reason) {
            messages.add(code + " " + reason);
            return null;
        }

        void expect(Object wanted) throws Exception {
            Object got = messages.poll(10, TimeUnit.SECONDS);
            boolean same = wanted instanceof byte[] data && got instanceof byte[] others
                ? Arrays.equals(data, others) : wanted.equals(got);
            if (!same) {
                throw new AssertionError("came: " + got);
            }
        }
    }

    public static void main(String[] arguments) throws Exception {
        Inbox inbox = new Inbox();
        WebSocket socket = HttpClient.newHttpClient().newWebSocketBuilder()
            .buildAsync(URI.create(arguments[0]), inbox).get(10, TimeUnit.SECONDS);
        byte[] large = new byte[1 << 20];
        for (int at = 0; at < large.length; at++) {
            large[at] = (byte) (at % 251);
        }
        socket.sendText("h\u00e9llo", true).join();
        inbox.expect("h\u00e9llo");
        socket.sendBinary(ByteBuffer.wrap(large), true).join();
        inbox.expect(large);
        socket.sendText("in two ", false).join();
        socket.sendText("parts", true).join();
        inbox.expect("in two parts");
        socket.sendPing(ByteBuffer.wrap(new byte[] {1})).join();
        inbox.expect("pong");
        socket.sendClose(1000, "enough").join();
        inbox.expect("1000 enough");
    }
}
