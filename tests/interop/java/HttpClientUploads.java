import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.Arrays;
import java.util.concurrent.CompletableFuture;

/**
 * Uploads with {@code java.net.http}, in the request that upgrades and after it.
 *
 * The upgrading request has 60 kB. Another has 200 kB, and then two have 120 kB each at the same time. Prints a line
 * for each response.
 */
public class HttpClientUploads {
    static final HttpClient CLIENT = HttpClient.newHttpClient();

    public static void main(String[] arguments) {
        URI page = URI.create(arguments[0] + "/h2c");
        URI echo = URI.create(arguments[0] + "/echo");
        System.out.print("upgraded " + new String(post(page, new byte[60_000]).join().body()));
        show(post(echo, data_of(200_000)), 200_000);
        var first = post(echo, data_of(120_000));
        var second = post(echo, data_of(120_000));
        show(first, 120_000);
        show(second, 120_000);
    }

    static CompletableFuture<HttpResponse<byte[]>> post(URI url, byte[] content) {
        HttpRequest.Builder request = HttpRequest.newBuilder(url).timeout(Duration.ofSeconds(15));
        return CLIENT.sendAsync(request.POST(BodyPublishers.ofByteArray(content)).build(), BodyHandlers.ofByteArray());
    }

    static void show(CompletableFuture<HttpResponse<byte[]>> answer, int length) {
        var response = answer.join();
        System.out.println(response.version() + " " + Arrays.equals(response.body(), data_of(length)));
    }

    static byte[] data_of(int length) {
        byte[] data = new byte[length];
        for (int at = 0; at < length; at++) data[at] = (byte) (at % 251);
        return data;
    }
}
