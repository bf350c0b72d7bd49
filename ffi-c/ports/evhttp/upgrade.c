/*
 * A test of evhttp_request_upgrade().  An echo protocol, "foo/2", is spoken
 * after the 101: 5 bytes come in the segment of the request, 20,000 after it,
 * and 3 more a while later; all must come back once, in order.  A request that
 * offers something else is answered as usual, and the connection goes on.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <pthread.h>
#include <sys/socket.h>
#include <netinet/in.h>
#include <arpa/inet.h>

#include <event2/event.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/http.h>
#include <event2/util.h>

static int failed, later;
static const char *protocol = "foo/2";
#define CHECK(what) \
	do if (!(what)) { printf("FAILED, line %d: %s\n", __LINE__, #what); failed = 1; } while (0)

/* the new protocol: an echo */
static void
echo_read_cb(struct bufferevent *bev, void *arg)
{
	bufferevent_write_buffer(bev, bufferevent_get_input(bev));
}

static void
echo_event_cb(struct bufferevent *bev, short what, void *arg)
{
	bufferevent_free(bev);	/* closes the socket */
}

static void
answer(struct evhttp_request *req)
{
	struct bufferevent *bev;
	struct evbuffer *buf;

	evhttp_add_header(evhttp_request_get_output_headers(req), "X-Mine", "1");
	if ((bev = evhttp_request_upgrade(req, protocol)) != NULL) {
		bufferevent_setcb(bev, echo_read_cb, NULL, echo_event_cb, NULL);
		return;
	}
	buf = evbuffer_new();
	evbuffer_add_printf(buf, "plain %s", evhttp_request_get_uri(req));
	evhttp_send_reply(req, 200, NULL, buf);
	evbuffer_free(buf);
}

static void
later_cb(evutil_socket_t fd, short what, void *arg)
{
	answer(arg);
}

static void
request_cb(struct evhttp_request *req, void *base)
{
	struct timeval tv = { 0, 20000 };

	if (later)
		event_base_once(base, -1, EV_TIMEOUT, later_cb, req, &tv);
	else
		answer(req);
}

/* the client blocks, in a thread of its own */
static int
dial(int port)
{
	struct sockaddr_in sin;
	struct timeval tv = { 2, 0 };
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	memset(&sin, 0, sizeof(sin));
	sin.sin_family = AF_INET;
	sin.sin_port = htons(port);
	sin.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv));
	if (connect(fd, (struct sockaddr *)&sin, sizeof(sin)) == -1)
		exit(1);
	return fd;
}

static void
put(int fd, const char *data, size_t len)
{
	CHECK(send(fd, data, len, MSG_NOSIGNAL) == (ssize_t)len);
}

static size_t
get(int fd, char *data, size_t len)
{
	size_t n = 0;
	ssize_t r;

	while (n < len && (r = recv(fd, data + n, len - n, 0)) > 0)
		n += r;
	return n;
}

/* a head, up to the empty line */
static char *
get_head(int fd)
{
	static char head[2000];
	size_t n = 0;

	while (n + 1 < sizeof(head) && get(fd, head + n, 1) == 1) {
		head[++n] = 0;
		if (n >= 4 && !memcmp(head + n - 4, "\r\n\r\n", 4))
			break;
	}
	head[n] = 0;
	return head;
}

#define OFFER(p) "GET /it HTTP/1.1\r\nHost: a\r\nConnection: keep-alive, Upgrade\r\nUpgrade: " p "\r\n"

