//! No CI job checks dependencies for known vulnerabilities.

use crate::model::Model;
use crate::rule::{Breach, Category, Check, Confidence, Metadata, Outcome, Rule, Severity};

pub(crate) const RULE: Rule = Rule {
    metadata: Metadata {
        id: "SEC-8.no-dependency-check",
        title: "No CI job checks dependencies for known vulnerabilities",
        severity: Severity::Info,
        category: Category::Security,
        meaning: "The repository has CI files. Neither they nor a Dependabot or Renovate configuration contain a check such as `govulncheck`, `npm audit`, `cargo deny`, `pip-audit`, Trivy, Snyk or OSV-Scanner. Severity info, because a platform may run one.",
        why: "Published vulnerabilities can stay in the image for months.",
        fix: &[
            ("Go", "`govulncheck ./...` in CI."),
            (
                "JavaScript",
                "`npm audit --omit=dev` in CI, and Dependabot or Renovate.",
            ),
            (
                "TypeScript",
                "`npm audit --omit=dev` in CI, and Dependabot or Renovate.",
            ),
            ("Python", "`pip-audit` in CI."),
            ("Rust", "`cargo deny check` in CI."),
            (
                "any",
                "Scan dependencies in CI (`trivy fs .`, `osv-scanner`), and let Dependabot or Renovate propose updates.",
            ),
        ],
        references: &[
            "https://owasp.org/www-project-dependency-check/",
            "https://google.github.io/osv-scanner/",
        ],
    },
    check: Check::Repository(check),
};

/// Files whose existence is a check.
const FILES: &[&str] = &[
    "dependabot.yml",
    "dependabot.yaml",
    "renovate.json",
    "renovate.json5",
    ".renovaterc",
    ".snyk",
    "deny.toml",
    ".trivyignore",
];
/// Folders and files of CI systems.
const CI: &[&str] = &[
    ".github/workflows/",
    ".gitlab-ci",
    ".circleci/",
    "Jenkinsfile",
    "azure-pipelines",
    ".drone.yml",
    "bitbucket-pipelines",
    ".travis.yml",
    "cloudbuild",
    ".buildkite/",
    ".ci/",
];
/// Words of a check.
const WORDS: &[&str] = &[
    "govulncheck",
    "npm audit",
    "yarn audit",
    "pnpm audit",
    "audit-ci",
    "cargo audit",
    "cargo deny",
    "cargo-deny",
    "rustsec",
    "pip-audit",
    "safety check",
    "trivy",
    "snyk",
    "osv-scanner",
    "grype",
    "dependency-review",
    "dependency-check",
    "dependencycheck",
    "dependency_scanning",
    "nancy",
    "codeql",
    "scorecard",
    "sonatype",
    "fossa",
    "anchore",
    "blackduck",
];

fn check(model: &Model) -> Vec<Outcome> {
    let file = model.paths.iter().find(|path| {
        FILES
            .iter()
            .any(|name| path.rsplit('/').next() == Some(*name))
    });
    if let Some(path) = file {
        return vec![Outcome::passed(
            format!("`{path}` configures dependency checks"),
            None,
        )];
    }
    let mut builds = model
        .files
        .values()
        .filter(|found| CI.iter().any(|mark| found.file.path.contains(mark)))
        .peekable();
    // Without CI there is no place for a check. SHIP-5 reports the absent CI.
    let Some(first) = builds.peek().map(|found| found.file.location(0..0, None)) else {
        return Vec::new();
    };
    let checked = builds.find_map(|found| {
        let text = found.file.text.to_lowercase();
        let word = WORDS.iter().find(|word| text.contains(*word))?;
        let at = text.find(word)?;
        Some((word, found.file.location(at..at, None)))
    });
    match checked {
        Some((word, at)) => vec![Outcome::passed(format!("CI runs {word}"), Some(&at))],
        None => vec![
            Breach::new(
                first,
                Confidence::Low,
                "no CI file contains a dependency check",
            )
            .absence()
            .into(),
        ],
    }
}
