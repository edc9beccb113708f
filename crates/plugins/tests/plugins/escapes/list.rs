//! The escape attempts of the hostile corpus. The name of each has its group before the colon.

use seaworthy_plugins::Capability::{Clock, Config, Events, Http, KeyValue, Log};

use super::Attempt::{
    self, CoreImport, EarlierCall, FineClock, Folder, Import, InternalAddress, NotGranted,
    NotRequested, OtherKeys, Redirect, Request,
};

/// The number of attempts that PLUG-2 needs at least.
const MIN_ATTEMPTS: usize = 30;
const _: () = assert!(ATTEMPTS.len() >= MIN_ATTEMPTS, "too few attempts");

const NOT_GRANTED: &str = "the host is not granted: list it in http_hosts";
const NOT_VALID: &str = "the URL is not valid: use an absolute URL";

#[rustfmt::skip]
pub(super) const ATTEMPTS: [(&str, Attempt); 56] = [
    ("files: list folders", Import("wasi:filesystem/preopens@0.2.0", "get-directories")),
    ("files: use the types of files", Import("wasi:filesystem/types@0.2.0", "filesystem-error-code")),
    ("files: open a path in a core module", CoreImport("wasi_snapshot_preview1", "path_open")),
    ("files: write to a file in a core module", CoreImport("wasi_snapshot_preview1", "fd_write")),
    ("files: load a plugin beside the folder", Folder("../outside")),
    ("files: load a plugin by a longer path", Folder("notes/../../outside")),
    ("sockets: use the network", Import("wasi:sockets/instance-network@0.2.0", "instance-network")),
    ("sockets: create a TCP socket", Import("wasi:sockets/tcp-create-socket@0.2.0", "create-tcp-socket")),
    ("sockets: create a UDP socket", Import("wasi:sockets/udp-create-socket@0.2.0", "create-udp-socket")),
    ("sockets: resolve a name", Import("wasi:sockets/ip-name-lookup@0.2.0", "resolve-addresses")),
    ("sockets: send a request by WASI", Import("wasi:http/outgoing-handler@0.2.0", "handle")),
    ("process: read the environment", Import("wasi:cli/environment@0.2.0", "get-environment")),
    ("process: read the arguments", Import("wasi:cli/environment@0.2.0", "get-arguments")),
    ("process: exit", Import("wasi:cli/exit@0.2.0", "exit")),
    ("process: read the standard input", Import("wasi:cli/stdin@0.2.0", "get-stdin")),
    ("process: write to the standard output", Import("wasi:cli/stdout@0.2.0", "get-stdout")),
    ("process: run a command", Import("wasi:cli/run@0.2.0", "run")),
    ("process: read the memory of the host", Import("other:host/memory", "read")),
    ("process: log without a budget", Import("wasi:logging/logging", "log")),
    ("time: read a monotonic clock", Import("wasi:clocks/monotonic-clock@0.2.0", "now")),
    ("time: read a wall clock", Import("wasi:clocks/wall-clock@0.2.0", "now")),
    ("time: wait", Import("wasi:io/poll@0.2.0", "poll")),
    ("time: measure less than ten milliseconds", FineClock),
    ("randomness: read random numbers", Import("wasi:random/random@0.2.0", "get-random-u64")),
    ("randomness: read a seed", Import("wasi:random/insecure-seed@0.2.0", "insecure-seed")),
    ("host: publish events with an older interface", Import("seaworthy:plugin/bus@0.1.0", "publish")),
    ("host: use a newer interface", Import("seaworthy:plugin/clock@0.2.0", "now")),
    ("host: use the admin listener", Import("seaworthy:plugin/admin@0.1.0", "get")),
    ("capabilities: log that is not requested", NotRequested(Log)),
    ("capabilities: read the time that is not requested", NotRequested(Clock)),
    ("capabilities: read settings that are not requested", NotRequested(Config)),
    ("capabilities: delete a key that is not requested", NotRequested(KeyValue)),
    ("capabilities: send a request that is not requested", NotRequested(Http)),
    ("capabilities: publish an event that is not requested", NotRequested(Events)),
    ("capabilities: log that is not granted", NotGranted(Log)),
    ("capabilities: read the time that is not granted", NotGranted(Clock)),
    ("capabilities: read settings that are not granted", NotGranted(Config)),
    ("capabilities: delete a key that is not granted", NotGranted(KeyValue)),
    ("capabilities: send a request that is not granted", NotGranted(Http)),
    ("capabilities: publish an event that is not granted", NotGranted(Events)),
    ("requests: read a file", Request("file:///etc/passwd", NOT_VALID)),
    ("requests: reach another host", Request("http://other.test/", NOT_GRANTED)),
    ("requests: begin with a granted name", Request("http://granted.test.other.test/", NOT_GRANTED)),
    ("requests: end with a granted name", Request("http://xgranted.test/", NOT_GRANTED)),
    ("requests: use a granted name as user", Request("http://granted.test@other.test/", NOT_GRANTED)),
    ("requests: hide a host by a backslash", Request("http://other.test\\@granted.test/", NOT_VALID)),
    ("requests: hide a host by a fragment", Request("http://other.test#@granted.test/", NOT_GRANTED)),
    ("requests: reach this machine", Request("http://127.0.0.1:1/", NOT_GRANTED)),
    ("requests: reach this machine by IPv6", Request("http://[::1]/", NOT_GRANTED)),
    ("requests: use a smaller port", Request("http://port.test:80/", NOT_GRANTED)),
    ("requests: use a larger port", Request("http://port.test:8081/", NOT_GRANTED)),
    ("requests: read the metadata of the cloud", Request("http://169.254.169.254/latest/meta-data", NOT_GRANTED)),
    ("requests: reach an internal address of a granted host", InternalAddress),
    ("requests: follow a redirect", Redirect),
    ("state: read the keys of another plugin", OtherKeys),
    ("state: read the memory of an earlier call", EarlierCall),
];
