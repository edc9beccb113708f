//! An empty database of each engine, for tests that must pass on all of them.

use std::{io, net::SocketAddr, path::PathBuf};

use seaworthy_core::Timeout;
use tempfile::TempDir;

use super::{Shared, mariadb::MariadbServer, pgbouncer::PgBouncerServer, postgres::PostgresServer};

static POSTGRES: Shared<PostgresServer> =
    Shared::new("SEAWORTHY_TEST_POSTGRES", |programs: PathBuf| {
        PostgresServer::start(programs)
    });
static MARIADB: Shared<MariadbServer> =
    Shared::new("SEAWORTHY_TEST_MARIADB", |program: PathBuf| {
        MariadbServer::start(program)
    });

static PGBOUNCER: Shared<PgBouncerServer> =
    Shared::new("SEAWORTHY_TEST_PGBOUNCER", |program: PathBuf| {
        let postgres = POSTGRES.get();
        let postgres = postgres.ok_or_else(|| io::Error::other("PostgreSQL is not installed"))?;
        PgBouncerServer::start(program, &postgres.url("postgres"))
    });

/// An empty database. For SQLite it is a file in a folder that is removed on drop. Other engines
/// use a server that the tests of one binary share. Their databases stay until the end of the
/// binary, unless a test removes them ([`remove`](Self::remove)).
#[derive(Debug)]
pub struct EmptyDatabase {
    url: String,
    is_pooled: bool,
    location: Location,
}

/// The folder or the server of a database.
#[derive(Debug)]
enum Location {
    Folder(TempDir),
    Postgres(&'static PostgresServer),
    Mariadb(&'static MariadbServer),
}

impl EmptyDatabase {
    /// Returns an empty database of each installed engine.
    pub fn every_engine() -> impl Iterator<Item = Self> {
        [Self::sqlite, Self::postgres, Self::mariadb]
            .into_iter()
            .filter_map(|create: fn() -> Option<Self>| create())
    }

    /// Its URL.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Whether the URL is that of a pooler in transaction mode.
    #[must_use]
    pub fn is_pooled(&self) -> bool {
        self.is_pooled
    }

    /// Returns the address of its server, or `None` for a file.
    #[must_use]
    pub fn server(&self) -> Option<SocketAddr> {
        let (_, server) = self.url.split_once('@')?;
        server.split(['/', '?']).next()?.parse().ok()
    }

    /// Returns its URL with another address, such as that of a proxy.
    #[must_use]
    pub fn url_at(&self, address: SocketAddr) -> String {
        match self.server() {
            Some(server) => self.url.replace(&server.to_string(), &address.to_string()),
            None => self.url.clone(),
        }
    }

    /// Creates a SQLite database in a new folder.
    ///
    /// # Panics
    /// The folder cannot be created.
    #[must_use]
    #[expect(clippy::panic, reason = "this is how a test fails")]
    pub fn sqlite() -> Option<Self> {
        let folder = match TempDir::new() {
            Ok(folder) => folder,
            Err(error) => panic!("there is no folder for a database: {error}"),
        };
        Some(Self {
            url: format!("sqlite:{}", folder.path().join("new/test.db").display()),
            is_pooled: false,
            location: Location::Folder(folder),
        })
    }

    /// A PostgreSQL database. `None` if PostgreSQL is not installed and the test is to be skipped.
    ///
    /// # Panics
    /// The server is installed and creates no database, or `CI` is `true` and it is not installed.
    #[must_use]
    pub fn postgres() -> Option<Self> {
        Some(Self::on_postgres(POSTGRES.get()?, "test"))
    }

    /// A PostgreSQL database whose URL is that of a PgBouncer in transaction mode. `None` if a
    /// server is not installed and the test is to be skipped.
    ///
    /// # Panics
    /// As for [`postgres`](Self::postgres).
    #[must_use]
    pub fn pgbouncer() -> Option<Self> {
        let direct = Self::postgres()?;
        let url = direct.url_at(PGBOUNCER.get()?.address());
        Some(Self {
            url,
            is_pooled: true,
            location: direct.location,
        })
    }

    /// A MariaDB database. `None` if MariaDB is not installed and the test is to be skipped.
    ///
    /// # Panics
    /// The server is installed and creates no database, or `CI` is `true` and it is not installed.
    #[must_use]
    pub fn mariadb() -> Option<Self> {
        let server = MARIADB.get()?;
        let created = server.database("test");
        Some(Self::on_server(created, Location::Mariadb(server)))
    }

    pub(super) fn on_postgres(server: &'static PostgresServer, name: &str) -> Self {
        Self::on_server(server.empty_database(name), Location::Postgres(server))
    }

    #[expect(clippy::panic, reason = "this is how a test fails")]
    fn on_server(created: io::Result<String>, location: Location) -> Self {
        match created {
            Ok(url) => Self {
                url,
                is_pooled: false,
                location,
            },
            Err(error) => panic!("the server cannot create a database: {error}"),
        }
    }

    /// Returns the number of statements whose text contains `text` and that wait for a lock of
    /// another transaction. Use it to wait until a statement is blocked:
    ///
    /// ```ignore
    /// eventually(async || empty.blocked_statements("DELETE") == 1).await;
    /// ```
    ///
    /// MariaDB does not show which statements wait, so the number includes the running ones.
    ///
    /// # Panics
    /// The database is a SQLite file, or its server does not respond.
    #[must_use]
    #[expect(clippy::panic, reason = "this is how a test fails")]
    pub fn blocked_statements(&self, text: &str) -> usize {
        let text = format!("'{}'", text.replace('\'', "''"));
        let counted = match &self.location {
            Location::Folder(_) => Err(io::Error::other("SQLite does not list statements")),
            Location::Postgres(server) => server.blocked_statements(&self.url, &text),
            Location::Mariadb(server) => server.blocked_statements(&self.url, &text),
        };
        match counted {
            Ok(count) => count,
            Err(error) => panic!("the blocked statements cannot be counted: {error}"),
        }
    }

    /// Empties a PostgreSQL database for another test, and removes any other database. Call it
    /// after all programs that write to the database have ended. Use it in large test suites and
    /// in tests with several databases.
    ///
    /// # Errors
    /// The folder cannot be removed, or the database cannot be emptied or removed.
    pub fn recycle(self) -> io::Result<()> {
        match self.location {
            // A pooler may have connections that the server has closed.
            Location::Postgres(server) if !self.is_pooled => server.recycle_database(&self.url),
            _ => self.remove(),
        }
    }

    /// Removes the database, even while clients are connected to it. Call it in tests with several
    /// databases, because each uses about 10 MB of the disk.
    ///
    /// # Errors
    /// The folder or the database cannot be removed.
    pub fn remove(self) -> io::Result<()> {
        match self.location {
            Location::Folder(folder) => folder.close(),
            Location::Postgres(server) => server.remove_database(&self.url),
            Location::Mariadb(server) => server.remove_database(&self.url),
        }
    }
}

/// Runs a test function in the test itself.
pub async fn run_in_test<F: Future<Output = ()>>(promise: F) {
    promise.await;
}

/// Runs a test function as a task, as the server runs a request.
///
/// # Panics
/// The test function panics.
#[expect(clippy::panic, reason = "this is how a test fails")]
pub async fn run_as_task<F: Future<Output = ()> + Send + 'static>(promise: F) {
    if let Err(error) = tokio::spawn(promise).await {
        panic!("{error}");
    }
}

/// Runs a test body as a task of the test's own thread, like [`run_as_task`] for a future that is
/// not `Send`.
///
/// # Panics
/// The test function panics.
#[expect(clippy::panic, reason = "this is how a test fails")]
pub async fn run_as_local_task<F: Future<Output = ()> + 'static>(promise: F) {
    let tasks = tokio::task::LocalSet::new();
    let ended = tasks.run_until(async { tokio::task::spawn_local(promise).await });
    if let Err(error) = ended.await {
        panic!("{error}");
    }
}

