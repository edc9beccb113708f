//! A service in its image, assembled and run without a container engine.

use std::{
    fs, io,
    path::{Path, PathBuf},
    process::Command,
};

use rustix::process::geteuid;

use super::{
    process::{Process, finish, free_address, output},
    spawner::bound_command,
};
use crate::http;

/// The listener for probes, which every service has.
const ADMIN: &str = "ADMIN__ADDR";
/// The user of the images.
const USER: &str = "65532";

/// A service whose image a test assembles with `scripts/image` of this repository.
#[derive(Debug, Clone, Copy)]
pub struct PackagedService<'a> {
    /// The package of its program.
    pub package: &'a str,
    /// The prefix of its variables, such as `JOIN_SERVICE`.
    pub prefix: &'a str,
    /// The settings without which it does not start in the profile `development`, as variables
    /// without the prefix. Only files in `/tmp` can be written.
    pub settings: &'a [(&'a str, &'a str)],
    /// The addresses of its listeners besides the admin listener, as variables without the prefix.
    pub listeners: &'a [&'a str],
}

impl PackagedService<'_> {
    /// Assembles the image of a program in a folder that does not exist, and returns its digest.
    ///
    /// # Errors
    /// The script fails. The error contains its output.
    pub fn assemble(&self, program: &Path, image: &Path) -> io::Result<String> {
        let mut assemble = Command::new(script("image"));
        assemble
            .arg(program)
            .arg(image)
            .args(["--package", self.package, "--env"])
            .arg(format!("{}__PROFILE=production", self.prefix))
            .current_dir(repository())
            // The lowest level is the fastest.
            .env("IMAGE_COMPRESSION", "1");
        Ok(output(assemble)?.trim().to_owned())
    }

    /// Runs the image. Checks that the service becomes ready as the user of the image, without
    /// capabilities and on a read-only root, and that its health check fails after its end.
    ///
    /// # Errors
    /// The service does not become ready, or its health check fails. The error contains its output.
    ///
    /// # Panics
    /// The process has privileges, or is healthy without the service.
    pub fn assert_serves(&self, image: &Path) -> io::Result<()> {
        let admin = free_address()?;
        let mut variables = vec![
            ("PROFILE", "development".to_owned()),
            (ADMIN, admin.to_string()),
        ];
        for &listener in self.listeners {
            variables.push((listener, free_address()?.to_string()));
        }
        let settings = self.settings.iter();
        variables.extend(settings.map(|(key, value)| (*key, (*value).to_owned())));
        let command = |name: &str| {
            let mut command = bound_command(&script("run-image"), None);
            command.arg(image).arg(name);
            for (key, value) in &variables {
                command.env(format!("IMAGE_ENV_{}__{key}", self.prefix), value);
            }
            command
        };

        let mut service = Process::default();
        service.start(command("serve"), &image.join("log"), || {
            http::get(admin, "/readyz").is_ok_and(|response| response.status == 200)
        })?;
        // The shell and the tools execute the service in their process.
        let id = service.id();
        let id = id.ok_or_else(|| io::Error::other("the service does not run"))?;
        assert_restricted(&Path::new("/proc").join(id.to_string()))?;
        finish(command("health"))?;
        service.kill();
        let ended = command("health").output()?;
        assert!(!ended.status.success(), "{ended:?}");
        Ok(())
    }
}

/// Fails unless a process has the user of the image, no capabilities and a read-only root.
fn assert_restricted(process: &Path) -> io::Result<()> {
    let status = fs::read_to_string(process.join("status"))?;
    let line = |name: &str| status.lines().find(|line| line.starts_with(name));
    let user = line("Uid:").unwrap_or_default();
    // Only root can change to the user. Any other user is mapped to it.
    assert!(!geteuid().is_root() || user.contains(USER), "{user}");
    assert_eq!(line("CapEff:"), Some("CapEff:\t0000000000000000"));
    let mounts = fs::read_to_string(process.join("mountinfo"))?;
    let root = mounts.lines().find_map(|line| {
        let mut fields = line.split(' ').skip(4);
        (fields.next() == Some("/")).then_some(())?;
        fields.next()
    });
    let is_read_only = root.is_some_and(|options| options.starts_with("ro"));
    assert!(is_read_only, "{mounts}");
    Ok(())
}

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn script(name: &str) -> PathBuf {
    repository().join("scripts").join(name)
}
