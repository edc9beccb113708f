//! Git tracks an `.env` file with values.

use crate::model::Model;
use crate::repository::{Role, Tracked};
use crate::rule::{Breach, Category, Check, Confidence, Metadata, Outcome, Rule, Severity};
use crate::secret::{is_placeholder, opens_the_same_machine};

pub(crate) const RULE: Rule = Rule {
    metadata: Metadata {
        id: "SEC-7.tracked-env-file",
        title: "Git tracks an `.env` file with values",
        severity: Severity::Medium,
        category: Category::Security,
        meaning: "Git tracks (or, without an index, does not ignore) a file named `.env` or `.env.production` that sets values of secret-like keys. `.env.example` and test files are excluded. Low if it contains only placeholders (`changethis`) and passwords for this machine (`DB_HOST=localhost` beside them). SEC-7.secret-in-file also reports usable credentials.",
        why: "Developers put secrets into files with this name. The next edit may commit one, and the history keeps it.",
        fix: &[(
            "any",
            "Run `git rm --cached .env`, add the file to `.gitignore`, and commit an `.env.example` with placeholders.",
        )],
        references: &["https://12factor.net/config"],
    },
    check: Check::Repository(check),
};

fn check(model: &Model) -> Vec<Outcome> {
    let mut outcomes = Vec::new();
    for found in model.files.values() {
        let file = &found.file;
        let name = file.name();
        let real = name == ".env"
            || name == ".env.production"
            || name == ".env.prod"
            || name == ".env.local";
        if !real || file.role == Role::Test || file.role == Role::Example {
            continue;
        }
        match file.tracked {
            // Without an index, a file that nothing ignores is one that the next commit takes.
            Tracked::Yes | Tracked::Unknown => {}
            Tracked::No => {
                outcomes.push(Outcome::passed(
                    format!("Git does not track `{}`", file.path),
                    None,
                ));
                continue;
            }
        }
        let secrets: Vec<(usize, bool)> = file
            .text
            .lines()
            .enumerate()
            .filter_map(|(line, text)| {
                let value = secret_value(text)?;
                let at = file.line_span(line + 1)?.start;
                let harmless =
                    is_placeholder(&value.to_lowercase()) || opens_the_same_machine(&file.text, at);
                Some((line, harmless))
            })
            .collect();
        // The line that matters most: one that opens something, else the first.
        let worst = secrets
            .iter()
            .find(|(_, harmless)| !harmless)
            .or_else(|| secrets.first());
        if let Some((at, harmless)) =
            worst.and_then(|(line, harmless)| Some((file.line_span(line + 1)?, *harmless)))
        {
            let (confidence, held) = if file.tracked == Tracked::Yes {
                (Confidence::High, "is tracked by Git")
            } else {
                (Confidence::Medium, "is not ignored by Git")
            };
            let key = file
                .text
                .get(at.clone())
                .and_then(|line| line.split('=').next())
                .unwrap_or_default()
                .trim()
                .to_owned();
            let mut breach = Breach::new(
                file.location(at, None),
                confidence,
                format!("the file {held} and sets a value for `{key}`"),
            );
            if harmless {
                breach = breach.severity(Severity::Low);
            }
            outcomes.push(breach.into());
        } else {
            outcomes.push(Outcome::passed(
                format!("`{}` contains no secret", file.path),
                None,
            ));
        }
    }
    if outcomes.is_empty() && !model.files.is_empty() {
        outcomes.push(Outcome::passed(
            "Git tracks no env file of a deployment",
            None,
        ));
    }
    outcomes
}

/// Returns the value of a line whose key names a secret.
fn secret_value(line: &str) -> Option<&str> {
    let (key, value) = line.split_once('=')?;
    let key = key.trim().to_uppercase();
    let value = value.trim().trim_matches(['"', '\'']);
    let named = [
        "PASSWORD",
        "SECRET",
        "TOKEN",
        "API_KEY",
        "PRIVATE_KEY",
        "SECRET_KEY",
    ]
    .iter()
    .any(|word| key.ends_with(word));
    // `MYSQL_RANDOM_ROOT_PASSWORD=true` asks for one.
    let switch = ["true", "false", "yes", "no", "0", "1"].contains(&value.to_lowercase().as_str());
    (named
        && !switch
        && !key.starts_with('#')
        && !value.is_empty()
        && !value.starts_with(['$', '<']))
    .then_some(value)
}
