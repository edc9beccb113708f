//! A real PostgreSQL.

use std::{
    fs, io,
    net::SocketAddr,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU32, Ordering},
    },
};

use rand::RngExt as _;
use rustix::process::{Signal, geteuid};
use tempfile::TempDir;

use super::{
    process::{Process, database_of, finish, folder, free_address, output},
    spawner::bound_command,
};

/// The user of the server: PostgreSQL does not run as root. Debian's package creates this user.
const USER: &str = "postgres";
/// The user of the database.
const NAME: &str = "seaworthy";
/// Ends all other connections to a database and removes all that it contains. The schema `public`
/// then has the owner and the rights of a new database.
const EMPTY: &str = "SET lock_timeout = '30s';
SELECT pg_terminate_backend(pid) FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid();
DO $$ DECLARE name text; BEGIN
    FOR name IN SELECT nspname FROM pg_namespace
    WHERE nspname !~ '^pg_' AND nspname <> 'information_schema' LOOP
        EXECUTE format('DROP SCHEMA %I CASCADE', name);
    END LOOP;
END $$;
CREATE SCHEMA public AUTHORIZATION pg_database_owner;
GRANT USAGE ON SCHEMA public TO PUBLIC";

/// A running PostgreSQL. Dropping this kills it.
#[derive(Debug)]
pub struct PostgresServer {
    programs: PathBuf,
    folder: TempDir,
    address: SocketAddr,
    password: String,
    settings: Vec<String>,
    process: Process,
    databases: AtomicU32,
    /// The URLs of emptied databases.
    recycled: Mutex<Vec<String>>,
}

impl PostgresServer {
    /// Starts a server that does not wait for the disk. `programs` is the folder of `initdb` and
    /// `postgres`, which `SEAWORTHY_TEST_POSTGRES` names.
    ///
    /// # Errors
    /// It cannot be started, or is not ready in time.
    pub fn start(programs: impl Into<PathBuf>) -> io::Result<Self> {
        // Several tests share the server, and each may run a platform of a dozen services. The WAL
        // would grow to 1 GB beside the databases.
        let settings = ["fsync=off", "max_connections=1000", "max_wal_size=128MB"];
        Self::start_with(programs, &settings)
    }

    /// Starts one with these settings, such as `fsync=on`.
    ///
    /// # Errors
    /// As for [`start`](Self::start).
    pub fn start_with(programs: impl Into<PathBuf>, settings: &[&str]) -> io::Result<Self> {
        let programs = programs.into();
        if !programs.join("pg_isready").exists() {
            let folder = programs.display();
            return Err(io::Error::other(format!(
                "there is no pg_isready in {folder}"
            )));
        }
        let folder = folder(Some(USER))?;
        let password: String = format!("{:032x}", rand::rng().random::<u128>());
        let secret = folder.path().join("password");
        fs::write(&secret, &password)?;
        let mut initdb = bound_command(&programs.join("initdb"), Some(USER));
        initdb
            .args([
                "--no-sync",
                "--auth=scram-sha-256",
                "--encoding=UTF8",
                "--locale=C",
            ])
            .arg(format!("--username={NAME}"))
            .arg(format!("--pwfile={}", readable(&secret)?.display()))
            .arg(folder.path().join("data"))
            .current_dir("/");
        finish(initdb)?;
        let mut server = Self {
            programs,
            folder,
            address: free_address()?,
            password,
            settings: settings
                .iter()
                .map(|setting| (*setting).to_owned())
                .collect(),
            process: Process::default(),
            databases: AtomicU32::new(0),
            recycled: Mutex::default(),
        };
        server.restart()?;
        Ok(server)
    }

    /// The folder of its programs.
    pub(super) fn programs(&self) -> &Path {
        &self.programs
    }

    /// Returns the process ID, or `None` if it does not run.
    #[must_use]
    pub fn id(&self) -> Option<u32> {
        self.process.id()
    }

    /// Returns the address on which the server listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Returns the URL of a new, empty database whose name begins with `name`.
    ///
    /// # Errors
    /// It cannot be created.
    pub fn database(&self, name: &str) -> io::Result<String> {
        let name = format!("{name}_{}", self.databases.fetch_add(1, Ordering::Relaxed));
        let mut create = self.client("createdb");
        create.arg(&name);
        finish(create)?;
        Ok(self.url(&name))
    }

    /// Returns the URL of an empty database: a [recycled](Self::recycle_database) one, or a new one
    /// whose name begins with `name`.
    ///
    /// # Errors
    /// It cannot be created.
    pub fn empty_database(&self, name: &str) -> io::Result<String> {
        let mut recycled = self.recycled.lock().unwrap_or_else(PoisonError::into_inner);
        let found = recycled.pop();
        drop(recycled);
        found.map_or_else(|| self.database(name), Ok)
    }

