"""Starters for real servers and proxies.

Most get their configuration in a temporary folder; each is stopped by its process id.

Each starter is a context manager that yields the port on which the program listens. A proxy's starter gets the port of
the server behind it.
"""

import contextlib
import os
import socket
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[1] / "tools"))
from environment import debian, large_python
from harness import WAIT, Skip, run
from ports import free_port

LOOPBACK = "127.0.0.1"
# Apache and cupsd refuse to serve as root.
NOBODY = "User nobody\nGroup nogroup\n"


@contextlib.contextmanager
def folder():
    with tempfile.TemporaryDirectory(prefix="interop-") as path:
        os.chmod(path, 0o755)  # for servers that give up being root
        yield Path(path)


def write_all(place, files):
    for name, text in files.items():
        written(place, name, text)


def written(place, name, text):
    file = place / name
    file.write_text(text)
    return file


def certificate(place):
    """Creates a self-signed certificate and its key; returns their paths."""
    files = place / "certificate.pem", place / "key.pem"
    new = ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"]
    run(debian("openssl", "openssl"), *new, "-subj", "/CN=localhost", "-out", files[0], "-keyout", files[1])
    return files


@contextlib.contextmanager
def running(port, *command, cwd=None):
    """Runs a program that listens on `port` while the block runs."""
    with tempfile.TemporaryFile() as log:
        parts = [str(part) for part in command]
        process = subprocess.Popen(parts, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT, cwd=cwd)
        try:
            wait_until_it_listens(process, port, log)
            yield port
        finally:
            stop(process)


def wait_until_it_listens(process, port, log):
    for _ in range(WAIT * 20):
        if process.poll() is not None:
            break
        with contextlib.suppress(OSError), socket.create_connection((LOOPBACK, port), timeout=WAIT):
            return
        threading.Event().wait(0.05)
    log.seek(0)
    raise AssertionError(f"{process.args[0]} does not listen: {log.read()[-600:]!r}")


def stop(process, asked=False):
    """Ends a process by SIGTERM, so that it ends its children, or else by SIGKILL.

    With `asked` the process ends by itself, so SIGTERM is left out.
    """
    if not asked:
        process.terminate()
    try:
        process.wait(WAIT)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


# Proxies.

NGINX = """
daemon off;
error_log stderr;
pid {place}/pid;
events {{}}
http {{
    access_log off;
    client_body_temp_path {place}/body;
    proxy_temp_path {place}/proxy;
    fastcgi_temp_path {place}/fastcgi;
    uwsgi_temp_path {place}/uwsgi;
    scgi_temp_path {place}/scgi;
    map $http_upgrade $connection_upgrade {{
        default upgrade;
        '' close;
    }}
    server {{
        listen 127.0.0.1:{port}{secure};
        location / {{
            {rules}
        }}
    }}
}}
"""


NGINX_FORWARDS = """
            proxy_pass http://127.0.0.1:{backend};
            proxy_http_version 1.1;
            proxy_set_header Upgrade $http_upgrade;
            proxy_set_header Connection $connection_upgrade;
"""


def nginx(backend, tls=False, program=None):
    """Starts nginx as its documentation for WebSocket has it: it forwards any Upgrade."""
    return nginx_that(NGINX_FORWARDS.format(backend=backend), tls, program=program)


def nginx_files(files, tls=False, program=None):
    return nginx_that("root {place};", tls, files, program)


@contextlib.contextmanager
def nginx_that(rules, tls, files=None, program=None):
    program, port = program or debian("nginx", "nginx"), free_port()
    with folder() as place:
        write_all(place, files or {})
        secure = (
            " ssl;\n        ssl_certificate {};\n        ssl_certificate_key {}".format(*certificate(place))
            if tls
            else ""
        )
        rules = rules.format(place=place)
        settings = written(place, "nginx.conf", NGINX.format(place=place, port=port, rules=rules, secure=secure))
        with running(port, program, "-p", place, "-c", settings, "-e", "stderr"):
            yield port


HAPROXY = """
defaults
    mode http
    timeout connect 5s
    timeout client 20s
    timeout server 20s
    timeout tunnel 20s
listen switchboard
    bind 127.0.0.1:{port}
    server one 127.0.0.1:{backend}
"""


