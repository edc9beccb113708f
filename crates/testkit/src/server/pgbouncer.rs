//! A real PgBouncer in transaction mode.

use std::{
    fs, io,
    net::SocketAddr,
    os::unix::fs::{PermissionsExt as _, chown},
    path::PathBuf,
};

use rustix::process::geteuid;
use tempfile::TempDir;

use super::{
    process::{Process, folder, free_address, identity, listens},
    spawner::bound_command,
};

/// The user of PgBouncer, which does not run as root. Debian's PostgreSQL package creates it.
const USER: &str = "postgres";
/// Connections per database: fewer than the clients of a test, so that clients share them.
const SERVER_CONNECTIONS: u32 = 5;

/// A running PgBouncer for one server. Dropping this kills it.
#[derive(Debug)]
pub struct PgBouncerServer {
    address: SocketAddr,
    _process: Process,
    _folder: TempDir,
}

impl PgBouncerServer {
    /// Starts the program, which `SEAWORTHY_TEST_PGBOUNCER` names, before the server of a database
    /// URL such as `postgres://user:password@127.0.0.1:5432/name`. All databases of the server are
    /// available. Each has five connections, which transactions share.
    ///
    /// # Errors
    /// The URL has another form, or the program cannot be started or does not listen in time.
    pub fn start(program: impl Into<PathBuf>, url: &str) -> io::Result<Self> {
        let (user, password, server) = parts(url)
            .ok_or_else(|| io::Error::other("use postgres://user:password@address/name"))?;
        let address = free_address()?;
        let folder = folder(Some(USER))?;
        let write = |name: &str, text: String| {
            let path = folder.path().join(name);
            fs::write(&path, text)?;
            fs::set_permissions(&path, fs::Permissions::from_mode(0o600))?;
            if geteuid().is_root() {
                let (user, group) = identity(USER)?;
                chown(&path, Some(user), Some(group))?;
            }
            Ok::<_, io::Error>(path)
        };
        let users = write("users", format!("\"{user}\" \"{password}\"\n"))?;
        let settings = format!(
            "[databases]\n* = host={} port={}\n[pgbouncer]\nlisten_addr = {}\nlisten_port = {}\nunix_socket_dir =\nauth_type = scram-sha-256\nauth_file = {}\npool_mode = transaction\ndefault_pool_size = {SERVER_CONNECTIONS}\nmax_client_conn = 500\nserver_idle_timeout = 1\n",
            server.ip(),
            server.port(),
            address.ip(),
            address.port(),
            users.display(),
        );
        let settings = write("pgbouncer.ini", settings)?;
        let mut command = bound_command(&program.into(), Some(USER));
        command.arg(settings).current_dir("/");
        let mut process = Process::default();
        process.start(command, &folder.path().join("log"), || listens(address))?;
        Ok(Self {
            address,
            _process: process,
            _folder: folder,
        })
    }

    /// Returns the address on which the server listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }
}

/// Returns the user, the password and the address of a URL.
fn parts(url: &str) -> Option<(&str, &str, SocketAddr)> {
    let (credentials, server) = url.strip_prefix("postgres://")?.split_once('@')?;
    let (user, password) = credentials.split_once(':')?;
    let (address, _) = server.split_once('/')?;
    Some((user, password, address.parse().ok()?))
}
