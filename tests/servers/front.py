"""An nginx of a server's own, in front of it: TLS, HTTP/2 by ALPN, kept connections, and Basic where the server
itself knows no login."""

import base64
import hashlib
import os

import launch

# D/requests has one line a request: user, method, target, Depth, status, bytes of request and answer with
# their headers, protocol.
LOG = "$remote_user $request_method $request_uri $http_depth $status $request_length $bytes_sent $server_protocol"

PROXY = """\
            proxy_pass http://$backend;
            proxy_http_version 1.1;
            proxy_set_header Connection "";
            proxy_set_header Host $http_host;
            proxy_buffers 16 64k;
            proxy_buffer_size 64k;
"""


def configuration(base, ports, backends, login):
    """backends: {user: address of an upstream}; the user "" is everybody."""
    names = {address: f"backend_{n}" for n, address in enumerate(sorted(set(backends.values())))}
    lines = ["user root root;" if os.getuid() == 0 else "",
             "daemon off;", "worker_processes 1;", f"pid {base}/nginx/pid;",
             f"error_log {base}/log error;", "events { worker_connections 512; }", "http {",
             f"    log_format koc '{LOG}';", f"    access_log {base}/requests koc;",
             "    client_max_body_size 0;", "    client_body_buffer_size 1m;",
             "    proxy_read_timeout 300s;", "    keepalive_requests 1000000;"]
    lines += [f"    {kind}_temp_path {base}/nginx/{kind};"
              for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")]
    lines += [f"    upstream {name} {{ server {address}; keepalive 8; }}"
              for address, name in names.items()]
    lines.append("    map $remote_user $backend {")
    lines += [f"        {user or 'default'} {names[address]};" for user, address in backends.items()]
    lines += ["    }", "    server {", f"        listen 127.0.0.1:{ports['http']};"]
    if "https" in ports:
        lines += [f"        listen 127.0.0.1:{ports['https']} ssl http2;",
                  f"        ssl_certificate {base}/tls/good.pem;",
                  f"        ssl_certificate_key {base}/tls/good.key;"]
    if login:
        lines += ['        auth_basic "koc";', f"        auth_basic_user_file {base}/nginx/users;"]
    lines += ["        location / {", PROXY + "        }", "    }", "}"]
    return "\n".join(lines) + "\n"


def start(base, backends, users=None, tls=True):
    """Starts it on free ports; users: (name, password) of those who may log in, where it is nginx who asks."""
    os.makedirs(os.path.join(base, "nginx"), exist_ok=True)
    if tls:
        launch.certificates(base)
    if users:
        with open(os.path.join(base, "nginx", "users"), "w") as f:
            for name, password in users:
                digest = base64.b64encode(hashlib.sha1(password.encode()).digest()).decode()
                f.write(f"{name}:{{SHA}}{digest}\n")

    def begin(ports):
        path = os.path.join(base, "nginx", "conf")
        with open(path, "w") as f:
            f.write(configuration(base, ports, backends, bool(users)))
        process = launch.spawn(base, ["nginx", "-p", base + "/", "-c", path, "-e", base + "/log"])
        up = launch.await_answer(process, lambda: all(
            launch.listens(process.pid, port) and launch.answers(port, tls=name == "https")
            for name, port in ports.items()))
        return process if up else None

    return launch.on_free_ports(base, ["http", "https"] if tls else ["http"], begin)
