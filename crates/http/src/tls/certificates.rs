use std::sync::Arc;

use arc_swap::ArcSwap;
use parking_lot::Mutex;
use rustls::ServerConfig;

use super::{TlsConfig, TlsError, files::Files};

/// What a reload found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reload {
    /// The files are those in use.
    Unchanged,
    /// New files are in use for every handshake from now on.
    Changed,
}

/// The certificates in use, replaced as a whole.
pub(crate) struct Certificates {
    config: TlsConfig,
    protocols: &'static [&'static [u8]],
    current: ArcSwap<ServerConfig>,
    files: Mutex<Files>,
}

impl Certificates {
    /// Reads the files with blocking calls, as it is done once before anything is served.
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
            files: Mutex::new(files),
        })
    }

    pub(crate) fn config(&self) -> &TlsConfig {
        &self.config
    }

    pub(crate) fn current(&self) -> Arc<ServerConfig> {
        self.current.load_full()
    }

    /// Takes the files over if they have changed and are good. Sessions of the old ones are not resumed. Blocking calls.
    pub(crate) fn reload(&self) -> Result<Reload, TlsError> {
        // Lock first, then read the files. Of two reloads, the later reader then installs last, so
        // an older certificate never replaces a newer one.
        let mut in_use = self.files.lock();
        let files = Files::read(&self.config)?;
        if *in_use == files {
            return Ok(Reload::Unchanged);
        }
        let server = files.server_config(&self.config, self.protocols)?;
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
