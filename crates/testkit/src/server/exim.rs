//! A real mail server: Exim.

use std::{fs, io, net::SocketAddr, path::PathBuf};

use rustix::process::Signal;
use tempfile::TempDir;

use super::{
    process::{Process, folder, free_address, listens},
    spawner::bound_command,
};

/// The user of Exim if the test runs as root. Debian's package creates this user.
const USER: &str = "Debian-exim";

/// The listener and the authentication of an [`EximServer`].
#[derive(Debug, Clone, Default)]
pub struct EximSettings {
    /// The certificate and the key of TLS in PEM. `None` disables TLS.
    pub tls: Option<(String, String)>,
    /// True if TLS begins with the first byte, false for STARTTLS.
    pub is_tls_from_start: bool,
    /// The user and the password of senders. `None` accepts mail without authentication.
    pub login: Option<(String, String)>,
}

/// A running Exim that keeps every message for `example.org` in a folder. Dropping this kills it.
///
/// It rejects `full@example.org` temporarily (452), and `unknown@example.org` and every other
/// domain permanently (550).
#[derive(Debug)]
pub struct EximServer {
    program: PathBuf,
    folder: TempDir,
    address: SocketAddr,
    process: Process,
}

impl EximServer {
    /// Starts the program, which `SEAWORTHY_TEST_EXIM` names, and waits until it listens.
    ///
    /// # Errors
    /// It cannot be started, or does not listen in time.
    pub fn start(program: impl Into<PathBuf>, settings: &EximSettings) -> io::Result<Self> {
        let mut server = Self {
            program: program.into(),
            folder: folder(Some(USER))?,
            address: free_address()?,
            process: Process::default(),
        };
        server.write(settings)?;
        server.restart()?;
        Ok(server)
    }

    /// Starts it again with other settings.
    ///
    /// # Errors
    /// As for [`start`](Self::start).
    pub fn configure(&mut self, settings: &EximSettings) -> io::Result<()> {
        self.kill();
        self.write(settings)?;
        self.restart()
    }

    fn write(&self, settings: &EximSettings) -> io::Result<()> {
        let folder = self.folder.path();
        let port = self.address.port();
        let mut tls = "tls_advertise_hosts =\n".to_owned();
        if let Some((certificate, key)) = &settings.tls {
            // Only the user of the server and root can read the two files, because others have no
            // access to the folder.
            let (certificate_file, key_file) = (folder.join("tls.pem"), folder.join("tls.key"));
            fs::write(&certificate_file, certificate)?;
            fs::write(&key_file, key)?;
            tls = format!(
                "tls_advertise_hosts = *\ntls_certificate = {}\ntls_privatekey = {}\n",
                certificate_file.display(),
                key_file.display()
            );
            if settings.is_tls_from_start {
                tls.push_str(&format!("tls_on_connect_ports = {port}\n"));
            }
        }
        let (may_send, authenticators) = match &settings.login {
            None => ("accept".to_owned(), String::new()),
            Some((user, password)) => (
                "accept authenticated = *\n  deny message = log in first".to_owned(),
                format!(
                    "begin authenticators\nplain:\n  driver = plaintext\n  public_name = PLAIN\n  server_prompts = :\n  \
                     server_condition = ${{if and{{{{eq{{$auth2}}{{{user}}}}}{{eq{{$auth3}}{{{password}}}}}}}}}\n  server_set_id = $auth2\n"
                ),
            ),
        };
        let configuration = format!(
            "exim_path = {program}\nspool_directory = {folder}/spool\nlog_file_path = {folder}/log-%s\npid_file_path = {folder}/pid\n\
             keep_environment =\nprimary_hostname = localhost\nlocal_interfaces = 127.0.0.1\ndaemon_smtp_ports = {port}\n{tls}\
             qualify_domain = example.org\nrfc1413_query_timeout = 0s\nacl_smtp_mail = may_send\nacl_smtp_rcpt = recipient\n\
             begin acl\nmay_send:\n  {may_send}\nrecipient:\n  \
             defer local_parts = full\n    message = 452 4.2.2 the mailbox is full\n  \
             deny local_parts = unknown\n    message = there is no such mailbox\n  \
             deny !domains = example.org\n    message = relay not permitted\n  accept\n\
             begin routers\nkept:\n  driver = accept\n  transport = kept\n\
             begin transports\nkept:\n  driver = appendfile\n  directory = {folder}/mail\n  maildir_format\n  create_directory\n{user}\
             begin retry\n* * F,1h,1m\n{authenticators}",
            program = self.program.display(),
            folder = folder.display(),
            user = if rustix::process::geteuid().is_root() {
                format!("  user = {USER}\n")
            } else {
                String::new()
            },
        );
        fs::write(folder.join("exim.conf"), configuration)
    }

    /// Returns the address on which the server listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Returns the messages in the mailbox. A message arrives shortly after the server accepted it.
    ///
    /// # Errors
    /// A message cannot be read.
    pub fn messages(&self) -> io::Result<Vec<String>> {
        let entries = match fs::read_dir(self.folder.path().join("mail/new")) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(error),
        };
        entries
            .map(|entry| fs::read_to_string(entry?.path()))
            .collect()
    }

    /// Starts the server again at the same address.
    ///
    /// # Errors
    /// As for [`start`](Self::start).
    pub fn restart(&mut self) -> io::Result<()> {
        self.kill();
        let mut command = bound_command(&self.program, None);
        command
            .arg("-C")
            .arg(self.folder.path().join("exim.conf"))
            // In the foreground, with immediate delivery.
            .args(["-bdf", "-q1m"]);
        let address = self.address;
        let log = self.folder.path().join("log");
        self.process.start(command, &log, || listens(address))
    }

    /// Kills the server, like a crash.
    pub fn kill(&mut self) {
        self.process.kill();
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
