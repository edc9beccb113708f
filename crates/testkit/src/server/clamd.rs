//! A real scanner for malware: clamd with one signature, that of the EICAR test file.

use std::{fs, io, net::SocketAddr, path::PathBuf};

use tempfile::TempDir;

use super::{
    process::{Process, folder, free_address, listens},
    spawner::bound_command,
};

/// The signature of the EICAR test file. `*` is any offset, `0` any kind of file.
const SIGNATURE: &str = "Eicar-Test-Signature:0:*:58354f2150254041505b345c505a58353428505e2937434329377d2445494341522d5354414e444152442d414e544956495255532d544553542d46494c452124482b482a\n";

/// A running `clamd`. Dropping this kills it.
#[derive(Debug)]
pub struct ClamdServer {
    address: SocketAddr,
    _folder: TempDir,
    _process: Process,
}

impl ClamdServer {
    /// Starts the program, which `SEAWORTHY_TEST_CLAMD` names, and waits until it listens.
    ///
    /// # Errors
    /// It cannot be started, or does not listen in time.
    pub fn start(program: impl Into<PathBuf>) -> io::Result<Self> {
        let (folder, address) = (folder(None)?, free_address()?);
        let signatures = folder.path().join("signatures");
        fs::create_dir(&signatures)?;
        fs::write(signatures.join("eicar.ndb"), SIGNATURE)?;
        let settings = format!(
            "Foreground yes\nTCPSocket {}\nTCPAddr {}\nDatabaseDirectory {}\nStreamMaxLength 5M\nSelfCheck 0\nConcurrentDatabaseReload no\n",
            address.port(),
            address.ip(),
            signatures.display(),
        );
        let file = folder.path().join("clamd.conf");
        fs::write(&file, settings)?;
        let mut command = bound_command(&program.into(), None);
        command.arg("--config-file").arg(&file);
        let mut process = Process::default();
        let log = folder.path().join("log");
        process.start(command, &log, || listens(address))?;
        Ok(Self {
            address,
            _folder: folder,
            _process: process,
        })
    }

    /// Returns the address on which the server listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }
}
