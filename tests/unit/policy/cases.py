"""What composes ask for: one component's key in every form, whole documents, and those that ask for nothing."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, NamedTuple

FOLDER: Final = "/data/homeport/services/u1"
SOCKET: Final = "/opt/engine.sock"


class Case(NamedTuple):
    """`text` is a component's keys or a whole document; `asks` are the keys of the asks, `values` the
    variables that a person gave."""

    text: str
    asks: tuple[str, ...] = ()
    values: Mapping[str, str] = MappingProxyType({})
    proxy: str = "CADDY"


COMPONENTS: Final = [
    # Powers
    Case("privileged: true", ("host.privileged web",)),
    Case("privileged: 'true'", ("host.privileged web",)),
    Case("privileged: 'YES'", ("host.privileged web",)),
    Case("privileged: ${P}", ("host.privileged web",), {"P": "On"}),
    Case("privileged: ${P:-true}", ("host.privileged web",)),
    Case("privileged: ${P:-${Q:-true}}", ("host.privileged web",)),
    Case("post_start: [{command: a, privileged: true}]", ("host.privileged web",)),
    Case("pre_stop: [{command: a}, {command: b, privileged: 'true'}]", ("host.privileged web",)),
    Case(
        "cap_add: [SYS_ADMIN, cap_net_admin]", ("host.capabilities SYS_ADMIN", "host.capabilities NET_ADMIN")
    ),
    Case("cap_add: [ALL]", ("host.capabilities ALL",)),
    Case("cap_add: ['${C:-SYS}_ADMIN']", ("host.capabilities SYS_ADMIN",)),
    Case("security_opt: ['seccomp:unconfined']", ("host.security seccomp=unconfined",)),
    Case("security_opt: [apparmor=unconfined]", ("host.security apparmor=unconfined",)),
    Case("security_opt: ['label:disable']", ("host.security label=disable",)),
    Case("security_opt: [systempaths=unconfined]", ("host.security systempaths=unconfined",)),
    Case("security_opt: ['no-new-privileges:false']", ("host.security no-new-privileges=false",)),
    Case("security_opt: ['seccomp=./own.json']", ("host.security seccomp=./own.json",)),
    Case(
        "security_opt: ['seccomp:/etc/x.json']",
        ("host.security seccomp=/etc/x.json", "host.mount /etc/x.json:ro"),
    ),
    # Devices
    Case("devices: ['/dev/dri:/dev/dri']", ("host.device /dev/dri",)),
    Case("devices: ['/dev//./sda:/dev/x:rwm']", ("host.device /dev/sda",)),
    Case("devices: [{source: /dev/../dev/kvm, target: /k}]", ("host.device /dev/kvm",)),
    Case("devices: ['nvidia.com/gpu=all']", ("host.device nvidia.com/gpu=all",)),
    Case("devices: ['$D']", ("host.device /dev/fuse",), {"D": "/dev/fuse"}),
    Case("device_cgroup_rules: ['c  1:3 rmw']", ("host.device c 1:3 rmw",)),
    Case("gpus: all", ("host.device all",)),
    Case("gpus: [{driver: nvidia, count: 1}]", ("host.device nvidia",)),
    Case("gpus: [{capabilities: [utility, gpu]}]", ("host.device gpu utility",)),
    Case(
        "deploy: {resources: {reservations: {devices: [{driver: cdi, device_ids: [a/b=c], capabilities: [gpu]}]}}}",
        ("host.device cdi a/b=c gpu",),
    ),
    # Namespaces and networks
    Case("network_mode: host", ("host.network host",)),
    Case("network_mode: ${M:-host}", ("host.network host",)),
    Case("network_mode: 'container:other'", ("host.network container:other",)),
    Case("network_mode: 'ns:/proc/1/ns/net'", ("host.network ns:/proc/1/ns/net",)),
    Case("network_mode: u2", ("host.external u2",)),
    Case("pid: host", ("host.namespace pid=host",)),
    Case("pid: 'container:x'", ("host.namespace pid=container:x",)),
    Case("pid: $P", ("host.namespace pid=host",), {"P": "host"}),
    Case("ipc: host", ("host.namespace ipc=host",)),
    Case("ipc: 'container:x'", ("host.namespace ipc=container:x",)),
    Case("uts: host", ("host.namespace uts=host",)),
    Case("userns_mode: host", ("host.namespace userns_mode=host",)),
    Case("cgroup: host", ("host.namespace cgroup=host",)),
    Case("external_links: ['other:alias']", ("host.external container:other",)),
    Case("sysctls: {net.ipv4.ip_forward: 1}", ("host.sysctl net.ipv4.ip_forward=1",)),
    Case("sysctls: [net.core.somaxconn=9]", ("host.sysctl net.core.somaxconn=9",)),
    # The runtime
    Case("runtime: nvidia", ("host.runtime runtime=nvidia",)),
    Case("cgroup_parent: /system.slice", ("host.runtime cgroup_parent=/system.slice",)),
    Case("isolation: process", ("host.runtime isolation=process",)),
    Case("credential_spec: {file: x.json}", ("host.runtime credential_spec file=x.json",)),
    Case(
        "annotations: {org.systemd.property.X: 'y'}", ("host.runtime annotations org.systemd.property.X=y",)
    ),
    Case("annotations: [run.oci.handler=krun]", ("host.runtime annotations run.oci.handler=krun",)),
    Case(
        "logging: {driver: syslog, options: {syslog-address: 'unixgram:///dev/log', tag: t}}",
        ("host.network logging syslog syslog-address=unixgram:///dev/log",),
    ),
    Case("logging: {driver: some/plugin}", ("host.network logging some/plugin",)),
    # Mounts
    Case("volumes: ['/etc:/x']", ("host.mount /etc",)),
    Case("volumes: ['/etc:/x:ro']", ("host.mount /etc:ro",)),
    Case("volumes: ['/etc:/x:ro,Z']", ("host.mount /etc:ro",)),
    Case("volumes: [{type: bind, source: /var/log, target: /x}]", ("host.mount /var/log",)),
    Case("volumes: [{source: /var/log, target: /x, read_only: true}]", ("host.mount /var/log:ro",)),
    Case("volumes: [{type: bind, source: /a, target: /x, read_only: '${R:-true}'}]", ("host.mount /a:ro",)),
    Case(
        "volumes: [{type: bind, source: /a, target: /x, read_only: true, bind: {recursive: writable}}]",
        ("host.mount /a",),
    ),
    Case("volumes: ['${V:-/etc}:/x']", ("host.mount /etc",)),
    Case("volumes: ['$V/sub:/x']", ("host.mount /srv/sub",), {"V": "/srv"}),
    Case("volumes: ['$A']", ("host.mount /srv",), {"A": "/srv:/x"}),
    Case("volumes: ['$A$B']", ("host.mount /srv",), {"A": "/srv", "B": ":/x"}),
    Case(
        "volumes: [{type: '${T:-bind}', source: ../u2, target: /x}]",
        ("host.mount /data/homeport/services/u2",),
    ),
    Case("volumes: [{type: '${T:-bind}', source: '~/x', target: /x}]", ("host.mount ~/x",)),
    Case("volumes: ['$A']", ("host.mount c:/x",), {"A": "c:/x:/x"}),
    Case("volumes: [{type: npipe, source: '\\\\.\\pipe\\x', target: /x}]", ("host.mount \\\\.\\pipe\\x",)),
    Case("volumes: [{type: cluster, source: csi, target: /x}]", ("host.external csi",)),
    Case(
        "volumes: [{type: '${T:-bind}', source: ./data/link, target: /x}]",
        (f"host.mount {FOLDER}/data/link",),
    ),
    Case("env_file: ./data/link", (f"host.mount {FOLDER}/data/link:ro",)),
    Case("build: {context: ./data/link}", (f"host.mount {FOLDER}/data/link:ro",)),
    Case("volumes: ['.:/x']", (f"host.mount {FOLDER}",)),
    Case("volumes: ['./.env:/x']", (f"host.mount {FOLDER}/.env",)),
    Case("volumes: ['/etc/localtime:/etc/localtime']", ("host.mount /etc/localtime",)),
    Case("volumes: ['/etc/localtime:/etc/localtime:ro,z']", ("host.mount /etc/localtime:ro",)),
    Case("volumes: ['/etc/localtimes:/x:ro']", ("host.mount /etc/localtimes:ro",)),
    Case("volumes_from: ['container:x:ro']", ("host.external container:x",)),
    Case("env_file: /etc/environment", ("host.mount /etc/environment:ro",)),
    Case("env_file: [a.env, {path: ../b.env}]", ("host.mount /data/homeport/services/b.env:ro",)),
    Case("label_file: /etc/x", ("host.mount /etc/x:ro",)),
    Case("label_file: [a, ../../x]", ("host.mount /data/homeport/x:ro",)),
    Case("develop: {watch: [{path: /srv, action: rebuild}]}", ("host.mount /srv:ro",)),
    # The engine's socket
    Case("volumes: ['/var/run/docker.sock:/s:ro']", ("host.docker_socket /var/run/docker.sock",)),
    Case("volumes: ['/run//docker.sock:/s']", ("host.docker_socket /run/docker.sock",)),
    Case(
        "volumes: [{type: bind, source: /run/containerd/containerd.sock, target: /s}]",
        ("host.docker_socket /run/containerd/containerd.sock",),
    ),
    Case("volumes: ['/run/podman/podman.sock:/s']", ("host.docker_socket /run/podman/podman.sock",)),
    Case(
        "volumes: ['/home/me/.docker/run/docker.sock:/s']",
        ("host.docker_socket /home/me/.docker/run/docker.sock",),
    ),
    Case("volumes: ['/opt/engine.sock:/s']", ("host.docker_socket /opt/engine.sock",)),
    Case("volumes: ['/opt/./:/s:ro']", ("host.mount /opt:ro", "host.docker_socket /opt")),
    Case("volumes: ['/:/h:ro']", ("host.mount /:ro", "host.docker_socket /")),
    Case("volumes: ['/var/run:/s']", ("host.mount /var/run", "host.docker_socket /var/run")),
    Case("volumes: ['/run:/s']", ("host.mount /run", "host.docker_socket /run")),
    Case("volumes: ['/var:/s']", ("host.mount /var", "host.docker_socket /var")),
    Case(
        "volumes: ['/run/user/1000:/s']", ("host.mount /run/user/1000", "host.docker_socket /run/user/1000")
    ),
    Case("volumes: ['/proc/1/root:/s']", ("host.mount /proc/1/root", "host.docker_socket /proc/1/root")),
    Case(
        "volumes: ['/proc/1/root/var/run/docker.sock:/s']",
        ("host.docker_socket /proc/1/root/var/run/docker.sock",),
    ),
    Case("use_api_socket: true", (f"host.docker_socket {SOCKET}",)),
    # Building
    Case("build: /srv", ("host.mount /srv:ro",)),
    Case("build: ../x", ("host.mount /data/homeport/services/x:ro",)),
    Case("build: {context: '${C:-/srv}'}", ("host.mount /srv:ro",)),
    Case("build: {context: 'oci-layout:///srv'}", ("host.mount /srv:ro",)),
    Case("build: {context: ., dockerfile: /etc/x}", ("host.mount /etc/x:ro",)),
    Case("build: {context: ./a, dockerfile: ../../x}", ("host.mount /data/homeport/services/x:ro",)),
    Case("build: {context: 'https://x/y.git', dockerfile: /etc/x}", ("host.mount /etc/x:ro",)),
    Case("build: {context: ., additional_contexts: {a: /srv}}", ("host.mount /srv:ro",)),
    Case(
        "build: {context: ., additional_contexts: ['a=/srv', 'b=docker-image://x']}", ("host.mount /srv:ro",)
    ),
    Case("build: {context: ., ssh: [default]}", ("host.mount ssh default",)),
    Case("build: {context: ., ssh: {id: /srv/keys/id}}", ("host.mount ssh id=/srv/keys/id",)),
    Case("build: {context: ., cache_from: ['type=local,src=/srv']}", ("host.mount /srv",)),
    Case("build: {context: ., cache_to: ['type=local,mode=max,dest=/srv']}", ("host.mount /srv",)),
    Case("build: {context: ., network: host}", ("host.network host",)),
    Case("build: {context: ., privileged: true}", ("host.privileged web build",)),
    Case("build: {context: ., isolation: process}", ("host.runtime isolation=process",)),
    Case("build: {context: ., entitlements: [network.host]}", ("host.network build network.host",)),
    Case(
        "build: {context: ., entitlements: [security.insecure]}", ("host.privileged build security.insecure",)
    ),
    Case("build: {context: ., entitlements: ['device=a/b']}", ("host.device build device=a/b",)),
    Case("build: {context: ., tags: [postgres:16, 'reg/u1-x:1']}", ("host.external image:postgres:16",)),
    # Ends of networks
    Case(
        "networks: {default: {driver_opts: {com.docker.network.endpoint.sysctls: a=1}}}",
        ("host.sysctl a=1",),
    ),
    Case("networks: {default: {driver_opts: {other: 1}}}", ("host.network other=1",)),
]

MALFORMED: Final = [
    Case("sysctls: [{a: 1}]", ("host.sysctl a=1",)),
    Case("volumes_from: [somebody]", ("host.external container:somebody",)),
    Case("volumes: [{type: bind, source: /a, target: /x, read_only: '$R'}]", ("host.mount /a",)),
    Case("volumes: [{type: '${T:-volume}', source: /etc, target: /x}]", ("host.mount /etc",)),
    Case("gpus: [{count: 1}]", ("host.device all",)),
    Case("cap_add: SYS_ADMIN", ("host.capabilities SYS_ADMIN",)),
    Case("devices: /dev/sda", ("host.device /dev/sda",)),
    Case("pid: HOST", ("host.namespace pid=HOST",)),
    Case("privileged: 1", ("host.privileged web",)),
    Case("volumes: /etc:/x", ("host.mount /etc",)),
    Case("volumes: [{source: /etc}]", ("host.mount /etc",)),
    Case("privileged: null"),
    Case("pid: null"),
    Case("build: null"),
]
"""What Compose refuses, and a render too: no reason to let it pass here."""

DOCUMENTS: Final = [
    # Another spelling of the same
    Case(
        """
