//! A ready service in a separate process, with the addresses of its three listeners.

use std::{
    io,
    net::SocketAddr,
    path::{Path, PathBuf},
};

use rustix::process::Signal;
use tempfile::TempDir;

use crate::{
    http::{HttpResponse, request},
    process::{ProcessOutput, ServiceProcess},
};

/// A service process that is ready. It is killed on drop, and its directory is removed.
///
/// ```no_run
/// use std::path::Path;
/// use seaworthy_testkit::app::TestApp;
///
/// let app = TestApp::builder(Path::new(env!("CARGO")))?
///     .setting("server.grpc.addr=127.0.0.1:0")
///     .start()?;
/// assert_eq!(app.send("GET", "/v1/things", "")?.status, 200);
/// assert!(app.stop()?.status.success());
/// # Ok::<_, std::io::Error>(())
/// ```
#[derive(Debug)]
pub struct TestApp {
    /// The process, for its log lines.
    pub process: ServiceProcess,
    /// Address of the HTTP listener.
    pub http: SocketAddr,
    /// Address of the admin listener.
    pub admin: SocketAddr,
    grpc: Option<SocketAddr>,
    builder: TestAppBuilder,
}

/// Starts a [`TestApp`].
#[derive(Debug)]
pub struct TestAppBuilder {
    program: PathBuf,
    arguments: Vec<String>,
    variables: Vec<(String, String)>,
    directory: TempDir,
    check: Option<fn(&ProcessOutput)>,
}

impl TestApp {
    /// Returns a builder for a program, with a new temporary directory.
    ///
    /// # Errors
    /// The directory cannot be created.
    pub fn builder(program: &Path) -> io::Result<TestAppBuilder> {
        Ok(TestAppBuilder {
            program: program.to_owned(),
            arguments: Vec::new(),
            variables: Vec::new(),
            directory: tempfile::tempdir()?,
            check: None,
        })
    }

    /// Returns the address of the gRPC listener.
    ///
    /// # Errors
    /// The service has no gRPC listener.
    pub fn grpc(&self) -> io::Result<SocketAddr> {
        self.grpc
            .ok_or_else(|| io::Error::other("the service has no gRPC listener"))
    }

    /// Returns the directory of the builder.
    #[must_use]
    pub fn directory(&self) -> &Path {
        self.builder.directory()
    }

    /// Sends a request to the HTTP listener, with a JSON body unless `body` is empty.
    ///
    /// # Errors
    /// The connection ends before the response.
    pub fn send(&self, method: &str, path: &str, body: &str) -> io::Result<HttpResponse> {
        let json = [("content-type", "application/json")];
        let headers = if body.is_empty() { &[][..] } else { &json };
        request(self.http, method, path, headers, body)
    }

    /// Sends a signal.
    ///
    /// # Errors
    /// The process has ended.
    pub fn signal(&self, signal: Signal) -> io::Result<()> {
        self.process.signal(signal)
    }

    /// Sends SIGTERM and waits for the end of the process.
    ///
    /// # Errors
    /// The process does not end within a minute.
    pub fn stop(self) -> io::Result<ProcessOutput> {
        self.signal(Signal::TERM)?;
        self.process.wait_with_output()
    }

    /// Waits for the end of the process and returns the builder, whose directory is kept.
    ///
    /// # Errors
    /// The process does not end within a minute.
    pub fn wait(self) -> io::Result<(ProcessOutput, TestAppBuilder)> {
        Ok((self.process.wait_with_output()?, self.builder))
    }

    /// Sends SIGKILL, waits for the end of the process and returns the builder, whose directory is
    /// kept.
    ///
    /// # Errors
    /// The process does not end within a minute.
    pub fn kill(self) -> io::Result<TestAppBuilder> {
        self.signal(Signal::KILL)?;
        Ok(self.wait()?.1)
    }
}

impl TestAppBuilder {
    /// Returns the temporary directory.
    #[must_use]
    pub fn directory(&self) -> &Path {
        self.directory.path()
    }

    /// Adds a setting, such as `database.url=sqlite:app.db`.
    #[must_use]
    pub fn setting(self, setting: &str) -> Self {
        self.arguments(&["--set", setting])
    }

    /// Adds settings, as [`setting`](Self::setting) does.
    #[must_use]
    pub fn settings<S: AsRef<str>>(self, settings: impl IntoIterator<Item = S>) -> Self {
        let settings = settings.into_iter();
        settings.fold(self, |app, setting| app.setting(setting.as_ref()))
    }

    /// Adds command line arguments.
    #[must_use]
    pub fn arguments(mut self, arguments: &[&str]) -> Self {
        let arguments = arguments.iter().map(|argument| (*argument).to_owned());
        self.arguments.extend(arguments);
        self
    }

    /// Sets an environment variable of the process.
    #[must_use]
    pub fn variable(mut self, name: &str, value: &str) -> Self {
        self.variables.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Checks the whole output at the end of each process, also if it is killed on drop. The check
    /// panics if the output is wrong.
    #[must_use]
    pub fn check_output(mut self, check: fn(&ProcessOutput)) -> Self {
        self.check = Some(check);
        self
    }

    /// Starts the service on free ports and waits until it is ready.
    ///
    /// # Errors
    /// The service does not become ready within a minute.
    pub fn start(self) -> io::Result<TestApp> {
        self.start_with(&[])
    }

    /// Starts the service with more arguments, which the builder does not keep for the next start.
    ///
    /// # Errors
    /// The service does not become ready within a minute.
    pub fn start_with(self, arguments: &[&str]) -> io::Result<TestApp> {
        let kept = self.arguments.iter().map(String::as_str);
        let arguments: Vec<&str> = kept.chain(arguments.iter().copied()).collect();
        let variables = self.variables.iter();
        let variables: Vec<_> = variables
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect();
        let mut process = ServiceProcess::start(&self.program, &arguments, &variables)?;
        if let Some(check) = self.check {
            process.check_output(check);
        }
        let line = process.line("\"message\":\"ready\"")?;
        let ready: serde_json::Value = serde_json::from_str(&line)?;
        let address = |name: &str| ready.get(name)?.as_str()?.parse().ok();
        let missing = || io::Error::other(format!("no addresses in {line}"));
        Ok(TestApp {
            http: address("http").ok_or_else(missing)?,
            admin: address("admin").ok_or_else(missing)?,
            grpc: address("grpc"),
            process,
            builder: self,
        })
    }
}