static void
switches(int port, const char *offer, const char *must_have)
{
	static char data[20000], back[20000];
	char first[600], small[8];
	size_t i;
	char *head;
	int fd = dial(port);

	for (i = 0; i < sizeof(data); i++)
		data[i] = (char)(i * 7 + i / 256);
	put(fd, first, snprintf(first, sizeof(first), "%s\r\nearly", offer));
	put(fd, data, sizeof(data));
	head = get_head(fd);
	CHECK(!strncmp(head, "HTTP/1.1 101 ", 13));
	CHECK(strstr(head, must_have) && strstr(head, "X-Mine: 1\r\n"));
	CHECK(get(fd, small, 5) == 5 && !memcmp(small, "early", 5));
	CHECK(get(fd, back, sizeof(back)) == sizeof(back) && !memcmp(back, data, sizeof(data)));
	usleep(50000);
	put(fd, "end", 3);
	CHECK(get(fd, small, 3) == 3 && !memcmp(small, "end", 3));
	shutdown(fd, SHUT_WR);
	CHECK(get(fd, small, 1) == 0);	/* nothing twice */
	close(fd);
}

static void
plain(int fd, const char *request)
{
	char body[16] = "";
	char *head;

	put(fd, request, strlen(request));
	head = get_head(fd);
	CHECK(!strncmp(head, "HTTP/1.1 200 OK\r\n", 17));
	CHECK(!strstr(head, "close"));
	CHECK(get(fd, body, 9) == 9 && !strcmp(body, "plain /it"));
}

static void *
client(void *arg)
{
	int port = *(int *)arg, fd;

	for (later = 0; later < 2; later++) {
		protocol = "foo/2";
		switches(port, OFFER("bar, foo/2"), "\r\nUpgrade: foo/2\r\n");
		switches(port, "POST /it HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\n"
		    "Upgrade: foo/2\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n",
		    "\r\nUpgrade: foo/2\r\n");
		protocol = "websocket";
		switches(port, OFFER("websocket") "Sec-WebSocket-Version: 13\r\n"
		    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n",
		    "\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n");
		/* declined: another protocol, no key, not listed, HTTP/1.0 */
		fd = dial(port);
		plain(fd, OFFER("h2c") "\r\n");
		plain(fd, OFFER("websocket") "\r\n");
		plain(fd, "GET /it HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\n\r\n");
		plain(fd, "GET /it HTTP/1.0\r\nConnection: Upgrade, keep-alive\r\nUpgrade: foo/2\r\n\r\n");
		/* and accepted in the end, on the same connection */
		protocol = "foo/2";
		put(fd, OFFER("foo/2") "\r\nx", strlen(OFFER("foo/2") "\r\nx"));
		{
			char c = 0;
			CHECK(!strncmp(get_head(fd), "HTTP/1.1 101 ", 13));
			CHECK(get(fd, &c, 1) == 1 && c == 'x');
		}
		close(fd);
	}
	return NULL;
}

static void
stop_cb(evutil_socket_t fd, short what, void *base)
{
	event_base_loopbreak(base);
}

static void *
run_client(void *arg)
{
	int *p = arg;

	client(&p[0]);
	close(p[1]);
	return NULL;
}

int
main(void)
{
	struct event_base *base = event_base_new();
	struct evhttp *http = evhttp_new(base);
	struct evhttp_bound_socket *bound =
	    evhttp_bind_socket_with_handle(http, "127.0.0.1", 0);
	struct sockaddr_in sin;
	ev_socklen_t len = sizeof(sin);
	int args[2], ends[2];
	struct event *stop;
	pthread_t thread;

	getsockname(evhttp_bound_socket_get_fd(bound), (struct sockaddr *)&sin, &len);
	args[0] = ntohs(sin.sin_port);
	if (socketpair(AF_UNIX, SOCK_STREAM, 0, ends))
		return 1;
	args[1] = ends[1];
	stop = event_new(base, ends[0], EV_READ, stop_cb, base);
	event_add(stop, NULL);
	evhttp_set_gencb(http, request_cb, base);
	pthread_create(&thread, NULL, run_client, args);
	event_base_dispatch(base);
	pthread_join(thread, NULL);
	event_free(stop);
	evhttp_free(http);
	event_base_free(base);
	close(ends[0]);
	puts(failed ? "failed" : "ok");
	return failed;
}
