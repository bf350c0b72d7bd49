import java.io.ByteArrayInputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublisher;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;

/**
 * The client of {@code java.net.http}, which offers h2c by default.
 *
 * Prints a line for each request.
 */
public class HttpClientH2c {
    public static void main(String[] arguments) throws Exception {
        URI url = URI.create(arguments[0]);
        byte[] content = new byte[Integer.parseInt(arguments[1])];
        HttpClient client = HttpClient.newHttpClient();
        HttpRequest.Builder request = HttpRequest.newBuilder(url).timeout(Duration.ofSeconds(15));
        show("GET", client, request.GET().build());
        show("GET", client, request.build());
        // A new client for each request, so that each makes an offer.
        post("POST", url, BodyPublishers.ofByteArray(content), false);
        post("chunked", url, BodyPublishers.ofInputStream(() -> new ByteArrayInputStream(content)), false);
        post("Expect", url, BodyPublishers.ofByteArray(content), true);
    }

    static void post(String name, URI url, BodyPublisher content, boolean expects) throws Exception {
        HttpRequest.Builder request = HttpRequest.newBuilder(url).timeout(Duration.ofSeconds(15));
        show(name, HttpClient.newHttpClient(), request.expectContinue(expects).POST(content).build());
    }

    static void show(String name, HttpClient client, HttpRequest request) throws Exception {
        var response = client.send(request, BodyHandlers.ofString());
        System.out.print(name + " " + response.version() + " " + response.statusCode() + " " + response.body());
    }
}
