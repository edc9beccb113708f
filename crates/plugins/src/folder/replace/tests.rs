use super::*;

/// A folder with settings of a plugin.
struct Folder {
    home: tempfile::TempDir,
    config: PluginsConfig,
}

impl Folder {
    fn new() -> Self {
        let home = tempfile::tempdir().unwrap();
        let config = PluginsConfig {
            directory: home.path().join("plugins"),
            config_directory: home.path().join("config"),
            ..PluginsConfig::default()
        };
        fs::create_dir(&config.config_directory).unwrap();
        fs::create_dir_all(config.directory.join("guard")).unwrap();
        Self { home, config }
    }

    fn with(self, name: &str, content: &str) -> Self {
        fs::write(self.path(name), content).unwrap();
        self
    }

    fn path(&self, name: &str) -> PathBuf {
        self.config.config_directory.join(name)
    }

    fn text(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap()
    }

    fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(&self.config.config_directory).unwrap();
        let name = |entry: io::Result<fs::DirEntry>| entry.unwrap().file_name();
        let names = entries.map(name).map(|name| name.into_string().unwrap());
        let mut names: Vec<String> = names.collect();
        names.sort();
        names
    }

    fn disable(&self) -> Result<PathBuf, String> {
        let disabled = disable_in_settings(&self.config, Profile::Test, "guard");
        disabled.map_err(|error| seaworthy_core::error_chain(&error).to_string())
    }
}

#[test]
fn disabled_settings_keep_their_other_lines_plug_1() {
    let folder = Folder::new().with("guard.yaml", "# Kept.\nenabled: true\npriority: 7\n");
    assert_eq!(folder.disable(), Ok(folder.path("guard.yaml")));
    let expected = "enabled: false\n# Kept.\npriority: 7\n";
    assert_eq!(folder.text("guard.yaml"), expected);
    assert_eq!(folder.names(), ["guard.yaml"]);
}

#[test]
fn missing_settings_are_written_when_disabled_plug_1() {
    let folder = Folder::new();
    fs::remove_dir(&folder.config.config_directory).unwrap();
    folder.disable().unwrap();
    assert_eq!(folder.text("guard.yaml"), "enabled: false\n");
}

#[test]
fn open_file_keeps_its_content_when_disabled_plug_1() {
    // A second name of the file shows what a process reads that opened it earlier.
    let before = "enabled: true\npriority: 7\n";
    let folder = Folder::new().with("guard.yaml", before);
    let opened = folder.home.path().join("opened");
    fs::hard_link(folder.path("guard.yaml"), &opened).unwrap();
    folder.disable().unwrap();
    assert_eq!(fs::read_to_string(opened).unwrap(), before);
}

#[test]
fn file_of_an_interrupted_write_does_not_matter_plug_1() {
    let before = "priority: 7\n";
    let folder = Folder::new()
        .with("guard.yaml", before)
        .with("guard.new", "enab");
    folder.disable().unwrap();
    assert_eq!(folder.text("guard.yaml"), "enabled: false\npriority: 7\n");
}

#[cfg(unix)]
#[test]
fn disabled_settings_keep_link_and_permissions_plug_1() {
    use std::os::unix::fs::{PermissionsExt as _, symlink};

    let folder = Folder::new();
    let target = folder.home.path().join("linked.yaml");
    fs::write(&target, "priority: 7\n").unwrap();
    fs::set_permissions(&target, fs::Permissions::from_mode(0o640)).unwrap();
    symlink(&target, folder.path("guard.yaml")).unwrap();
    folder.disable().unwrap();
    let link = folder.path("guard.yaml").symlink_metadata().unwrap();
    assert!(link.is_symlink());
    let text = fs::read_to_string(&target).unwrap();
    assert_eq!(text, "enabled: false\npriority: 7\n");
    let mode = target.metadata().unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o640);
}

#[test]
fn settings_that_another_file_enables_are_restored_plug_1() {
    let before = "priority: 7\n";
    let folder = Folder::new()
        .with("guard.yaml", before)
        .with("guard.test.yaml", "enabled: true\n");
    let problem = "plugin \"guard\": another file or an environment variable overrides the settings: remove them from guard.test.yaml and from the environment";
    assert_eq!(folder.disable(), Err(problem.to_owned()));
    assert_eq!(folder.text("guard.yaml"), before);
    let folder = Folder::new().with("guard.test.yaml", "enabled: true\n");
    assert_eq!(folder.disable(), Err(problem.to_owned()));
    assert_eq!(folder.names(), ["guard.test.yaml"]);
}

#[test]
fn large_settings_are_not_disabled_plug_1() {
    let large = format!("# {}\n", "x".repeat(64 * 1024));
    let folder = Folder::new().with("guard.yaml", &large);
    let problem = format!(
        "plugin \"guard\": its settings {} cannot be read: the file has more than 65536 bytes",
        folder.path("guard.yaml").display()
    );
    assert_eq!(folder.disable(), Err(problem));
    assert_eq!(folder.text("guard.yaml"), large);
}

#[test]
fn settings_that_begin_with_a_marker_are_disabled_plug_1() {
    let folder = Folder::new().with("guard.yaml", "---\nenabled: true\npriority: 7\n");
    folder.disable().unwrap();
    let expected = "---\nenabled: false\npriority: 7\n";
    assert_eq!(folder.text("guard.yaml"), expected);
}

#[test]
fn changes_during_an_update_are_kept_plug_1() {
    let folder = Folder::new().with("guard.yaml", "priority: 7\n");
    let wanted = PluginSettings {
        priority: 9,
        ..PluginSettings::default()
    };
    let replaced = replace_settings(&folder.config, Profile::Test, "guard", &wanted).unwrap();
    folder.disable().unwrap();
    let disabled = folder.text("guard.yaml");
    assert!(!replaced.restore());
    assert_eq!(folder.text("guard.yaml"), disabled);
    assert!(disabled.contains("enabled: false"), "{disabled}");
}

#[test]
fn name_that_is_not_valid_is_not_disabled_plug_1() {
    let folder = Folder::new();
    for name in ["../guard", "Guard", "-guard", ""] {
        let disabled = disable_in_settings(&folder.config, Profile::Test, name);
        let expected = format!(
            "plugin \"{name}\": does not have a valid name: use 1 to 64 lower-case letters, digits, '_' or '-', and no '-' at the start"
        );
        assert_eq!(disabled.unwrap_err().to_string(), expected);
    }
    assert!(folder.names().is_empty());
}
