//! A real MariaDB.

use std::{
    fs, io,
    net::SocketAddr,
    path::{Path, PathBuf},
    process::Command,
    sync::atomic::{AtomicU32, Ordering},
};

use rand::RngExt as _;
use rustix::process::Signal;
use tempfile::TempDir;

use super::{
    process::{Process, database_of, finish, folder, free_address, listens, output},
    spawner::bound_command,
};

/// The user of the server, because MariaDB does not run as root. Debian's package creates it.
const USER: &str = "mysql";
/// The user of the database.
const NAME: &str = "seaworthy";
/// The size of the redo log. The default uses about 100 MB per server.
const LOG_SIZE: &str = "--innodb-log-file-size=16M";

/// A running MariaDB. Dropping this kills it.
#[derive(Debug)]
pub struct MariadbServer {
    program: PathBuf,
    folder: TempDir,
    address: SocketAddr,
    password: String,
    settings: Vec<String>,
    process: Process,
    databases: AtomicU32,
}

impl MariadbServer {
    /// Starts a server that does not wait for the disk. `program` is `mariadbd`, which
    /// `SEAWORTHY_TEST_MARIADB` names.
    ///
    /// # Errors
    /// It cannot be started, or is not ready in time.
    pub fn start(program: impl Into<PathBuf>) -> io::Result<Self> {
        Self::start_with(
            program,
            &[
                "--innodb-flush-log-at-trx-commit=0",
                "--max-connections=200",
            ],
        )
    }

    /// Starts one with these arguments.
    ///
    /// # Errors
    /// As for [`start`](Self::start).
    pub fn start_with(program: impl Into<PathBuf>, settings: &[&str]) -> io::Result<Self> {
        let program = program.into();
        let folder = folder(Some(USER))?;
        let password: String = format!("{:032x}", rand::rng().random::<u128>());
        let data = folder.path().join("data");
        let mut install = bound_command(&beside(&program, "mariadb-install-db"), Some(USER));
        install
            .args([
                "--no-defaults",
                "--auth-root-authentication-method=normal",
                "--skip-test-db",
                LOG_SIZE,
            ])
            .arg(format!("--datadir={}", data.display()))
            .arg(temporary_files(folder.path()))
            .current_dir("/");
        finish(install)?;
        fs::write(
            folder.path().join("users.sql"),
            format!(
                "CREATE USER IF NOT EXISTS '{NAME}'@'127.0.0.1' IDENTIFIED BY '{password}';\nGRANT ALL ON *.* TO '{NAME}'@'127.0.0.1' WITH GRANT OPTION;\n"
            ),
        )?;
        let mut server = Self {
            program,
            folder,
            address: free_address()?,
            password,
            settings: settings
                .iter()
                .map(|setting| (*setting).to_owned())
                .collect(),
            process: Process::default(),
            databases: AtomicU32::new(0),
        };
        server.restart()?;
        Ok(server)
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
        let mut create = self.client("mariadb");
        create.args(["-e", &format!("CREATE DATABASE {name}")]);
        finish(create)?;
        Ok(self.url(&name))
    }

    /// Removes a database, even while clients are connected to it. Does nothing if it does not
    /// exist.
    ///
    /// # Errors
    /// It cannot be removed.
    pub fn remove_database(&self, url: &str) -> io::Result<()> {
        let statement = format!("DROP DATABASE IF EXISTS {}", database_of(url));
        let mut remove = self.client("mariadb");
        remove.args(["-e", &statement]);
        finish(remove)
    }

    /// Returns the number of statements of a database that contain the literal `text` and run or
    /// wait for a lock. `INNODB_TRX` has only the latter, but it is not updated while it is polled.
    pub(super) fn blocked_statements(&self, url: &str, text: &str) -> io::Result<usize> {
        let database = database_of(url);
        let count = format!(
            "SELECT count(*) FROM information_schema.processlist WHERE db = '{database}' AND locate({text}, info) > 0"
        );
        let mut mariadb = self.client("mariadb");
        mariadb.args(["-BNe", &count]);
        output(mariadb)?.trim().parse().map_err(io::Error::other)
    }

    /// Returns the URL of a database.
    #[must_use]
    pub fn url(&self, database: &str) -> String {
        self.url_at(self.address, database)
    }

    /// Returns the URL of a database with another address, such as that of a proxy.
    #[must_use]
    pub fn url_at(&self, address: SocketAddr, database: &str) -> String {
        format!("mysql://{NAME}:{}@{address}/{database}", self.password)
    }

    /// Returns a command for a client program such as `mariadb-dump`, with the arguments to connect
    /// to this server.
    #[must_use]
    pub fn client(&self, program: &str) -> Command {
        let mut command = Command::new(beside(&self.program, program));
        command
            .arg("--no-defaults")
            .arg(format!("--host={}", self.address.ip()))
            .arg(format!("--port={}", self.address.port()))
            .arg(format!("--user={NAME}"))
            .env("MYSQL_PWD", &self.password);
        command
    }

    /// Starts the server again at the same address, with its data.
    ///
    /// # Errors
    /// As for [`start`](Self::start).
    pub fn restart(&mut self) -> io::Result<()> {
        self.kill();
        let folder = self.folder.path();
        let mut command = bound_command(&self.program, Some(USER));
        command
            .arg("--no-defaults")
            .arg(format!("--datadir={}", folder.join("data").display()))
            .arg(temporary_files(folder))
            .arg(format!("--socket={}", folder.join("socket").display()))
            .arg(format!("--pid-file={}", folder.join("pid").display()))
            .arg(format!(
                "--init-file={}",
                folder.join("users.sql").display()
            ))
            .arg(format!("--port={}", self.address.port()))
            .args([
                "--bind-address=127.0.0.1",
                "--skip-name-resolve",
                "--skip-log-bin",
                LOG_SIZE,
            ])
            .args(&self.settings)
            .current_dir("/");
        let address = self.address;
        self.process
            .start(command, &folder.join("log"), || listens(address))
    }

    /// Kills the server, like a crash.
    pub fn kill(&mut self) {
        self.process.kill();
    }

    /// Stops the server gracefully.
    pub fn stop(&mut self) {
        self.process.stop(Signal::TERM);
    }

    /// Makes the server accept connections and never respond, until [`resume`](Self::resume).
    pub fn freeze(&self) {
        self.process.signal(Signal::STOP);
    }

    /// Ends [`freeze`](Self::freeze).
    pub fn resume(&self) {
        self.process.signal(Signal::CONT);
    }
}

/// Returns the argument that stores temporary tables in the folder of a server. A server that
/// starts removes all temporary tables of its folder, and the default is shared.
fn temporary_files(folder: &Path) -> String {
    format!("--tmpdir={}", folder.display())
}

/// Returns a program of the same installation: in the folder of the server, or in that of system
/// programs.
fn beside(server: &Path, program: &str) -> PathBuf {
    let beside = server.with_file_name(program);
    if beside.exists() {
        beside
    } else {
        Path::new("/usr/bin").join(program)
    }
}
