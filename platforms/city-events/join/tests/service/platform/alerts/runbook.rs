use std::{fs, os::unix::fs::PermissionsExt as _, path::Path, process::Command};

use seaworthy_deploy::Files;
use tempfile::TempDir;

/// Forwards to no port, because the listener is on this machine. Runs the program instead of a pod.
/// Lists no pods and prints no log lines.
const KUBECTL: &str = r#"#!/bin/sh
set -eu
case "$1 $2" in
    "port-forward deployment/join-service") exit 0 ;;
    "get pods" | "logs --selector" | "describe pods" | "describe networkpolicy") [ "$3" != "" ] && echo "$*"; exit 0 ;;
    "get secret") [ "$3" = join-service-secrets ] && printf %s "$ADMIN_TOKEN" | base64; exit 0 ;;
    "exec deployment/join-service") [ "$3 $4" = "-- /service" ] && shift 4 ;;
    *) echo "unexpected: $*" >&2; exit 64 ;;
esac
for argument; do
    [ "$argument" = /etc/join-service ] && argument=$CONFIG
    set -- "$@" "$argument"
    shift
done
exec "$SERVICE" "$@"
"#;

/// Runs the commands of runbooks as an operator does.
pub(super) struct Runbooks {
    files: Files,
    environment: Vec<(String, String)>,
    folder: TempDir,
}

impl Runbooks {
    /// `environment` has the settings of the service, as its pod has them.
    pub(super) fn new(
        files: Files,
        service: &Path,
        mut environment: Vec<(String, String)>,
        token: &str,
    ) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let kubectl = folder.path().join("kubectl");
        fs::write(&kubectl, KUBECTL).unwrap();
        fs::set_permissions(&kubectl, fs::Permissions::from_mode(0o755)).unwrap();
        let config = folder.path().join("config");
        fs::create_dir(&config).unwrap();
        // Variables have the settings.
        fs::write(config.join("config.yaml"), "{}\n").unwrap();
        let path = std::env::var("PATH").unwrap_or_default();
        for (name, value) in [
            ("PATH", format!("{}:{path}", folder.path().display())),
            ("SERVICE", service.display().to_string()),
            ("CONFIG", config.display().to_string()),
            ("ADMIN_TOKEN", token.to_owned()),
        ] {
            environment.push((name.to_owned(), value));
        }
        Self {
            files,
            environment,
            folder,
        }
    }

    /// Runs each command of a page for the service, and returns their output. `page` is a name such
    /// as `outbox-old`.
    pub(super) fn run(&self, page: &str) -> String {
        let text = &self.files[&format!("runbooks/{page}.md")];
        let (_, own) = text.split_once("\n### join-service\n").unwrap();
        let (_, commands) = own.split_once("```sh\n").unwrap();
        let (commands, _) = commands.split_once("```").unwrap();
        assert!(commands.lines().count() > 1, "{page}: {commands}");
        let mut output = String::new();
        for command in commands.lines() {
            let ended = Command::new("bash")
                .args(["-euc", command])
                .envs(self.environment.iter().cloned())
                .current_dir(self.folder.path())
                .output()
                .unwrap();
            let printed = String::from_utf8_lossy(&ended.stdout);
            let errors = String::from_utf8_lossy(&ended.stderr);
            assert!(ended.status.success(), "{command}: {printed}{errors}");
            let is_silent = command.ends_with('&') || command.starts_with("export ");
            assert!(is_silent || !printed.is_empty(), "{command} prints nothing");
            assert!(!printed.contains("\"status\":401"), "{command}: {printed}");
            output.push_str(&printed);
        }
        output
    }
}