x-evil: &evil {privileged: true, volumes: ['/etc:/x']}
services: {web: {image: a, <<: *evil}}
""",
        ("host.privileged web", "host.mount /etc"),
    ),
    Case(
        """
x-list: &list ['/etc:/x']
services: {web: {image: a, volumes: {<<: *list}}}
""",
        ("host.mount /etc",),
    ),
    Case(
        """
services:
  base: &base {image: a, pid: host}
  web: *base
""",
        ("host.namespace pid=host", "host.namespace pid=host"),
    ),
    Case(
        """
services:
  base: {image: a, cap_add: [SYS_PTRACE]}
  web: {extends: {service: base}}
""",
        ("host.capabilities SYS_PTRACE", "host.capabilities SYS_PTRACE"),
    ),
    # Networks
    Case("services: {web: {image: a}}\nnetworks: {n: {external: true}}", ("host.external n",)),
    Case(
        "services: {web: {image: a}}\nnetworks: {n: {external: true, name: $N}}",
        ("host.external o",),
        {"N": "o"},
    ),
    Case("services: {web: {image: a}}\nnetworks: {n: {external: {name: o}}}", ("host.external o",)),
    Case("services: {web: {image: a}}\nnetworks: {n: {name: u2}}", ("host.external u2",)),
    Case("services: {web: {image: a}}\nnetworks: {default: {name: u12}}", ("host.external u12",)),
    Case(
        "services: {web: {image: a}}\nnetworks: {n: {external: 'true', name: host}}", ("host.network host",)
    ),
    Case("services: {web: {image: a}}\nnetworks: {n: {driver: host}}", ("host.network driver=host",)),
    Case(
        "services: {web: {image: a}}\nnetworks: {n: {driver: macvlan, driver_opts: {parent: eth0}}}",
        ("host.network driver=macvlan parent=eth0",),
    ),
    Case("services: {web: {image: a}}\nnetworks: {n: {driver: ipvlan}}", ("host.network driver=ipvlan",)),
    Case(
        "services: {web: {image: a}}\nnetworks: {n: {driver_opts: {com.docker.network.bridge.name: br0}}}",
        ("host.network com.docker.network.bridge.name=br0",),
    ),
    Case("services: {web: {image: a}}\nnetworks: {n: {ipam: {driver: dhcp}}}", ("host.network ipam=dhcp",)),
    Case(
        "services: {web: {image: a}}\nnetworks: {n: {ipam: {config: [{subnet: 8.8.8.0/24}]}}}",
        ("host.network subnet=8.8.8.0/24",),
    ),
    Case(
        "services: {web: {image: a}}\nnetworks: {n: {ipam: {config: [{subnet: 172.16.0.0/12}, {subnet: x}]}}}",
        ("host.network subnet=172.16.0.0/12", "host.network subnet=x"),
    ),
    # Volumes
    Case(
        "services: {web: {image: a, volumes: ['d:/x']}}\nvolumes: {d: {external: true}}", ("host.external d",)
    ),
    Case(
        "services: {web: {image: a, volumes: ['d:/x']}}\nvolumes: {d: {external: true, name: u2_d}}",
        ("host.external u2_d",),
    ),
    Case(
        "services: {web: {image: a, volumes: ['d:/x']}}\n"
        "volumes: {d: {driver_opts: {type: none, o: bind, device: /etc}}}",
        ("host.volume local device=/etc o=bind type=none",),
    ),
    Case(
        "services: {web: {image: a, volumes: ['d:/x']}}\n"
        "volumes: {d: {driver_opts: {o: 'username=me,password=hunter2,addr=1.2.3.4', device: '//h/s'}}}",
        ("host.volume local device=//h/s o=addr=1.2.3.4,password=...,username=...",),
    ),
    Case(
        "services: {web: {image: a, volumes: ['d:/x']}}\n"
        "volumes: {d: {driver_opts: {type: overlay, device: overlay, o: 'lowerdir=/a:/,upperdir=/c'}}}",
        (
            "host.volume local device=overlay o=lowerdir=/a:/,upperdir=/c type=overlay",
            "host.docker_socket /",
        ),
    ),
    Case(
        "services: {web: {image: a, volumes: ['d:/x']}}\nvolumes: {d: {driver: plugin}}",
        ("host.volume plugin",),
    ),
    # Configs and secrets
    Case("services: {web: {image: a}}\nconfigs: {c: {file: /etc/shadow}}", ("host.mount /etc/shadow:ro",)),
    Case(
        "services: {web: {image: a}}\nsecrets: {c: {file: ../x}}",
        ("host.mount /data/homeport/services/x:ro",),
    ),
    Case("services: {web: {image: a}}\nsecrets: {c: {file: '${F:-/etc/x}'}}", ("host.mount /etc/x:ro",)),
    Case("services: {web: {image: a}}\nconfigs: {c: {external: true, name: n}}", ("host.external n",)),
    Case("services: {web: {image: a}}\nsecrets: {c: {external: true}}", ("host.external c",)),
    Case(
        "services: {web: {build: {context: ., secrets: [s, {source: t}]}}}\n"
        "secrets: {s: {file: /a}, t: {file: ./b}}",
        ("host.mount /a:ro",),
    ),
    Case("services: {web: {image: a}}\nsecrets: {c: {file: ./a/b}}", (f"host.mount {FOLDER}/a/b:ro",)),
    # A build names what it makes
    Case("services: {web: {image: 'postgres:16', build: .}}", ("host.external image:postgres:16",)),
    # Labels
    Case(
        "services: {web: {image: a, labels: {traefik.http.routers.r.rule: 'Host(`B.example`) || Host(`a.example`)'}}}",
        ("proxy.labels traefik.http.routers.r a.example b.example",),
        proxy="TRAEFIK",
    ),
    Case(
        "services: {web: {image: a, labels: ['Traefik.HTTP.Routers.r.Rule=Host(`a`) || PathPrefix(`/x`)']}}",
        ("proxy.labels traefik.http.routers.r * a",),
        proxy="TRAEFIK",
    ),
    Case(
        "services: {web: {image: a, labels: ['traefik.http.routers.r.rule=HostRegexp(`.+`)']}}",
        ("proxy.labels traefik.http.routers.r *",),
        proxy="TRAEFIK",
    ),
    Case(
        "services: {web: {image: a, labels: ['traefik.tcp.routers.r.rule=!HostSNI(`a`)']}}",
        ("proxy.labels traefik.tcp.routers.r * a",),
        proxy="TRAEFIK",
    ),
    Case(
        f"services: {{web: {{image: a, labels: ['traefik.http.routers.r.rule=Host(`{'a' * 2000}`)']}}}}",
        ("proxy.labels traefik.http.routers.r *",),
        proxy="TRAEFIK",
    ),
    Case(
        "services: {web: {image: a, labels: ['traefik.http.routers.r.priority=9']}}",
        ("proxy.labels traefik.http.routers.r *",),
        proxy="TRAEFIK",
    ),
    Case(
        "services: {web: {image: a, labels: ['traefik.http.services.s.loadbalancer.server.port=9']}}",
        ("proxy.labels traefik.http.services.s",),
        proxy="TRAEFIK",
    ),
    Case(
        "services: {web: {image: a, labels: ['traefik.http.middlewares.gzip.compress=false']}}",
        ("proxy.labels traefik.http.middlewares.gzip",),
        proxy="TRAEFIK",
    ),
    Case(
        "services: {web: {image: a, deploy: {labels: {traefik.http.routers.r.rule: 'Host(`a`)'}}}}",
        ("proxy.labels traefik.http.routers.r a",),
        proxy="TRAEFIK",
    ),
    Case(
        "services: {web: {image: a, label_file: ./l}}",
        (f"proxy.labels label_file {FOLDER}/l",),
        proxy="TRAEFIK",
    ),
]

OWN: Final = "{image: a, environment: [SERVICE_URL_WEB_80], labels: ["
"""The start of a component with a domain, whose labels Homeport writes too."""

BENIGN: Final = [
    Case(
        "services: {web: {image: a, volumes: ['data:/x', '/anonymous', './a:/b', './a/../c:/d:ro', '~/e:/f']}}"
    ),
    Case("services: {web: {image: a, volumes: ['$A']}}", values={"A": "/anonymous"}),
    Case("services: {web: {image: a, volumes: ['.:/x:ro', './.env:/y:ro']}}"),
    Case(
        "services: {web: {image: a, volumes: [{type: volume, source: d, target: /x}, {type: tmpfs, target: /y}, "
        "{type: image, source: b, target: /z}]}}\nvolumes: {d: {driver: local, labels: {a: b}}}"
    ),
    Case("services: {web: {image: a, volumes: ['/etc/localtime:/l:ro', '/etc/timezone:/t:ro']}}"),
    Case(
        "services: {web: {image: a, volumes: [{type: bind, source: /usr/share/zoneinfo, target: /z, "
        "read_only: true}]}}"
    ),
    Case("services: {web: {image: a, tmpfs: [/run, '/x:size=1m'], read_only: true}}"),
    Case("services: {web: {image: a, network_mode: 'service:db', pid: 'service:db'}, db: {image: b}}"),
    Case(
        "services: {web: {image: a, ipc: 'service:db', volumes_from: ['db:ro']}, db: {image: b, ipc: shareable}}"
    ),
    Case(
        "services: {web: {image: a, network_mode: none}, b: {image: b, network_mode: bridge, cgroup: private}}"
    ),
    Case("services: {web: {image: a, security_opt: [no-new-privileges, 'no-new-privileges:true']}}"),
    Case("services: {web: {image: a, cap_drop: [ALL], cap_add: [CHOWN, CAP_SETUID, net_bind_service]}}"),
    Case("services: {web: {image: a, privileged: false}, b: {image: b, privileged: 'No'}}"),
    Case("services: {web: {image: a, privileged: '${P:-false}', pid: $EMPTY, userns_mode: ''}}"),
    Case("services: {web: {image: a, privileged: false, devices: [], runtime: ''}}"),
    Case("services: {web: {image: a, isolation: default, use_api_socket: false}}"),
    Case("services: {web: {image: a, logging: {driver: json-file, options: {max-size: 1m}}}}"),
    Case("services: {web: {image: a, logging: {driver: journald}}}"),
    Case("services: {web: {image: a, env_file: [a.env, {path: ./b.env, required: false}], label_file: ./l}}"),
    Case("services: {web: {image: a, post_start: [{command: x, user: root}]}}"),
    Case(
        "services: {web: {image: a, deploy: {replicas: 1, resources: {limits: {cpus: '1'}}}, develop: {watch: []}}}"
    ),
    Case("services: {web: {image: a, labels: {traefik.http.routers.r.rule: 'Host(`a`)', caddy: a.example}}}"),
    Case("services: {web: {image: a, extra_hosts: ['h:host-gateway'], dns: 1.1.1.1, group_add: [docker]}}"),
    Case("services: {web: {image: a, x-privileged: true}}\nx-more: {privileged: true}"),
    Case(
        "services: {web: {build: {context: ./src, dockerfile: D, additional_contexts: {a: 'docker-image://b', "
        "b: 'service:c', c: ./d}, cache_from: [x, 'type=registry,ref=y'], cache_to: ['type=local,dest=./z'], "
        "network: none, args: {A: b}, secrets: [s]}}}\nsecrets: {s: {environment: A}}"
    ),
    Case(
        "services: {web: {build: 'https://github.com/a/b.git#main:sub'}, b: {build: 'git@github.com:a/b.git'}}"
    ),
    Case("services: {web: {image: u1-web, build: .}, b: {image: 'reg/u1_b:1', build: .}}"),
    Case("services: {web: {image: a}}\nnetworks: {n: , m: {driver: bridge, internal: true}, default: {}}"),
    Case("services: {web: {image: a}}\nnetworks: {n: {name: u1_n}, m: {name: '${COMPOSE_PROJECT_NAME}-m'}}"),
    Case("services: {web: {image: a}}\nnetworks: {n: {external: true, name: none}}"),
    Case(
        "services: {web: {image: a}}\nnetworks: {n: {driver_opts: {com.docker.network.driver.mtu: 1400}, "
        "ipam: {driver: default, config: [{subnet: 172.28.0.0/16}, {subnet: 'fd12:3456:789a::/64'}]}}}"
    ),
    Case(
        "services: {web: {image: a, networks: {n: {driver_opts: "
        "{com.docker.network.endpoint.ifname: lan}, aliases: [x]}, m: }}}\nnetworks: {n: , m: }"
    ),
    Case(
        "services: {web: {image: a}}\nconfigs: {c: {content: x}, d: {file: ./d}}\nsecrets: {s: {environment: A}}"
    ),
    Case("services: {web: {image: a, volumes: ['d:/x']}}\nvolumes: {d: {external: true, name: u1_other}}"),
    Case(
        "services: {web: {image: a, volumes: [{type: bind, source: ./a/b, target: /b, content: x}], "
        "env_file: ./a/b}}\nsecrets: {s: {file: ./a/b}}"
    ),
    Case(f"services: {{web: {OWN}traefik.enable=true]}}}}", proxy="TRAEFIK"),
    Case(
        f"services: {{web: {OWN}traefik.http.middlewares.m.basicauth.users=a, "
        "traefik.http.middlewares.gzip.compress=true, traefik.docker.network=u1]}}",
        proxy="TRAEFIK",
    ),
    Case(f"services: {{web: {OWN}]}}}}", proxy="TRAEFIK"),
]
"""Documents that ask for nothing."""
