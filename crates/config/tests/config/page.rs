//! The errors on the documentation page (CONF-1).

use std::fs;

use schemars::JsonSchema;
use seaworthy_config::{Environment, Loader, Schema};
use seaworthy_core::{Secret, Timeout};
use serde::{Deserialize, Serialize};

const PAGE: &str = include_str!("../../../../docs/configuration.md");

/// The settings of the page.
#[derive(Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
struct Hello {
    #[schemars(length(min = 1))]
    greeting: String,
    partner_timeout: Timeout,
    #[serde(skip_serializing)]
    partner_key: Option<Secret<String>>,
}

impl Default for Hello {
    fn default() -> Self {
        Self {
            greeting: "Hello".to_owned(),
            partner_timeout: Timeout::from_secs(2),
            partner_key: None,
        }
    }
}

/// Returns the first code block of a language.
fn block(language: &str) -> Option<&'static str> {
    let (_, after) = PAGE.split_once(&format!("```{language}\n"))?;
    Some(after.split_once("```")?.0)
}

#[test]
fn page_shows_the_errors_of_a_load_conf_1() {
    let directory = tempfile::tempdir().unwrap();
    fs::write(directory.path().join("config.yaml"), block("yaml").unwrap()).unwrap();
    let errors = Loader::new("hello")
        .directory(directory.path())
        .environment(Environment::from([("HELLO__COLOUR", "red")]))
        .load(&Schema::from_settings::<Hello>())
        .unwrap_err()
        .to_string();
    let errors = errors.replace(&format!("{}/", directory.path().display()), "");
    assert_eq!(errors, block("text").unwrap().trim_end());
}
