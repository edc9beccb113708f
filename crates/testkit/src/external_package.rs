//! A package outside of the workspace, with the files of a documentation page.

use std::{
    env, fs, io,
    path::{Path, PathBuf},
    process::Command,
};

use tempfile::TempDir;

/// The version of the framework in the manifests of pages.
const VERSION: &str = "\"0.1.0\"";

/// The manifest of a package that selects the features of third-party crates in a build of the
/// workspace.
const FEATURES: &str = include_str!("external_package/features.toml");
/// Adds that package to a manifest. The key differs from those of other tables, which may not occur
/// twice.
const FEATURES_DEPENDENCY: &str =
    "[target.'cfg(unix)'.dependencies]\nworkspace-features = { path = \"workspace-features\" }\n";

/// A code block of a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Block<'a> {
    /// The language after the fence.
    pub language: &'a str,
    /// The text without the fences.
    pub text: &'a str,
}

impl<'a> Block<'a> {
    /// Returns all code blocks of a page, in their order.
    #[must_use]
    pub fn all(page: &'a str) -> Vec<Self> {
        let blocks = page.split("\n```").skip(1).step_by(2);
        blocks
            .filter_map(|block| block.split_once('\n'))
            .map(|(language, text)| Self { language, text })
            .collect()
    }

    /// Returns the path and the content of a file. The first line of its block is a comment with
    /// the path.
    #[must_use]
    pub fn file(self) -> Option<(&'a str, &'a str)> {
        let (first, content) = self.text.split_once('\n')?;
        let comments = ["# ", "// ", "-- ", ";; "];
        let path = comments
            .iter()
            .find_map(|start| first.strip_prefix(start))?;
        let is_path = path.contains(['.', '/']) || path == "Containerfile";
        (is_path && !path.contains(' ')).then_some((path, content))
    }
}

/// A package in a temporary folder. It depends on the framework by path.
#[derive(Debug)]
pub struct ExternalPackage {
    folder: TempDir,
    target: PathBuf,
}

impl ExternalPackage {
    /// Writes the files of a page into an empty folder. A later file overwrites an earlier one. The
    /// workspace at `root` replaces version 0.1.0 of its crates. `target` is a folder for build
    /// results. The package has the development profile of the workspace, because Cargo uses the
    /// built dependencies of the workspace only with the same profile.
    ///
    /// # Errors
    /// A file cannot be written.
    pub fn write(blocks: &[Block<'_>], root: &Path, target: &Path) -> io::Result<Self> {
        let folder = tempfile::tempdir()?;
        let workspace = fs::read_to_string(root.join("Cargo.toml"))?;
        for (path, content) in blocks.iter().filter_map(|block| block.file()) {
            let content = match path {
                "Cargo.toml" => with_paths(content, root) + &missing_profiles(content, &workspace),
                _ => content.to_owned(),
            };
            let path = folder.path().join(path);
            fs::create_dir_all(path.parent().unwrap_or(folder.path()))?;
            fs::write(path, content)?;
        }
        fs::copy(root.join("Cargo.lock"), folder.path().join("Cargo.lock"))?;
        Ok(Self {
            folder,
            target: target.to_owned(),
        })
    }

    /// Selects the features of third-party crates that a build of the workspace has. Cargo then uses
    /// the crates of that build, and compiles only those of the framework. The code of the package
    /// cannot name these crates, because they are dependencies of a dependency.
    ///
    /// # Errors
    /// A file cannot be written.
    pub fn with_workspace_features(self) -> io::Result<Self> {
        let package = self.folder().join("workspace-features");
        fs::create_dir_all(package.join("src"))?;
        fs::write(package.join("Cargo.toml"), FEATURES)?;
        fs::write(package.join("src/lib.rs"), "")?;
        // Cargo needs it for dependencies of builds.
        fs::write(package.join("build.rs"), "fn main() {}\n")?;
        let manifest = self.folder().join("Cargo.toml");
        let own = fs::read_to_string(&manifest)?;
        fs::write(manifest, own + "\n" + FEATURES_DEPENDENCY)?;
        Ok(self)
    }

    /// Returns the folder.
    #[must_use]
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Returns the path of a program that Cargo built.
    #[must_use]
    pub fn program(&self, name: &str) -> PathBuf {
        self.target.join("debug").join(name)
    }

    /// Returns a command that runs in the folder. Cargo then builds into the shared target folder
    /// without the network.
    #[must_use]
    pub fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command
            .current_dir(self.folder())
            .env("CARGO_TARGET_DIR", &self.target)
            .env("CARGO_NET_OFFLINE", "true")
            // CI builds the workspace with Clippy, but users compile without it.
            .env_remove("RUSTC_WORKSPACE_WRAPPER");
        let own = env::vars_os().filter(|(name, _)| {
            let name = name.to_string_lossy();
            name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_")
        });
        for (name, _) in own {
            command.env_remove(name);
        }
        command
    }
}