/// A timeout of a database that no transaction reaches on a busy machine.
pub const LONG_TIMEOUT: Timeout = Timeout::from_secs(60);

/// Returns the settings of a database below `key` with [`LONG_TIMEOUT`], as `KEY=VALUE`.
#[must_use]
pub fn long_timeouts(key: &str) -> [String; 5] {
    [
        "connect_timeout",
        "pool.acquire_timeout",
        "statement_timeout",
        "lock_timeout",
        "transaction_timeout",
    ]
    .map(|timeout| format!("{key}.{timeout}={LONG_TIMEOUT}"))
}

/// Returns the `DatabaseConfig` with [`LONG_TIMEOUT`](crate::database::LONG_TIMEOUT). Of many
/// concurrent transactions on a busy machine, the last ones wait longer than the defaults.
///
/// ```ignore
/// let config = DatabaseConfig::from_url(empty.url().parse().unwrap());
/// let config = seaworthy_testkit::with_long_timeouts!(config);
/// ```
#[macro_export]
macro_rules! with_long_timeouts {
    ($config:expr) => {{
        let mut config = $config;
        config.connect_timeout = $crate::database::LONG_TIMEOUT;
        config.pool.acquire_timeout = $crate::database::LONG_TIMEOUT;
        config.statement_timeout = $crate::database::LONG_TIMEOUT;
        config.lock_timeout = $crate::database::LONG_TIMEOUT;
        config.transaction_timeout = $crate::database::LONG_TIMEOUT;
        config
    }};
}

/// Declares each function as one test on each engine. It is an asynchronous function of a
/// module of this test. It takes the result of `open` with an [`EmptyDatabase`], and
/// [`run_in_test`] or [`run_as_task`] runs it.
///
/// ```ignore
/// seaworthy_testkit::on_every_database! {
///     crate::app::open, run_in_test;
///     sessions: token_is_accepted_once_auth_3, logout_ends_session_auth_3;
/// }
/// ```
///
/// `@ pgbouncer` before the function runs the functions on PostgreSQL through PgBouncer instead.
#[macro_export]
#[expect(
    clippy::crate_in_macro_def,
    reason = "the functions are those of the test that names them"
)]
macro_rules! on_every_database {
    ($open:path, $how:ident; $($module:ident: $($name:ident),+;)+) => {
        $crate::on_every_database!(@ sqlite $open, $how; $($module: $($name),+;)+);
        $crate::on_every_database!(@ postgres $open, $how; $($module: $($name),+;)+);
        $crate::on_every_database!(@ mariadb $open, $how; $($module: $($name),+;)+);
    };
    (@ $engine:ident $open:path, $how:ident; $($module:ident: $($name:ident),+;)+) => {
        mod $engine {
            $(mod $module {
                $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $name() {
                    let Some(empty) = $crate::database::EmptyDatabase::$engine() else {
                        return;
                    };
                    let fixture = $open(empty).await;
                    $crate::database::$how(crate::$module::$name(fixture)).await;
                })+
            })+
        }
    };
}
