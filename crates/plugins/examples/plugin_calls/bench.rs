//! A service with the plugins of the measurements.

use std::{fs, path::Path, sync::OnceLock, time::Duration};

use seaworthy_config::Loader;
use seaworthy_core::Error as CallError;
use seaworthy_http::Routes;
use seaworthy_plugins::{
    Capability, GrantConfig, HookCall, HookPoint, Interface, Plugins, PluginsConfig, SigningKey,
    World, pack,
};
use seaworthy_service::{NoSettings, RunningService, Service};
use serde_json::Value;

use crate::{
    Failure,
    guests::{COMMON, LARGE_MEMORY, MEMORY},
};

pub(crate) struct Bench {
    folder: tempfile::TempDir,
    key: SigningKey,
    pub(crate) service: RunningService,
    pub(crate) plugins: Plugins,
}

impl Bench {
    pub(crate) async fn start(max_cpu_percent: u8) -> Result<Self, Failure> {
        let grant = GrantConfig {
            capabilities: vec![Capability::Http],
            http_hosts: vec!["127.0.0.1".to_owned()],
            internal_addresses: true,
            ..GrantConfig::default()
        };
        let folder = tempfile::tempdir()?;
        let key = SigningKey::generate()?;
        let mut config = PluginsConfig {
            enabled: true,
            directory: folder.path().to_owned(),
            auto_load: Some(false),
            ..PluginsConfig::default()
        };
        config.security.trusted_keys = vec![key.public()];
        config.security.max_cpu_percent = Some(max_cpu_percent);
        config.grants.insert("stalled".to_owned(), grant);
        let started = OnceLock::new();
        let loader = Loader::for_tests("bench").overrides([
            "server.http.rate_limit.enabled=false",
            // Faults of the endless guest are expected.
            "log.level=fatal",
        ]);
        let service = Service::new("bench", "1.0.0")
            .start::<NoSettings, _>(loader, async |service| {
                let plugins = Plugins::start(service, &config).await?;
                let _ = started.set(plugins.clone());
                let twice = move || {
                    let plugins = plugins.clone();
                    async move { versions(&plugins).await }
                };
                service.http(Routes::new().get("/", async || "").get("/twice", twice));
                Ok(())
            })
            .await?;
        let plugins = started.into_inner().ok_or("the service did not start")?;
        Ok(Self {
            folder,
            key,
            service,
            plugins,
        })
    }

    pub(crate) fn write(
        &self,
        name: &str,
        hook: &str,
        functions: &str,
        world: World,
    ) -> Result<(), Failure> {
        // WebAssembly text requires imports before other fields.
        let text = format!("(module {functions} {COMMON})");
        let component = pack(text.as_bytes(), Interface::V0_2, world)?;
        let folder = self.folder.path().join(name);
        write_signed(&folder, name, hook, &component, &self.key)
    }

    /// Writes a plugin with the memory that compilers of Rust allocate by default.
    pub(crate) fn write_large(
        &self,
        name: &str,
        hook: &str,
        functions: &str,
    ) -> Result<(), Failure> {
        let common = COMMON.replacen(MEMORY, LARGE_MEMORY, 1);
        let text = format!("(module {functions} {common})");
        let component = pack(text.as_bytes(), Interface::V0_2, World::RequestHook)?;
        let folder = self.folder.path().join(name);
        write_signed(&folder, name, hook, &component, &self.key)
    }

    pub(crate) async fn load(
        &self,
        name: &str,
        hook: &str,
        functions: &str,
        world: World,
    ) -> Result<(), Failure> {
        self.write(name, hook, functions, world)?;
        self.load_written(name).await
    }

    pub(crate) async fn load_written(&self, name: &str) -> Result<(), Failure> {
        self.plugins.load(name).await?;
        Ok(self.plugins.start_plugin(name).await?)
    }
}

/// Calls the hooks twice, 1 ms apart. Returns the versions that they set.
async fn versions(plugins: &Plugins) -> Result<String, CallError> {
    let mut seen = String::new();
    for _ in 0..2 {
        let report = plugins
            .run_hooks(HookPoint::BeforeBiz, HookCall::new())
            .await?;
        seen += report
            .call
            .value("version")
            .and_then(Value::as_str)
            .unwrap_or("none");
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    Ok(seen)
}

fn write_signed(
    folder: &Path,
    name: &str,
    hook: &str,
    component: &[u8],
    key: &SigningKey,
) -> Result<(), Failure> {
    use sha2::{Digest as _, Sha256};

    fs::create_dir_all(folder)?;
    let hash = Sha256::digest(component);
    let hash: String = hash.iter().map(|byte| format!("{byte:02x}")).collect();
    let manifest = format!(
        "name = \"{name}\"\nversion = \"1.0.0\"\napi = \"0.2.0\"\nsha256 = \"{hash}\"\n{hook}"
    );
    fs::write(folder.join("plugin.wasm"), component)?;
    fs::write(folder.join("plugin.toml"), &manifest)?;
    let signature = key.sign(manifest.as_bytes()).encode();
    Ok(fs::write(folder.join("plugin.sig"), signature)?)
}

pub(crate) fn hook(point: &str) -> String {
    format!("[[hooks]]\nname = \"bench\"\npoint = \"{point}\"\ntimeout = \"50ms\"\n")
}