@contextlib.contextmanager
def haproxy(backend, program=None):
    program, port = program or debian("haproxy", "haproxy"), free_port()
    with folder() as place:
        settings = written(place, "haproxy.cfg", HAPROXY.format(port=port, backend=backend))
        with running(port, program, "-db", "-f", settings):
            yield port


APACHE = """
ServerRoot {place}
ServerName localhost
DocumentRoot {place}
Listen 127.0.0.1:{port}
PidFile {place}/pid
ErrorLog /dev/stderr
Mutex file:{place}
{modules}
{identity}
<VirtualHost *:{port}>
    {rules}
</VirtualHost>
"""


@contextlib.contextmanager
def apache(modules, rules, files=None):
    program, port = debian("apache2", "apache2"), free_port()
    loaded = "\n".join(
        f"LoadModule {name}_module /usr/lib/apache2/modules/mod_{name}.so"
        for name in ["mpm_event", "authz_core", *modules]
    )
    with folder() as place:
        write_all(place, files or {})
        text = APACHE.format(place=place, port=port, modules=loaded, rules=rules, identity=NOBODY)
        settings = written(place, "apache.conf", text)
        with running(port, program, "-D", "FOREGROUND", "-d", place, "-f", settings):
            yield port


def apache_proxy(backend):
    """Starts Apache as a proxy with `upgrade=ANY`, which forwards any protocol.

    Without that option it forwards no Upgrade to a backend with `http`.
    """
    return apache(["proxy", "proxy_http"], f"ProxyPass / http://127.0.0.1:{backend}/ upgrade=ANY")


def apache_files(files):
    """Starts Apache as a file server in HTTP/1.1 and h2c."""
    return apache(["http2"], "Protocols h2c http/1.1", files)


LIGHTTPD = """
server.document-root = "{place}"
server.bind = "127.0.0.1"
server.port = {port}
server.modules = ( "mod_proxy" )
{rules}
"""


@contextlib.contextmanager
def lighttpd(rules, files=None):
    program, port = debian("lighttpd", "lighttpd"), free_port()
    with folder() as place:
        write_all(place, files or {})
        settings = written(place, "lighttpd.conf", LIGHTTPD.format(place=place, port=port, rules=rules))
        with running(port, program, "-D", "-f", settings):
            yield port


def lighttpd_files(files):
    """Starts lighttpd as a file server; it accepts h2c by default."""
    return lighttpd('mimetype.assign = ( ".txt" => "text/plain" )', files)


def lighttpd_proxy(backend):
    return lighttpd(
        f'proxy.server = ( "" => ( ( "host" => "127.0.0.1", "port" => {backend} ) ) )\n'
        'proxy.header = ( "upgrade" => "enable" )'
    )


@contextlib.contextmanager
def nghttpx(backend):
    program, port = debian("nghttpx", "nghttp2-proxy"), free_port()
    with folder() as place:
        settings = written(place, "nghttpx.conf", "")
        front, back = f"--frontend={LOOPBACK},{port};no-tls", f"--backend={LOOPBACK},{backend}"
        with running(port, program, f"--conf={settings}", front, back, "--workers=1", "--no-ocsp"):
            yield port


H2O = """
listen:
  host: 127.0.0.1
  port: {port}
pid-file: {place}/pid
error-log: /dev/stderr
hosts:
  default:
    paths:
      /:
        {rules}
num-threads: 1
user: root
"""
H2O_FORWARDS = """
        proxy.reverse.url: http://127.0.0.1:{backend}/
        proxy.websocket: ON
        proxy.preserve-host: ON
"""


def h2o(backend):
    return h2o_that(H2O_FORWARDS.format(backend=backend))


def h2o_files(files):
    return h2o_that("file.dir: {place}", files)


@contextlib.contextmanager
def h2o_that(rules, files=None):
    program, port = debian("h2o", "h2o"), free_port()
    with folder() as place:
        write_all(place, files or {})
        settings = written(place, "h2o.conf", H2O.format(place=place, port=port, rules=rules.format(place=place)))
        with running(port, program, "-c", settings):
            yield port


