use std::sync::{
    Arc,
    atomic::{AtomicI64, Ordering::Relaxed},
};

use arc_swap::ArcSwap;
use parking_lot::Mutex;
use rustls::ServerConfig;

use super::{TlsConfig, TlsError, files::Files};

/// The result of a reload.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reload {
    /// The files have not changed.
    Unchanged,
    /// New handshakes use the changed files.
    Changed,
}

/// The certificates in use. A reload replaces all of them together.
pub(crate) struct Certificates {
    config: TlsConfig,
    protocols: &'static [&'static [u8]],
    current: ArcSwap<ServerConfig>,
    /// The end of the validity of the chain, as Unix time in seconds.
    expires: AtomicI64,
    files: Mutex<Files>,
}

impl Certificates {
    /// Reads the files. Blocks.
    pub(crate) fn load(
        config: &TlsConfig,
        protocols: &'static [&'static [u8]],
    ) -> Result<Self, TlsError> {
        let files = Files::read(config)?;
        let server = files.server_config(config, protocols)?;
        Ok(Self {
            config: config.clone(),
            protocols,
            current: ArcSwap::from_pointee(server),
            expires: AtomicI64::new(files.expires(config)?),
            files: Mutex::new(files),
        })
    }

    pub(crate) fn config(&self) -> &TlsConfig {
        &self.config
    }

    pub(crate) fn current(&self) -> Arc<ServerConfig> {
        self.current.load_full()
    }

    /// Returns the Unix time in seconds at which the first certificate of the chain expires.
    pub(crate) fn expires(&self) -> i64 {
        self.expires.load(Relaxed)
    }

    /// Uses the files if they have changed and are valid. Sessions of the old ones are not resumed.
    /// Blocks.
    pub(crate) fn reload(&self) -> Result<Reload, TlsError> {
        // Lock first, then read the files. Of two reloads, the later reader then installs last, so
        // an older certificate never replaces a newer one.
        let mut in_use = self.files.lock();
        let files = Files::read(&self.config)?;
        if *in_use == files {
            return Ok(Reload::Unchanged);
        }
        let server = files.server_config(&self.config, self.protocols)?;
        self.expires.store(files.expires(&self.config)?, Relaxed);
        self.current.store(Arc::new(server));
        *in_use = files;
        Ok(Reload::Changed)
    }
}

impl std::fmt::Debug for Certificates {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Certificates")
            .field("config", &self.config)
            .finish_non_exhaustive()
    }
}