    /// Empties a database for a later test, even while clients are connected to it. This is faster than creating one.
    ///
    /// # Errors
    /// It cannot be emptied.
    pub fn recycle_database(&self, url: &str) -> io::Result<()> {
        let name = database_of(url);
        let mut psql = self.client("psql");
        psql.args(["-XAtq", "-v", "ON_ERROR_STOP=1", "-c", EMPTY, name]);
        finish(psql)?;
        let mut recycled = self.recycled.lock().unwrap_or_else(PoisonError::into_inner);
        recycled.push(self.url(name));
        Ok(())
    }

    /// Removes a database, even while clients are connected to it. Does nothing if it does not
    /// exist.
    ///
    /// # Errors
    /// It cannot be removed.
    pub fn remove_database(&self, url: &str) -> io::Result<()> {
        let mut remove = self.client("dropdb");
        remove.args(["--force", "--if-exists", database_of(url)]);
        finish(remove)
    }

    /// Returns the number of statements of a database that contain the literal `text` and wait for
    /// a lock.
    pub(super) fn blocked_statements(&self, url: &str, text: &str) -> io::Result<usize> {
        let count = format!(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock' AND position({text} IN query) > 0"
        );
        let mut psql = self.client("psql");
        psql.args(["-XAtqc", &count, database_of(url)]);
        output(psql)?.trim().parse().map_err(io::Error::other)
    }

    /// Returns the URL of a database.
    #[must_use]
    pub fn url(&self, database: &str) -> String {
        self.url_at(self.address, database)
    }

    /// Returns the URL of a database with another address, such as that of a proxy.
    #[must_use]
    pub fn url_at(&self, address: SocketAddr, database: &str) -> String {
        format!("postgres://{NAME}:{}@{address}/{database}", self.password)
    }

    /// Returns a command for a client program such as `pg_dump`, with the arguments to connect to
    /// this server.
    #[must_use]
    pub fn client(&self, program: &str) -> Command {
        let mut command = Command::new(self.programs.join(program));
        command
            .env("PGHOST", self.address.ip().to_string())
            .env("PGPORT", self.address.port().to_string())
            .env("PGUSER", NAME)
            .env("PGPASSWORD", &self.password);
        command
    }

    /// Starts the server again at the same address, with its data.
    ///
    /// # Errors
    /// As for [`start`](Self::start).
    pub fn restart(&mut self) -> io::Result<()> {
        self.kill();
        let mut command = bound_command(&self.programs.join("postgres"), Some(USER));
        command
            .arg("-D")
            .arg(self.folder.path().join("data"))
            .args(["-p", &self.address.port().to_string()])
            .args(["-c", "listen_addresses=127.0.0.1"])
            .args(["-c", "unix_socket_directories="])
            .current_dir("/");
        for setting in &self.settings {
            command.args(["-c", setting]);
        }
        let mut probe = self.client("pg_isready");
        probe.stdout(Stdio::null()).stderr(Stdio::null());
        let log = self.folder.path().join("log");
        self.process.start(command, &log, || {
            probe.status().is_ok_and(|status| status.success())
        })
    }

    /// The folder of its data.
    #[must_use]
    pub fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// Stops it, and starts it with a copy of the data in `from`, such as a restored backup.
    ///
    /// # Errors
    /// As for [`start`](Self::start), or the data cannot be copied.
    pub fn restart_with_data(&mut self, from: &Path) -> io::Result<()> {
        self.stop();
        fs::remove_dir_all(self.data())?;
        let mut copy = Command::new("cp");
        copy.arg("-R").arg(from).arg(self.data());
        finish(copy)?;
        if geteuid().is_root() {
            let mut own = Command::new("chown");
            own.args(["-R", USER]).arg(self.data());
            finish(own)?;
        }
        self.restart()
    }

    /// Kills the server, like a crash: connections are reset, and uncommitted changes are lost.
    pub fn kill(&mut self) {
        // SIGQUIT is PostgreSQL's immediate shutdown. After SIGKILL its child processes would
        // continue for some time.
        self.process.stop(Signal::QUIT);
    }

    /// Stops it gracefully: connections are closed with a message.
    pub fn stop(&mut self) {
        self.process.stop(Signal::INT);
    }
}

/// Makes the password readable by the user of the server. Other users cannot enter its directory.
fn readable(secret: &Path) -> io::Result<&Path> {
    use std::os::unix::fs::PermissionsExt as _;
    fs::set_permissions(secret, fs::Permissions::from_mode(0o644))?;
    Ok(secret)
}

impl Drop for PostgresServer {
    fn drop(&mut self) {
        self.kill();
    }
}
