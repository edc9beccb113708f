use std::{io, path::PathBuf, sync::OnceLock};

use crate::requirement::required;

/// A server that the tests of one binary share. The first test that needs it starts it. It ends
/// with the binary.
///
/// ```no_run
/// use seaworthy_testkit::server::{Shared, postgres::PostgresServer};
///
/// static POSTGRES: Shared<PostgresServer> = Shared::new("SEAWORTHY_TEST_POSTGRES", |program| PostgresServer::start(program));
///
/// // In each test: without the program, it prints `SKIPPED` and the test is skipped.
/// fn a_test() {
///     let Some(server) = POSTGRES.get() else { return };
///     let url = server.database("orders").unwrap();
/// }
/// ```
#[derive(Debug)]
pub struct Shared<S> {
    variable: &'static str,
    start: fn(PathBuf) -> io::Result<S>,
    server: OnceLock<Result<S, String>>,
}

impl<S> Shared<S> {
    /// A server whose program the variable names.
    #[must_use]
    pub const fn new(variable: &'static str, start: fn(PathBuf) -> io::Result<S>) -> Self {
        Self {
            variable,
            start,
            server: OnceLock::new(),
        }
    }

    /// Returns the server, or `None` if it is not installed and the test is to be skipped.
    ///
    /// # Panics
    /// It is installed and cannot be started, or `CI` is `true` and it is not installed.
    #[expect(clippy::panic, reason = "this is how a test fails")]
    pub fn get(&self) -> Option<&S> {
        let program = required(self.variable)?;
        let started = self
            .server
            .get_or_init(|| (self.start)(program.into()).map_err(|error| error.to_string()));
        match started {
            Ok(server) => Some(server),
            Err(error) => panic!("{} cannot be started: {error}", self.variable),
        }
    }
}