SQUID = """
http_port 127.0.0.1:{port} accel defaultsite=localhost no-vhost
cache_peer 127.0.0.1 parent {backend} 0 no-query originserver name=one
cache_peer_access one allow all
http_access allow all
http_upgrade_request_protocols OTHER allow all
cache deny all
access_log none
cache_log /dev/stderr
pid_filename {place}/pid
coredump_dir {place}
pinger_enable off
shutdown_lifetime 0 seconds
"""


@contextlib.contextmanager
def squid(backend):
    program, port = debian("squid", "squid"), free_port()
    with folder() as place:
        settings = written(place, "squid.conf", SQUID.format(place=place, port=port, backend=backend))
        with running(port, program, "-N", "-f", settings):
            yield port


VARNISH = """
vcl 4.1;
backend default { .host = "127.0.0.1"; .port = "%d"; }
sub vcl_recv {
    if (req.http.Upgrade) { return (pipe); }
    return (pass);
}
sub vcl_pipe {
    if (req.http.Upgrade) {
        set bereq.http.Upgrade = req.http.Upgrade;
        set bereq.http.Connection = "Upgrade";
    }
}
"""


@contextlib.contextmanager
def varnish(backend):
    """Starts Varnish as its documentation for WebSocket has it, but for any protocol."""
    program, port = debian("varnishd", "varnish"), free_port()
    with folder() as place:
        rules = written(place, "default.vcl", VARNISH % backend)
        with running(
            port, program, "-F", "-n", place / "work", "-a", f"{LOOPBACK}:{port}", "-f", rules, "-s", "default,1m"
        ):
            yield port


CADDY = """
{{
    admin off
    auto_https off
}}
http://127.0.0.1:{port} {{
    {rules}
}}
"""


def caddy(backend, program=None):
    return caddy_that(f"reverse_proxy 127.0.0.1:{backend}", program=program)


def caddy_files(files, program=None):
    return caddy_that("root * {place}\n    file_server", files, program)


@contextlib.contextmanager
def caddy_that(rules, files=None, program=None):
    program, port = program or debian("caddy", "caddy"), free_port()
    with folder() as place:
        write_all(place, files or {})
        settings = written(place, "Caddyfile", CADDY.format(port=port, rules=rules.format(place=place)))
        with running(port, program, "run", "--adapter", "caddyfile", "--config", settings):
            yield port


ENVOY = """
static_resources:
  listeners:
  - address: {{socket_address: {{address: 127.0.0.1, port_value: {port}}}}}
    filter_chains:
    - filters:
      - name: envoy.filters.network.http_connection_manager
        typed_config:
          "@type": type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager
          stat_prefix: one
          upgrade_configs: [{{upgrade_type: websocket}}, {{upgrade_type: foo/2}}, {{upgrade_type: x-audit/1}}]
          route_config:
            virtual_hosts:
            - name: one
              domains: ["*"]
              routes: [{{match: {{prefix: /}}, route: {{cluster: one}}}}]
          http_filters:
          - name: envoy.filters.http.router
            typed_config: {{"@type": type.googleapis.com/envoy.extensions.filters.http.router.v3.Router}}
  clusters:
  - name: one
    load_assignment:
      cluster_name: one
      endpoints:
      - lb_endpoints:
        - endpoint: {{address: {{socket_address: {{address: 127.0.0.1, port_value: {backend}}}}}}}
"""


@contextlib.contextmanager
def envoy(backend):
    """Starts Envoy, which forwards the protocols that its configuration lists."""
    program, port = large_python().with_name("envoy"), free_port()
    with folder() as place:
        settings = written(place, "envoy.yaml", ENVOY.format(port=port, backend=backend))
        options = ["--concurrency", "1", "--log-level", "error", "--disable-hot-restart"]
        with running(port, program, "-c", settings, *options):
            yield port


TRAFFIC_SERVER = """
CONFIG proxy.config.http.server_ports STRING {port}:ipv4:ip-in=127.0.0.1
CONFIG proxy.config.http.cache.http INT 0
CONFIG proxy.config.url_remap.remap_required INT 1
CONFIG proxy.config.diags.logfile.filename STRING stderr
CONFIG proxy.config.admin.user_id STRING #-1
CONFIG proxy.config.reverse_proxy.enabled INT 1
CONFIG proxy.config.exec_thread.autoconfig INT 0
CONFIG proxy.config.exec_thread.limit INT 1
CONFIG proxy.config.dns.resolv_conf STRING /dev/null
"""
TRAFFIC_ALLOWED = """
ip_allow:
- apply: in
  ip_addrs: 127.0.0.1
  action: allow
  methods: ALL
"""
TRAFFIC_PLACES = """
prefix: {place}
sysconfdir: {place}
localstatedir: {place}
runtimedir: {place}
logdir: {place}
cachedir: {place}
bindir: /usr/bin
sbindir: /usr/sbin
libexecdir: /usr/lib/trafficserver/modules
datadir: {place}
"""


