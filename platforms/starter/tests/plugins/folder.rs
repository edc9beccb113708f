use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use seaworthy_testkit::app::{TestApp, TestAppBuilder};

use crate::{
    PROGRAM,
    logs::{assert_clean_log, assert_clean_output, remember},
};

pub(crate) const SECRETS: [&str; 3] = [
    "auth.jwt_secret_key=Kx3v9Qp2LmT7wZr5Yb8NcD4FgH6JsA1e",
    "kms.seed=correct-horse-battery-staple-and-a-seed",
    "kms.salt=0123456789abcdef",
];

const SETTINGS: [&str; 9] = [
    "data.database.migrate_at_start=true",
    "server.grpc.addr=127.0.0.1:0",
    "server.http.rate_limit.enabled=false",
    "auth.captcha_enabled=false",
    "auth.passwords.parameters.memory_kib=1024",
    "auth.passwords.parameters.iterations=1",
    "plugins.enabled=true",
    "plugins.auto_load=true",
    // Builds without optimization use more than the default share.
    "plugins.security.max_cpu_percent=10",
];

/// A folder of plugins with a signing key.
pub(crate) struct Folder {
    home: tempfile::TempDir,
    key: String,
}

impl Folder {
    pub(crate) fn new() -> Self {
        let home = tempfile::tempdir().unwrap();
        for folder in ["plugins", "config"] {
            fs::create_dir(home.path().join(folder)).unwrap();
        }
        let mut folder = Self {
            home,
            key: String::new(),
        };
        folder.key = folder.command(&["key", "signing.key"]).trim().to_owned();
        let signing = fs::read_to_string(folder.path("signing.key")).unwrap();
        remember(signing.trim());
        folder
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.home.path().join(name)
    }

    /// Runs the command `plugins` of the program, and returns what it prints.
    pub(crate) fn command(&self, arguments: &[&str]) -> String {
        self.try_command(arguments).unwrap()
    }

    /// Runs the command `plugins` of the program. Returns what it prints, or its problem.
    pub(crate) fn try_command(&self, arguments: &[&str]) -> Result<String, String> {
        self.try_command_with(arguments, &[])
    }

    /// Runs the command `plugins` with these environment variables.
    pub(crate) fn try_command_with(
        &self,
        arguments: &[&str],
        variables: &[(&str, &str)],
    ) -> Result<String, String> {
        let trusted = format!("plugins.security.trusted_keys={}", self.key);
        let run = Command::new(PROGRAM)
            .args(["--set", "plugins.directory=plugins"])
            .args(["--set", "plugins.config_directory=config"])
            .args(["--set", &trusted, "plugins"])
            .args(arguments)
            .envs(variables.iter().copied())
            .current_dir(self.home.path())
            .output()
            .unwrap();
        assert_clean_output(&run);
        let text = |bytes| String::from_utf8(bytes).unwrap();
        match run.status.success() {
            true => Ok(text(run.stdout)),
            false => Err(text(run.stderr)),
        }
    }

    /// Builds and signs a plugin from its manifest and its module in text form.
    pub(crate) fn add(&self, name: &str, manifest: &str, module: &str, world: &str) {
        let folder = self.path("plugins").join(name);
        // Build the plugin in another folder, so that a running service does not read half of it.
        let new = self.path("plugins").join("new");
        fs::create_dir_all(&new).unwrap();
        let manifest = manifest.replace(&format!("\"{name}\""), "\"new\"");
        fs::write(new.join("plugin.toml"), manifest).unwrap();
        fs::write(self.path("module.wat"), module).unwrap();
        self.command(&["pack", "new", "module.wat", "--world", world]);
        let text = fs::read_to_string(new.join("plugin.toml")).unwrap();
        let text = text.replacen("\"new\"", &format!("\"{name}\""), 1);
        fs::write(new.join("plugin.toml"), text).unwrap();
        fs::create_dir_all(&folder).unwrap();
        for file in ["plugin.wasm", "plugin.toml"] {
            fs::rename(new.join(file), folder.join(file)).unwrap();
        }
        fs::remove_dir(new).unwrap();
        self.command(&["sign", name, "--key", "signing.key"]);
    }

    /// Returns the hash in the manifest of a plugin.
    pub(crate) fn hash(&self, name: &str) -> String {
        let manifest = self.path("plugins").join(name).join("plugin.toml");
        let manifest = fs::read_to_string(manifest).unwrap();
        let hash = manifest
            .lines()
            .find_map(|line| line.strip_prefix("sha256 = "));
        hash.unwrap().trim_matches('"').to_owned()
    }

    /// Adds a plugin of `examples/plugins`.
    pub(crate) fn add_sample(&self, name: &str, world: &str) {
        let samples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/plugins");
        let read = |file| fs::read_to_string(samples.join(name).join(file)).unwrap();
        self.add(name, &read("plugin.toml"), &read("plugin.wat"), world);
    }

    /// Writes the settings of a plugin.
    pub(crate) fn configure(&self, name: &str, yaml: &str) {
        fs::write(self.path("config").join(format!("{name}.yaml")), yaml).unwrap();
    }

    pub(crate) fn database(&self) -> String {
        format!("sqlite:{}", self.path("starter.db").display())
    }

    /// Returns the builder of a service with these plugins.
    pub(crate) fn app(&self) -> TestAppBuilder {
        self.app_on(&self.database())
    }

    /// Returns the builder of a service with these plugins on a database.
    pub(crate) fn app_on(&self, url: &str) -> TestAppBuilder {
        let app = TestApp::builder(Path::new(PROGRAM)).unwrap();
        let own = [
            "health.addr=127.0.0.1:0".to_owned(),
            format!("data.database.url={url}"),
            format!("plugins.directory={}", self.path("plugins").display()),
            format!("plugins.config_directory={}", self.path("config").display()),
            format!("plugins.security.trusted_keys={}", self.key),
        ];
        let settings = SECRETS.iter().chain(&SETTINGS).copied();
        let settings = settings.chain(own.iter().map(String::as_str));
        app.settings(settings).check_output(assert_clean_log)
    }
}