/// Replaces the versions of the framework's crates by their paths. Dependencies of tests become
/// dependencies of programs, so that programs and tests share one build of all crates.
fn with_paths(manifest: &str, root: &Path) -> String {
    let lines = manifest.lines().map(|line| {
        if line == "[dev-dependencies]" {
            return "[target.'cfg(all())'.dependencies]\n".to_owned();
        }
        let name = line.split(' ').next().unwrap_or_default();
        let Some(rest) = name.strip_prefix("seaworthy") else {
            return format!("{line}\n");
        };
        let crate_folder = rest.strip_prefix('-').unwrap_or("seaworthy");
        let path = root.join("crates").join(crate_folder);
        let path = format!("path = \"{}\"", path.display());
        let version = format!("version = {VERSION}");
        let line = match line.contains(&version) {
            true => line.replace(&version, &path),
            false => line.replace(VERSION, &format!("{{ {path} }}")),
        };
        format!("{line}\n")
    });
    lines.collect()
}

/// Returns the sections of the development profile of a workspace that a manifest does not have.
fn missing_profiles(manifest: &str, workspace: &str) -> String {
    let mut is_missing = false;
    let lines = workspace.lines().filter(|line| {
        if line.starts_with('[') {
            let is_profile = line.starts_with("[profile.dev]") || line.starts_with("[profile.dev.");
            is_missing = is_profile && manifest.lines().all(|own| own != *line);
        }
        is_missing
    });
    lines.flat_map(|line| [line, "\n"]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn block_with_path_in_its_first_line_is_a_file_api_1() {
        let page =
            "a\n```toml\n# Cargo.toml\n[package]\n```\nb\n```sh\n# a comment.\ncargo run\n```\n";
        let blocks = Block::all(page);
        let files: Vec<_> = blocks.iter().map(|block| block.file()).collect();
        assert_eq!(files, [Some(("Cargo.toml", "[package]")), None]);
    }

    #[test]
    fn manifest_gets_missing_profiles_of_workspace_api_1() {
        let manifest = "[package]\n[profile.dev]\ndebug = true\n";
        let workspace = "[workspace]\n[profile.dev]\ndebug = false\n[profile.dev.package.a]\nopt-level = 3\n[profile.dist]\nlto = true\n";
        let expected = "[profile.dev.package.a]\nopt-level = 3\n";
        assert_eq!(missing_profiles(manifest, workspace), expected);
    }

    #[test]
    fn paths_replace_only_framework_versions_api_1() {
        let manifest = "seaworthy = { version = \"0.1.0\", features = [] }\n[dev-dependencies]\nseaworthy-testkit = \"0.1.0\"\nother = \"0.1.0\"\n";
        let expected = "seaworthy = { path = \"/w/crates/seaworthy\", features = [] }\n[target.'cfg(all())'.dependencies]\nseaworthy-testkit = { path = \"/w/crates/testkit\" }\nother = \"0.1.0\"\n";
        assert_eq!(with_paths(manifest, Path::new("/w")), expected);
    }
}
