import javax.servlet.http.HttpServlet;
import javax.servlet.http.HttpServletRequest;
import javax.servlet.http.HttpServletResponse;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;
import org.eclipse.jetty.servlet.ServletContextHandler;
import org.eclipse.jetty.servlet.ServletHolder;
import org.eclipse.jetty.websocket.api.Session;
import org.eclipse.jetty.websocket.api.WebSocketAdapter;
import org.eclipse.jetty.websocket.servlet.WebSocketServlet;
import org.eclipse.jetty.websocket.servlet.WebSocketServletFactory;

/** Jetty as a server: an echo at {@code /ws}, a page at every other path. */
public class JettyServer {
    public static class Echo extends WebSocketAdapter {
        @Override
        public void onWebSocketText(String message) {
            getSession().getRemote().sendString(message, null);
        }
    }

    public static class Echoes extends WebSocketServlet {
        @Override
        public void configure(WebSocketServletFactory factory) {
            factory.register(Echo.class);
        }
    }

    public static class Page extends HttpServlet {
        @Override
        protected void doGet(HttpServletRequest request, HttpServletResponse response) throws java.io.IOException {
            request.getInputStream().readAllBytes();
            response.getWriter().print("in HTTP/1.1\n");
        }

        @Override
        protected void doPost(HttpServletRequest request, HttpServletResponse response) throws java.io.IOException {
            doGet(request, response);
        }
    }

    public static void main(String[] arguments) throws Exception {
        Server server = new Server(new java.net.InetSocketAddress("127.0.0.1", 0));
        ServletContextHandler context = new ServletContextHandler();
        context.addServlet(new ServletHolder(new Echoes()), "/ws");
        context.addServlet(new ServletHolder(new Page()), "/");
        server.setHandler(context);
        server.start();
        System.out.println("listening " + ((ServerConnector) server.getConnectors()[0]).getLocalPort());
    }
}