@contextlib.contextmanager
def traffic_server(backend):
    """Starts Traffic Server with a rule for `ws:`, as its documentation has it."""
    program, port = debian("traffic_server", "trafficserver"), free_port()
    with folder() as place:
        rules = [f"map {scheme}://{LOOPBACK}:{port}/ {scheme}://{LOOPBACK}:{backend}/" for scheme in ["ws", "http"]]
        places = {"runroot.yaml": TRAFFIC_PLACES.format(place=place), "storage.config": ""}
        texts = {"records.config": TRAFFIC_SERVER.format(port=port), "ip_allow.yaml": TRAFFIC_ALLOWED}
        write_all(place, {**places, **texts, "remap.config": "\n".join(rules) + "\n"})
        with running(port, program, f"--run-root={place}/runroot.yaml"):
            yield port


TINYPROXY = """
Port {port}
Listen 127.0.0.1
Timeout 20
User root
"""


@contextlib.contextmanager
def tinyproxy(_):
    """Starts tinyproxy as a forward proxy."""
    program, port = debian("tinyproxy", "tinyproxy"), free_port()
    with folder() as place:
        settings = written(place, "tinyproxy.conf", TINYPROXY.format(port=port))
        with running(port, program, "-d", "-c", settings):
            yield port


# Servers that are not proxies.


@contextlib.contextmanager
def nghttpd(*options):
    """Starts nghttpd, which uses HTTP/2 from the first byte, without Upgrade."""
    program, port = debian("nghttpd", "nghttp2-server"), free_port()
    with folder() as place:
        written(place, "index.html", "a page\n")
        with running(port, program, "--no-tls", f"--address={LOOPBACK}", f"--htdocs={place}", *options, port):
            yield port


CUPS_FILES = """
ServerRoot {place}
ServerBin /usr/lib/cups
DataDir /usr/share/cups
DocumentRoot /usr/share/cups/doc-root
CacheDir {place}/cache
StateDir {place}/state
RequestRoot {place}/spool
TempDir {place}/tmp
ServerKeychain {place}/ssl
AccessLog {place}/access_log
PageLog {place}/page_log
ErrorLog stderr
CreateSelfSignedCerts yes
SystemGroup root
"""

CUPS = """
Listen 127.0.0.1:{port}
LogLevel warn
WebInterface No
Browsing Off
DefaultAuthType None
<Location />
    Order allow,deny
    Allow all
</Location>
"""


@contextlib.contextmanager
def cupsd():
    """Starts cupsd, which accepts TLS by Upgrade (RFC 2817)."""
    program, port = debian("cupsd", "cups-daemon"), free_port()
    if os.geteuid() != 0:
        raise Skip("cupsd needs to be root")
    with folder() as place:
        for name in ["cache", "state", "spool", "tmp", "ssl"]:
            (place / name).mkdir()
        files = written(place, "cups-files.conf", CUPS_FILES.format(place=place))
        settings = written(place, "cupsd.conf", CUPS.format(port=port))
        with running(port, program, "-f", "-c", settings, "-s", files):
            yield port


@contextlib.contextmanager
def dnsmasq(name, address):
    """Starts dnsmasq: a DNS server over UDP that knows one name."""
    program, port = debian("dnsmasq", "dnsmasq-base"), free_port()
    options = ["--keep-in-foreground", "--conf-file=/dev/null", "--no-resolv", "--no-hosts", "--bind-interfaces"]
    where = [f"--listen-address={LOOPBACK}", f"--port={port}", f"--address=/{name}/{address}"]
    # It also listens on TCP on the same port, which shows that it has started.
    with running(port, program, *options, *where, "--user=root", "--pid-file="):
        yield port
