//! A settings file contains a secret as plain text.

use crate::model::Model;
use crate::model::facts::{Secret, Setting};
use crate::repository::Tracked;
use crate::rule::{Breach, Category, Check, Confidence, Metadata, Outcome, Rule, Severity};
use crate::secret::{is_secret_name, literal};

pub(crate) const RULE: Rule = Rule {
    metadata: Metadata {
        id: "CONF-5.secret-in-settings",
        title: "A settings file contains a secret as plain text",
        severity: Severity::Medium,
        category: Category::Configuration,
        meaning: "A key of a settings file (`config.yaml`, `application.yml`, `application.properties`, files in `etc` or `configs`) is named like a secret and has a literal value. Placeholders (`${NAME}`), names of settings and development files are excluded. CONF-5 and SEC-7 report default credentials and usable credentials separately.",
        why: "Everyone with read access to the repository or the image knows the value. Production uses it unless a deployment overrides it.",
        fix: &[(
            "any",
            "Read the value from the environment or a secret file, and keep no default in the file.",
        )],
        references: &["https://cwe.mitre.org/data/definitions/798.html"],
    },
    check: Check::Repository(check),
};

fn check(model: &Model) -> Vec<Outcome> {
    let mut outcomes = Vec::new();
    let mut read = 0;
    for found in model
        .files
        .values()
        .filter(|found| found.file.role.is_deployed() && found.file.tracked != Tracked::No)
    {
        let reported = found.facts.of::<Secret>();
        for setting in &found.facts.of::<Setting>().items {
            read += 1;
            let development = matches!(
                setting.profile.as_deref(),
                Some("development" | "dev" | "test" | "local")
            );
            let again = reported.items.iter().any(|secret| {
                secret.at.span.start < setting.at.span.end
                    && setting.at.span.start < secret.at.span.end
            });
            let Some(value) = setting.text.known().filter(|_| !development && !again) else {
                continue;
            };
            if is_secret_name(&setting.key) && literal(&setting.key, value, true) {
                let evidence = format!("`{}` is a literal", setting.key);
                outcomes.push(Breach::new(setting.at.clone(), Confidence::Medium, evidence).into());
            }
        }
    }
    if outcomes.is_empty() && read > 0 {
        outcomes.push(Outcome::passed(
            format!("none of {read} settings is a secret as plain text"),
            None,
        ));
    }
    outcomes
}
